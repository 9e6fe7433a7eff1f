"""Employments: read, listed, corrected; confirmed, extended, and the extension that rings for somebody."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, select

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import _
from engine.people import Person, get_person, need_here
from plugins.personnel import rules
from plugins.personnel.models import Employment

EMPLOYMENT_SORTS = {
    "person_key": Employment.person_key,
    "hired_on": Employment.hired_on,
    "probation_until": Employment.probation_until,
    "confirmed_on": Employment.confirmed_on,
    "left_on": Employment.left_on,
    "extension": Employment.extension,
}
_LONGEST_EXTENSION = 16
_LONGEST_REASON = 64


class ExtensionTaken(Conflict):
    """This extension is somebody else's who is here. Choose another."""

    code: ClassVar[str] = "extension_taken"


def employment_of(ctx: Context, person_key: str) -> Employment | None:
    """Return somebody's employment, their last one where they have left; None where none is kept."""
    with ctx.read():
        return ctx.session.scalars(
            select(Employment)
            .where(Employment.person_key == person_key)
            .order_by(Employment.id.desc())
            .limit(1)
        ).first()


def today(ctx: Context) -> date:
    """Return the day by the centre's clock."""
    return ctx.now.astimezone(ctx.settings.zone).date()


@verb
def put_employment(
    ctx: Context,
    *,
    person_key: str,
    hired_on: date | None = None,
    probation_until: date | None = None,
    confirmed_on: date | None = None,
    extension: str | None = None,
) -> Employment:
    """Say how it stands with somebody's employment, in place of what was kept.

    Args:
        ctx: Who says so.
        person_key: Whose; they are here.
        hired_on: Their first day.
        probation_until: The last day of their probation.
        confirmed_on: Since when they are confirmed; None while they are on probation.
        extension: The telephone on their desk.

    Raises:
        NotFound: There is nobody of that key.
        Conflict: They have left.
        InvalidSubmission: A day lies before the first one, or the extension is none.
        ExtensionTaken: Somebody else has it.
    """
    problems = [
        Problem(path=path, message=_("This lies before the first day."))
        for path, day in (("probation_until", probation_until), ("confirmed_on", confirmed_on))
        if day is not None and hired_on is not None and day < hired_on
    ]
    if problems:
        raise InvalidSubmission(problems=problems)
    employment = current(ctx, person_key)
    employment.hired_on, employment.probation_until = hired_on, probation_until
    employment.confirmed_on = confirmed_on
    employment.extension = checked_extension(ctx, person_key, extension)
    return changed(ctx, employment, "employment.put")


@verb
def set_extension(ctx: Context, *, person_key: str, extension: str) -> Employment:
    """Give somebody an extension.

    Raises:
        InvalidSubmission: It is none.
        ExtensionTaken: Somebody else who is here has it.
    """
    employment = current(ctx, person_key)
    employment.extension = checked_extension(ctx, person_key, extension)
    return changed(ctx, employment, "employment.extension")


@verb
def confirm(ctx: Context, *, person_key: str, confirmed_on: date | None = None) -> Employment:
    """End somebody's probation well. Who is confirmed stays so since the first time.

    Args:
        ctx: Who confirms.
        person_key: Whom.
        confirmed_on: Since when; today where omitted.
    """
    employment = current(ctx, person_key)
    if employment.confirmed_on is not None:
        return employment
    employment.confirmed_on = confirmed_on or today(ctx)
    return changed(ctx, employment, "employment.confirm")


@verb
def extend_probation(ctx: Context, *, person_key: str, until: date) -> Employment:
    """Let somebody's probation go on.

    Raises:
        InvalidSubmission: It does not end later than before.
        Conflict: They are confirmed.
    """
    employment = current(ctx, person_key)
    if employment.confirmed_on is not None:
        raise Conflict(_("%(key)s is confirmed already."), key=person_key)
    before = employment.probation_until
    if before is not None and until < before:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="until",
                    message=_("The probation lasts until %(before)s already. Choose a later day."),
                    params={"before": before.isoformat()},
                )
            ]
        )
    employment.probation_until = until
    return changed(ctx, employment, "employment.extend_probation")


def list_employments(
    ctx: Context,
    *,
    person_key: str | None = None,
    state: str | None = None,
    leaving_reason: str | None = None,
    probation_before: date | None = None,
    sort: str = "person_key",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many employments there are and one page of them, each with its ``state``.

    Args:
        ctx: Who asks.
        person_key: Whose.
        state: ``probation``, ``confirmed`` or ``left``.
        leaving_reason: Of those who left for this reason.
        probation_before: Whose probation ends on this day or earlier.
        sort: Columns, ``-`` before one that goes down.
        page: From 1.
        page_size: Rows a page.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to({Employment.person_key: person_key, Employment.leaving_reason: leaving_reason})
    statement = select(Employment.__table__).where(*wanted)
    if state is not None:
        statement = statement.where(_stands(state))
    if probation_before is not None:
        statement = statement.where(Employment.probation_until <= probation_before)
    count, rows = page_of(
        ctx.connection,
        statement,
        order_by(sort, EMPLOYMENT_SORTS, last=Employment.id),
        page=page,
        page_size=page_size,
    )
    return count, [
        {**row, "state": rules.state_of(confirmed_on=row["confirmed_on"], left_on=row["left_on"])}
        for row in rows
    ]


def _stands(state: str) -> ColumnElement[bool]:
    here = Employment.left_on.is_(None)
    match state:
        case rules.PROBATION:
            return and_(here, Employment.confirmed_on.is_(None))
        case rules.CONFIRMED:
            return and_(here, Employment.confirmed_on.is_not(None))
    return ~here


def current(ctx: Context, person_key: str) -> Employment:
    """Return the employment of somebody who is here; it begins now where none is kept.

    Raises:
        NotFound: There is nobody of that key.
        Conflict: They have left.
    """
    need_here(ctx, person_key)
    # Two that begin one at once would each find none.
    alone_in(ctx.connection, Employment.__table__)
    employment = employment_of(ctx, person_key)
    if employment is None or employment.left_on is not None:
        employment = begin(ctx, person_key)
    return employment


def begin(ctx: Context, person_key: str) -> Employment:
    """Begin an employment of which nothing is known yet."""
    employment = Employment(person_key=person_key, changed_at=ctx.now, changed_by=ctx.actor.name)
    ctx.session.add(employment)
    return employment


def changed(ctx: Context, employment: Employment, action: str) -> Employment:
    """Keep what was changed of an employment, and who did it."""
    employment.changed_at, employment.changed_by = ctx.now, ctx.actor.name
    ctx.session.flush()
    audit(ctx, action, "person", employment.person_key)
    return employment


def checked_extension(ctx: Context, person_key: str, extension: str | None) -> str | None:
    """Return an extension as it is kept; None where there is none.

    Raises:
        InvalidSubmission: It is no number.
        ExtensionTaken: Somebody else who is here has it.
    """
    said = (extension or "").replace(" ", "").replace("-", "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit()) or len(said) > _LONGEST_EXTENSION:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="extension",
                    message=_("Write an extension of at most %(most)s digits."),
                    params={"most": _LONGEST_EXTENSION},
                )
            ]
        )
    other = (
        select(Employment.id)
        .join(Person, Person.key == Employment.person_key)
        .where(
            Employment.extension == said,
            Employment.person_key != person_key,
            Employment.left_on.is_(None),
            Person.closed_at.is_(None),
        )
    )
    if ctx.session.scalars(other.limit(1)).first() is not None:
        raise ExtensionTaken()
    return said


@verb
def note_leaving(ctx: Context, *, person_key: str, reason: str, by: str | None = None) -> Employment:
    """Keep why somebody leaves or has left, in a word that can be counted.

    Args:
        ctx: Who says so.
        person_key: Who leaves.
        reason: A code such as ``pay``.
        by: Whose idea it was: ``employee``, ``centre``, ``both``.

    Raises:
        NotFound: There is nobody of that key.
        InvalidSubmission: There is no reason, or it is too long.
    """
    if not reason or len(reason) > _LONGEST_REASON:
        raise InvalidSubmission(
            problems=[
                Problem(
                    path="reason",
                    message=_("Say why in a word of at most %(most)s characters."),
                    params={"most": _LONGEST_REASON},
                )
            ]
        )
    person = get_person(ctx, person_key)
    employment = employment_of(ctx, person_key) if person.closed_at is not None else current(ctx, person_key)
    if employment is None:
        employment = begin(ctx, person_key)
    employment.leaving_reason, employment.leaving_by = reason, by or None
    return changed(ctx, employment, "employment.reason")
