"""The page on which everybody sees their own: shifts to come, leave that is left, absences, overtime."""

from __future__ import annotations

from datetime import date, timedelta

from admin.kit import View, context, expose, needs, page, signed_in
from engine.values import number_text
from plugins.records import services
from plugins.records.rules import COMPENSATION_TITLES, DAY_TITLES, KIND_TITLES, SHIFT_TITLES
from plugins.records.views.fields import say_day, say_month, today

_AHEAD = timedelta(weeks=5)
_BACK = timedelta(days=62)


class MineView(View):
    """My shifts and leave."""

    route_base = "/my-shifts"
    default_view = "show"

    @expose("")
    @needs()
    def show(self) -> str:
        """Show whoever is signed in what is kept of them."""
        who = signed_in()
        assert who is not None
        ctx = context()
        with ctx.read():
            now = today(ctx)
            _count, balances = services.list_balances(
                ctx, person_key=who.key, year=now.year, sort="kind", page_size=100
            )
            absences = services.absences_between(
                ctx, first_on=date(now.year, 1, 1), last_on=now + timedelta(days=366), person_key=who.key
            )
            first_on = services.month_of(now - _BACK)[0]
            overtime = services.overtime_between(
                ctx, first_on, now + timedelta(days=31), person_keys=[who.key]
            )
            return page(
                "records/mine.html",
                shifts=services.shifts_between(
                    ctx, first_on=now, last_on=now + _AHEAD, person_keys=[who.key]
                ),
                balances=balances,
                absences=list(reversed(absences)),
                overtime=list(reversed(overtime)),
                sums=services.month_sums(ctx, person_key=who.key, month=now),
                month=say_month(now),
                year=now.year,
                today=now,
                kinds=KIND_TITLES,
                shift_kinds=SHIFT_TITLES,
                days=DAY_TITLES,
                compensations=COMPENSATION_TITLES,
                zone=ctx.settings.zone,
                say_day=say_day,
                number=number_text,
            )
