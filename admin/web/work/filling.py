"""A form's answers as a browser sends them, and as a page shows them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO, cast

from flask import request

from engine import values
from engine.context import Context
from engine.errors import InvalidSubmission
from engine.files import reference, store
from engine.i18n import _
from forms.render import Rendered


def posted_data(ctx: Context) -> dict[str, Any]:
    """Read the form island's answers: JSON in ``data``, new files as parts ``file:<key>``.

    Raises:
        InvalidSubmission: It is no JSON object.
    """
    text = request.form.get("data", "") or "{}"
    try:
        data = values.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise InvalidSubmission(_("The form could not be read. Load the page again."))
    for part in request.files:
        if part.startswith("file:"):
            stored = [
                reference(
                    store(
                        ctx,
                        content=cast(BinaryIO, upload.stream),
                        name=upload.filename or "",
                        owner_kind="upload",
                        owner_id=ctx.actor.name,
                    )
                )
                for upload in request.files.getlist(part)
                if upload.filename
            ]
            if stored:
                data[part.removeprefix("file:")] = [*(data.get(part.removeprefix("file:")) or []), *stored]
    return data


def with_data(rendered: Rendered | None, data: Mapping[str, Any] | None) -> Rendered | None:
    """Show again what was just handed in."""
    if rendered is None or not data:
        return rendered
    return replace(rendered, data={**rendered.data, **data})
