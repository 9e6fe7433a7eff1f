"""What was said to people and what came in."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext

from admin.kit.current import context, permitted, signed_in
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import person_names, process_titles
from admin.kit.permissions import needs
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.outbox.results import taken_for
from engine.context import Context
from engine.errors import CallwrightError, Forbidden
from engine.i18n import _
from engine.notify import list_inbound, list_notifications, mark_read, settle
from engine.runtime import deliver_inbound, discard_inbound, find_instance

SETTLE = "incidents.operate"
OPERATE = "instances.operate"
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
                state=request.args.get("state", ""),
                names=person_names(ctx, [one["person_key"] for one in found]),
                taken_for=taken_for,
                processes=process_titles(ctx),
                settles=which == "all" and permitted(SETTLE),
                operates=permitted(OPERATE),
                unknown_count=_unknown(ctx) if which == "all" else 0,
                now=ctx.now,
            )
        if which == "mine":
            for one in found:
                if one["channel"] == "in_app" and one["read_at"] is None:
                    mark_read(ctx, person_key=who.key, notification_id=one["id"])
        return shown

    @expose("/<notification_id>/settle", methods=["POST"])
    @needs(SETTLE)
    def settle(self, notification_id: str) -> Any:
        """Take in what an operator knows of a message whose fate is unknown."""
        ctx = context()
        said = fields_of("taken", "reason")
        taken = said["taken"] == "yes"
        try:
            settle(ctx, notification_id=notification_id, taken=taken, reason=said["reason"])
            flash(gettext("It counts as sent.") if taken else gettext("It is sent again."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("OutboxView.list", state="unknown" if _unknown(ctx) else None)

    @expose("/inbound/<message_id>/deliver", methods=["POST"])
    @needs(OPERATE)
    def deliver(self, message_id: str) -> Any:
        """Bring a message that matched nothing to the process that has a number."""
        ctx = context()
        said = fields_of("number", "name")
        try:
            with ctx.read():
                found = find_instance(ctx, business_key=said["number"].strip())
            deliver_inbound(
                ctx, message_id=message_id, instance_id=found["id"], name=said["name"].strip() or None
            )
            flash(gettext("It was brought to %(number)s.", number=said["number"].strip()), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("OutboxView.list", view="inbound")

    @expose("/inbound/<message_id>/discard", methods=["POST"])
    @needs(OPERATE)
    def discard(self, message_id: str) -> Any:
        """Put a message away that nobody needs."""
        ctx = context()
        try:
            discard_inbound(ctx, message_id=message_id, reason=fields_of("reason")["reason"])
            flash(gettext("It was put away."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("OutboxView.list", view="inbound")


def _unknown(ctx: Context) -> int:
    """Count the messages of which nobody can tell whether they were sent."""
    with ctx.read():
        return list_notifications(ctx, state="unknown", page_size=1)[0]


def register(appbuilder: Any) -> None:
    """Add the page and its line in the menu."""
    appbuilder.add_view_no_menu(OutboxView)
    add_menu(
        appbuilder,
        MenuEntry(label=_("Messages"), endpoint="OutboxView.list", icon="message", category="Work"),
    )
