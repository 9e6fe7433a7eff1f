"""Numeric functions (10.3.4.5)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.feel.arithmetic import negate
from engine.feel.errors import FeelError
from engine.feel.library.table import builtin
from engine.feel.numbers import DECIMAL128, ZERO, rounded
from engine.feel.runtime import Run
from engine.feel.temporal import DaysTimeDuration, Duration, YearsMonthsDuration
from engine.i18n import _


def _rounding(name: str, mode: str) -> None:
    @builtin(name, "n: number", "scale: number")
    def round_(run: Run, n: Decimal, scale: Decimal) -> Decimal:
        return rounded(n, scale, mode)


_rounding("decimal", "ROUND_HALF_EVEN")
_rounding("round up", "ROUND_UP")
_rounding("round down", "ROUND_DOWN")
_rounding("round half up", "ROUND_HALF_UP")
_rounding("round half down", "ROUND_HALF_DOWN")


@builtin("floor", "n: number")
@builtin("floor", "n: number", "scale: number")
def floor(run: Run, n: Decimal, scale: Decimal = ZERO) -> Decimal:
    """Round down."""
    return rounded(n, scale, ROUND_FLOOR)


@builtin("ceiling", "n: number")
@builtin("ceiling", "n: number", "scale: number")
def ceiling(run: Run, n: Decimal, scale: Decimal = ZERO) -> Decimal:
    """Round up."""
    return rounded(n, scale, ROUND_CEILING)


@builtin("abs", "n: number | days and time duration | years and months duration")
def absolute(run: Run, n: Decimal | Duration) -> Decimal | Duration:
    """Return the size without the sign."""
    negative = (
        n < 0
        if isinstance(n, Decimal)
        else (n.nanoseconds if isinstance(n, DaysTimeDuration) else n.months) < 0
    )
    result: Decimal | DaysTimeDuration | YearsMonthsDuration = negate(n) if negative else n
    return result


@builtin("modulo", "dividend: number", "divisor: number")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return what is left of a division whose quotient is rounded down."""
    if not divisor:
        raise FeelError(_("Division by zero."))
    quotient = DECIMAL128.divide(dividend, divisor).to_integral_value(ROUND_FLOOR)
    return DECIMAL128.subtract(dividend, DECIMAL128.multiply(divisor, quotient))


@builtin("sqrt", "number: number")
def sqrt(run: Run, number: Decimal) -> Decimal:
    """Return the square root."""
    if number < 0:
        raise FeelError(_("There is no square root of a negative number."))
    return DECIMAL128.sqrt(number)


@builtin("log", "number: number")
def log(run: Run, number: Decimal) -> Decimal:
    """Return the natural logarithm."""
    if number <= 0:
        raise FeelError(_("There is a logarithm of positive numbers only."))
    return DECIMAL128.ln(number)


@builtin("exp", "number: number")
def exp(run: Run, number: Decimal) -> Decimal:
    """Return e to the power of a number."""
    return DECIMAL128.exp(number)


@builtin("odd", "number: number")
def odd(run: Run, number: Decimal) -> bool:
    """Tell whether a number is odd."""
    return abs(_remainder(number)) == 1


@builtin("even", "number: number")
def even(run: Run, number: Decimal) -> bool:
    """Tell whether a number is even."""
    return _remainder(number) == 0


def _remainder(number: Decimal) -> Decimal:
    return number.remainder_near(Decimal(2), DECIMAL128) if number.adjusted() < 34 else ZERO
