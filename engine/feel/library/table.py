"""The table of built-in functions: a name, the parameters in the standard's words, and the code."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import Phrase
from engine.feel.errors import FeelError
from engine.feel.functions import FUNCTIONS, Overloaded
from engine.feel.kinds import KINDS, describe, midnight
from engine.feel.ranges import Range
from engine.feel.runtime import Run
from engine.feel.temporal import Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration
from engine.i18n import _

_CLASSES: dict[str, tuple[type, ...]] = {
    "Any": (),
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "list": (list,),
    "context": (dict,),
    "date": (Date,),
    "time": (Time,),
    "date and time": (DateTime,),
    "days and time duration": (DaysTimeDuration,),
    "years and months duration": (YearsMonthsDuration,),
    "range": (Range,),
    "function": FUNCTIONS,
}

_Code = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a built-in function.

    Args:
        name: The standard's name.
        classes: What it takes; nothing means anything.
        wanted: The same in words.
        nullable: Null is a value it takes.
        optional: It may be left out.
        repeated: It takes all arguments that follow.
    """

    name: str
    classes: tuple[type, ...]
    wanted: Phrase
    nullable: bool
    optional: bool
    repeated: bool

    def take(self, value: Any) -> Any:
        """Return an argument as one of this parameter's kinds, converted as 10.3.2.9.4 says.

        Raises:
            FeelError: It is of another kind.
        """
        kind = type(value)
        if kind in self.classes or (not self.classes and (value is not None or self.nullable)):
            return value
        if value is None:
            if self.nullable:
                return None
        elif kind is list and len(value) == 1 and type(value[0]) in self.classes:
            return value[0]
        elif self.classes == (list,):
            return [value]
        elif kind is Date and DateTime in self.classes:
            return midnight(value)
        raise FeelError(
            _("%(parameter)s must be %(wanted)s, not %(given)s."),
            parameter=self.name,
            wanted=self.wanted,
            given=describe(value),
        )


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a built-in function."""

    parameters: tuple[Parameter, ...]
    code: _Code
    least: int
    most: int | None

    def bind(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the arguments in order, each fit for its parameter."""
        parameters = self.parameters
        if self.most is None:
            last = parameters[-1]
            parameters = parameters + (last,) * (len(arguments) - len(parameters))
        return [parameter.take(value) for parameter, value in zip(parameters, arguments, strict=False)]

    def accepts(self, names: Sequence[str]) -> bool:
        """Tell whether arguments of these names are enough and none too many."""
        mine = {parameter.name for parameter in self.parameters}
        needed = {parameter.name for parameter in self.parameters if not parameter.optional}
        return self.most is not None and needed <= set(names) <= mine


BUILT_INS: dict[str, Overloaded] = {}
_SIGNATURES: dict[str, list[Signature]] = {}


def builtin(name: str, *parameters: str) -> Callable[[_Code], _Code]:
    """Enter a function into the table.

    Args:
        name: The standard's name.
        parameters: Such as ``string: string``, ``length?: number`` (may be left out), ``offset: number?``
            (may be null), ``item...: Any?`` (any number of them). Kinds are parted by ``|``.

    Returns:
        A decorator; the function is called with the run and its arguments, None for those left out.
    """

    def enter(code: _Code) -> _Code:
        read = tuple(map(_parameter, parameters))
        least = sum(not parameter.optional for parameter in read)
        most = None if read and read[-1].repeated else len(read)
        _SIGNATURES.setdefault(name, []).append(Signature(read, code, least, most))
        BUILT_INS[name] = _overloaded(name)
        return code

    return enter


def _parameter(text: str) -> Parameter:
    name, _between, wanted = text.partition(": ")
    nullable = wanted.endswith("?")
    wanted = wanted.rstrip("?")
    return Parameter(
        name=name.rstrip("?."),
        classes=tuple(class_ for kind in wanted.split(" | ") for class_ in _CLASSES[kind]),
        wanted=functools.reduce(_or, [KINDS[kind].phrase for kind in wanted.split(" | ")]),
        nullable=nullable,
        optional=name.endswith("?"),
        repeated=name.endswith("..."),
    )


def _or(one: Phrase, other: Phrase) -> Phrase:
    return Phrase(_("%(one)s or %(other)s"), {"one": one, "other": other})


def _overloaded(name: str) -> Overloaded:
    signatures = _SIGNATURES[name]

    def call(run: Run, arguments: Sequence[Any]) -> Any:
        count = len(arguments)
        fitting = [s for s in signatures if s.least <= count and (s.most is None or count <= s.most)]
        if not fitting:
            raise FeelError(_("%(function)s does not take %(count)s arguments."), function=name, count=count)
        for signature in fitting[:-1]:
            try:
                values = signature.bind(arguments)
            except FeelError:
                continue
            return signature.code(run, *values)
        return fitting[-1].code(run, *fitting[-1].bind(arguments))

    def call_named(run: Run, arguments: dict[str, Any]) -> Any:
        fitting = [s for s in signatures if s.accepts(list(arguments))]
        if not fitting:
            raise FeelError(
                _("%(function)s has no parameters named %(names)s."),
                function=name,
                names=", ".join(arguments),
            )
        for number, signature in enumerate(fitting, 1):
            try:
                values = [
                    parameter.take(arguments[parameter.name]) if parameter.name in arguments else None
                    for parameter in signature.parameters
                ]
            except FeelError:
                if number == len(fitting):
                    raise
                continue
            return signature.code(run, *values)

    return Overloaded(name, call, call_named)
