"""Notes: what was found out or decided about a person, with a date and a reason that can be counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from engine.context import Context, verb
from engine.db import equal_to
from engine.values import Json
from plugins.records.models import Note
from plugins.records.services.subject import check_subject

MOST_NOTES = 500


@verb
def keep_note(
    ctx: Context,
    *,
    person_key: str,
    kind: str,
    reason: str | None = None,
    noted_on: date | None = None,
    fields: Mapping[str, Json] | None = None,
    instance_id: str | None = None,
) -> Note:
    """Keep a note about a person.

    The same note of the same instance is kept once.

    Args:
        ctx: Who acts.
        person_key: About whom; also who has left.
        kind: ``exit_interview``, ``probation``, ``training`` or any other word.
        reason: A code that can be counted over many notes.
        noted_on: Of which day; today by the centre's clock where omitted.
        fields: What there is to say, by name.
        instance_id: The instance that it comes from.

    Raises:
        InvalidSubmission: The person or the kind cannot be.
    """
    check_subject(ctx, person_key=person_key, kind=kind)
    said = dict(fields or {})
    day = noted_on or ctx.now.astimezone(ctx.settings.zone).date()
    if instance_id is not None:
        same = equal_to({Note.instance_id: instance_id, Note.person_key: person_key, Note.kind: kind})
        for note in ctx.session.scalars(select(Note).where(*same)):
            if (note.reason, note.fields) == (reason, said) and noted_on in (None, note.noted_on):
                return note
    note = Note(
        person_key=person_key,
        kind=kind,
        reason=reason,
        noted_on=day,
        fields=said,
        written_at=ctx.now,
        written_by=ctx.actor.name,
        instance_id=instance_id,
    )
    ctx.session.add(note)
    ctx.session.flush()
    return note


def notes_about(
    ctx: Context,
    *,
    person_key: str | None = None,
    kind: str | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
) -> Sequence[Note]:
    """Return notes, the latest first, at most 500.

    Args:
        ctx: Who asks.
        person_key: About whom; about everybody where omitted.
        kind: Of one kind; of all where omitted.
        first_on: From this day.
        last_on: Up to this day, which belongs to it.
    """
    statement = select(Note).where(*equal_to({Note.person_key: person_key, Note.kind: kind}))
    if first_on is not None:
        statement = statement.where(Note.noted_on >= first_on)
    if last_on is not None:
        statement = statement.where(Note.noted_on <= last_on)
    with ctx.read():
        return ctx.session.scalars(
            statement.order_by(Note.noted_on.desc(), Note.id.desc()).limit(MOST_NOTES)
        ).all()
