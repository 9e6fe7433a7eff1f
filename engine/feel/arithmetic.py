"""The five operators and the sign, a line for each pair of kinds (10.3.2.8, tables 45 to 50)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel.errors import FeelError
from engine.feel.kinds import describe, midnight
from engine.feel.numbers import DECIMAL128
from engine.feel.runtime import Run
from engine.feel.temporal import Date, DateTime, DaysTimeDuration, Time, YearsMonthsDuration, time_of_day
from engine.i18n import _

_DAY_NS = 86_400 * 10**9
_S_NS = 10**9


def calculate(run: Run, operator: str, left: Any, right: Any) -> Any:
    """Apply an operator to two values.

    Raises:
        FeelError: The kinds do not go together, or the result does not exist.
    """
    if type(left) is str and type(right) is str and operator == "+":
        run.afford_text(len(left) + len(right))
        return left + right
    apply = _OPERATIONS.get((operator, type(left), type(right)))
    if apply is None:
        raise FeelError(
            _("%(left)s %(operator)s %(right)s has no meaning."),
            left=describe(left),
            operator=operator,
            right=describe(right),
        )
    try:
        return apply(left, right)
    except (ArithmeticError, ValueError) as error:
        if operator == "/" and not right:
            raise FeelError(_("Division by zero.")) from error
        raise FeelError(_("The result of %(operator)s is out of range."), operator=operator) from error


def negate(value: Any) -> Any:
    """Return the negative of a number or a duration.

    Raises:
        FeelError: It is neither.
    """
    if type(value) is Decimal:
        return DECIMAL128.minus(value)
    if type(value) is DaysTimeDuration:
        return DaysTimeDuration(-value.nanoseconds)
    if type(value) is YearsMonthsDuration:
        return YearsMonthsDuration(-value.months)
    raise FeelError(_("There is no negative of %(kind)s."), kind=describe(value))


def _between_instants(later: DateTime, earlier: DateTime) -> DaysTimeDuration:
    if (later.zone is None) != (earlier.zone is None):
        raise FeelError(_("One of these times has a time zone, the other has none."))
    return DaysTimeDuration(later.value_ns - earlier.value_ns)


def _between_times(later: Time, earlier: Time) -> DaysTimeDuration:
    if (later.zone is None) != (earlier.zone is None):
        raise FeelError(_("One of these times has a time zone, the other has none."))
    return DaysTimeDuration((later.value_s - earlier.value_s) * _S_NS + later.nanosecond - earlier.nanosecond)


def _shift_date(date: Date, duration: DaysTimeDuration) -> Date:
    return date.add_days(duration.nanoseconds // _DAY_NS)


def _shift_time(time: Time, nanoseconds: int) -> Time:
    return time_of_day((time.nanosecond_of_day + nanoseconds) % _DAY_NS, time.zone)


def _times(value: int, factor: Decimal) -> int:
    return int(DECIMAL128.multiply(Decimal(value), factor))


def _part(value: int, divisor: Decimal) -> int:
    return int(DECIMAL128.divide(Decimal(value), divisor))


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    power = DECIMAL128.power(base, exponent)
    if not power.is_finite():
        raise OverflowError
    return power


_D, _T, _DT, _DTD, _YMD = Date, Time, DateTime, DaysTimeDuration, YearsMonthsDuration

_OPERATIONS: dict[tuple[str, type, type], Callable[[Any, Any], Any]] = {
    ("+", Decimal, Decimal): DECIMAL128.add,
    ("-", Decimal, Decimal): DECIMAL128.subtract,
    ("*", Decimal, Decimal): DECIMAL128.multiply,
    ("/", Decimal, Decimal): DECIMAL128.divide,
    ("**", Decimal, Decimal): _power,
    # Dates.
    ("+", _D, _YMD): lambda a, b: a.add_months(b.months),
    ("+", _YMD, _D): lambda a, b: b.add_months(a.months),
    ("-", _D, _YMD): lambda a, b: a.add_months(-b.months),
    ("+", _D, _DTD): _shift_date,
    ("+", _DTD, _D): lambda a, b: _shift_date(b, a),
    ("-", _D, _DTD): lambda a, b: _shift_date(a, DaysTimeDuration(-b.nanoseconds)),
    ("-", _D, _D): lambda a, b: DaysTimeDuration((a.ordinal - b.ordinal) * _DAY_NS),
    ("-", _D, _DT): lambda a, b: _between_instants(midnight(a), b),
    # Dates with times.
    ("-", _DT, _D): lambda a, b: _between_instants(a, midnight(b)),
    ("-", _DT, _DT): _between_instants,
    ("+", _DT, _YMD): lambda a, b: a.add_months(b.months),
    ("+", _YMD, _DT): lambda a, b: b.add_months(a.months),
    ("-", _DT, _YMD): lambda a, b: a.add_months(-b.months),
    ("+", _DT, _DTD): lambda a, b: a.add_ns(b.nanoseconds),
    ("+", _DTD, _DT): lambda a, b: b.add_ns(a.nanoseconds),
    ("-", _DT, _DTD): lambda a, b: a.add_ns(-b.nanoseconds),
    # Times.
    ("-", _T, _T): _between_times,
    ("+", _T, _DTD): lambda a, b: _shift_time(a, b.nanoseconds),
    ("+", _DTD, _T): lambda a, b: _shift_time(b, a.nanoseconds),
    ("-", _T, _DTD): lambda a, b: _shift_time(a, -b.nanoseconds),
    # Durations of days and time.
    ("+", _DTD, _DTD): lambda a, b: DaysTimeDuration(a.nanoseconds + b.nanoseconds),
    ("-", _DTD, _DTD): lambda a, b: DaysTimeDuration(a.nanoseconds - b.nanoseconds),
    ("*", _DTD, Decimal): lambda a, b: DaysTimeDuration(_times(a.nanoseconds, b)),
    ("*", Decimal, _DTD): lambda a, b: DaysTimeDuration(_times(b.nanoseconds, a)),
    ("/", _DTD, Decimal): lambda a, b: DaysTimeDuration(_part(a.nanoseconds, b)),
    ("/", _DTD, _DTD): lambda a, b: DECIMAL128.divide(Decimal(a.nanoseconds), Decimal(b.nanoseconds)),
    # Durations of years and months.
    ("+", _YMD, _YMD): lambda a, b: YearsMonthsDuration(a.months + b.months),
    ("-", _YMD, _YMD): lambda a, b: YearsMonthsDuration(a.months - b.months),
    ("*", _YMD, Decimal): lambda a, b: YearsMonthsDuration(_times(a.months, b)),
    ("*", Decimal, _YMD): lambda a, b: YearsMonthsDuration(_times(b.months, a)),
    ("/", _YMD, Decimal): lambda a, b: YearsMonthsDuration(_part(a.months, b)),
    ("/", _YMD, _YMD): lambda a, b: DECIMAL128.divide(Decimal(a.months), Decimal(b.months)),
}
