"""The page on which HR sees and sets balances of leave."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.kit import (
    View,
    context,
    errors_by_field,
    expose,
    fields_of,
    flash_refusal,
    needs,
    page,
    read_paging,
    see_other,
)
from admin.kit.names import person_names
from engine.context import Context
from engine.errors import CallwrightError
from engine.values import number_text
from plugins.records import services
from plugins.records.rules import KIND_TITLES
from plugins.records.views.fields import people_here, read_number

MANAGE = "records.manage"


class BalancesView(View):
    """Balances of leave."""

    route_base = "/leave-balances"
    default_view = "list"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List balances."""
        paging = read_paging(sorts=tuple(services.BALANCE_SORTS), default="person_key,kind,-year")
        asked = {name: request.args.get(name, "").strip() for name in ("person_key", "kind", "year")}
        ctx = context()
        with ctx.read():
            count, rows = services.list_balances(
                ctx,
                person_key=asked["person_key"] or None,
                kind=asked["kind"] or None,
                year=_whole(asked["year"]),
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "records/balances.html",
                rows=rows,
                count=count,
                paging=paging,
                asked=asked,
                names=person_names(ctx, {row["person_key"] for row in rows}),
                people=people_here(ctx),
                kinds=KIND_TITLES,
                number=number_text,
            )

    @expose("/set", methods=["GET", "POST"])
    @needs(MANAGE)
    def set(self) -> Any:
        """Grant somebody days of leave."""
        ctx = context()
        if request.method == "GET":
            with ctx.read():
                this_year = str(ctx.now.astimezone(ctx.settings.zone).year)
            given = {name: request.args.get(name, "").strip() for name in ("person_key", "kind", "days")}
            return _form(ctx, {**given, "year": request.args.get("year", "").strip() or this_year}, {})
        said = fields_of("person_key", "kind", "year", "days")
        try:
            services.set_balance(
                ctx,
                person_key=said["person_key"],
                kind=said["kind"],
                year=_whole(said["year"]) or 0,
                days=read_number(said["days"], "days"),
            )
        except CallwrightError as error:
            return make_response(_form(ctx, said, errors_by_field(error, "days")), 422)
        flash(gettext("The balance is saved."), "success")
        return see_other("BalancesView.list", person_key=said["person_key"])

    @expose("/<uuid:balance_id>/remove", methods=["POST"])
    @needs(MANAGE)
    def remove(self, balance_id: Any) -> Response:
        """Count a kind of leave no longer for somebody and a year."""
        try:
            services.remove_balance(context(), balance_id=str(balance_id))
            flash(gettext("The balance is removed."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("BalancesView.list")


def _form(ctx: Context, said: dict[str, str], errors: dict[str, list[str]]) -> str:
    with ctx.read():
        return page(
            "records/balance_form.html", said=said, errors=errors, people=people_here(ctx), kinds=KIND_TITLES
        )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None
