"""``GET /events``: server-sent events for open pages."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, request

from admin.kit.current import context, signed_in, web
from admin.kit.permissions import needs
from admin.kit.views import View, expose
from admin.web.events.hub import Hub, Listener, Told
from engine.people import groups_of

_HEARTBEAT_S = 15.0
_AGAIN_MS = 3000
# A stream ends after a while and the page comes again: rights and sessions are asked for anew.
_LIFE_S = 600.0
_DIGITS = 18


class EventsView(View):
    """What changed, told to open pages."""

    route_base = ""

    @expose("/events")
    @needs()
    def stream(self) -> Response:
        """Tell an open page what changes; after a break, from where it stopped listening."""
        who = signed_in()
        assert who is not None
        hub: Hub = current_app.extensions["callwright_events"]
        if hub.full:
            return Response(status=503, headers={"Retry-After": "60"})
        ctx = context()
        with ctx.read():
            groups = frozenset(groups_of(ctx, who.key))
        listener = Listener(key=who.key, groups=groups, permissions=who.permissions)
        heard = request.headers.get("Last-Event-ID", "")
        after = int(heard) if heard.isascii() and heard.isdigit() and len(heard) <= _DIGITS else None
        said = messages(hub, listener, after)
        return Response(said, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


def messages(
    hub: Hub,
    listener: Listener,
    after: int | None = None,
    *,
    life_s: float = _LIFE_S,
    heartbeat_s: float = _HEARTBEAT_S,
) -> Iterator[str]:
    """Yield the text of a stream until its life or its page ends. No connection is held meanwhile.

    Args:
        hub: Who passes events on.
        listener: The open page.
        after: The last event it heard of; None where it begins to listen.
        life_s: After how many seconds the stream ends; the page comes again.
        heartbeat_s: After how many silent seconds a sign of life is sent.
    """
    hub.join(listener)
    try:
        # The number first: a page whose stream breaks before anything happened comes again with it.
        yield f"retry: {_AGAIN_MS}\nid: {hub.last if after is None else after}\n\n"
        told_already = set()
        for told in hub.missed(listener, after) if after is not None else ():
            told_already.add(told.seq)
            yield _message(told)
        ends = time.monotonic() + life_s
        while time.monotonic() < ends:
            try:
                next_one = listener.waiting.get(timeout=heartbeat_s)
            except queue.Empty:
                yield ":\n\n"
                continue
            if next_one is None:
                return
            if next_one.seq not in told_already:
                yield _message(next_one)
    finally:
        hub.leave(listener)


def _message(told: Told) -> str:
    data = json.dumps({"topic": told.topic, "ref": told.ref})
    return f"id: {told.seq}\ndata: {data}\n\n"


def register(appbuilder: Any) -> None:
    """Add the stream; its reader starts with the first listener, never before a fork."""
    current_app.extensions["callwright_events"] = Hub(web().centre)
    appbuilder.add_view_no_menu(EventsView)
