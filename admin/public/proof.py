"""Proving by a code that a telephone is one's own, and remembering it in the browser for a while."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app, request
from sqlalchemy import delete, func, select, update
from werkzeug.wrappers import Response

from admin.kit.current import web
from admin.kit.limits import take_try
from admin.public.carried import pack, unpack
from admin.public.models import SentCode
from engine.context import Context, verb
from engine.errors import InvalidSubmission, TooManyRequests
from engine.i18n import _
from engine.ids import new_id
from engine.notify import CONSOLE, MessageTemplate, MessageText, Recipient, gateway_for, notify

CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
AGAIN_AFTER = timedelta(seconds=30)
PROOF_LIFE = timedelta(hours=12)

_COOKIE = "callwright_proved"
_MOST_PROOFS = 8
_HOUR_S = 3600
_MOST_CODES_A_SUBJECT = 5
_MOST_CODES_AN_ADDRESS = 20

# The last line lets a telephone fill the code in, on this site only.
CODE = MessageTemplate(
    key="code",
    secret=True,
    title=_("Code"),
    texts={
        "sms": MessageText(
            text=_("{{ centre }}: your code is {{ code }}. Good for 5 minutes.\n\n@{{ host }} #{{ code }}"),
            text_code=_("{{ centre }}: your code is {{ code }}. Good for 5 minutes."),
        )
    },
)


class WrongCode(InvalidSubmission):
    """This is not the code. Look at the message again."""

    code = "wrong_code"


@verb
def send_code(ctx: Context, *, subject: str, to: Recipient, address: str) -> str:
    """Send a code to a telephone.

    Args:
        ctx: Who asks.
        subject: What the code proves: ``phone:+852…``.
        to: Whose telephone.
        address: The network address that asks.

    Returns:
        The sent code's id, for ``check_code``.

    Raises:
        TooManyRequests: A code was just sent, or too many were.
    """
    last = ctx.connection.execute(
        select(func.max(SentCode.sent_at)).where(SentCode.subject == _hash(subject))
    ).scalar()
    if last is not None and ctx.now - last < AGAIN_AFTER:
        wait_s = max(1, int((AGAIN_AFTER - (ctx.now - last)).total_seconds()))
        raise TooManyRequests(
            _("A code was just sent. Wait %(seconds)s seconds before you ask for another one."),
            retry_after_s=wait_s,
            seconds=wait_s,
        )
    take_try(ctx, name="code_address", of=address, most=_MOST_CODES_AN_ADDRESS, within_s=_HOUR_S)
    take_try(ctx, name="code", of=subject, most=_MOST_CODES_A_SUBJECT, within_s=_HOUR_S)
    code_id, code = new_id(), f"{secrets.randbelow(1_000_000):06}"
    ctx.session.execute(delete(SentCode).where(SentCode.sent_at < ctx.now - timedelta(days=1)))
    ctx.session.add(
        SentCode(
            id=code_id,
            subject=_hash(subject),
            code=_hash(f"{code_id}:{code}"),
            sent_at=ctx.now,
            expires_at=ctx.now + CODE_LIFE,
            tries=0,
        )
    )
    host = urlsplit(ctx.settings.public_url).hostname
    notify(ctx, event="code", to=to, channel="sms", message=CODE, scope={"code": code, "host": host})
    return code_id


def check_code(ctx: Context, *, code_id: str, subject: str, code: str) -> None:
    """Use a code up.

    Args:
        ctx: Who tells it; no transaction is open, so that a wrong try is counted.
        code_id: From ``send_code``.
        subject: What it has to prove.
        code: What the person typed.

    Raises:
        WrongCode: It is another one, or this one is over.
    """
    digits = "".join(one for one in unicodedata.normalize("NFKC", code) if one.isdigit())
    mine = (SentCode.id == code_id, SentCode.subject == _hash(subject))
    with ctx.write():
        kept = ctx.connection.execute(
            update(SentCode)
            .where(*mine, SentCode.used_at.is_(None), SentCode.expires_at > ctx.now)
            .where(SentCode.tries < CODE_TRIES)
            .values(tries=SentCode.tries + 1)
            .returning(SentCode.code)
        ).scalar()
        right = kept is not None and hmac.compare_digest(kept, _hash(f"{code_id}:{digits}"))
        if right:
            ctx.connection.execute(update(SentCode).where(*mine).values(used_at=ctx.now))
    if kept is None:
        raise WrongCode(_("This code is over: too old, or tried too often. Ask for a new one."))
    if not right:
        raise WrongCode()


def is_proved(subject: str, now: datetime) -> bool:
    """Whether this browser has proved something and it still counts."""
    return _proofs(now).get(_hash(subject)) is not None


def remember_proof(response: Response, subject: str, now: datetime) -> None:
    """Let this browser keep that something was proved."""
    proofs = {**_proofs(now), _hash(subject): (now + PROOF_LIFE).timestamp()}
    newest = dict(sorted(proofs.items(), key=lambda proof: proof[1])[-_MOST_PROOFS:])
    response.set_cookie(
        _cookie(),
        pack("proofs", newest),
        max_age=int(PROOF_LIFE.total_seconds()),
        secure=web().centre.settings.https,
        httponly=True,
        samesite="Lax",
    )


def shown_on_outbox(ctx: Context) -> bool:
    """Whether codes leave the building by nothing: they are only seen on the outbox page."""
    return gateway_for(ctx, "sms") is CONSOLE


def _cookie() -> str:
    return f"__Host-{_COOKIE}" if web().centre.settings.https else _COOKIE


def _proofs(now: datetime) -> dict[str, float]:
    kept = unpack("proofs", request.cookies.get(_cookie()))
    if not isinstance(kept, dict):
        return {}
    return {subject: float(ends) for subject, ends in kept.items() if float(ends) > now.timestamp()}


def _hash(text: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
