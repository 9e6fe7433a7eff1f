"""The page on which HR sees and corrects employments."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, make_response, request
from flask_babel import format_date, gettext
from sqlalchemy import select

from admin.kit import View, context, errors_by_field, expose, fields_of, needs, page, read_paging, see_other
from admin.kit.names import person_names
from engine.context import Context
from engine.errors import CallwrightError, InvalidSubmission, Problem
from engine.i18n import _
from engine.people import Person
from plugins.personnel import services
from plugins.personnel.rules import LEFT, REASON_TITLES, STATE_TITLES

MANAGE = "personnel.manage"
_DAYS = ("hired_on", "probation_until", "confirmed_on")
_MOST_SUGGESTED = 500
# A colour for each state, as elsewhere: waited for, done, over.
_TONES = {"probation": "amber", "confirmed": "green", "left": "gray"}


class StaffView(View):
    """Employments."""

    route_base = "/staff"
    default_view = "list"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List employments."""
        paging = read_paging(sorts=tuple(services.EMPLOYMENT_SORTS), default="person_key")
        asked = {name: request.args.get(name, "").strip() for name in ("person_key", "state")}
        state = asked["state"] if asked["state"] in STATE_TITLES else None
        ctx = context()
        with ctx.read():
            count, rows = services.list_employments(
                ctx,
                person_key=asked["person_key"] or None,
                state=state,
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "personnel/staff.html",
                rows=rows,
                count=count,
                paging=paging,
                asked=asked,
                names=person_names(ctx, {row["person_key"] for row in rows}),
                people=_people(ctx),
                states=STATE_TITLES,
                tones=_TONES,
                reasons=REASON_TITLES,
                left=LEFT,
                day=format_date,
            )

    @expose("/set", methods=["GET", "POST"])
    @needs(MANAGE)
    def set(self) -> Any:
        """Say how it stands with somebody's employment."""
        ctx = context()
        if request.method == "GET":
            return _form(ctx, _kept(ctx, request.args.get("person_key", "").strip()), {})
        said = fields_of("person_key", *_DAYS, "extension")
        try:
            services.put_employment(
                ctx,
                person_key=said["person_key"],
                extension=said["extension"],
                **{name: _day(name, said[name]) for name in _DAYS},
            )
        except CallwrightError as error:
            other = "extension" if isinstance(error, services.ExtensionTaken) else "person_key"
            return make_response(_form(ctx, said, errors_by_field(error, other)), 422)
        flash(gettext("The employment is saved."), "success")
        return see_other("StaffView.list", person_key=said["person_key"])


def _kept(ctx: Context, person_key: str) -> dict[str, str]:
    """Return what is kept of somebody, as the form's fields say it."""
    kept = services.employment_of(ctx, person_key) if person_key else None
    if kept is None or kept.left_on is not None:
        return {"person_key": person_key, **dict.fromkeys((*_DAYS, "extension"), "")}
    days = {name: getattr(kept, name) for name in _DAYS}
    return {
        "person_key": person_key,
        **{name: "" if day is None else day.isoformat() for name, day in days.items()},
        "extension": kept.extension or "",
    }


def _form(ctx: Context, said: dict[str, str], errors: dict[str, list[str]]) -> str:
    with ctx.read():
        return page("personnel/employment_form.html", said=said, errors=errors, people=_people(ctx))


def _people(ctx: Context) -> list[Any]:
    here = select(Person.key, Person.name).where(Person.closed_at.is_(None))
    return list(ctx.connection.execute(here.order_by(Person.name).limit(_MOST_SUGGESTED)))


def _day(name: str, text: str) -> date | None:
    """Read a day of the form; None where it is empty.

    Raises:
        InvalidSubmission: It is none.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidSubmission(
            problems=[Problem(path=name, message=_("Write a day such as 2026-03-02."))]
        ) from None


def register(appbuilder: Any) -> None:
    """Add the page; the manifest has its line of the menu."""
    appbuilder.add_view_no_menu(StaffView)
