"""What the other side tells us, mounted under ``/webhooks/dummy``."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, request

from engine.context import PUBLIC, Context
from engine.notify import store_inbound, take_receipt
from engine.plugin import Receipt

SIGNATURE = "X-Dummy-Signature"


def blueprint() -> Blueprint:
    """Return the pages that the other side calls."""
    made = Blueprint("dummy_webhooks", __name__)
    made.add_url_rule("/sms", view_func=sms, methods=["POST"])
    made.add_url_rule("/status", view_func=status, methods=["POST"])
    return made


def sms() -> Response:
    """Take a message that came in."""
    said = _signed()
    store_inbound(
        _context(),
        gateway="dummy",
        provider_id=said["id"],
        channel="sms",
        sender=said["from"],
        recipient=said.get("to", ""),
        body=said["text"],
        raw=said,
    )
    return Response(status=204)


def status() -> Response:
    """Take a delivery receipt."""
    said = _signed()
    receipt = Receipt(provider_id=said["id"], state="delivered", key=request.args.get("key"))
    take_receipt(_context(), gateway="dummy", receipt=receipt)
    return Response(status=204)


def _signed() -> dict[str, str]:
    if request.headers.get(SIGNATURE) != "dummy":
        abort(403)
    return request.get_json()


def _context() -> Context:
    return current_app.extensions["callwright"].context(PUBLIC)
