"""What drawings call of notes: keep one, list them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.i18n import _
from engine.plugin.offers import Field, service_task
from plugins.records import services
from plugins.records.models import Note
from plugins.records.service_tasks.parameters import Anybody, InstanceId, Person

NoteKind = Annotated[
    str, Field(label=_("Kind of note"), help=_("exit_interview, probation, training or any other word."))
]


class Noted(TypedDict):
    """A note that was kept."""

    note_id: Annotated[str, Field(label=_("Id of the note"))]


@service_task("note", title=_("Keep a note about a person"), mode="inline")
def keep_note(
    ctx: Context,
    person: Person,
    kind: NoteKind,
    reason: Annotated[
        str | None, Field(label=_("Reason code"), help=_("A word that can be counted over many notes."))
    ] = None,
    noted_on: Annotated[date | None, Field(label=_("Day"), help=_("Today if empty."))] = None,
    fields: Annotated[
        dict[str, Any] | None, Field(label=_("Fields"), help=_("What there is to say, by name."))
    ] = None,
    instance_id: InstanceId = None,
) -> Noted:
    """Keep what was found out or decided: an exit interview, the result of a probation, a training."""
    note = services.keep_note(
        ctx,
        person_key=person,
        kind=kind,
        reason=reason or None,
        noted_on=noted_on,
        fields=fields,
        instance_id=instance_id,
    )
    return {"note_id": note.id}


@service_task("notes", title=_("List notes about people"), mode="inline", looks=True)
def list_notes(
    ctx: Context,
    person: Anybody = None,
    kind: Annotated[str | None, Field(label=_("Kind of note"), help=_("All kinds if empty."))] = None,
    first_on: Annotated[date | None, Field(label=_("First day"))] = None,
    last_on: Annotated[date | None, Field(label=_("Last day"), help=_("Included."))] = None,
) -> Annotated[
    list[Any],
    Field(
        label=_("Notes"),
        help=_(
            "At most 500 contexts with note_id, person, kind, reason, noted_on, fields and written_by, "
            "the latest first."
        ),
    ),
]:
    """List what was noted about a person, or about everybody."""
    found = services.notes_about(
        ctx, person_key=person or None, kind=kind or None, first_on=first_on, last_on=last_on
    )
    return [_note(one) for one in found]


def _note(one: Note) -> dict[str, Any]:
    return {
        "note_id": one.id,
        "person": one.person_key,
        "kind": one.kind,
        "reason": one.reason,
        "noted_on": one.noted_on,
        "fields": one.fields,
        "written_by": one.written_by,
    }
