"""What a provider answers and posts: read by FEEL, judged by the lists of an administrator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import parse_qsl

import phonenumbers

from engine import feel, values
from engine.values import UNFIT, Json
from plugins.http_sms_gateway.rules.profile import Answers

Verdict = Literal["taken", "refused", "later", "failed", "unknown"]

_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


def parse_body(content: bytes, content_type: str) -> Json:
    """Read a body: a form as a context, JSON whatever it says it is, else a text.

    Args:
        content: The body.
        content_type: What its header says.
    """
    charset = _CHARSET.search(content_type)
    try:
        text = content.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        return _fit(dict(parse_qsl(text, keep_blank_values=True)))
    try:
        return _fit(values.loads(text))
    except (ValueError, ArithmeticError, RecursionError):
        return UNFIT.sub("", text)


def _fit(value: Json) -> Json:
    """Leave out what no database keeps: JSON may escape half a character."""
    if isinstance(value, str):
        return UNFIT.sub("", value)
    if isinstance(value, list):
        return [_fit(one) for one in value]
    if isinstance(value, dict):
        return {UNFIT.sub("", name): _fit(one) for name, one in value.items()}
    return value


def said_at(expression: str, scope: Mapping[str, Any]) -> str | None:
    """Return what stands at a place, as a text; None where nothing does.

    Args:
        expression: FEEL, such as ``answer.data.id`` or ``answer.list[1].code``; empty for nothing.
        scope: What it may name.
    """
    if not expression:
        return None
    found = feel.compile(expression).evaluate(scope).value
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, Decimal):
        return values.number_text(found)
    return found.strip() if isinstance(found, str) else None


def each_at(expression: str, body: Json) -> list[Json]:
    """Return what a body tells, one by one.

    Args:
        expression: Where the list stands, such as ``body.reports``; empty where the body is it, or the one.
        body: What was posted.
    """
    found = feel.compile(expression).evaluate({"body": body}).value if expression else body
    return found if isinstance(found, list) else [] if found is None else [found]


def calling_region(code: str) -> str | None:
    """Return the country of a calling code such as ``86``; None where it is none."""
    region = phonenumbers.region_code_for_country_code(int(code)) if code else None
    return None if region in (None, "ZZ", "001") else str(region)


def judge(rules: Answers, status: int, code: str | None, *, expected: bool) -> Verdict:
    """Say what an answer means.

    Args:
        rules: What the administrator says of answers.
        status: 200 to 599.
        code: What stands where the provider's code does.
        expected: Whether the status is one with which it takes messages.

    Returns:
        ``taken``; ``refused``: this number takes no messages; ``later``: not now; ``failed``: not at all;
        ``unknown``: it may have been taken. A code that is listed goes before the status.
    """
    if code is not None and code in rules.refused:
        return "refused"
    if status == 429 or (code is not None and code in rules.later):
        return "later"
    if status >= 500 or (expected and rules.code and code is None):
        return "unknown"
    if expected and (not rules.code or code in rules.taken):
        return "taken"
    return "failed"
