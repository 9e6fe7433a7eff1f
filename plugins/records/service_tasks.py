"""What a drawing can call. All are inline: what is kept of people changes in the transaction of the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypedDict

from engine.context import Context
from engine.errors import BpmnError, InvalidSubmission, Problem
from engine.i18n import _, say
from engine.people import centre_locale
from engine.plugin.offers import Field, service_task
from plugins.records import services
from plugins.records.models import Absence, Note, Score
from plugins.records.rules import Span

Person = Annotated[str, Field(label=_("Person"), help=_("A user name; initiator is who asked."))]
LeaveKind = Annotated[
    str, Field(label=_("Kind of leave"), help=_("annual, sick, personal or any other word."))
]
First = Annotated[date, Field(label=_("First day"))]
Last = Annotated[date, Field(label=_("Last day"), help=_("Included."))]
HalfFirst = Annotated[bool | None, Field(label=_("First day: afternoon only"))]
HalfLast = Annotated[bool | None, Field(label=_("Last day: morning only"))]
Days = Annotated[Decimal, Field(label=_("Working days"), help=_("In halves."))]
AbsenceId = Annotated[str, Field(label=_("Id of the absence"), help=_("What the booking gave."))]
InstanceId = Annotated[
    str | None,
    Field(label=_("Id of the instance"), help=_("instance_id: then nothing is done twice.")),
]
ScoreKind = Annotated[str, Field(label=_("Kind of score"), help=_("qa, kpi or any other word."))]
Reference = Annotated[str, Field(label=_("Of what"), help=_("A call, a period: as it was published."))]
Value = Annotated[Decimal | None, Field(label=_("Score"), help=_("The weighted mean of the parts if empty."))]
Parts = Annotated[
    list[Any] | None,
    Field(label=_("Parts"), help=_("A list of contexts with name, weight (above 0) and value.")),
]
AppealUntil = Annotated[
    datetime | None, Field(label=_("Can be appealed until"), help=_("It cannot be appealed if empty."))
]
NoteKind = Annotated[
    str, Field(label=_("Kind of note"), help=_("exit_interview, probation, training or any other word."))
]


class LeaveDays(TypedDict):
    """How much leave a time is."""

    days: Days


class Left(TypedDict):
    """How it stands with somebody's leave."""

    left: Annotated[
        Decimal | None, Field(label=_("Days left"), help=_("Null where this leave is not counted."))
    ]
    granted: Annotated[
        Decimal | None, Field(label=_("Days granted"), help=_("Null where this leave is not counted."))
    ]
    taken: Annotated[Decimal, Field(label=_("Days taken"), help=_("Booked and not cancelled."))]


class Booked(TypedDict):
    """What was booked."""

    absence_id: Annotated[str, Field(label=_("Id of the absence"), help=_("Cancelling it needs this."))]
    days: Days


class Cancelled(TypedDict):
    """What was cancelled."""

    days: Days


class Scored(TypedDict):
    """A version of a score."""

    value: Annotated[Decimal, Field(label=_("Score"))]
    parts: Annotated[list[Any], Field(label=_("Parts"), help=_("Contexts with name, weight and value."))]
    version: Annotated[int, Field(label=_("Version"), help=_("From 1; each change of the score adds 1."))]
    reason: Annotated[str | None, Field(label=_("Reason of the change"))]
    published_at: Annotated[datetime, Field(label=_("Published"))]
    appeal_until: AppealUntil
    appealed: Annotated[bool, Field(label=_("This version was appealed"))]


class Noted(TypedDict):
    """A note that was kept."""

    note_id: Annotated[str, Field(label=_("Id of the note"))]


@contextmanager
def _outcomes(ctx: Context) -> Iterator[None]:
    """Let the drawing catch what may happen to anybody; the rest is a mistake of the drawing."""
    try:
        yield
    except (
        services.NotEnough,
        services.Overlaps,
        services.NoAbsence,
        services.NoScore,
        services.ScoreExists,
        services.AppealClosed,
    ) as error:
        # Kept in the history, which many read.
        raise BpmnError(error.code, say(centre_locale(ctx), error)) from error


@service_task("leave_days", title=_("Count days of leave"), mode="inline", repeatable=True)
def count_leave_days(
    ctx: Context,
    first_on: First,
    last_on: Last,
    half_first: HalfFirst = None,
    half_last: HalfLast = None,
) -> LeaveDays:
    """Count the working days of a time by the centre's calendar, holidays and make-up days considered."""
    charge = services.count_days(ctx, _span(first_on, last_on, half_first, half_last))
    return {"days": sum(charge.values(), Decimal())}


@service_task("leave_balance", title=_("Look up days of leave that are left"), mode="inline", repeatable=True)
def leave_balance(
    ctx: Context,
    person: Person,
    kind: LeaveKind,
    year: Annotated[int | None, Field(label=_("Year"), help=_("This year if empty."))] = None,
) -> Left:
    """Say how many days of a kind of leave somebody has left in a year."""
    asked = ctx.now.astimezone(ctx.settings.zone).year if year is None else int(year)
    balance = services.read_balance(ctx, person_key=person, kind=kind, year=asked)
    return {"left": balance.left_days, "granted": balance.granted_days, "taken": balance.taken_days}


@service_task("book_leave", title=_("Book leave"), mode="inline")
def book_leave(
    ctx: Context,
    person: Person,
    kind: LeaveKind,
    first_on: First,
    last_on: Last,
    half_first: HalfFirst = None,
    half_last: HalfLast = None,
    instance_id: InstanceId = None,
    booking: Annotated[
        str | None,
        Field(label=_("Name of the booking"), help=_("Tells apart what one instance books.")),
    ] = None,
) -> Booked:
    """Book an absence, which takes its days from the balance; errors: not_enough, overlaps."""
    with _outcomes(ctx):
        absence = services.book_leave(
            ctx,
            person_key=person,
            kind=kind,
            span=_span(first_on, last_on, half_first, half_last),
            instance_id=instance_id,
            booking=booking or "",
        )
    return {"absence_id": absence.id, "days": absence.days}


@service_task("cancel_leave", title=_("Cancel leave"), mode="inline", repeatable=True)
def cancel_leave(ctx: Context, absence_id: AbsenceId) -> Cancelled:
    """Cancel an absence, which gives its days back; error: no_absence."""
    with _outcomes(ctx):
        return {"days": services.cancel_leave(ctx, absence_id=absence_id).days}


@service_task("absences", title=_("List absences"), mode="inline", repeatable=True)
def list_absences(
    ctx: Context,
    first_on: First,
    last_on: Last,
    person: Annotated[str | None, Field(label=_("Person"), help=_("Everybody if empty."))] = None,
) -> Annotated[
    list[Any],
    Field(
        label=_("Absences"),
        help=_(
            "Contexts with absence_id, person, kind, first_on, last_on, half_first, half_last and days, "
            "as they begin."
        ),
    ),
]:
    """List who is absent in a time, for covers and rosters."""
    span = _span(first_on, last_on, None, None)
    found = services.absences_between(
        ctx, first_on=span.first_on, last_on=span.last_on, person_key=person or None
    )
    return [_absence(one) for one in found]


@service_task("score", title=_("Read a score"), mode="inline", repeatable=True)
def read_score(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    version: Annotated[int | None, Field(label=_("Version"), help=_("The one that holds if empty."))] = None,
) -> Scored:
    """Read a person's score for a call, a period or whatever it is of; error: no_score."""
    with _outcomes(ctx):
        return _score(
            services.read_score(ctx, person_key=person, kind=kind, reference=reference, version=version)
        )


@service_task("publish_score", title=_("Publish a score"), mode="inline")
def publish_score(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    value: Value = None,
    parts: Parts = None,
    appeal_until: AppealUntil = None,
    instance_id: InstanceId = None,
) -> Scored:
    """Publish a score and until when it can be appealed; error: score_exists."""
    with _outcomes(ctx):
        return _score(
            services.publish_score(
                ctx,
                person_key=person,
                kind=kind,
                reference=reference,
                value=value,
                parts=parts or (),
                appeal_until=appeal_until,
                instance_id=instance_id,
            )
        )


@service_task("rescore", title=_("Change a score"), mode="inline")
def rescore(
    ctx: Context,
    person: Person,
    kind: ScoreKind,
    reference: Reference,
    reason: Annotated[str, Field(label=_("Reason of the change"), help=_("The person reads it."))],
    value: Value = None,
    parts: Parts = None,
    by: Annotated[
        str | None, Field(label=_("Who decided it"), help=_("A user name; who acts if empty."))
    ] = None,
    appeal_until: Annotated[
        datetime | None, Field(label=_("Can be appealed until"), help=_("As before if empty."))
    ] = None,
    instance_id: InstanceId = None,
) -> Scored:
    """Publish a new version of a score with a reason; the one before stays; error: no_score."""
    with _outcomes(ctx):
        return _score(
            services.rescore(
                ctx,
                person_key=person,
                kind=kind,
                reference=reference,
                reason=reason,
                value=value,
                parts=parts or (),
                by=by,
                appeal_until=appeal_until,
                instance_id=instance_id,
            )
        )


@service_task("check_appeal", title=_("Check that a score can be appealed"), mode="inline", repeatable=True)
def check_appeal(
    ctx: Context, person: Person, kind: ScoreKind, reference: Reference, instance_id: InstanceId = None
) -> Scored:
    """Read a score that can be appealed now and was not before; errors: no_score, appeal_closed."""
    with _outcomes(ctx):
        return _score(
            services.check_appeal(
                ctx, person_key=person, kind=kind, reference=reference, instance_id=instance_id
            )
        )


@service_task("appeal", title=_("Appeal a score"), mode="inline")
def appeal_score(
    ctx: Context, person: Person, kind: ScoreKind, reference: Reference, instance_id: InstanceId = None
) -> Scored:
    """Keep that a score is appealed, so that it is not again; errors: no_score, appeal_closed."""
    with _outcomes(ctx):
        return _score(
            services.appeal_score(
                ctx, person_key=person, kind=kind, reference=reference, instance_id=instance_id
            )
        )


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


@service_task("notes", title=_("List notes about people"), mode="inline", repeatable=True)
def list_notes(
    ctx: Context,
    person: Annotated[str | None, Field(label=_("Person"), help=_("Everybody if empty."))] = None,
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


def _span(
    first_on: date | None, last_on: date | None, half_first: bool | None, half_last: bool | None
) -> Span:
    """Make a time of what the drawing hands in, which may be nothing.

    Raises:
        InvalidSubmission: A day is missing.
    """
    if first_on is None or last_on is None:
        path = "first_on" if first_on is None else "last_on"
        raise InvalidSubmission(problems=[Problem(path=path, message=_("This day is missing."))])
    return Span(first_on=first_on, last_on=last_on, half_first=bool(half_first), half_last=bool(half_last))


def _absence(one: Absence) -> dict[str, Any]:
    return {
        "absence_id": one.id,
        "person": one.person_key,
        "kind": one.kind,
        "first_on": one.first_on,
        "last_on": one.last_on,
        "half_first": one.half_first,
        "half_last": one.half_last,
        "days": one.days,
    }


def _score(one: Score) -> Scored:
    return {
        "value": one.value,
        "parts": one.parts,
        "version": one.version,
        "reason": one.reason,
        "published_at": one.published_at,
        "appeal_until": one.appeal_until,
        "appealed": one.appealed_at is not None,
    }


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
