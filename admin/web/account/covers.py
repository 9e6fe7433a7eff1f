"""Who decides in one's place while one is away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select

from admin.kit.current import context, signed_in, web
from admin.kit.errors import flash_refusal
from admin.kit.names import person_names
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from engine import runtime
from engine.context import Context
from engine.errors import CallwrightError, InvalidSubmission, NotFound, Problem
from engine.i18n import _, say
from engine.people import Person, add_cover, covers_of, end_cover
from engine.work import list_tasks

# What is handed over at once with a cover; who has more hands the rest over by hand.
MOST_HANDED_OVER = 100


class CoverView(View):
    """One's covers, and whom one covers for."""

    route_base = "/account/cover"

    @expose("/", methods=["GET", "POST"])
    @needs()
    def show(self) -> Any:
        """Show who decides in one's place, and let somebody do so."""
        if request.method == "GET":
            return _covers({}, {})
        said = fields_of("cover", "begins", "ends")
        ctx = context()
        try:
            add_cover(
                ctx,
                person_key=_key(),
                cover_key=said["cover"],
                begins_at=_midnight(ctx, said["begins"], "begins"),
                ends_at=_midnight(ctx, said["ends"], "ends", after=True),
            )
        except InvalidSubmission as error:
            found = {problem.path: [say(web().locale, problem)] for problem in error.problems}
            # The verb speaks of instants, the page asks for days.
            return make_response(_covers(said, {_FIELDS.get(path, path): found[path] for path in found}), 422)
        except CallwrightError as error:
            return make_response(_covers(said, {"cover": [say(web().locale, error)]}), 422)
        if "open" in request.form:
            _hand_over(ctx, said["cover"])
        flash(gettext("From then on others decide in your place."), "success")
        return see_other("CoverView.show")

    @expose("/<cover_id>/end", methods=["POST"])
    @needs()
    def end(self, cover_id: str) -> Any:
        """Decide oneself again."""
        ctx = context()
        try:
            if all(one.id != cover_id for one in covers_of(ctx, _key())):
                raise NotFound(_("There is no such cover any more."))
            end_cover(ctx, cover_id=cover_id)
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("CoverView.show")


_FIELDS = {"ends_at": "ends"}


def _hand_over(ctx: Context, to: str) -> None:
    """Hand over what one has to do now: each task by itself, and what cannot go stays."""
    with ctx.read():
        tasks = list_tasks(ctx, assignee=_key(), page_size=MOST_HANDED_OVER)[1]
    for task in tasks:
        try:
            runtime.transfer_task(ctx, task_id=task.id, to=to)
        except CallwrightError as error:
            flash_refusal(error)


def _midnight(ctx: Context, text: str, path: str, *, after: bool = False) -> datetime | None:
    """Read a day as the instant at which it begins, or at which it is over."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidSubmission(
            problems=[Problem(path=path, message=_("Write a day such as 2026-03-02."))]
        ) from None
    return datetime.combine(day + timedelta(days=int(after)), time(), ctx.settings.zone)


def _covers(said: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    ctx, key = context(), _key()
    with ctx.read():
        found = covers_of(ctx, key)
        people = select(Person.key, Person.name).where(Person.closed_at.is_(None), Person.key != key)
        return page(
            "account/covers.html",
            mine=[one for one in found if one.person_key == key],
            others=[one for one in found if one.cover_key == key],
            names=person_names(ctx, [one for cover in found for one in (cover.person_key, cover.cover_key)]),
            people=list(ctx.connection.execute(people.order_by(Person.name).limit(500))),
            said=said,
            errors=errors,
            now=ctx.now,
        )


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key
