"""Tells Simplified from Traditional Chinese by the characters that only one of them writes.

The standards hold their own script's common characters: GB 2312 the Simplified ones, Big5 the Traditional
ones. Big5 keeps a few forms besides that Traditional knows as rare variants and Simplified writes every
day; GB 2312 does so once. Hong Kong writes a few characters that Big5 does not have.
"""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_CHARSETS = {"zh_Hans": "gb2312", "zh_Hant": "big5"}
_NOT_MEANT = {
    "zh_Hans": frozenset("後"),
    "zh_Hant": frozenset(
        "万与么价优体儿党几划听吨后圣坏复宁岭并忏怀怜惊扑扰据晒机极构气泞洁洼确离种篱网羡肮胜茧蚕触赶适"
    ),
}
_ALSO_MEANT = {"zh_Hans": frozenset(), "zh_Hant": frozenset("綫裏着衞邨啓羣峯牀綉鈎")}
# Everyday words of Hong Kong that standard Chinese does not write.
_CANTONESE = frozenset("咗喺嘅啲嚟冇嗰哋嘢噉咁佢乜嘞喎啱")


def script_of(text: str) -> str | None:
    """Return the script of a Chinese text, by the characters that only one of them writes.

    Returns:
        ``zh_Hans`` or ``zh_Hant``; None where there are none of them, or as many of the one as of the other.
    """
    foreign = {locale: len(foreign_characters(locale, text)) for locale in _CHARSETS}
    # What neither writes speaks against both alike.
    if foreign["zh_Hans"] == foreign["zh_Hant"]:
        return "zh_Hant" if not _CANTONESE.isdisjoint(text) else None
    return min(foreign, key=lambda locale: foreign[locale])


def foreign_characters(locale: str, text: str) -> list[str]:
    """Return the characters of a text that its script does not write.

    Args:
        locale: ``zh_Hans`` or ``zh_Hant``.
        text: Any text; only its Chinese characters are looked at.

    Returns:
        Each character once, sorted.
    """
    return sorted(character for character in set(_HAN.findall(text)) if not _belongs(locale, character))


def _belongs(locale: str, character: str) -> bool:
    if character in _ALSO_MEANT[locale]:
        return True
    if character in _NOT_MEANT[locale]:
        return False
    try:
        character.encode(_CHARSETS[locale])
    except UnicodeEncodeError:
        return False
    return True
