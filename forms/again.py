"""Starting again from old data: what a request that is over was, as the beginning of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.context import Context, verb
from engine.definition import get_definition, starts_for
from engine.errors import Conflict, Forbidden, NotFound
from engine.files import copy_file, find_file, is_reference, reference, references_in
from engine.i18n import _
from engine.runtime import get_instance, variables_of
from engine.values import Json
from engine.work import may_see
from forms.models import Submission
from forms.opening import begun_with, open_start
from forms.personal import SEE, sensitive_names
from forms.withheld import withheld, without_places

_OPEN = ("active", "suspended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a request that is over can be made again.

    Args:
        process_key: Of which process; its newest version.
        event: By which start event.
        form: By which form, as the process offers it; None where it has one of its own or none.
        data: What of the old request the start's form takes.
    """

    process_key: str
    event: str
    form: str | None
    data: Mapping[str, Json]


def start_again(ctx: Context, *, instance_id: str) -> Again:
    """Tell how a request that is over can be made again, with which data; nothing begins by it.

    The data are those that the form of the process's newest version lets its initiator fill in, as far as
    the actor is shown them.

    Args:
        ctx: Whose request it was, or who handed it in.
        instance_id: The request.

    Raises:
        NotFound: There is no such instance, or it is not theirs to see.
        Forbidden: It is not theirs, or they may not start its process any more.
        Conflict: It still runs, or another process called it.
    """
    with ctx.read():
        instance = get_instance(ctx, instance_id)
        if not may_see(ctx, instance_id):
            raise NotFound(_("There is no such process instance."))
        if ctx.actor.key is None or ctx.actor.key not in (instance["initiator"], instance["submitter"]):
            raise Forbidden(_("Only whose request it was starts it again."))
        if instance["state"] in _OPEN:
            raise Conflict(_("It still runs. Take it back and change it, or cancel it first."))
        if instance["parent_id"] is not None:
            raise Conflict(_("Another process called it. Start that one again."))
        definition = get_definition(ctx, key=instance["process_key"])
        sent = ctx.connection.execute(
            select(Submission.form_key, Submission.written_by, Submission.event).where(
                Submission.instance_id == instance_id,
                Submission.task_id.is_(None),
                Submission.state == "submitted",
            )
        ).first()
        offered = [start for start in starts_for(ctx, definition) if not start.public or start.who]
        used = (sent.event, sent.form_key) if sent is not None else (None, None)
        # The way in which it was started, else the nearest to it that there is today.
        start = min(
            offered, key=lambda one: (one.event != used[0], one.form not in (None, used[1])), default=None
        )
        if start is None:
            raise Forbidden(_("You may not start this process any more."))
        opened = open_start(ctx, process_key=definition.key, start_event=start.event, form=start.form)
        held = without_places(variables_of(ctx, instance_id), withheld(ctx, instance_id))
        if sent is not None and sent.written_by != ctx.actor.name and not ctx.actor.may(SEE):
            held = {name: value for name, value in held.items() if name not in sensitive_names(definition)}
        inner = held.get(opened.into) if opened is not None and opened.into else held
        data = begun_with(opened, {}, inner) if opened is not None and isinstance(inner, Mapping) else {}
    return Again(process_key=definition.key, event=start.event, form=start.form, data=data)


@verb
def with_own_files(ctx: Context, data: Mapping[str, Json], *, instance_id: str) -> dict[str, Json]:
    """Return what is handed in with copies of the files that came from the old request.

    A file belongs to its instance, and whoever sees that sees the file: a new request needs one of its own.
    Only files that ``start_again`` offers, and that the actor may read, are copied.

    Args:
        ctx: Who hands it in.
        data: What is handed in.
        instance_id: The request that is made again.

    Raises:
        NotFound, Forbidden, Conflict: As ``start_again``.
    """
    offered = {
        str(one["$file"]) for one in references_in(dict(start_again(ctx, instance_id=instance_id).data))
    }
    copies: dict[str, Json] = {}

    def own(value: Any) -> Any:
        if is_reference(value):
            file_id = str(value["$file"])
            if file_id in offered and file_id not in copies:
                copies[file_id] = reference(copy_file(ctx, find_file(ctx, file_id=file_id)))
            return copies.get(file_id, value)
        if isinstance(value, Mapping):
            return {name: own(inner) for name, inner in value.items()}
        return [own(inner) for inner in value] if isinstance(value, list) else value

    return {name: own(value) for name, value in data.items()}
