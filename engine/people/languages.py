"""Languages of those who never said theirs: the centre's, and what a text seems to be written in."""

from __future__ import annotations

import re
import unicodedata

from engine.chinese import script_of
from engine.context import Context
from engine.parameters import parameter
from engine.people.telephone import default_region, region_of

CHINESE = "zh"
"""Chinese that may be of either script."""

_NOT_WORDS = re.compile(r"\S*(?:://|@|www\.|\d)\S*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
# "ok", "thx" and "Hi" are written in every language.
_LEAST_LETTERS = 6
_SCRIPTS = {
    **dict.fromkeys(("HK", "MO", "TW"), "zh_Hant"),
    **dict.fromkeys(("CN", "MY", "SG"), "zh_Hans"),
}


def centre_locale(ctx: Context) -> str:
    """Return the language of whoever has none of their own: the parameter ``centre.locale``.

    Args:
        ctx: Any context; a transaction is opened where none is.
    """
    return str(parameter(ctx, "centre.locale"))


def written_in(text: str) -> str | None:
    """Return the language that a text is written in.

    Args:
        text: What somebody wrote.

    Returns:
        ``en``, ``zh_Hans`` or ``zh_Hant``; ``zh`` for Chinese that both scripts write alike; None where there
        is too little to tell, or it is another language.
    """
    said = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text))
    words, chinese = _LATIN.findall(said), _HAN.findall(said)
    others = sum(character.isalpha() for character in said) - len("".join(words)) - len(chinese)
    if 2 * others > len(chinese) + len("".join(words)):
        return None
    # A street's name makes no other language: what there is more of counts, a character as a word.
    if len(chinese) >= len(words):
        return (script_of(said) or CHINESE) if chinese else None
    return "en" if len("".join(words)) >= _LEAST_LETTERS else CHINESE if chinese else None


def chinese_of(ctx: Context, phone: str | None) -> str:
    """Return the Chinese of somebody of whom only the number is known.

    The country of their number decides, else the centre's language, else the centre's country.

    Args:
        ctx: Any context.
        phone: E.164.
    """
    theirs = _SCRIPTS.get(region_of(phone) or "")
    if theirs is not None:
        return theirs
    centre = centre_locale(ctx)
    return centre if centre.startswith(CHINESE) else _SCRIPTS.get(default_region(ctx) or "", "zh_Hans")
