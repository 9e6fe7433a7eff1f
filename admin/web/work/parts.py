"""What one has to do with beside one's tasks: copies to read, questions, lent tasks, what one follows."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext

from admin.kit.current import context, signed_in
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts, person_names
from admin.kit.permissions import needs
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from engine import runtime
from engine.errors import CallwrightError
from engine.i18n import _
from engine.work import list_parts

# A view of the page and what it lists.
_VIEWS: dict[str, dict[str, Any]] = {
    "read": {"kind": ("read", "mention")},
    "asked": {"kind": ("consult", "help"), "waiting": True},
    "given": {"kind": ("consult", "help"), "by": True},
    "follow": {"kind": ("follow",), "waiting": True},
}


class PartsView(View):
    """Copies, questions, lent tasks and what one follows."""

    route_base = "/parts"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show what was sent to me, asked of me, lent by me, and what I follow."""
        ctx = context()
        paging = read_paging(sorts=("at",), default="-at")
        which = request.args.get("view", "read")
        which = which if which in _VIEWS else "read"
        unread = which == "read" and "unread" in request.args
        with ctx.read():
            count, parts = list_parts(
                ctx,
                _key(),
                **_VIEWS[which],
                unread=unread,
                search=paging.search or None,
                page=paging.page,
                page_size=paging.page_size,
            )
            unread_count = list_parts(ctx, _key(), kind=("read", "mention"), unread=True, page_size=1)[0]
            asked = list_parts(ctx, _key(), **_VIEWS["asked"], page_size=1)[0]
            return page(
                "work/parts.html",
                parts=parts,
                count=count,
                paging=paging,
                which=which,
                unread=unread,
                counts={"read": unread_count, "asked": asked},
                texts=Texts(ctx),
                names=person_names(ctx, [key for part in parts for key in (part.by, part.person_key)]),
                now=ctx.now,
            )

    @expose("/<part_id>/answer", methods=["POST"])
    @needs()
    def answer(self, part_id: str) -> Any:
        """Answer a question about a task."""
        try:
            runtime.answer_question(context(), question_id=part_id, text=fields_of("answer")["answer"])
            flash(gettext("Answered."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("PartsView.list", view="asked")


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key


def register(appbuilder: Any) -> None:
    """Add the page and its line in the menu."""
    appbuilder.add_view_no_menu(PartsView)
    add_menu(
        appbuilder,
        MenuEntry(label=_("Sent to me"), endpoint="PartsView.list", icon="mail", category="Work", order=15),
    )
