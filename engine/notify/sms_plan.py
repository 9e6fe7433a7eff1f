"""What a message costs as an SMS and where it arrives, before it is sent: with the longest values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.errors import DefinitionError, Problem
from engine.i18n import LOCALES, _, read_catalogue
from engine.notify.countries import MODES, has_address
from engine.notify.sms_text import SmsSize, sms_size
from engine.notify.templates import MessageTemplate, check, read_template
from engine.plugin import CheckContext, ResourceKind, SmsMode

# More than this is worth a second look: each segment is billed.
MOST_SEGMENTS = 2

_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CUT = re.compile(r"substring\(.*,\s*(\d+)\s*\)\s*$")
_LINK = re.compile(r"\blink\b")
# The longest that these are; a link is held to 40 characters.
_LONGEST = {"link": 40, "business_key": 16, "task.due": 14, "due": 14, "code": 6, "rating": 1}
_LONGEST_ELSE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsPlan:
    """One text of a message as an SMS.

    Args:
        locale: Its language.
        mode: For which countries: what an SMS may be there.
        size: Encoding and segments, with the longest values in its holes.
        arrives: Whether it has nothing in it that is not delivered there.
    """

    locale: str
    mode: SmsMode
    size: SmsSize
    arrives: bool


def sms_plan(template: MessageTemplate, say: Mapping[str, Mapping[str, str]]) -> list[SmsPlan]:
    """Measure what a message says by SMS, in every language and for every mode.

    Args:
        template: The message.
        say: The translations by language: source text to text.
    """
    if "sms" not in template.texts:
        return []
    said = template.for_channel("sms")
    plans = []
    for locale in LOCALES:
        for mode in MODES:
            source = said.in_mode(mode)
            text = say.get(locale, {}).get(source) or source
            barred = mode == "code only" and _has_link(text)
            plans.append(SmsPlan(locale=locale, mode=mode, size=_measured(text, locale), arrives=not barred))
    return plans


def _measured(text: str, locale: str) -> SmsSize:
    letter = "x" if locale == "en" else "\u5b57"

    def longest(hole: re.Match[str]) -> str:
        expression = hole[1].strip()
        cut = _CUT.match(expression)
        if cut is not None:
            return letter * int(cut[1])
        known = _LONGEST.get(expression)
        return letter * _LONGEST_ELSE if known is None else "0" * known

    return sms_size(_HOLE.sub(longest, text))


def _has_link(text: str) -> bool:
    return has_address(text) or any(_LINK.search(hole) for hole in _HOLE.findall(text))


def warn(path: str, content: bytes, deployment: CheckContext) -> Iterator[Problem]:
    """Say of a message that can be sent what its designer may not have meant."""
    try:
        template = read_template(PurePosixPath(path).stem, content)
    except DefinitionError:
        return
    say = {
        locale: read_catalogue(catalogue)
        for locale in LOCALES
        for catalogue_path, catalogue in deployment.files.items()
        if PurePosixPath(catalogue_path).match(f"locale/{locale}/LC_MESSAGES/messages.po")
    }
    plans = sms_plan(template, say)
    if not all(plan.arrives for plan in plans):
        yield Problem(
            path=f"{path}#sms",
            message=_(
                "This text has a link, which is not delivered in mainland China and Taiwan: there the next "
                "channel says it. Write text_code with the hole code for them."
            ),
        )
    longest = max(plans, key=lambda plan: plan.size.segment_count, default=None)
    if longest is not None and longest.size.segment_count > MOST_SEGMENTS:
        yield Problem(
            path=f"{path}#sms",
            message=_(
                "In %(locale)s this is up to %(units)s characters in %(encoding)s: %(count)s segments, each "
                "of which is billed. Say it shorter."
            ),
            params={
                "locale": longest.locale,
                "units": longest.size.unit_count,
                "encoding": longest.size.encoding,
                "count": longest.size.segment_count,
            },
        )


MESSAGES = ResourceKind(name="messages", pattern="messages/*.toml", check=check, warn=warn)
