"""Regular expressions as XPath has them (XPath and XQuery Functions and Operators 3.1, section 5.6).

They are rewritten for the `regex` package, which stops a search that backtracks for too long.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from time import perf_counter
from typing import Any

import regex

from engine.feel.errors import FeelError, OverBudget
from engine.feel.runtime import Run
from engine.i18n import _

MAX_PATTERN_LENGTH = 2_000
MAX_REPEAT = 10_000
MAX_WEIGHT = 20_000
"""How many single pieces a pattern may come to, with every repetition written out."""

MAX_GROUP_DEPTH = 50

_FLAGS = {"s": regex.DOTALL, "m": regex.MULTILINE, "i": regex.IGNORECASE, "x": 0, "q": 0}
_SINGLE_ESCAPES = frozenset(r"\|.-^?*+{}()[]$")
_CONTROL_ESCAPES = {"n": r"\n", "r": r"\r", "t": r"\t"}
_NAME_START = r":A-Z_a-z\xC0-\xD6\xD8-\xF6\xF8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD"  # noqa: E501
_NAME_CHAR = _NAME_START + r"\-.0-9\xB7\u0300-\u036F\u203F-\u2040"
_CLASS_ESCAPES = {
    "s": r"[ \t\n\r]",
    "S": r"[^ \t\n\r]",
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "w": r"[^\p{P}\p{Z}\p{C}]",
    "W": r"[\p{P}\p{Z}\p{C}]",
    "i": f"[{_NAME_START}]",
    "I": f"[^{_NAME_START}]",
    "c": f"[{_NAME_CHAR}]",
    "C": f"[^{_NAME_CHAR}]",
}


def find_all(run: Run, pattern: str, flags: str, text: str) -> Iterator[regex.Match[str]]:
    """Find every place of a text that a pattern matches.

    Raises:
        FeelError: It is no pattern.
        OverBudget: The search takes too long.
    """
    compiled = _compile(pattern, flags)
    matches = compiled.finditer(text, timeout=max(run.pattern_s, 0.001), concurrent=False)
    while True:
        run.tick()
        started = perf_counter()
        try:
            match = next(matches, None)
        except TimeoutError:
            raise OverBudget(_("The regular expression takes too long.")) from None
        run.pattern_s -= perf_counter() - started
        if match is None:
            return
        if run.pattern_s < 0:
            raise OverBudget(_("The regular expression takes too long."))
        yield match


def group_count(pattern: str, flags: str) -> int:
    """Return how many groups a pattern catches."""
    return int(_compile(pattern, flags).groups)


def matches_nothing(pattern: str, flags: str) -> bool:
    """Tell whether a pattern matches the empty text."""
    return _compile(pattern, flags).search("", timeout=0.1) is not None


@lru_cache(maxsize=512)
def _compile(pattern: str, flags: str) -> Any:
    if unknown := set(flags) - set(_FLAGS):
        raise FeelError(_("There is no flag %(flag)s."), flag=min(unknown))
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise FeelError(_("A pattern has at most %(limit)s characters."), limit=MAX_PATTERN_LENGTH)
    number = regex.VERSION1
    for flag in flags:
        number |= _FLAGS[flag]
    if "q" in flags:
        return regex.compile(regex.escape(pattern), number)
    translated = _Translator(pattern, ignore_space="x" in flags, by_line="m" in flags).whole()
    try:
        return regex.compile(translated, number)
    except (regex.error, OverflowError, RecursionError) as error:
        raise FeelError(_("%(pattern)s is no regular expression."), pattern=pattern[:60]) from error


class _Translator:
    """Reads a pattern by the grammar of XML Schema and writes it for the other engine."""

    def __init__(self, pattern: str, *, ignore_space: bool, by_line: bool) -> None:
        self.pattern = _without_space(pattern) if ignore_space else pattern
        self.by_line = by_line
        self.index = 0
        self.opened: list[int | None] = []
        self.group = 0
        self.closed: set[int] = set()
        # What the last piece, and each open group before it, comes to with its repetitions written out.
        self.last = 1
        self.weights = [0]

    def wrong(self) -> FeelError:
        return FeelError(_("%(pattern)s is no regular expression."), pattern=self.pattern[:60])

    def next(self) -> str:
        if self.index >= len(self.pattern):
            raise self.wrong()
        self.index += 1
        return self.pattern[self.index - 1]

    def ahead(self, text: str) -> bool:
        return self.pattern.startswith(text, self.index)

    def whole(self) -> str:
        parts: list[str] = []
        quantifiable = False
        while self.index < len(self.pattern):
            sign = self.next()
            if sign in "?*+{":
                if not quantifiable:
                    raise self.wrong()
                parts.append(self.quantifier(sign))
                quantifiable = False
                continue
            self.last = 1
            parts.append(self.piece(sign))
            self.add_weight(self.last)
            quantifiable = sign not in "(|^$"
        if self.opened:
            raise self.wrong()
        return "".join(parts)

    def add_weight(self, weight: int) -> None:
        self.weights[-1] += weight
        if self.weights[-1] > MAX_WEIGHT:
            raise FeelError(_("%(pattern)s repeats too much."), pattern=self.pattern[:60])

    def piece(self, sign: str) -> str:
        if sign == "(":
            return self.open()
        if sign == ")":
            return self.close()
        if sign == "[":
            return self.class_()
        if sign == "\\":
            return self.escape()
        if sign in "]}":
            raise self.wrong()
        if sign == "$":
            return "$" if self.by_line else r"\Z"
        if sign in ".|^":
            return sign
        return str(regex.escape(sign))

    def open(self) -> str:
        if len(self.opened) >= MAX_GROUP_DEPTH:
            raise self.wrong()
        if self.ahead("?"):
            if not self.ahead("?:"):
                raise self.wrong()
            self.index += 2
            self.opened.append(None)
            self.weights.append(0)
            return "(?:"
        self.group += 1
        self.opened.append(self.group)
        self.weights.append(0)
        return "("

    def close(self) -> str:
        if not self.opened:
            raise self.wrong()
        group = self.opened.pop()
        self.last = self.weights.pop()
        if group:
            self.closed.add(group)
        return ")"

    def quantifier(self, sign: str) -> str:
        text = sign
        if sign == "{":
            end = self.pattern.find("}", self.index)
            bounds = self.pattern[self.index : end] if end > 0 else ""
            low, comma, high = bounds.partition(",")
            if (
                not low.isdecimal()
                or not low.isascii()
                or (high and not (high.isascii() and high.isdecimal()))
            ):
                raise self.wrong()
            if int(low) > MAX_REPEAT or (high and not int(low) <= int(high) <= MAX_REPEAT):
                raise self.wrong()
            self.index = end + 1
            self.add_weight(self.last * (max(int(low), 1) - 1))
            text = "{" + low + comma + high + "}"
        if self.ahead("?"):
            self.index += 1
            text += "?"
        return text

    def escape(self) -> str:
        sign = self.next()
        if sign in "123456789":
            number = int(sign)
            while self.index < len(self.pattern) and self.pattern[self.index] in "0123456789":
                longer = number * 10 + int(self.pattern[self.index])
                if longer not in self.closed:
                    break
                number = longer
                self.index += 1
            if number not in self.closed:
                raise self.wrong()
            return f"(?:\\{number})"
        return self.character_escape(sign)

    def character_escape(self, sign: str) -> str:
        if sign in _SINGLE_ESCAPES:
            return "\\" + sign
        if sign in _CONTROL_ESCAPES:
            return _CONTROL_ESCAPES[sign]
        if sign in _CLASS_ESCAPES:
            return _CLASS_ESCAPES[sign]
        if sign in "pP" and self.next() == "{":
            end = self.pattern.find("}", self.index)
            name = self.pattern[self.index : end] if end > 0 else ""
            self.index = end + 1
            if name.startswith("Is"):
                name = "In" + name[2:].replace("-", "")
            if name.isalnum():
                return f"\\{sign}{{{name}}}"
        raise self.wrong()

    def class_(self) -> str:
        """Translate a character class; ``[a-z-[aeiou]]`` leaves out what the inner one has."""
        if self.index > len(self.pattern) or len(self.opened) > MAX_GROUP_DEPTH:
            raise self.wrong()
        negated = self.ahead("^")
        self.index += negated
        items: list[str] = []
        without = ""
        while not self.ahead("]"):
            sign = self.next()
            if sign == "-" and self.ahead("["):
                self.index += 1
                self.opened.append(None)
                without = self.class_()
                self.opened.pop()
                if not self.ahead("]"):
                    raise self.wrong()
                break
            items.append(self.class_item(sign))
        self.index += 1
        if not items:
            raise self.wrong()
        inner = f"[{'^' if negated else ''}{''.join(items)}]"
        return f"[{inner}--{without}]" if without else inner

    def class_item(self, sign: str) -> str:
        if sign == "[":
            raise self.wrong()
        if sign == "\\":
            start = self.character_escape(self.next())
            if len(start) != 2:
                return start
        else:
            start = _in_class(sign)
        if self.ahead("-") and not self.ahead("-[") and not self.ahead("-]"):
            self.index += 1
            end = self.next()
            if end == "[":
                raise self.wrong()
            end = self.character_escape(self.next()) if end == "\\" else _in_class(end)
            return f"{start}-{end}"
        return start


def _in_class(sign: str) -> str:
    return "\\" + sign if sign in r"\[]^-&|~" else sign


def _without_space(pattern: str) -> str:
    kept: list[str] = []
    depth = 0
    escaped = False
    for sign in pattern:
        if not escaped:
            depth += (sign == "[") - (sign == "]")
        escaped = sign == "\\" and not escaped
        if depth > 0 or sign not in " \t\n\r":
            kept.append(sign)
    return "".join(kept)
