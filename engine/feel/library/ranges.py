"""Range functions: how points and ranges lie to each other (10.3.4.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.feel.comparing import order
from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.ranges import Range
from engine.feel.runtime import Run
from engine.i18n import _

# A border is a point and a side: the range (1..5] runs from just after 1 to just after 5.
_Border = tuple[Any, int]
_NEVER = "never"


def _begin(thing: Any) -> _Border:
    if type(thing) is not Range:
        return thing, 0
    return (thing.start, 0 if thing.start_included else 1) if thing.start is not None else (_NEVER, -1)


def _end(thing: Any) -> _Border:
    if type(thing) is not Range:
        return thing, 0
    return (thing.end, 0 if thing.end_included else -1) if thing.end is not None else (_NEVER, 1)


def _compare(left: _Border, right: _Border) -> int:
    if left[0] is _NEVER or right[0] is _NEVER:
        weights = [border[1] if border[0] is _NEVER else 0 for border in (left, right)]
        return (weights[0] > weights[1]) - (weights[0] < weights[1])
    return order(left[0], right[0]) or (left[1] > right[1]) - (left[1] < right[1])


def _same_point(left: _Border, right: _Border) -> bool:
    return left[0] is not _NEVER and right[0] is not _NEVER and order(left[0], right[0]) == 0


def _touches(end: _Border, begin: _Border) -> bool:
    """Tell whether an end and a beginning share a point that belongs to both."""
    return _same_point(end, begin) and end[1] == begin[1] == 0


def _before(a: Any, b: Any) -> bool:
    end, begin = _end(a), _begin(b)
    if end[0] is _NEVER or begin[0] is _NEVER:
        return False
    return (order(end[0], begin[0]) or (-1 if end[1] or begin[1] else 0)) < 0


def _overlap(a: Any, b: Any) -> bool:
    return not _before(a, b) and not _before(b, a)


def _within(a: Any, b: Any) -> bool:
    """Tell whether a lies in b."""
    return _compare(_begin(b), _begin(a)) <= 0 and _compare(_end(a), _end(b)) <= 0


def _starts(a: Any, b: Any) -> bool:
    if _begin(b)[0] is _NEVER or _compare(_begin(a), _begin(b)) != 0:
        return False
    return _compare(_end(a), _end(b)) <= 0


def _finishes(a: Any, b: Any) -> bool:
    if _end(b)[0] is _NEVER or _compare(_end(a), _end(b)) != 0:
        return False
    return _compare(_begin(b), _begin(a)) <= 0


def _overlaps_before(a: Any, b: Any) -> bool:
    return _overlap(a, b) and _compare(_begin(a), _begin(b)) < 0 and _compare(_end(a), _end(b)) <= 0


def _enter(name: str, relation: Callable[[Any, Any], bool], *pairs: str) -> None:
    for pair in pairs:
        first, second = pair.split(", ")

        @builtin(name, first, second)
        def relate(run: Run, a: Any, b: Any) -> bool:
            if type(a) is not Range and type(b) is not Range:
                order(a, b)
            elif type(a) is not type(b):
                point, range_ = (a, b) if type(b) is Range else (b, a)
                if (end := range_.start if range_.start is not None else range_.end) is not None:
                    order(point, end)
            for thing in (a, b):
                if type(thing) is Range and thing.operator == "!=":
                    raise FeelError(_("This range has no ends."))
            return relation(a, b)


_POINT_RANGE, _RANGE_POINT, _RANGES = (
    "point: Any, range: range",
    "range: range, point: Any",
    "range1: range, range2: range",
)
_POINTS = "point1: Any, point2: Any"

_enter("before", _before, _RANGES, _POINT_RANGE, _RANGE_POINT, _POINTS)
_enter("after", lambda a, b: _before(b, a), _RANGES, _POINT_RANGE, _RANGE_POINT, _POINTS)
_enter("meets", lambda a, b: _touches(_end(a), _begin(b)), _RANGES)
_enter("met by", lambda a, b: _touches(_end(b), _begin(a)), _RANGES)
_enter("overlaps", _overlap, _RANGES)
_enter("overlaps before", _overlaps_before, _RANGES)
_enter("overlaps after", lambda a, b: _overlaps_before(b, a), _RANGES)
_enter("finishes", _finishes, _RANGES, _POINT_RANGE)
_enter("finished by", lambda a, b: _finishes(b, a), _RANGES, _RANGE_POINT)
_enter("includes", lambda a, b: _within(b, a), _RANGES, _RANGE_POINT)
_enter("during", _within, _RANGES, _POINT_RANGE)
_enter("starts", _starts, _RANGES, _POINT_RANGE)
_enter("started by", lambda a, b: _starts(b, a), _RANGES, _RANGE_POINT)
_enter("coincides", lambda a, b: _within(a, b) and _within(b, a), _RANGES, _POINTS)
