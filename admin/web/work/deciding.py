"""What a decision on a task's page carries beside its form: an opinion, files, a signature."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import request

from engine import values
from engine.context import Context
from engine.files import is_reference, reference, store
from engine.work import Task


def takes_opinion(task: Task) -> bool:
    """Whether one can say why at any of a task's outcomes."""
    return any(one.get("opinion") != "none" for one in task.options.get("outcomes") or ())


def is_signed(task: Task, outcome: str | None) -> bool:
    """Whether an outcome of a task is signed; of the only one where none is named."""
    buttons = task.options.get("outcomes") or []
    chosen = [one for one in buttons if one["name"] == outcome or (outcome is None and len(buttons) == 1)]
    return any(one.get("signature_required") for one in chosen)


def posted_attachments(ctx: Context) -> list[Any]:
    """Return references of the posted files: those of before, when something else was wrong, and new ones.

    Args:
        ctx: Who attaches them, with no transaction open: the files become uploads of theirs.

    Raises:
        TooLarge: One is too large.
    """
    try:
        before = values.loads(request.form.get("attached") or "[]")
    except ValueError:
        before = []
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
        for upload in request.files.getlist("attachments")
        if upload.filename
    ]
    return [*(one for one in before if is_reference(one)), *stored] if isinstance(before, list) else stored
