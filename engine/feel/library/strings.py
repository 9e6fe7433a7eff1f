"""String functions (10.3.4.3)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.numbers import whole
from engine.feel.patterns import find_all, group_count, matches_nothing
from engine.feel.runtime import Run
from engine.i18n import _

_REPLACEMENT = re.compile(r"\\([\\$])|\$([0-9]+)|([\\$])")


@builtin("substring", "string: string", "start position: number", "length?: number")
def substring(run: Run, string: str, start: Decimal, length: Decimal | None = None) -> str:
    """Return a part of a text; positions count from 1, or from -1 at the end."""
    position = whole(start)
    if position == 0 or abs(position) > len(string):
        raise FeelError(_("The text has no position %(position)s."), position=position)
    first = position - 1 if position > 0 else len(string) + position
    if length is None:
        return string[first:]
    if whole(length) < 1:
        raise FeelError(_("The length must be at least 1."))
    return string[first : first + whole(length)]


@builtin("string length", "string: string")
def string_length(run: Run, string: str) -> Decimal:
    """Count the characters."""
    return Decimal(len(string))


@builtin("upper case", "string: string")
def upper_case(run: Run, string: str) -> str:
    """Return the text in capital letters."""
    run.afford_text(len(string))
    return string.upper()


@builtin("lower case", "string: string")
def lower_case(run: Run, string: str) -> str:
    """Return the text in small letters."""
    run.afford_text(len(string))
    return string.lower()


@builtin("substring before", "string: string", "match: string")
def substring_before(run: Run, string: str, match: str) -> str:
    """Return what stands before another text; nothing where it does not occur."""
    before, found, _rest = string.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after", "string: string", "match: string")
def substring_after(run: Run, string: str, match: str) -> str:
    """Return what stands behind another text; nothing where it does not occur."""
    return string.partition(match)[2] if match else string


@builtin("contains", "string: string", "match: string")
def contains(run: Run, string: str, match: str) -> bool:
    """Tell whether a text occurs in another."""
    return match in string


@builtin("starts with", "string: string", "match: string")
def starts_with(run: Run, string: str, match: str) -> bool:
    """Tell whether a text begins with another."""
    return string.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(run: Run, string: str, match: str) -> bool:
    """Tell whether a text ends with another."""
    return string.endswith(match)


@builtin("matches", "input: string", "pattern: string", "flags?: string?")
def matches(run: Run, input_: str, pattern: str, flags: str | None = None) -> bool:
    """Tell whether a pattern matches somewhere."""
    return next(find_all(run, pattern, flags or "", input_), None) is not None


@builtin("replace", "input: string", "pattern: string", "replacement: string", "flags?: string?")
def replace(run: Run, input_: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """Return the text with every match replaced; ``$1`` stands for what the first group caught."""
    flags = flags or ""
    if matches_nothing(pattern, flags):
        raise FeelError(_("A pattern that matches nothing cannot be replaced."))
    pieces = [replacement] if "q" in flags else _pieces(replacement, group_count(pattern, flags))
    made: list[str] = []
    length = end = 0
    for match in find_all(run, pattern, flags, input_):
        new = [input_[end : match.start()]]
        new += (match[piece] or "" if isinstance(piece, int) else piece for piece in pieces)
        end = match.end()
        made += new
        length += sum(map(len, new))
        if length > run.budget.text_length:
            run.afford_text(length)
    run.afford_text(length + len(input_) - end)
    return "".join(made) + input_[end:]


def _pieces(replacement: str, groups: int) -> list[Any]:
    pieces: list[str | int] = []
    end = 0
    for found in _REPLACEMENT.finditer(replacement):
        pieces.append(replacement[end : found.start()])
        end = found.end()
        if found[1]:
            pieces.append(found[1])
        elif found[2]:
            pieces += _group(found[2], groups)
        else:
            raise FeelError(_("In a replacement, $ stands before a number and \\ before $ or \\."))
    return [*pieces, replacement[end:]]


def _group(digits: str, groups: int) -> list[str | int]:
    """Return the longest number that is a group, and the digits behind it."""
    for length in range(min(len(digits), 4), 1, -1):
        if int(digits[:length]) <= groups:
            return [int(digits[:length]), digits[length:]]
    return [int(digits[0]) if int(digits[0]) <= groups else "", digits[1:]]


@builtin("split", "string: string", "delimiter: string")
def split(run: Run, string: str, delimiter: str) -> list[str]:
    """Return the parts of a text between the matches of a pattern."""
    if matches_nothing(delimiter, ""):
        raise FeelError(_("A pattern that matches nothing parts nothing."))
    parts: list[str] = []
    end = 0
    for match in find_all(run, delimiter, "", string):
        parts.append(string[end : match.start()])
        end = match.end()
    run.afford_items(len(parts) + 1)
    return [*parts, string[end:]]


@builtin("string join", "list: list", "delimiter?: string?")
def string_join(run: Run, list_: list[Any], delimiter: str | None = None) -> str:
    """Join the texts of a list; nulls are left out."""
    texts = [item for item in list_ if item is not None]
    if not all(type(item) is str for item in texts):
        raise FeelError(_("Only texts can be joined."))
    run.tick(len(list_))
    run.afford_text(sum(map(len, texts)) + len(delimiter or "") * len(texts))
    return (delimiter or "").join(texts)
