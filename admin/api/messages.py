"""Messages and signals from outside."""

from __future__ import annotations

from typing import Any

from admin.api.fields import Body, Fields, Row, Text, Whole
from admin.api.instances import OPERATE, InstanceSchema, instance_row
from admin.api.operation import Api, changes
from engine.context import Context
from engine.runtime import Unmatched, broadcast_signal, correlate_message, get_instance, start_by_message


class MessageBody(Body):
    """A message."""

    name = Text(required=True, least=1)
    business_key = Text(least=1, most=128)
    correlation = Text(metadata={"description": "The key that the waiting event computed."})
    payload = Fields(load_default=dict)


class SignalBody(Body):
    """A signal."""

    name = Text(required=True, least=1)
    payload = Fields(load_default=dict)


class SignalSchema(Row):
    """How far a signal reached."""

    count = Whole(metadata={"description": "How many instances wait for it or begin with it."})


class MessagesApi(Api):
    """Messages."""

    resource_name = "messages"

    @changes("", body=MessageBody, answer=InstanceSchema, needs=OPERATE)
    def correlate(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Bring a message to the one instance that waits for it, else start the process that begins with it.

        Nothing waits for it and nothing begins with it: 404. Several wait for it: 409, and none gets it.
        """
        try:
            reached = correlate_message(ctx, **said)
        except Unmatched as nobody:
            try:
                reached = start_by_message(
                    ctx, name=said["name"], payload=said["payload"], business_key=said.get("business_key")
                )
            except Unmatched:
                raise nobody from None
        return instance_row(ctx, get_instance(ctx, reached.id))


class SignalsApi(Api):
    """Signals."""

    resource_name = "signals"

    @changes("", body=SignalBody, answer=SignalSchema, needs=OPERATE)
    def broadcast(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Bring a signal to everything that waits for it; each instance takes it in its own transaction."""
        return {"count": broadcast_signal(ctx, **said)}
