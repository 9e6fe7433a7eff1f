"""The start catalogue: what one may start, and its form."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select

import forms
from admin.kit.current import context, permitted, web
from admin.kit.errors import flash_refusal, status_of
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import names_of_groups, person_names
from admin.kit.permissions import needs
from admin.kit.views import View, expose, page, see_other
from admin.web.work.views import posted_data, startable, with_data
from engine.context import Context
from engine.definition import Definition, get_definition
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound, TooManyRequests
from engine.i18n import _, say, translate
from engine.people import Person, Unit
from engine.runtime import START_FOR_OTHERS, Preview


class CatalogueView(View):
    """What can be started."""

    route_base = "/start"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show what one may start, by category."""
        ctx = context()
        with ctx.read():
            found = sorted(startable(ctx), key=lambda start: (start["category"], start["title"]))
        groups = [
            (category, [*starts]) for category, starts in groupby(found, key=lambda one: one["category"])
        ]
        return page("catalogue/catalogue.html", groups=groups)

    @expose("/<key>/<event>", methods=["GET", "POST"])
    @needs()
    def begin(self, key: str, event: str) -> Any:
        """Show a start form, and start with it."""
        ctx = context()
        form_key = request.values.get("form") or None
        with ctx.read():
            chosen = next(
                (
                    start
                    for start in startable(ctx)
                    if (start["key"], start["event"], start["form"] or None) == (key, event, form_key)
                ),
                None,
            )
        if chosen is None:
            raise Forbidden()
        data: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        status = 200
        path: Preview | None = None
        initiator = request.form.get("initiator", "").strip() or None
        if request.method == "POST":
            said: dict[str, Any] = {"start_event": event, "form": form_key, "initiator": initiator}
            try:
                data = posted_data(ctx)
                if "preview" in request.form:
                    path = forms.preview_with_form(ctx, process_key=key, data=data, **said)
                else:
                    begun = forms.start_with_form(ctx, process_key=key, data=data, **said)
            except (InvalidSubmission, TooManyRequests, Forbidden, NotFound, Conflict) as error:
                status = status_of(error)
                for problem in error.problems:
                    errors.setdefault(problem.path, []).append(say(web().locale, problem))
                if not error.problems:
                    flash_refusal(error)
            else:
                if path is None:
                    number = begun.business_key or chosen["title"]
                    flash(gettext("Started: %(number)s", number=number), "success")
                    return see_other("InstanceView.show", instance_id=begun.id)
        with ctx.read():
            rendered = with_data(
                forms.render_start(ctx, process_key=key, start_event=event, form=form_key), data
            )
            definition = get_definition(ctx, key=key)
            shown = page(
                "catalogue/begin.html",
                start=chosen,
                rendered=rendered,
                errors=errors,
                form_key=form_key,
                approves=definition.spec.approves,
                path=None if path is None else shown_path(ctx, definition, path),
                for_others=_for_others(ctx),
                initiator=initiator or "",
            )
        return make_response(shown, status)


def shown_path(ctx: Context, definition: Definition, path: Preview) -> dict[str, Any]:
    """Return a path as people read it: each step's name and its people's, in the language of the page."""
    locale = web().locale
    names = person_names(ctx, [key for step in path.steps for key in step.people])
    groups = names_of_groups(ctx, [key for step in path.steps for key in step.groups])
    return {
        "steps": [
            {
                "name": definition.text(locale, step.name),
                "who": [
                    *(names.get(key, key) for key in step.people),
                    *(groups.get(key, key) for key in step.groups),
                ],
                "kind": step.kind,
                "given": step.given,
            }
            for step in path.steps
        ],
        "unknown": definition.text(locale, path.unknown) if path.unknown else None,
        "reason": translate(locale, path.reason[0], **path.reason[1]) if path.reason else None,
    }


def _for_others(ctx: Context) -> list[Any]:
    """Return the people for whom whoever is signed in may hand in; nobody where they lead nobody."""
    key = ctx.actor.key
    leads = select(Unit.key).where(Unit.head_key == key).limit(1)
    if not permitted(START_FOR_OTHERS) and ctx.connection.execute(leads).first() is None:
        return []
    people = select(Person.key, Person.name).where(Person.closed_at.is_(None), Person.key != key)
    return [*ctx.connection.execute(people.order_by(Person.name).limit(500))]


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(CatalogueView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Start something"), endpoint="CatalogueView.list", icon="plus", category="Work", order=20
        ),
    )
