"""The start catalogue: what one may start, and its form."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

import forms
from admin.kit.current import context, web
from admin.kit.errors import flash_refusal, status_of
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.permissions import needs
from admin.kit.views import View, expose, page, see_other
from admin.web.work.views import posted_data, startable, with_data
from engine.errors import Forbidden, InvalidSubmission, TooManyRequests
from engine.i18n import _, say


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
        if request.method == "POST":
            try:
                data = posted_data(ctx)
                begun = forms.start_with_form(
                    ctx, process_key=key, start_event=event, form=form_key, data=data
                )
            except (InvalidSubmission, TooManyRequests) as error:
                status = status_of(error)
                for problem in error.problems:
                    errors.setdefault(problem.path, []).append(say(web().locale, problem))
                if not error.problems:
                    flash_refusal(error)
            else:
                flash(gettext("Started: %(number)s", number=begun.business_key or chosen["title"]), "success")
                return see_other("InstanceView.show", instance_id=begun.id)
        with ctx.read():
            rendered = with_data(
                forms.render_start(ctx, process_key=key, start_event=event, form=form_key), data
            )
        shown = page(
            "catalogue/begin.html", start=chosen, rendered=rendered, errors=errors, form_key=form_key
        )
        return make_response(shown, status)


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(CatalogueView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Start something"), endpoint="CatalogueView.list", icon="plus", category="Work", order=20
        ),
    )
