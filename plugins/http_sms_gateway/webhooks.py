"""What the provider tells us: what became of messages, and what people answered.

Mounted under ``/webhooks/http_sms``, outside of login and CSRF: an HMAC over the raw body stands in their
place, and a time that may be a few minutes away. A replay within them changes nothing: what is told is kept
once by its ids.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request

from admin.kit.errors import error_body
from engine.context import Actor, Context
from engine.errors import InvalidSubmission, TechnicalFailure
from engine.i18n import _, translate
from engine.notify import store_inbound, take_receipt
from engine.people import default_region, e164
from engine.plugin import Receipt
from engine.values import Json
from plugins.http.public import read_secret
from plugins.http_sms_gateway.channel import NAME, SECRETS, HttpSmsGateway
from plugins.http_sms_gateway.rules import (
    Profile,
    Receipts,
    Replies,
    Signature,
    calling_region,
    each_at,
    is_genuine,
    is_recent,
    parse_body,
    said_at,
)

log = logging.getLogger(__name__)

PROVIDER = Actor(key=None, kind="public", channel="sms")

LARGEST = 1_000_000
_LONGEST_ID = 255

Page = Callable[[Context, Profile, Json], str | None]


def blueprint() -> Blueprint:
    """Return the pages that the provider calls."""
    made = Blueprint("http_sms_webhooks", __name__)
    made.add_url_rule("/sms", view_func=_signed(sms), methods=["POST"], endpoint="sms")
    made.add_url_rule("/status", view_func=_signed(status), methods=["POST"], endpoint="status")
    return made


def sms(ctx: Context, profile: Profile, body: Json) -> str | None:
    """Take messages that came in; return what is answered, None where nothing was understood."""
    rules = profile.reply
    if rules is None:
        return None
    known = _fingerprint(request.get_data(), _timestamp(profile.signature))
    taken = [
        _reply(ctx, profile, rules, body, one, f"{known}-{nth}")
        for nth, one in enumerate(each_at(rules.each, body), 1)
    ]
    return rules.thanks if any(taken) else None


def status(ctx: Context, profile: Profile, body: Json) -> str | None:
    """Take delivery receipts; return what is answered, None where nothing was understood."""
    rules = profile.receipt
    if rules is None:
        return None
    key = _key_of_address(profile)
    taken = [_receipt(ctx, rules, body, one, key) for one in each_at(rules.each, body)]
    return rules.thanks if any(taken) else None


def _reply(ctx: Context, profile: Profile, rules: Replies, body: Json, one: Json, own_id: str) -> bool:
    scope = {"reply": one, "body": body}
    sender, text = said_at(rules.sender, scope), said_at(rules.text, scope)
    if not sender or text is None:
        return False
    store_inbound(
        ctx,
        gateway=NAME,
        provider_id=(said_at(rules.id, scope) or own_id)[:_LONGEST_ID],
        channel="sms",
        sender=_number(sender, profile, calling_region(rules.calling_code) or default_region(ctx)),
        recipient=said_at(rules.recipient, scope) or "",
        body=text,
        raw=one,
    )
    return True


def _receipt(ctx: Context, rules: Receipts, body: Json, one: Json, key: str | None) -> bool:
    scope = {"receipt": one, "body": body}
    key = said_at(rules.key, scope) or key
    provider_id, state = said_at(rules.id, scope) or key, said_at(rules.state, scope)
    if not provider_id or state is None:
        return False
    code, reason = said_at(rules.code, scope), said_at(rules.reason, scope)
    failed = state in rules.failed
    take_receipt(
        ctx,
        gateway=NAME,
        receipt=Receipt(
            provider_id=provider_id[:_LONGEST_ID],
            state="failed" if failed else "delivered" if state in rules.delivered else "sent",
            key=key,
            error=" ".join(filter(None, (code, reason))) or state if failed else "",
            address_refused=failed and code in rules.refused,
        ),
    )
    return True


def _key_of_address(profile: Profile) -> str | None:
    """Return our key as the address that was called says it; believed where the address is signed too."""
    signed = profile.signature is not None and "url" in profile.signature.names_used
    return request.args.get("key") if signed else None


def _fingerprint(body: bytes, timestamp: str) -> str:
    """Name messages that have no id by the whole body and by when it was signed: a replay has both."""
    return hashlib.sha256(body + f"\n{timestamp}".encode()).hexdigest()


def _timestamp(signature: Signature | None) -> str:
    return request.headers.get(signature.timestamp, "") if signature and signature.timestamp else ""


def _number(sender: str, profile: Profile, region: str | None) -> str:
    """Write a number as E.164: providers leave the plus away, or the country code too."""
    carried = any(sender.startswith(code) for code in profile.countries)
    for number in (sender, f"+{sender}") if carried else (sender,):
        try:
            return e164(number, region)
        except InvalidSubmission:
            continue
    return sender


def _signed(page: Page) -> Callable[[], Response]:
    """Let only the provider in."""

    def answer() -> Response:
        ctx: Context = current_app.extensions["callwright"].context(PROVIDER)
        profile = _profile(ctx)
        if profile is None or profile.signature is None:
            return _refuse(ctx, HTTPStatus.NOT_FOUND, _("No SMS provider that signs is described."))
        request.max_content_length = LARGEST
        refusal = _refusal(ctx, profile.signature, request.get_data())
        if refusal is not None:
            return refusal
        thanks = page(ctx, profile, parse_body(request.get_data(), request.content_type or ""))
        if thanks is None:
            return _refuse(ctx, HTTPStatus.BAD_REQUEST, _("This says nothing that was described."))
        kind = "application/json" if thanks[:1] in ("{", "[") else "text/plain"
        return Response(thanks, content_type=f"{kind}; charset=utf-8")

    return answer


def _profile(ctx: Context) -> Profile | None:
    gateway = HttpSmsGateway().within(ctx)
    try:
        return gateway.profile if gateway.configured() else None
    except TechnicalFailure:
        return None


def _refusal(ctx: Context, signature: Signature, body: bytes) -> Response | None:
    """Return what somebody is told who is not the provider, or comes too late; None for the provider."""
    try:
        kept = read_secret(signature.secret, shelf=SECRETS)
    except TechnicalFailure as error:
        log.warning("%s", error)
        return _refuse(ctx, HTTPStatus.SERVICE_UNAVAILABLE, _("The secret of the signature is not set."))
    query = request.query_string.decode("ascii", "replace")
    genuine = is_genuine(
        signature,
        [secret.strip() for secret in kept.split(",") if secret.strip()],
        body=body,
        timestamp=_timestamp(signature),
        url=ctx.settings.public_url + request.path + (f"?{query}" if query else ""),
        said=request.headers.get(signature.header, ""),
    )
    if not genuine:
        return _refuse(ctx, HTTPStatus.FORBIDDEN, _("The signature does not fit."))
    with ctx.read():
        now = ctx.now
    if not is_recent(signature, _timestamp(signature), now):
        return _refuse(ctx, HTTPStatus.FORBIDDEN, _("This was signed too long ago, or too far ahead."))
    return None


def _refuse(ctx: Context, status: HTTPStatus, message: str) -> Response:
    answer = jsonify(error_body(status.name.lower(), translate(ctx.locale, message)))
    answer.status_code = status
    return answer
