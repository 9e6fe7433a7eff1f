"""Pages of what is short enough to be read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from admin.api.operation import Page
from engine.errors import Problem, UnknownFilter
from engine.i18n import _


def page_of(rows: Sequence[Any], said: Mapping[str, Any], sorts: Mapping[str, Callable[[Any], Any]]) -> Page:
    """Sort rows and cut out the page that was asked for.

    Args:
        rows: All of them.
        said: ``page``, ``page_size`` and ``sort``.
        sorts: What each key sorts by; what is None comes last.

    Raises:
        UnknownFilter: A key is not known; the message lists the known ones.
    """
    ordered = list(rows)
    for word in reversed([word.strip() for word in said["sort"].split(",")]):
        key = word.removeprefix("-")
        if key not in sorts:
            raise UnknownFilter(
                _("There is no sort key %(key)s. Known are: %(known)s."),
                problems=[Problem(path="sort", message=_("Use one of the known ones."))],
                key=key,
                known=", ".join(sorted(sorts)),
            )
        ordered = _sorted(ordered, sorts[key], descending=word.startswith("-"))
    first = (said["page"] - 1) * said["page_size"]
    return Page(len(ordered), ordered[first : first + said["page_size"]])


def _sorted(rows: list[Any], key: Callable[[Any], Any], *, descending: bool) -> list[Any]:
    known = [row for row in rows if key(row) is not None]
    known.sort(key=key, reverse=descending)
    return known + [row for row in rows if key(row) is None]
