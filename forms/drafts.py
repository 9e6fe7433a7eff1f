"""Drafts: what somebody has filled in so far, of a task or of a start. Nobody else knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, func, or_, select

from engine import runtime, work
from engine.context import Context, verb
from engine.db import page_of
from engine.errors import Conflict, InvalidSubmission, NotFound
from engine.files import StoredFile, is_reference, references_in
from engine.i18n import _
from engine.runtime import InstanceRef
from engine.values import Json, dumps
from forms.kept import keep_submission
from forms.models import Submission
from forms.opening import Opened, open_start, open_task

DRAFT_LIMIT = 500_000
MOST_DRAFTS = 100
"""How many starts one person may have begun at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Something that somebody has begun to fill in.

    Args:
        id: The draft's id.
        process_key: Of which process.
        event: The start event of a start; None of a task.
        form_key: The form.
        task_id: The task that it will finish; None of a start.
        written_at: When it was last kept.
        title: What the task is called; None of a start.
        name: The task's step; None of a start.
        definition_id: The version that the task belongs to; None of a start.
        business_key: The number of the task's instance.
    """

    id: str
    process_key: str
    event: str | None
    form_key: str
    task_id: str | None
    written_at: datetime
    title: str | None
    name: str | None
    definition_id: str | None
    business_key: str | None


def save_draft(ctx: Context, *, task_id: str, data: Mapping[str, Json]) -> InstanceRef:
    """Keep what a person has filled in so far; nothing else knows of it.

    Args:
        ctx: Who fills it in.
        task_id: The task.
        data: The answers so far, unchecked.

    Raises:
        NotFound: There is no such task, or it is not theirs to see.
        Conflict: It is over.
        Forbidden: It is not theirs.
        InvalidSubmission: There is too much, or something that cannot be kept.
    """
    with ctx.read():
        task = work.get_task(ctx, task_id)
        opened = open_task(ctx, task)
        if not task.open:
            raise runtime.AlreadyEnded(_("This is not needed any more: the process went on without it."))
        work.need_may_act(ctx, task)
        instance = runtime.get_instance(ctx, task.instance_id)
    if opened is None:
        raise InvalidSubmission(_("This task has no form."))
    _keep_draft(ctx, opened, _keepable(opened, data), task)
    return InstanceRef(id=task.instance_id, business_key=task.business_key, state=instance["state"])


def save_start_draft(
    ctx: Context,
    *,
    process_key: str,
    data: Mapping[str, Json],
    start_event: str | None = None,
    form: str | None = None,
    draft_id: str | None = None,
) -> str:
    """Keep what a person has filled in so far of a start; nothing begins by it.

    Args:
        ctx: Who fills it in.
        process_key: Which process.
        data: The answers so far, unchecked.
        start_event: Which start event, where there are several.
        form: Which form, where several start the same event.
        draft_id: The draft that it was before; it is replaced.

    Returns:
        The draft's id.

    Raises:
        NotFound: There is no such process or draft.
        Forbidden: The actor may not start it in this way.
        Conflict: They have begun too many.
        InvalidSubmission: There is too much, or something that cannot be kept.
    """
    with ctx.read():
        opened = open_start(ctx, process_key=process_key, start_event=start_event, form=form)
    if opened is None:
        raise InvalidSubmission(_("This start has no form."))
    return _keep_start(ctx, opened, _keepable(opened, data), draft_id)


@verb
def _keep_start(ctx: Context, opened: Opened, data: Mapping[str, Json], draft_id: str | None) -> str:
    if draft_id is not None:
        discard_draft(ctx, draft_id=draft_id)
    begun = select(func.count()).where(*_own(ctx), Submission.task_id.is_(None))
    if ctx.connection.execute(begun).scalar_one() >= MOST_DRAFTS:
        raise Conflict(_("You have %(most)s drafts. Throw some away first."), most=MOST_DRAFTS)
    return keep_submission(ctx, opened, data, task_id=None, instance_id=None, state="draft")


@verb
def _keep_draft(ctx: Context, opened: Opened, data: Mapping[str, Json], task: work.Task) -> None:
    ctx.connection.execute(delete(Submission).where(*_own(ctx), Submission.task_id == task.id))
    keep_submission(ctx, opened, data, task_id=task.id, instance_id=task.instance_id, state="draft")


def _keepable(opened: Opened, data: Mapping[str, Json]) -> Mapping[str, Json]:
    kept = {name: value for name, value in data.items() if name in opened.form.variables}
    try:
        size = len(dumps(kept))
    except (TypeError, RecursionError):
        raise InvalidSubmission(_("There is a character in it that cannot be kept.")) from None
    if size > DRAFT_LIMIT:
        raise InvalidSubmission(_("There is too much in it."))
    return kept


def load_draft(ctx: Context, *, task_id: str) -> Mapping[str, Json] | None:
    """Return what the actor has filled in of a task so far; None where there is nothing."""
    with ctx.read():
        data: Mapping[str, Json] | None = ctx.connection.execute(
            select(Submission.data)
            .where(*_own(ctx), Submission.task_id == task_id)
            .order_by(Submission.written_at.desc())
            .limit(1)
        ).scalar()
        return data


def get_start_draft(ctx: Context, *, draft_id: str) -> Draft:
    """Return a draft of a start of the actor's.

    Raises:
        NotFound: There is none of this id.
    """
    wanted = _drafts(ctx).where(Submission.id == draft_id, Submission.task_id.is_(None))
    row = ctx.connection.execute(wanted).mappings().first()
    if row is None:
        raise _missing()
    return Draft(**row)


def load_start_draft(ctx: Context, *, draft_id: str) -> Mapping[str, Json]:
    """Return what the actor has filled in of a start so far; files that are not there any more are left out.

    Raises:
        NotFound: There is no such draft of theirs.
    """
    with ctx.read():
        data: Mapping[str, Json] | None = ctx.connection.execute(
            select(Submission.data).where(*_own(ctx), Submission.id == draft_id, Submission.task_id.is_(None))
        ).scalar()
        if data is None:
            raise _missing()
        files = {str(one["$file"]) for one in references_in(dict(data))}
        gone = select(StoredFile.id).where(StoredFile.id.in_(files), StoredFile.deleted_at.is_not(None))
        lost = set(ctx.connection.scalars(gone)) if files else set()
    return {name: _without(value, lost) for name, value in data.items()}


def _without(value: Any, lost: Set[str]) -> Json:
    if is_reference(value):
        return None if value["$file"] in lost else value
    if isinstance(value, list):
        return [_without(one, lost) for one in value if not (is_reference(one) and one["$file"] in lost)]
    return value


def list_drafts(ctx: Context, *, page: int = 1, page_size: int = 25) -> tuple[int, list[Draft]]:
    """Return how many drafts the actor has of what is still open to them, and one page, the last first.

    Args:
        ctx: Any open transaction.
        page: From 1.
        page_size: At most 100.
    """
    count, rows = page_of(
        ctx.connection,
        _drafts(ctx),
        (Submission.written_at.desc(), Submission.id.desc()),
        page=page,
        page_size=page_size,
    )
    return count, [Draft(**row) for row in rows]


def _drafts(ctx: Context) -> Select[Any]:
    task = work.UserTask
    still_theirs = and_(
        task.state.in_(work.OPEN_STATES), or_(task.assignee.is_(None), task.assignee == ctx.actor.key)
    )
    own = ("id", "process_key", "event", "form_key", "task_id", "written_at")
    return (
        select(
            *(getattr(Submission, name) for name in own),
            *(getattr(task, name) for name in ("title", "name", "definition_id", "business_key")),
        )
        .outerjoin(task, task.id == Submission.task_id)
        .where(*_own(ctx), or_(Submission.task_id.is_(None), still_theirs))
    )


@verb
def discard_draft(ctx: Context, *, draft_id: str) -> None:
    """Throw a draft away.

    Raises:
        NotFound: There is no such draft of the actor's.
    """
    gone = ctx.connection.execute(delete(Submission).where(*_own(ctx), Submission.id == draft_id))
    if not gone.rowcount:
        raise _missing()


def _own(ctx: Context) -> tuple[Any, ...]:
    return Submission.state == "draft", Submission.written_by == ctx.actor.name


def _missing() -> NotFound:
    return NotFound(_("There is no such draft. It may have been handed in or thrown away."))
