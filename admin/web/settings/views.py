"""The Parameters page."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

from admin.kit.current import context, web
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.permissions import needs
from admin.kit.views import View, expose, page, see_other
from engine.errors import CallwrightError
from engine.i18n import _, say
from engine.parameters import list_parameters, set_parameter

# What the product's own parameters are about, by the first part of their keys.
OWN = {"centre": _("The centre"), "handler_link": _("Handlers' links"), "report": _("Public reports")}


class ParameterView(View):
    """Parameters of the product and its plug-ins."""

    route_base = "/parameters"

    @expose("/", methods=["GET", "POST"])
    @needs("settings.manage")
    def list(self) -> Any:
        """Show every parameter with its type, unit and help; take in one that is changed."""
        ctx = context()
        errors: dict[str, list[str]] = {}
        tried: dict[str, str] = {}
        if request.method == "POST":
            key, value = request.form.get("key", ""), request.form.get("value", "")
            try:
                set_parameter(ctx, key=key, value=value)
                flash(gettext("Saved."), "success")
                return see_other("ParameterView.list")
            except CallwrightError as error:
                tried[key] = value
                errors[key] = [say(web().locale, problem) for problem in error.problems] or [
                    say(web().locale, error)
                ]
        states = list_parameters(ctx)
        owners = sorted({state.spec.key.split(".")[0] for state in states})
        plugins = ctx.registry.plugins
        titles = {
            name: plugins[name].manifest.title if name in plugins else OWN.get(name, name) for name in owners
        }
        return make_response(
            page(
                "settings/parameters.html",
                states=states,
                owners=owners,
                titles=titles,
                errors=errors,
                tried=tried,
            ),
            422 if errors else 200,
        )


def register(appbuilder: Any) -> None:
    """Add the page and its line in the menu."""
    appbuilder.add_view_no_menu(ParameterView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Parameters"),
            endpoint="ParameterView.list",
            icon="adjustments",
            category="Administration",
            permissions=("settings.manage",),
        ),
    )
