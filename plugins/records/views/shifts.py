"""The page on which planners see a week of shifts, write them and take them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, make_response, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.kit import View, context, errors_by_field, expose, fields_of, flash_refusal, needs, page, see_other
from admin.kit.names import person_names
from engine.context import Context
from engine.errors import CallwrightError, NotFound
from engine.people import UnitNode, unit_members, unit_tree
from plugins.records import services
from plugins.records.models import Shift
from plugins.records.rules import SHIFT_TITLES
from plugins.records.views.fields import (
    day_asked,
    monday_of,
    people_here,
    read_clock,
    read_day,
    say_day,
    today,
)

PLAN = "records.plan"
_WEEK = timedelta(days=7)
_ASKED = ("person_key", "day", "starts", "ends", "kind", "shift_id")


class ShiftsView(View):
    """Shifts."""

    route_base = "/shifts"
    default_view = "week"

    @expose("")
    @needs(PLAN)
    def week(self) -> str:
        """Show the shifts of a week, of a unit or of everybody who has some."""
        unit = request.args.get("unit", "").strip()
        ctx = context()
        with ctx.read():
            now = today(ctx)
            monday = monday_of(day_asked(request.args.get("week", ""), now))
            units = list(unit_tree(ctx))
            if unit not in {node.unit.key for node in units}:
                unit = ""
            members = [person.key for person in unit_members(ctx, unit, below=True)] if unit else None
            last_on = monday + _WEEK - timedelta(days=1)
            shifts = services.shifts_between(ctx, first_on=monday, last_on=last_on, person_keys=members)
            whose = list(dict.fromkeys(members or [shift.person_key for shift in shifts]))
            names = person_names(ctx, whose)
            return page(
                "records/shifts.html",
                rows=[_row(key, shifts) for key in sorted(whose, key=lambda key: names.get(key, key))],
                names=names,
                days=[monday + timedelta(days=at) for at in range(7)],
                asked={"unit": unit, "week": monday.isoformat()},
                before=(monday - _WEEK).isoformat(),
                after=(monday + _WEEK).isoformat(),
                units=[(node.unit.key, _indented(node)) for node in units],
                kinds=SHIFT_TITLES,
                today=now,
                say_day=say_day,
                clock=_clock(ctx),
            )

    @expose("/set", methods=["GET", "POST"])
    @needs(PLAN)
    def set(self) -> Any:
        """Write a shift into the roster, or change one."""
        ctx = context()
        if request.method == "GET":
            shift_id = request.args.get("shift_id", "")
            with ctx.read():
                said = _of(ctx, services.get_shift(ctx, shift_id)) if shift_id else _asked_for(ctx)
            return _form(ctx, said, {})
        said = fields_of(*_ASKED)
        try:
            services.put_shift(
                ctx,
                person_key=said["person_key"],
                day=read_day(said["day"], "day"),
                starts=read_clock(said["starts"], "starts"),
                ends=read_clock(said["ends"], "ends"),
                kind=said["kind"],
                shift_id=said["shift_id"] or None,
            )
        except NotFound:
            raise
        except CallwrightError as error:
            return make_response(_form(ctx, said, errors_by_field(error, "starts")), 422)
        flash(gettext("The shift is saved."), "success")
        return see_other("ShiftsView.week", week=said["day"])

    @expose("/<uuid:shift_id>/remove", methods=["POST"])
    @needs(PLAN)
    def remove(self, shift_id: Any) -> Response:
        """Take a shift out of the roster."""
        try:
            services.remove_shift(context(), shift_id=str(shift_id))
            flash(gettext("The shift is removed."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("ShiftsView.week", week=request.form.get("week", ""))


def _row(person_key: str, shifts: Sequence[Shift]) -> dict[str, Any]:
    own: dict[date, list[Shift]] = {}
    for shift in shifts:
        if shift.person_key == person_key:
            own.setdefault(shift.day, []).append(shift)
    return {"id": person_key, "person_key": person_key, "shifts": own}


def _indented(node: UnitNode) -> str:
    return "\u2003" * node.depth + str(node.unit.name)


def _clock(ctx: Context) -> Any:
    zone: ZoneInfo = ctx.settings.zone

    def clock(at: datetime) -> str:
        return f"{at.astimezone(zone):%H:%M}"

    return clock


def _of(ctx: Context, shift: Shift) -> dict[str, str]:
    clock = _clock(ctx)
    return {
        "person_key": shift.person_key,
        "day": shift.day.isoformat(),
        "starts": clock(shift.starts_at),
        "ends": clock(shift.ends_at),
        "kind": shift.kind,
        "shift_id": shift.id,
    }


def _asked_for(ctx: Context) -> dict[str, str]:
    given = {name: request.args.get(name, "").strip() for name in _ASKED}
    return {**given, "day": given["day"] or today(ctx).isoformat()}


def _form(ctx: Context, said: dict[str, str], errors: dict[str, list[str]]) -> str:
    with ctx.read():
        return page(
            "records/shift_form.html", said=said, errors=errors, people=people_here(ctx), kinds=SHIFT_TITLES
        )
