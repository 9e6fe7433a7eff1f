"""Balances of leave: what is granted, less what absences that hold take of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select, tuple_

from engine.context import Context, verb
from engine.db import alone_in, equal_to, order_by, page_of
from engine.errors import InvalidSubmission, NotFound, Problem
from engine.history import audit
from engine.i18n import _
from engine.values import number_text
from plugins.records import rules
from plugins.records.models import Absence, Balance
from plugins.records.services.subject import check_subject

BALANCE_SORTS = {"person_key": Balance.person_key, "kind": Balance.kind, "year": Balance.year}
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceView:
    """How it stands with a kind of leave in a year; all in days, by halves.

    Args:
        granted_days: None where the kind is not counted in that year: then there is no end to it.
        taken_days: What absences that hold take of the year.
    """

    granted_days: Decimal | None
    taken_days: Decimal

    @property
    def left_days(self) -> Decimal | None:
        """What is left; None where it is not counted."""
        return None if self.granted_days is None else self.granted_days - self.taken_days


def read_balance(ctx: Context, *, person_key: str, kind: str, year: int) -> BalanceView:
    """Return how it stands with somebody's leave of a kind in a year.

    Raises:
        InvalidSubmission: The person or the kind cannot be.
    """
    check_subject(ctx, person_key=person_key, kind=kind)
    with ctx.read():
        granted = ctx.session.scalar(
            select(Balance.granted_days).where(
                Balance.person_key == person_key, Balance.kind == kind, Balance.year == year
            )
        )
        charges = _charges(ctx, {(person_key, kind)}).get((person_key, kind), [])
        return BalanceView(granted_days=granted, taken_days=rules.taken(charges, year))


@verb
def set_balance(ctx: Context, *, person_key: str, kind: str, year: int, days: Decimal) -> Balance:
    """Grant somebody so many days of a kind of leave for a year, in place of what was granted before.

    Args:
        ctx: Who grants it.
        person_key: To whom.
        kind: ``annual``, ``sick``, ``personal`` or any other word.
        year: From 2000 to 2100.
        days: 0 to 366, in halves; no fewer than are taken already.

    Raises:
        InvalidSubmission: Something cannot be; ``problems`` lists what.
    """
    # Nobody books between the look and the change.
    alone_in(ctx.connection, Absence.__table__)
    taken = read_balance(ctx, person_key=person_key, kind=kind, year=year).taken_days
    problems = []
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        problems.append(
            Problem(
                path="year",
                message=_("Write a year from %(first)s to %(last)s."),
                params={"first": _FIRST_YEAR, "last": _LAST_YEAR},
            )
        )
    if not rules.is_grant(days):
        problems.append(
            Problem(
                path="days",
                message=_("Write a number of days from 0 to %(most)s, such as 14 or 7.5."),
                params={"most": number_text(rules.MOST_GRANTED)},
            )
        )
    elif days < taken:
        problems.append(
            Problem(
                path="days",
                message=_("%(taken)s days of that year are taken: grant no fewer, or cancel leave first."),
                params={"taken": number_text(taken)},
            )
        )
    if problems:
        raise InvalidSubmission(problems=problems)
    balance = ctx.session.scalar(
        select(Balance).where(Balance.person_key == person_key, Balance.kind == kind, Balance.year == year)
    )
    if balance is None:
        balance = Balance(person_key=person_key, kind=kind, year=year)
        ctx.session.add(balance)
    balance.granted_days, balance.changed_at, balance.changed_by = days, ctx.now, ctx.actor.name
    ctx.session.flush()
    audit(ctx, "leave.grant", "person", person_key, {"kind": kind, "year": year, "days": days})
    return balance


@verb
def remove_balance(ctx: Context, *, balance_id: str) -> None:
    """Count a kind of leave no longer for somebody and a year.

    Raises:
        NotFound: There is no such balance.
    """
    balance = get_balance(ctx, balance_id)
    detail = {"kind": balance.kind, "year": balance.year}
    ctx.session.execute(delete(Balance).where(Balance.id == balance_id))
    audit(ctx, "leave.remove_balance", "person", balance.person_key, detail)


def get_balance(ctx: Context, balance_id: str) -> Balance:
    """Return a balance.

    Raises:
        NotFound: There is none of this id.
    """
    balance = ctx.session.get(Balance, balance_id)
    if balance is None:
        raise NotFound(_("There is no such balance."))
    return balance


def list_balances(
    ctx: Context,
    *,
    person_key: str | None = None,
    kind: str | None = None,
    year: int | None = None,
    sort: str = "person_key,kind,-year",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many balances there are and one page of them, with what is taken and left.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to({Balance.person_key: person_key, Balance.kind: kind, Balance.year: year})
    count, rows = page_of(
        ctx.connection,
        select(Balance.__table__).where(*wanted),
        order_by(sort, BALANCE_SORTS, last=Balance.id),
        page=page,
        page_size=page_size,
    )
    charges = _charges(ctx, {(row["person_key"], row["kind"]) for row in rows})
    return count, [_with_taken(row, charges) for row in rows]


def _with_taken(
    row: dict[str, Any], charges: Mapping[tuple[str, str], list[dict[int, Decimal]]]
) -> dict[str, Any]:
    taken = rules.taken(charges.get((row["person_key"], row["kind"]), []), row["year"])
    view = BalanceView(granted_days=row["granted_days"], taken_days=taken)
    return {**row, "taken_days": view.taken_days, "left_days": view.left_days}


def _charges(ctx: Context, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], list[dict[int, Decimal]]]:
    """Return what each absence that holds takes of which year, by person and kind."""
    rows = ctx.connection.execute(
        select(Absence.person_key, Absence.kind, Absence.days_by_year).where(
            tuple_(Absence.person_key, Absence.kind).in_(sorted(wanted)), Absence.cancelled_at.is_(None)
        )
    )
    found: dict[tuple[str, str], list[dict[int, Decimal]]] = {}
    for row in rows:
        charge = {int(year): days for year, days in row.days_by_year.items()}
        found.setdefault((row.person_key, row.kind), []).append(charge)
    return found
