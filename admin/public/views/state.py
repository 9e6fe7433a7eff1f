"""``/report/state``: whoever reported something asks how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import make_response, render_template, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

import forms
from admin.kit.current import web
from admin.kit.limits import take_try
from admin.kit.views import expose, fields_of, see_other
from admin.public.carried import pack, unpack
from admin.public.plain import phone_keys
from admin.public.starts import public_starts
from admin.public.views.base import PublicView, changes_locale
from engine import runtime
from engine.context import PUBLIC, SYSTEM, Context
from engine.definition import Definition, get_definition_by_id
from engine.errors import InvalidSubmission, NotFound
from engine.i18n import _
from engine.instance import ProcessInstance
from engine.notify import Notification
from engine.people import default_region, e164
from engine.work import OPEN_STATES, UserTask
from forms.data import get

_HOUR_S = 3600
# How long an answer may be looked at again, by whoever has its address.
_SEEN_FOR = timedelta(minutes=15)
_MOST_AN_ADDRESS = 20
_MOST_A_NUMBER = 10
_DIGITS = 4
NOT_FOUND = _("There is no report with this number and this telephone number. Look at both again.")


class StateView(PublicView):
    """How a report stands."""

    @expose("/report/state", methods=["GET", "POST"])
    def show(self) -> Any:
        """Ask for number and telephone; lead to the answer."""
        if request.method == "GET":
            seen = request.args.get("seen")
            return _asked(number=request.args.get("number", "")[:64]) if seen is None else _answered(seen)
        said = fields_of("number", "phone")
        if changes_locale():
            return _asked(number=said["number"], phone=said["phone"])
        ctx = web().context(PUBLIC)
        key = said["number"].upper()[:64]
        address = request.remote_addr or ""
        take_try(ctx, name="report_state", of=address, most=_MOST_AN_ADDRESS, within_s=_HOUR_S)
        take_try(ctx, name="report_state_of", of=key, most=_MOST_A_NUMBER, within_s=_HOUR_S)
        # The public may see no instance; number and telephone together open this one.
        with ctx.as_actor(SYSTEM).read() as inside:
            found = _find(inside, key, said["phone"])
            if found is None:
                wrong = gettext(NOT_FOUND)
                return _asked(number=said["number"], phone=said["phone"], error=wrong, status=404)
            until = int((inside.now + _SEEN_FOR).timestamp())
        return see_other("StateView.show", seen=pack("state", {"instance": found["id"], "until": until}))


def _asked(*, number: str = "", phone: str = "", error: str | None = None, status: int = 200) -> Response:
    said = {"number": number, "phone": phone}
    return make_response(render_template("public/state_asked.html", said=said, error=error), status)


def _answered(seen: str) -> Response:
    """Say how the report stands that number and telephone opened a while ago."""
    opened = unpack("state", seen)
    with web().context(SYSTEM).read() as ctx:
        if opened is None or opened["until"] < ctx.now.timestamp():
            return _asked(error=gettext("This answer was open for a while. Ask again."), status=410)
        instance = runtime.get_instance(ctx, opened["instance"])
        return make_response(render_template("public/state.html", **_state(ctx, instance)))


def _find(ctx: Context, key: str, phone: str) -> Mapping[str, Any] | None:
    """Return the instance of a number that was reported from a telephone."""
    try:
        instance = runtime.find_instance(ctx, business_key=key)
    except NotFound:
        return None
    numbers = _telephones(ctx, instance)
    digits = "".join(one for one in phone if one.isdigit())
    if len(digits) == _DIGITS:
        return instance if any(number.endswith(digits) for number in numbers) else None
    try:
        whole = e164(phone, default_region(ctx))
    except InvalidSubmission:
        return None
    return instance if whole in numbers else None


def _telephones(ctx: Context, instance: Mapping[str, Any]) -> set[str]:
    """Return the telephone numbers that an instance's public forms ask for."""
    as_public = ctx.as_actor(PUBLIC)
    variables = runtime.variables_of(ctx, instance["id"])
    found: set[str] = set()
    for start in public_starts(as_public):
        if start.key != instance["process_key"] or start.form is None:
            continue
        rendered = forms.render_start(
            as_public, process_key=start.key, start_event=start.event, form=start.form
        )
        paths = phone_keys(rendered) if rendered is not None else []
        found.update(number for path in paths if isinstance(number := get(variables, path), str) and number)
    return found


def _state(ctx: Context, instance: Mapping[str, Any]) -> dict[str, Any]:
    """Say how an instance stands: its state, what is being done, what its reporter was told."""
    definition = get_definition_by_id(ctx, instance["definition_id"])
    family = select(ProcessInstance.id).where(ProcessInstance.root_id == instance["root_id"])
    told = ctx.connection.execute(
        select(Notification.created_at, Notification.body)
        .where(Notification.instance_id.in_(family))
        .where(Notification.address.in_(_telephones(ctx, instance)), Notification.person_key.is_(None))
        .order_by(Notification.id)
    ).all()
    return {
        "instance": instance,
        "title": definition.text(ctx.locale, definition.title),
        "steps": _open_steps(ctx, instance["id"], definition),
        "ended": _ended(ctx, instance, definition),
        "told": [{"at": one.created_at, "text": one.body} for one in told],
    }


def _open_steps(ctx: Context, instance_id: str, definition: Definition) -> list[str]:
    names = ctx.connection.execute(
        select(UserTask.name)
        .where(UserTask.instance_id == instance_id, UserTask.state.in_(OPEN_STATES))
        .order_by(UserTask.created_at)
    ).scalars()
    return [definition.text(ctx.locale, name) for name in names]


def _ended(ctx: Context, instance: Mapping[str, Any], definition: Definition) -> str:
    """Return how a finished process ended, by the name of its end."""
    if instance["state"] != "completed":
        return ""
    ends = [visit for visit in runtime.history_of(ctx, instance["id"]) if "end" in visit["type"].lower()]
    return definition.text(ctx.locale, ends[-1]["element_name"]) if ends else ""
