"""The order of lists, as people and programs ask for it: ``due_at,-priority``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Problem, UnknownFilter
from engine.i18n import _


def order_by(sort: str, columns: Mapping[str, Any], *, last: Any) -> list[Any]:
    """Return what to order a statement by.

    Args:
        sort: Keys, ``-`` before a descending one.
        columns: What each key sorts by.
        last: The column that decides between equals, in the direction of the last key.

    Raises:
        UnknownFilter: A key is not known; the message lists the known ones.
    """
    order: list[Any] = []
    descending = False
    for word in sort.split(","):
        key = word.strip().removeprefix("-")
        descending = word.strip().startswith("-")
        if key not in columns:
            raise UnknownFilter(
                _("There is no sort key %(key)s. Known are: %(known)s."),
                problems=[Problem(path="sort", message=_("Use one of the known ones."))],
                key=key,
                known=", ".join(sorted(columns)),
            )
        column = columns[key]
        direction = column.desc() if descending else column.asc()
        # What has no value comes last either way; where all have one, an index may give the order.
        order.append(direction.nulls_last() if getattr(column, "nullable", True) else direction)
    return [*order, last.desc() if descending else last.asc()]
