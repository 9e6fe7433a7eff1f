"""Patterns as the browser has them: JavaScript's regular expressions, without flags.

They are rewritten for the `regex` package, which stops a search that backtracks for too long. Texts are
compared in the units that JavaScript counts: a character beyond U+FFFF is two.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import regex

LENGTH_LIMIT = 1_000
SEARCH_S = 0.1

SPACE = (
    "\t\n\x0b\x0c\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript takes for white space."""

_SETS = {"d": "0-9", "w": "A-Za-z0-9_", "s": SPACE}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "v": "\x0b", "f": "\x0c", "0": "\0"}
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!]|<[A-Za-z_]\w*>)", re.ASCII)
_BOUNDS = re.compile(r"\{\d+(?:,\d*)?\}", re.ASCII)
_ESCAPE = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[1-9]\d*|k<\w+>|.)", re.ASCII | re.DOTALL
)


def units(text: str) -> str:
    """Write a text in the units that JavaScript counts."""
    return "".join(char if char <= "\uffff" else _pair(ord(char)) for char in text)


def length(text: str) -> int:
    """Count a text as JavaScript does."""
    return len(text) + sum(char > "\uffff" for char in text)


def trim(text: str) -> str:
    """Take the white space from both ends of a text, as JavaScript does."""
    return text.strip(SPACE)


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found anywhere in a text.

    Raises:
        ValueError: It is no pattern.
        TimeoutError: The search takes too long.
    """
    return compile_pattern(pattern).search(units(text), timeout=SEARCH_S) is not None


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    """Read a pattern.

    Raises:
        ValueError: It is none, or one that the server cannot check as the browser does.
    """
    if len(pattern) > LENGTH_LIMIT:
        raise ValueError("too long")
    try:
        return regex.compile(_Translator(units(pattern)).whole(), regex.ASCII)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _pair(code: int) -> str:
    return chr(0xD7C0 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


class _Translator:
    """Reads a pattern as JavaScript does and writes it for the other engine."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def whole(self) -> str:
        pieces: list[str] = []
        while self.at < len(self.pattern):
            sign = self.pattern[self.at]
            if sign == "\\":
                pieces.append(self.escape(self.take(_ESCAPE)))
            elif sign == "[":
                pieces.append(self.one_of())
            elif self.pattern.startswith("(?", self.at):
                pieces.append(self.take(_GROUP).replace("(?<", "(?P<") if self.named() else self.take(_GROUP))
            elif sign in "*+?" or _BOUNDS.match(self.pattern, self.at):
                pieces.append(self.repeat(sign))
            else:
                pieces.append(_outside(sign))
                self.at += 1
        return "".join(pieces)

    def take(self, expected: re.Pattern[str]) -> str:
        found = expected.match(self.pattern, self.at)
        if found is None:
            raise ValueError(f"cannot be read at {self.at}")
        self.at = found.end()
        return found.group()

    def named(self) -> bool:
        return self.pattern.startswith("(?<", self.at) and self.pattern[self.at + 3 : self.at + 4] not in (
            "=",
            "!",
        )

    def repeat(self, sign: str) -> str:
        text = self.take(_BOUNDS) if sign == "{" else sign
        self.at += sign != "{"
        if self.pattern.startswith("?", self.at):
            text += "?"
            self.at += 1
        if self.pattern[self.at : self.at + 1] in ("*", "+", "?") or _BOUNDS.match(self.pattern, self.at):
            raise ValueError("nothing to repeat")
        return text

    def escape(self, text: str) -> str:
        sign = text[1]
        if sign.lower() in _SETS:
            return f"[{'^' if sign.isupper() else ''}{_SETS[sign.lower()]}]"
        if sign in "bB" or sign in "123456789":
            return text
        if text.startswith("\\k<"):
            return f"(?P={text[3:-1]})"
        return self.character(text)

    def character(self, text: str) -> str:
        sign = text[1]
        if len(text) > 2 and sign in "ux":
            return text
        if len(text) > 2 and sign == "c":
            return f"\\x{ord(text[2]) % 32:02x}"
        if sign in _CONTROLS:
            return f"\\x{ord(_CONTROLS[sign]):02x}"
        if len(text) > 2 or sign.isalnum():
            raise ValueError(f"{text} has no meaning here")
        return str(regex.escape(sign))

    def one_of(self) -> str:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        items: list[str] = []
        while not self.pattern.startswith("]", self.at):
            if self.at >= len(self.pattern):
                raise ValueError("a [ is not closed")
            if self.pattern[self.at] == "\\":
                items.append(self.inner_escape(self.take(_ESCAPE)))
            else:
                sign = self.pattern[self.at]
                items.append("\\" + sign if sign in r"[&~|^#" else sign)
                self.at += 1
        self.at += 1
        if not items:
            return r"[\x00-\uffff]" if negated else "(?!)"
        return f"[{'^' if negated else ''}{''.join(items)}]"

    def inner_escape(self, text: str) -> str:
        sign = text[1]
        if sign in _SETS:
            return _SETS[sign]
        if sign in "DW":
            return text
        return r"\x08" if sign == "b" else self.character(text)


def _outside(sign: str) -> str:
    if sign == "$":
        return r"\Z"
    if sign == ".":
        return r"[^\n\r\u2028\u2029]"
    return sign if sign in "^|()" else str(regex.escape(sign))
