"""What a demo world shows of people: balances of leave, scores of calls and of a month, shifts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time, timedelta
from decimal import Decimal

from sqlalchemy import select

from engine.context import Context
from engine.people import Person
from plugins.records.services import publish_score, put_shift, set_balance

# Days of a year by kind; sick leave stays uncounted.
GRANTED = {"annual": Decimal(14), "personal": Decimal("3.5")}
SHOWN = ("agent", "supervisor", "manager", "hr", "planner", "qa")

# Two of them have a login: the one to appeal, the other to be left out of the review.
SCORED = ("agent", "cheung.wy", "lam.tk", "xu.ft")
SCORERS = ("lai.mc", "qa")
ITEMS = ("Greeting 開場", "Listening 聆聽", "Solution 解決")
WEIGHTS = (1, 2, 3)
INDICATORS = {"Quality 質素": (40, 82), "Calls answered 接聽量": (40, 91), "Attendance 出勤": (20, 75)}
# Windows from when the past of the world begins, two months back.
OPEN, OVER = timedelta(days=76), timedelta(days=14)
CALLS = {
    "Call 通話 8047": ((100, 70, 55), OPEN),
    "Call 通話 8112": ((100, 85, 90), OPEN),
    "Call 通話 7720": ((80, 90, 95), OVER),
}

# Who works when, a week of five days after the other: kind, start, end. The world is loaded as its past
# begins, sixty days before people look at it.
KINDS = {
    "early": (time(7), time(15)),
    "day": (time(9), time(17)),
    "late": (time(14), time(22)),
    "night": (time(22), time(6)),
}
ROSTER = {
    "agent": ("early", "day"),
    "cheung.wy": ("day", "early"),
    "lam.tk": ("late", "day"),
    "xu.ft": ("day", "late"),
    "singh.h": ("late", "early"),
    "yip.kf": ("night", "night"),
    "tsang.hy": ("night", "late"),
    "supervisor": ("day", "day"),
}
WEEKS = 14


def load(ctx: Context) -> None:
    """Grant leave for two years, publish scores, write shifts, within the open write transaction."""
    today = ctx.now.astimezone(ctx.settings.zone).date()
    _grant_leave(ctx, today)
    _publish_scores(ctx)
    _write_shifts(ctx, today)


def _grant_leave(ctx: Context, today: date) -> None:
    for key in _here(ctx, SHOWN):
        for kind, days in GRANTED.items():
            for year in (today.year, today.year + 1):
                set_balance(ctx, person_key=key, kind=kind, year=year, days=days)


def _publish_scores(ctx: Context) -> None:
    scorer = next(iter(_here(ctx, SCORERS)), None)
    month = f"{ctx.now.astimezone(ctx.settings.zone):%Y-%m}"
    for at, key in enumerate(_here(ctx, SCORED)):
        for call, (values, window) in CALLS.items():
            publish_score(
                ctx,
                person_key=key,
                kind="qa",
                reference=call,
                parts=[
                    {"name": name, "weight": weight, "value": value - at}
                    for name, weight, value in zip(ITEMS, WEIGHTS, values, strict=True)
                ],
                by=scorer,
                appeal_until=ctx.now + window,
            )
        publish_score(
            ctx,
            person_key=key,
            kind="kpi",
            reference=month,
            parts=[
                {"name": name, "weight": weight, "value": value - at}
                for name, (weight, value) in INDICATORS.items()
            ],
            appeal_until=ctx.now + OPEN,
        )


def _write_shifts(ctx: Context, today: date) -> None:
    monday = today - timedelta(days=today.weekday())
    for at, key in enumerate(_here(ctx, ROSTER)):
        for week in range(WEEKS):
            # Days off move about, so that somebody is there every day.
            first_on = monday + timedelta(days=7 * week + at % 3)
            _write_week(ctx, key, first_on, ROSTER[key][week % len(ROSTER[key])])


def _write_week(ctx: Context, person_key: str, first_on: date, kind: str) -> None:
    starts, ends = KINDS[kind]
    for at in range(5):
        day = first_on + timedelta(days=at)
        put_shift(ctx, person_key=person_key, day=day, starts=starts, ends=ends, kind=kind)


def _here(ctx: Context, keys: Iterable[str]) -> list[str]:
    return list(ctx.session.scalars(select(Person.key).where(Person.key.in_(keys)).order_by(Person.key)))
