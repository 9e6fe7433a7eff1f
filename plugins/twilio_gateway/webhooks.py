"""What Twilio tells us: messages that came in, and what became of those that went out.

Mounted under ``/webhooks/twilio``, outside of login and CSRF: a signature over the public address and every
parameter stands in their place. It holds no time and no number, so a replay verifies; what is told is
stored once by its ids, which makes it harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from engine.context import Actor, Context
from engine.i18n import _, translate
from engine.notify import store_inbound, take_receipt
from engine.plugin import Receipt
from engine.settings import Settings
from plugins.twilio_gateway.channel import ADDRESS_ERRORS, TwilioGateway, auth_tokens

TWILIO = Actor(key=None, kind="public", channel="sms")

_STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), "sent"),
    "delivered": "delivered",
    "read": "read",
    **dict.fromkeys(("undelivered", "failed", "canceled"), "failed"),
}


def blueprint() -> Blueprint:
    """Return the pages that Twilio calls."""
    made = Blueprint("twilio_webhooks", __name__)
    made.add_url_rule("/sms", view_func=_signed(sms), methods=["POST"], endpoint="sms")
    made.add_url_rule("/status", view_func=_signed(status), methods=["POST"], endpoint="status")
    return made


def sms(ctx: Context) -> Response:
    """Take a message that came in."""
    said = request.form
    if not said.get("MessageSid") or not said.get("From"):
        return _refuse(ctx, HTTPStatus.BAD_REQUEST, _("MessageSid and From are missing."))
    store_inbound(
        ctx,
        gateway=TwilioGateway.name,
        provider_id=said["MessageSid"],
        channel="sms",
        sender=said["From"],
        recipient=said.get("To", ""),
        body=said.get("Body", ""),
        raw=said.to_dict(),
    )
    return _thanks()


def status(ctx: Context) -> Response:
    """Take a delivery receipt."""
    said = request.form
    state = _STATES.get(said.get("MessageStatus", ""))
    if not said.get("MessageSid"):
        return _refuse(ctx, HTTPStatus.BAD_REQUEST, _("MessageSid is missing."))
    if state is not None:
        error = said.get("ErrorCode", "")
        take_receipt(
            ctx,
            gateway=TwilioGateway.name,
            receipt=Receipt(
                provider_id=said["MessageSid"],
                state=state,  # type: ignore[arg-type]
                key=request.args.get("key"),
                error=" ".join(filter(None, (error, said.get("ErrorMessage")))),
                address_refused=error.isdigit() and int(error) in ADDRESS_ERRORS,
            ),
        )
    return _thanks()


def _signed(page: Callable[[Context], Response]) -> Callable[[], Response]:
    """Let only Twilio in."""

    def answer() -> Response:
        ctx: Context = current_app.extensions["callwright"].context(TWILIO)
        if not ctx.settings.twilio_account_sid:
            return _refuse(ctx, HTTPStatus.NOT_FOUND, _("No Twilio account is set."))
        if not _genuine(ctx.settings):
            return _refuse(
                ctx,
                HTTPStatus.FORBIDDEN,
                _("The signature does not fit. Is CALLWRIGHT_PUBLIC_URL the address that Twilio calls?"),
            )
        return page(ctx)

    return answer


def _genuine(settings: Settings) -> bool:
    """Check the signature over the address as Twilio knows it, by the algorithm that the request names.

    A signature is never accepted under another algorithm than the one it came with.
    """
    query = request.query_string.decode("ascii", "replace")
    address = settings.public_url + request.path + (f"?{query}" if query else "")
    algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
    signature = request.headers.get(SIGNATURE_HEADER, "")
    return any(
        RequestValidator(token).validate(address, request.form, signature, algorithm)
        for token in auth_tokens(settings)
    )


def _thanks() -> Response:
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml; charset=utf-8"
    )


def _refuse(ctx: Context, status: HTTPStatus, message: str) -> Response:
    code = {HTTPStatus.FORBIDDEN: "forbidden", HTTPStatus.NOT_FOUND: "not_found"}.get(status, "bad_request")
    answer = jsonify(error={"code": code, "message": translate(ctx.locale, message), "details": []})
    answer.status_code = status
    return answer
