"""Pages of webhooks: who hears what, and what they were sent."""

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
from admin.kit.names import process_titles
from engine.context import Context
from engine.errors import CallwrightError
from engine.i18n import translate
from engine.plugin import PROCESS_EVENTS
from plugins.http import services
from plugins.http.rules import EVENT_TITLES, STATE_TITLES
from plugins.http.schemas import STATES

MANAGE = "http.manage_webhooks"


class WebhooksView(View):
    """Webhooks."""

    route_base = "/outgoing-webhooks"
    default_view = "list"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List webhooks."""
        paging = read_paging(sorts=tuple(services.WEBHOOK_SORTS), default="created_at")
        with context().read() as ctx:
            count, webhooks = services.list_webhooks(
                ctx, sort=paging.sort, page=paging.page, page_size=paging.page_size
            )
            return page(
                "http/webhooks.html",
                webhooks=webhooks,
                count=count,
                paging=paging,
                titles=EVENT_TITLES,
                states=STATE_TITLES,
                processes=process_titles(ctx),
            )

    @expose("/new", methods=["GET", "POST"])
    @needs(MANAGE)
    def add(self) -> Any:
        """Register a webhook."""
        return self._form(None)

    @expose("/<uuid:webhook_id>/change", methods=["GET", "POST"])
    @needs(MANAGE)
    def change(self, webhook_id: Any) -> Any:
        """Change a webhook."""
        return self._form(str(webhook_id))

    def _form(self, webhook_id: str | None) -> Any:
        ctx = context()
        if request.method == "POST":
            said: dict[str, Any] = {**fields_of("url", "secret_name", "process_key")}
            said["events"] = request.form.getlist("events")
            try:
                given = {**said, "process_key": said["process_key"] or None}
                webhook_id = services.put_webhook(ctx, webhook_id=webhook_id, **given).id
            except CallwrightError as error:
                return make_response(_form_page(ctx, webhook_id, said, errors_by_field(error, "url")), 422)
            flash(gettext("The webhook is saved. Send it a test."), "success")
            return see_other("WebhooksView.show", webhook_id=webhook_id)
        with ctx.read():
            webhook = services.get_webhook(ctx, webhook_id) if webhook_id is not None else None
            said = vars(webhook) if webhook is not None else {"events": ["instance.completed"]}
            return _form_page(ctx, webhook_id, said, {})

    @expose("/<uuid:webhook_id>")
    @needs(MANAGE)
    def show(self, webhook_id: Any) -> str:
        """Show a webhook and what it was sent."""
        ctx = context()
        paging = read_paging(sorts=("created_at",), default="-created_at")
        state = request.args.get("state", "")
        with ctx.read():
            webhook = services.get_webhook(ctx, str(webhook_id))
            count, found = services.list_deliveries(
                ctx,
                webhook_id=webhook.id,
                state=state if state in STATES else None,
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "http/webhook.html",
                webhook=webhook,
                deliveries=[{**one, "said": _said(ctx, one)} for one in found],
                count=count,
                paging=paging,
                state=state,
                titles=EVENT_TITLES,
                states=STATE_TITLES,
                processes=process_titles(ctx),
                now=ctx.now,
            )

    @expose("/<uuid:webhook_id>/<any(pause, resume, test, remove):what>", methods=["POST"])
    @needs(MANAGE)
    def act(self, webhook_id: Any, what: str) -> Response:
        """Pause, resume, test or remove a webhook."""
        ctx, key = context(), str(webhook_id)
        try:
            if what == "remove":
                services.remove_webhook(ctx, webhook_id=key)
                flash(gettext("The webhook is removed."), "success")
                return see_other("WebhooksView.list")
            if what == "test":
                services.send_test(ctx, webhook_id=key)
                flash(gettext("A test is on its way: the log shows how it went."), "success")
            else:
                services.set_webhook_state(ctx, webhook_id=key, active=what == "resume")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("WebhooksView.show", webhook_id=key)

    @expose("/deliveries/<uuid:delivery_id>/redeliver", methods=["POST"])
    @needs(MANAGE)
    def redeliver(self, delivery_id: Any) -> Response:
        """Send something again."""
        ctx = context()
        try:
            webhook_id = services.redeliver(ctx, delivery_id=str(delivery_id)).webhook_id
            flash(gettext("It is sent again."), "success")
        except CallwrightError as error:
            flash_refusal(error)
            return see_other("WebhooksView.list")
        return see_other("WebhooksView.show", webhook_id=webhook_id)


def _form_page(ctx: Context, webhook_id: str | None, said: Any, errors: dict[str, list[str]]) -> str:
    with ctx.read():
        return page(
            "http/webhook_form.html",
            webhook_id=webhook_id,
            said=said,
            errors=errors,
            events=[(name, EVENT_TITLES[name]) for name in PROCESS_EVENTS],
            processes=sorted(process_titles(ctx).items()),
        )


def _said(ctx: Context, delivery: dict[str, Any]) -> str:
    """Say what the last try brought."""
    if delivery["error"]:
        return translate(ctx.locale, delivery["error"], **(delivery["error_params"] or {}))
    return str(delivery["status"] or "")


def register(appbuilder: Any) -> None:
    """Add the pages; the manifest has their line of the menu."""
    appbuilder.add_view_no_menu(WebhooksView)
