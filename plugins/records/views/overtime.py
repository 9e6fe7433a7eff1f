"""The page on which planners and HR see the overtime of a month."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from admin.kit import View, context, expose, needs, page, read_paging
from admin.kit.names import person_names
from engine.values import number_text
from plugins.records import services
from plugins.records.rules import COMPENSATION_TITLES, DAY_TITLES
from plugins.records.views.fields import day_asked, say_day, say_month, today
from plugins.records.views.shifts import PLAN


class OvertimeView(View):
    """Overtime."""

    route_base = "/overtime"
    default_view = "month"

    @expose("")
    @needs(PLAN)
    def month(self) -> str:
        """Show who worked how much overtime in a month, and each piece of it."""
        paging = read_paging(sorts=tuple(services.OVERTIME_SORTS), default="-starts_at")
        person_key = request.args.get("person_key", "").strip()
        ctx = context()
        with ctx.read():
            first_on, last_on = services.month_of(day_asked(request.args.get("month", ""), today(ctx)))
            found = services.overtime_between(ctx, first_on, last_on)
            whose = sorted({one.person_key for one in found})
            names = person_names(ctx, whose)
            sums = {key: [one for one in found if one.person_key == key] for key in whose}
            count, pieces = services.list_overtime(
                ctx,
                person_key=person_key or None,
                first_on=first_on,
                last_on=last_on,
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "records/overtime.html",
                rows=[
                    {"id": key, "person_key": key, "sums": services.sums_of(ctx, sums[key])}
                    for key in sorted(whose, key=lambda key: names.get(key, key))
                ],
                pieces=pieces,
                count=count,
                paging=paging,
                names=names,
                asked={"person_key": person_key, "month": f"{first_on:%Y-%m}"},
                title=say_month(first_on),
                before=f"{first_on - timedelta(days=1):%Y-%m}",
                after=f"{last_on + timedelta(days=1):%Y-%m}",
                days=DAY_TITLES,
                compensations=COMPENSATION_TITLES,
                zone=ctx.settings.zone,
                say_day=say_day,
                number=number_text,
            )
