"""What was said to people and what came in."""

from __future__ import annotations

from typing import Any

from flask import request

from admin.kit.current import context, permitted, signed_in
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import person_names
from admin.kit.permissions import needs
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, page
from engine.errors import Forbidden
from engine.i18n import _
from engine.notify import list_inbound, list_notifications, mark_read

CHANNELS = ("sms", "email", "in_app", "voice")


class OutboxView(View):
    """Messages out and in."""

    route_base = "/messages"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show what was said: everything to those who may see it, else what was said to oneself."""
        ctx = context()
        who = signed_in()
        assert who is not None
        all_ = permitted("notifications.see")
        which = request.args.get("view", "all" if all_ else "mine")
        if which != "mine" and not all_:
            raise Forbidden()
        paging = read_paging(sorts=("created_at",), default="-created_at")
        with ctx.read():
            if which == "inbound":
                count, found = list_inbound(
                    ctx,
                    state=request.args.get("state") or None,
                    page=paging.page,
                    page_size=paging.page_size,
                )
            else:
                count, found = list_notifications(
                    ctx,
                    person_key=who.key if which == "mine" else None,
                    channel=request.args.get("channel") or None,
                    state=request.args.get("state") or None,
                    page=paging.page,
                    page_size=paging.page_size,
                )
            shown = page(
                "outbox/messages.html",
                messages=found,
                count=count,
                paging=paging,
                which=which,
                all_=all_,
                channel=request.args.get("channel", ""),
                names=person_names(ctx, [one["person_key"] for one in found]),
                now=ctx.now,
            )
        if which == "mine":
            for one in found:
                if one["channel"] == "in_app" and one["read_at"] is None:
                    mark_read(ctx, person_key=who.key, notification_id=one["id"])
        return shown


def register(appbuilder: Any) -> None:
    """Add the page and its line in the menu."""
    appbuilder.add_view_no_menu(OutboxView)
    add_menu(
        appbuilder,
        MenuEntry(label=_("Messages"), endpoint="OutboxView.list", icon="message", category="Work"),
    )
