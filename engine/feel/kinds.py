"""The types of FEEL: what has them, and what is made to fit (10.3.2.9).

They are called kinds here, so that Python keeps its own word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import Phrase
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS, Function
from engine.feel.ranges import Range
from engine.feel.temporal import MIDNIGHT, UTC, Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration
from engine.i18n import _


class Kind:
    """A type. A null has none but Null. Its text is what an expression calls it."""

    __slots__ = ()

    @property
    def phrase(self) -> Phrase:
        """What people call it."""
        return Phrase(str(self))

    def has(self, value: Any) -> bool:
        """Tell whether a value that is not null is of this kind."""
        raise NotImplementedError

    def fits(self, other: Kind) -> bool:
        """Tell whether every value of this kind is one of the other (10.3.2.9.2)."""
        return self == other or isinstance(other, Any_) or isinstance(self, Null)

    def coerce(self, value: Any) -> Any:
        """Return a value as one of this kind, by the implicit conversions of 10.3.2.9.4.

        Raises:
            FeelError: It is of another kind.
        """
        if value is None or self.has(value):
            return value
        if type(value) is list and len(value) == 1 and value[0] is not None and self.has(value[0]):
            return value[0]
        raise FeelError(
            _("Expected %(expected)s, got %(given)s."), expected=self.phrase, given=describe(value)
        )


@dataclass(frozen=True, slots=True)
class Any_(Kind):
    """Every value."""

    def has(self, value: Any) -> bool:
        """Tell that it is."""
        return True

    def coerce(self, value: Any) -> Any:
        """Return it as it is."""
        return value

    def __str__(self) -> str:
        return "Any"


@dataclass(frozen=True, slots=True)
class Null(Kind):
    """The kind of null alone."""

    def has(self, value: Any) -> bool:
        """Tell that a value is not null."""
        return value is None

    def __str__(self) -> str:
        return "Null"


@dataclass(frozen=True, slots=True)
class Simple(Kind):
    """Numbers, strings, booleans, temporal values; any list, context, range or function."""

    name: str
    classes: tuple[type, ...]

    def has(self, value: Any) -> bool:
        """Tell whether a value belongs to the kind's classes."""
        return type(value) in self.classes

    def coerce(self, value: Any) -> Any:
        """Convert as every kind does; a date where a date and time is wanted is its midnight in UTC."""
        if type(value) is Date and DateTime in self.classes and Date not in self.classes:
            return midnight(value)
        return Kind.coerce(self, value)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf(Kind):
    """Lists of one kind of element."""

    element: Kind

    def has(self, value: Any) -> bool:
        """Tell whether a value is a list whose every element is null or of the element's kind."""
        return type(value) is list and all(item is None or self.element.has(item) for item in value)

    def fits(self, other: Kind) -> bool:
        """Tell whether the elements fit."""
        return (isinstance(other, ListOf) and self.element.fits(other.element)) or Kind.fits(self, other)

    def coerce(self, value: Any) -> Any:
        """Convert as every kind does; a single value where a list is wanted is a list of one."""
        if value is None or self.has(value):
            return value
        if type(value) is not list and self.element.has(value):
            return [value]
        return Kind.coerce(self, value)

    @property
    def phrase(self) -> Phrase:
        """What people call it."""
        return Phrase(_("list of %(kind)s"), {"kind": self.element.phrase})

    def __str__(self) -> str:
        return f"list<{self.element}>"


@dataclass(frozen=True, slots=True)
class ContextOf(Kind):
    """Contexts that have at least these entries, of these kinds."""

    entries: tuple[tuple[str, Kind], ...]

    def has(self, value: Any) -> bool:
        """Tell whether a value is a context with all the entries, each null or of its kind."""
        return type(value) is dict and all(
            name in value and (value[name] is None or kind.has(value[name])) for name, kind in self.entries
        )

    def fits(self, other: Kind) -> bool:
        """Tell whether it has all entries of the other, and they fit."""
        mine = dict(self.entries)
        return (
            isinstance(other, ContextOf)
            and all(name in mine and mine[name].fits(kind) for name, kind in other.entries)
        ) or Kind.fits(self, other)

    def __str__(self) -> str:
        return f"context<{', '.join(f'{name}: {kind}' for name, kind in self.entries)}>"


@dataclass(frozen=True, slots=True)
class RangeOf(Kind):
    """Ranges over one kind of value."""

    element: Kind

    def has(self, value: Any) -> bool:
        """Tell whether a value is a range whose ends are of the kind."""
        return type(value) is Range and all(
            end is None or self.element.has(end) for end in (value.start, value.end)
        )

    def fits(self, other: Kind) -> bool:
        """Tell whether the ends fit."""
        return (isinstance(other, RangeOf) and self.element.fits(other.element)) or Kind.fits(self, other)

    @property
    def phrase(self) -> Phrase:
        """What people call it."""
        return Phrase(_("range of %(kind)s"), {"kind": self.element.phrase})

    def __str__(self) -> str:
        return f"range<{self.element}>"


@dataclass(frozen=True, slots=True)
class FunctionOf(Kind):
    """Functions from some kinds to one."""

    parameters: tuple[Kind, ...]
    result: Kind

    def has(self, value: Any) -> bool:
        """Tell whether a value is a function that may stand for one of this kind."""
        return type(value) is Function and FunctionOf(value.kinds, value.result).fits(self)

    def fits(self, other: Kind) -> bool:
        """Tell whether it takes all that the other takes and gives nothing that the other does not."""
        return (
            isinstance(other, FunctionOf)
            and len(self.parameters) == len(other.parameters)
            and all(theirs.fits(mine) for mine, theirs in zip(self.parameters, other.parameters, strict=True))
            and self.result.fits(other.result)
        ) or Kind.fits(self, other)

    def __str__(self) -> str:
        return f"function<{', '.join(map(str, self.parameters))}> -> {self.result}"


@dataclass(frozen=True, slots=True)
class Unknown(Kind):
    """A type that nobody defined: asking for it is answered with null."""

    name: str

    def has(self, value: Any) -> bool:
        """Refuse to answer."""
        raise FeelError(_("There is no type named %(name)s."), name=self.name)

    def coerce(self, value: Any) -> Any:
        """Refuse to answer."""
        raise FeelError(_("There is no type named %(name)s."), name=self.name)

    def __str__(self) -> str:
        return self.name


ANY = Any_()
NULL = Null()
NUMBER = Simple(_("number"), (Decimal,))
STRING = Simple(_("string"), (str,))
BOOLEAN = Simple(_("boolean"), (bool,))
DATE = Simple(_("date"), (Date,))
TIME = Simple(_("time"), (Time,))
DATE_TIME = Simple(_("date and time"), (DateTime,))
DAYS_TIME = Simple(_("days and time duration"), (DaysTimeDuration,))
YEARS_MONTHS = Simple(_("years and months duration"), (YearsMonthsDuration,))
LIST = Simple(_("list"), (list,))
CONTEXT = Simple(_("context"), (dict,))
RANGE = Simple(_("range"), (Range,))
FUNCTION = Simple(_("function"), FUNCTIONS)

KINDS: Mapping[str, Kind] = {
    "Any": ANY,
    "Null": NULL,
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "time": TIME,
    "date and time": DATE_TIME,
    "dateTime": DATE_TIME,
    "days and time duration": DAYS_TIME,
    "dayTimeDuration": DAYS_TIME,
    "years and months duration": YEARS_MONTHS,
    "yearMonthDuration": YEARS_MONTHS,
    "list": LIST,
    "context": CONTEXT,
    "range": RANGE,
    "function": FUNCTION,
}
"""The types that have a name of their own, with the spellings of older models."""

_BY_CLASS: dict[type, Phrase] = {
    class_: kind.phrase
    for kind in (NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, DAYS_TIME, YEARS_MONTHS, LIST, CONTEXT)
    for class_ in kind.classes
} | {type(None): Phrase(_("null")), Range: RANGE.phrase, **dict.fromkeys(FUNCTIONS, FUNCTION.phrase)}
_SOMETHING_ELSE = Phrase(_("something else"))


def describe(value: Any) -> Phrase:
    """Name the kind of a value, for a warning."""
    return _BY_CLASS.get(type(value), _SOMETHING_ELSE)


def midnight(date: Date) -> DateTime:
    """Return a date as the standard converts it to a date and time: its midnight in UTC."""
    return DateTime(date, type(MIDNIGHT)(0, 0, 0, 0, UTC))
