"""Numbers: decimals of 34 digits, as IEEE 754 decimal128 has them (10.3.2.3.1)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from engine.feel.errors import FeelError
from engine.i18n import _

DECIMAL128 = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
MIN_SCALE, MAX_SCALE = -6111, 6176

ZERO, ONE = Decimal(0), Decimal(1)


def parse_number(text: str) -> Decimal:
    """Read a number, rounded to 34 digits.

    Raises:
        ArithmeticError: It is none, or too large.
    """
    number = DECIMAL128.create_decimal(text)
    if not number.is_finite():
        raise InvalidOperation
    return number


def number_text(number: Decimal) -> str:
    """Write a number with all its digits, without exponent or closing zeros."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(number: Decimal) -> int:
    """Return the whole part of a number, for counting.

    Raises:
        FeelError: It is larger than anything that is counted.
    """
    if number.adjusted() > 18:
        raise FeelError(_("The number %(number)s is too large to count with."), number=f"{number:.3e}")
    return int(number)


def rounded(number: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """Round a number to so many digits behind the point.

    Raises:
        FeelError: The scale is outside -6111 to 6176.
    """
    places = whole(scale)
    if not MIN_SCALE <= places <= MAX_SCALE:
        raise FeelError(_("The scale must lie between -6111 and 6176."))
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return number
    if -places > number.adjusted() + 1:
        away = rounding in ("ROUND_UP", "ROUND_FLOOR" if number < 0 else "ROUND_CEILING") and number != 0
        return DECIMAL128.create_decimal((int(number < 0), (1,), -places)) if away else ZERO
    return DECIMAL128.plus(number.quantize(Decimal((0, (1,), -places)), rounding, DECIMAL128))
