"""What a demo world shows of leave: balances of this year and the next for whoever works there."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from engine.context import Context
from engine.people import Person
from plugins.records.services import set_balance

# Days of a year by kind; sick leave stays uncounted.
GRANTED = {"annual": Decimal(14), "personal": Decimal("3.5")}
SHOWN = ("agent", "supervisor", "manager", "hr", "planner", "qa")


def load(ctx: Context) -> None:
    """Grant leave for this year and the next, within the open write transaction."""
    this_year = ctx.now.astimezone(ctx.settings.zone).year
    here = select(Person.key).where(Person.key.in_(SHOWN)).order_by(Person.key)
    for key in ctx.session.scalars(here).all():
        for kind, days in GRANTED.items():
            for year in (this_year, this_year + 1):
                set_balance(ctx, person_key=key, kind=kind, year=year, days=days)
