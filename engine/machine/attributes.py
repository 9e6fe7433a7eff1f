"""Attributes of our settings as a designer writes them: a word of a few, a number, a flag, a duration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

from engine.feel.temporal import DaysTimeDuration, parse_duration
from engine.i18n import _

CHANNELS = ("sms", "email", "in_app", "voice", "preferred")

Say = Callable[..., None]
"""Reports a problem of an element: a message and what goes into its holes."""


def one_of(said: etree._Element, name: str, known: Iterable[str], default: Any, say: Say) -> Any:
    """Return one of the words that an attribute may be; the default where it is not there or none of them."""
    text = said.get(name)
    if text is None:
        return default
    if text not in tuple(known):
        say(
            _("callwright:%(element)s: %(name)s is %(text)s. Known are: %(known)s."),
            element=etree.QName(said).localname,
            name=name,
            text=text,
            known=", ".join(known),
        )
        return default
    return text


def flag(said: etree._Element, name: str, say: Say) -> bool:
    """Whether an attribute is ``true``."""
    return bool(one_of(said, name, ("true", "false"), "false", say) == "true")


def number(said: etree._Element, name: str, least: int, default: int | None, say: Say) -> int | None:
    """Return the whole number that an attribute is; the default where it is not there or cannot be."""
    text = said.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < least:
        say(
            _("callwright:%(element)s: %(name)s is %(text)s. Write a whole number from %(least)s on."),
            element=etree.QName(said).localname,
            name=name,
            text=text,
            least=least,
        )
        return default
    return int(text)


def seconds(text: str) -> float | None:
    """Return the length of a duration; None where it is none of days and time."""
    try:
        span = parse_duration(text)
    except ValueError:
        return None
    return span.timedelta().total_seconds() if isinstance(span, DaysTimeDuration) else None
