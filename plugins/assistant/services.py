"""Asks the model that an administrator named: one call within the fence of ``plugins/http``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import values
from engine.context import Context
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.parameters import parameter
from engine.values import read_toml
from plugins.assistant.rules import Completion, Message, read_completion
from plugins.http.public import (
    Answer,
    Call,
    TooLarge,
    call,
    is_expected,
    is_header_value,
    may_pass,
    read_secret,
    target_of,
    without,
)

URL = "assistant.url"
MODEL = "assistant.model"
SECRET = "assistant.secret"
OPTIONS = "assistant.options"
TIME_LIMIT_S = "assistant.time_limit_s"
SECRETS = "ASSISTANT_SECRET"
"""The secrets of models are ``CALLWRIGHT_ASSISTANT_SECRET_<NAME>``: no drawing can name them."""


class NotConfigured(TechnicalFailure):
    """No language model is set up."""

    code = "not_configured"


class RefusedByModel(TechnicalFailure):
    """The language model does not answer."""

    code = "http_status"


def ask(ctx: Context, messages: Sequence[Message], **more: Any) -> Completion:
    """Ask the model once.

    Args:
        ctx: No transaction is open.
        messages: What it is told.
        more: What else is said, such as ``response_format``; an administrator's options go first.

    Raises:
        NotConfigured: No model is named.
        TechnicalFailure: It is not reached, too slow, or refuses; ``permanent`` where another try is no use.
    """
    url, model = str(parameter(ctx, URL)), str(parameter(ctx, MODEL))
    if not url or not model:
        raise NotConfigured(
            _("No language model is set up. An administrator names it under Parameters: %(missing)s."),
            permanent=True,
            missing=", ".join(key for key, said in ((URL, url), (MODEL, model)) if not said),
        )
    options = read_toml(str(parameter(ctx, OPTIONS)).encode())
    secret = _secret(str(parameter(ctx, SECRET)))
    headers = {"User-Agent": "Callwright", "Accept": "application/json", "Content-Type": "application/json"}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    if ctx.idempotency_key is not None:
        headers["Idempotency-Key"] = ctx.idempotency_key
    question = Call(
        method="POST",
        target=target_of(ctx, url),
        headers=headers,
        body=values.dumps({**more, **options, "model": model, "messages": list(messages)}).encode(),
        timeout_s=float(parameter(ctx, TIME_LIMIT_S)),
        redirects=0,
    )
    try:
        answer = call(ctx, question)
    except TooLarge:
        return Completion(text=None, problem="too_large")
    _judge(ctx, answer)
    body = answer.body.decode("utf-8", errors="replace")
    return read_completion(without(body, [secret] if secret else []))


def _secret(name: str) -> str:
    secret = read_secret(name, shelf=SECRETS) if name else ""
    if not is_header_value(secret):
        raise NotConfigured(
            _("The secret %(name)s has a character that no header may have."), permanent=True, name=name
        )
    return secret


def _judge(ctx: Context, answer: Answer) -> None:
    if is_expected(answer.status, None):
        return
    with ctx.read():
        wait_s = answer.retry_after_s(ctx.now)
    message = _("The language model at %(host)s answered with the status %(status)s.")
    if answer.status in (401, 403):
        message = _("The language model at %(host)s refuses our secret (%(status)s). Look at %(setting)s.")
    raise RefusedByModel(
        message,
        permanent=not may_pass(answer.status),
        retry_after_s=wait_s,
        host=answer.host,
        status=answer.status,
        setting=SECRET,
    )
