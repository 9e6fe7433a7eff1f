"""Texts that may hold personal data, as those without the right see them."""

from __future__ import annotations

import re

from engine.context import Context
from engine.history import mask
from forms.personal import HIDDEN, SEE, masked_values, sensitive_names

__all__ = ["SEE", "masked_text", "masked_values", "sensitive_names"]

_LINK = re.compile(r"(/t/)[0-9A-Za-z]{12,}")


def masked_text(ctx: Context, text: str | None) -> str | None:
    """Hide telephone numbers, mail addresses and personal links in a text from those without the right."""
    if text is None or ctx.actor.may(SEE):
        return text
    return _LINK.sub(rf"\1{HIDDEN}", mask(text))
