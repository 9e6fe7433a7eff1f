"""Telephone numbers: read as people write them, kept as E.164, shown as people know them."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from babel.core import get_global
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.i18n import _

_DIGITS = re.compile(r"\+?\d{3,20}", re.ASCII)
# People group the digits: (852) 5123-4567.
_BETWEEN_DIGITS = re.compile(r"[\s().\-\u2010-\u2015/]")
_EXAMPLE = "+852 5123 4567"
_LONGEST_SAID = 40


def default_region(ctx: Context) -> str | None:
    """Return the country whose numbers are written without a country code: that of the centre's time zone."""
    return zone_region(ctx.settings.time_zone)


def zone_region(zone: str) -> str | None:
    """Return the country of an IANA zone; None where it is of no country (``UTC``)."""
    found = get_global("zone_territories").get(zone)
    return None if found in (None, "001") else str(found)


def e164(number: str, region: str | None, *, path: str = "phone") -> str:
    """Write a telephone number as E.164.

    Args:
        number: As people write it: ``5123 4567``, ``+852 5123-4567``, ``00852…``, with wide digits too.
        region: The country of a number without a country code (``HK``); None where there is none.
        path: What the problem calls the field.

    Raises:
        InvalidSubmission: It is no number that could be called.
    """
    parsed = _read(number, region)
    if parsed is None:
        said = {"number": number[:_LONGEST_SAID], "sample": example_number(region)}
        message = (
            _("%(number)s is no telephone number. Write one with its country code, such as %(sample)s.")
            if region is None
            else _(
                "%(number)s is no telephone number. Write one such as %(sample)s, "
                "or one from elsewhere with + and its country code."
            )
        )
        raise InvalidSubmission(problems=[Problem(path=path, message=message, params=said)])
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def region_of(number: str | None) -> str | None:
    """Return the country of an E.164 number; None where it has none, or is no such number."""
    parsed = _read(number or "", None)
    code = None if parsed is None else parsed.country_code
    return None if code is None else str(phonenumbers.region_code_for_country_code(code))


def grouped(number: str, region: str | None) -> str:
    """Write a telephone number as people know it; what is none stays as it is.

    Args:
        number: E.164.
        region: The country in which the country code is left out; None to write it always.
    """
    parsed = _read(number, None)
    if parsed is None:
        return number
    # What is shown can be written again: a number is read without its country code where it is valid.
    at_home = (
        region is not None
        and parsed.country_code == phonenumbers.country_code_for_region(region)
        and phonenumbers.is_valid_number(parsed)
    )
    form = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def example_number(region: str | None) -> str:
    """Return a mobile number as people of a country write it; with a country code for no country."""
    own = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE) if region else None
    return _EXAMPLE if own is None else phonenumbers.format_number(own, PhoneNumberFormat.NATIONAL)


def calling_code(region: str | None) -> str:
    """Return the digits after the ``+`` of a country's numbers; empty for none."""
    code = phonenumbers.country_code_for_region(region) if region else 0
    return str(code) if code else ""


def _read(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    # An input method writes wide digits: ＋８５２…
    digits = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", number))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if not _DIGITS.fullmatch(digits):
        return None
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
    # Whoever writes the country code says what they mean; else the number must be one of that country's.
    whole = digits.startswith("+") or phonenumbers.is_valid_number(parsed)
    return parsed if possible and whole else None
