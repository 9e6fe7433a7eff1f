"""Who hears that nobody is found for a step: those who supervise its process."""

from __future__ import annotations

from contextlib import suppress

from engine.context import Context
from engine.errors import NotFound
from engine.machine.nodes.approvals import NobodyToAsk
from engine.people import people_of
from engine.plugin import ProcessEvent
from engine.runtime.advance import lock_instance
from engine.runtime.limits import NobodyThere, NoWayBack
from engine.runtime.notices import tell_of
from engine.work import supervisors_of

_NOBODY = {error.code for error in (NobodyToAsk, NobodyThere, NoWayBack)}


def hear(ctx: Context, event: ProcessEvent) -> None:
    """Tell the supervisors of a process that nobody is found for a step, within the open transaction."""
    if event.name != "incident.opened" or event.about["code"] not in _NOBODY or event.instance_id is None:
        return
    instance = lock_instance(ctx, event.instance_id)
    people: dict[str, None] = {}
    for word in supervisors_of(ctx, instance.process_key):
        # Who is missing there, too, holds nothing up.
        with suppress(NotFound):
            people.update(dict.fromkeys(person.key for person in people_of(ctx, word)))
    tell_of(ctx, "unassigned", instance, element_id=event.about["element_id"], concerned=list(people))
