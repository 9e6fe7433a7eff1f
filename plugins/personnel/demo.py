"""What a demo world shows of employments: people long confirmed, two on probation, one about to be asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from engine.context import Context
from engine.people import Person
from plugins.personnel.services import put_employment

# Days since the first day and, of those on probation, until its end; with the extension on the desk. A world
# is made before its history begins: two months later than this is its present.
CONFIRMED = {
    "manager": (3200, "8001"),
    "supervisor": (2100, "8010"),
    "hr": (1500, "8020"),
    "planner": (1100, "8021"),
    "qa": (1400, "8022"),
    "agent": (640, "8101"),
}
ON_PROBATION = {"lam.tk": (20, 75, "8102"), "xu.ft": (0, 100, "8103")}
_PROBATION = timedelta(days=90)


def load(ctx: Context) -> None:
    """Keep employments of whoever is there, within the open write transaction."""
    today = ctx.now.astimezone(ctx.settings.zone).date()
    wanted = [*CONFIRMED, *ON_PROBATION]
    here = set(ctx.session.scalars(select(Person.key).where(Person.key.in_(wanted))))
    for key in [key for key in CONFIRMED if key in here]:
        days, extension = CONFIRMED[key]
        hired_on = today - timedelta(days=days)
        put_employment(
            ctx,
            person_key=key,
            hired_on=hired_on,
            probation_until=hired_on + _PROBATION,
            confirmed_on=hired_on + _PROBATION,
            extension=extension,
        )
    for key in [key for key in ON_PROBATION if key in here]:
        days, left, extension = ON_PROBATION[key]
        put_employment(
            ctx,
            person_key=key,
            hired_on=today - timedelta(days=days),
            probation_until=today + timedelta(days=left),
            extension=extension,
        )
