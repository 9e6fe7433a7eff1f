"""Submissions as rows: what people sent, and what they have begun to fill in."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert

from engine.context import Context
from engine.ids import new_id
from engine.values import Json
from forms.models import Submission
from forms.opening import Opened


def keep_submission(
    ctx: Context,
    opened: Opened,
    data: Mapping[str, Json],
    *,
    task_id: str | None,
    instance_id: str | None,
    state: str = "submitted",
) -> str:
    """Write a submission down within the open transaction, and return its id."""
    submission_id = new_id()
    ctx.connection.execute(
        insert(Submission).values(
            id=submission_id,
            form_key=opened.form.key,
            deployment_id=opened.definition.package.id,
            process_key=opened.definition.key,
            event=opened.event,
            task_id=task_id,
            instance_id=instance_id,
            data=dict(data),
            state=state,
            written_by=ctx.actor.name,
            written_at=ctx.now,
            channel=ctx.actor.channel,
        )
    )
    return submission_id
