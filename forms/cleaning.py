"""What was sent, made clean: a marshmallow schema built from a form.

Here stands all that does not depend on the other answers: types, lengths, patterns, fixed bounds, fixed
options. What does depend on them is in ``validate``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Context, Decimal
from typing import Any, NoReturn

import marshmallow as ma

from engine.errors import InvalidSubmission, Problem
from engine.files import is_reference
from engine.i18n import _
from engine.people import e164
from engine.values import UNFIT, Json, number_text
from forms import pattern
from forms.expressions import is_expression
from forms.options import find_option, fixed_options
from forms.schema import LIST, Component, Form

LINE_LIMIT = 10_000
TEXT_LIMIT = 100_000
ROW_LIMIT = 500
FILE_LIMIT = 20
DIGIT_LIMIT = 34

_WIDE = Context(prec=100)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?" + _ZONE, re.ASCII)
# A time without seconds, which form-js sends and FEEL does not take for a time.
_MINUTES = re.compile(r"(^|T)(\d\d:\d\d)(?!:)", re.ASCII)
_FIRST_YEAR = 1900
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(\.{_LABEL})*")

Check = Callable[[Json], None]


def refuse(message: str, **params: Any) -> NoReturn:
    """Say why a value cannot be taken.

    Raises:
        marshmallow.ValidationError: Always.
    """
    raise ma.ValidationError([Problem(path="", message=message, params=params)])


class Answer(ma.fields.Field):
    """A value of one field, checked by the field's kind and its own rules."""

    def __init__(self, component: Component, region: str | None) -> None:
        super().__init__(allow_none=True, validate=_checks(component))
        self.component = component
        self.region = region

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Json:
        return _CLEAN[self.component.kind](self.component, value)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Json:
        """Return the clean value, in the one way in which it is kept."""
        clean = super().deserialize(value, attr, data, **kwargs)
        if clean and self.component.rules.get("validationType") == "phone":
            return _telephone(clean, self.region)
        return clean


class Rows(ma.fields.List):
    """The rows of a list."""

    default_error_messages = {"invalid": _("A list is expected here.")}  # noqa: RUF012 - marshmallow's own way

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > ROW_LIMIT:
            refuse(_("There are more than %(limit)s rows."), limit=ROW_LIMIT)
        return super()._deserialize(value, attr, data, **kwargs)


class Sent(ma.Schema):
    """What is sent for a form, a group of it or a row."""

    class Meta:
        """Nothing is taken that the form does not name."""

        unknown = ma.RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own way
        "unknown": _("The form has no such field."),
        "type": _("Fields with their values are expected here."),
    }


@functools.lru_cache(maxsize=256)
def schema_of(form: Form, region: str | None) -> ma.Schema:
    """Build the marshmallow schema of a form, once.

    Args:
        form: The form.
        region: The country of a telephone number without a country code (``HK``); None where there is none.
    """
    return _schema(form.components, region)


def _schema(components: Sequence[Component], region: str | None) -> ma.Schema:
    tree: dict[str, Any] = {}
    _collect(components, tree)
    return _from_tree(tree, region)


def _collect(components: Sequence[Component], tree: dict[str, Any]) -> None:
    for component in components:
        if not (component.holds_value or component.kind == LIST):
            _collect(component.components, tree)
            continue
        place = tree
        for name in component.path[:-1]:
            place = place.setdefault(name, {})
        place[component.path[-1]] = component


def _from_tree(tree: Mapping[str, Any], region: str | None) -> ma.Schema:
    fields: dict[str, Any] = {}
    for name, found in tree.items():
        if isinstance(found, dict):
            fields[name] = ma.fields.Nested(_from_tree(found, region), allow_none=True)
        elif found.kind == LIST:
            fields[name] = Rows(ma.fields.Nested(_schema(found.components, region)), allow_none=True)
        else:
            fields[name] = Answer(found, region)
    return Sent.from_dict(fields, name="Sent")()


# Values, by kind. An empty one becomes what the browser has for an empty one.


def _line(component: Component, value: Json) -> str:
    return re.sub(r"[\r\n\t]", " ", _text(value, LINE_LIMIT))


def _area(component: Component, value: Json) -> str:
    return _text(value, TEXT_LIMIT).replace("\r\n", "\n")


def _text(value: Json, limit: int) -> str:
    if not isinstance(value, str):
        refuse(_("Text is expected here."))
    if len(value) > limit:
        refuse(_("At most %(limit)s characters are possible here."), limit=limit)
    if UNFIT.search(value):
        refuse(_("There is a character in it that cannot be kept."))
    return value


def _number(component: Component, value: Json) -> Json:
    if value == "":
        return None
    number = as_number(value)
    if number is None:
        refuse(_("A number is expected here."))
    if len(number.as_tuple().digits) > DIGIT_LIMIT or (number and abs(number.adjusted()) > DIGIT_LIMIT):
        refuse(_("The number has too many digits."))
    return number_text(number) if component.raw.get("serializeToString") is True else number


def as_number(value: Json) -> Decimal | None:
    """Read a number, also one that stands in a text; None where there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float | int):
        value = repr(value) if abs(value) < 1e40 else None
    if isinstance(value, str):
        value = Decimal(value.strip()) if len(value) < 100 and _NUMBER.fullmatch(value.strip()) else None
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if value else Decimal(0)


def _checkbox(component: Component, value: Json) -> bool:
    if not isinstance(value, bool):
        refuse(_("Yes or no is expected here."))
    return value


def _choice(component: Component, value: Json) -> Json:
    if value == "":
        return None
    if isinstance(value, list):
        refuse(_("Choose one of the options."))
    return _known(component, value)


def _choices(component: Component, value: Json) -> list[Json]:
    if not isinstance(value, list):
        refuse(_("A list is expected here."))
    chosen: list[Json] = []
    for one in value[: ROW_LIMIT + 1]:
        chosen.append(_known(component, one))
    if len(chosen) > ROW_LIMIT:
        refuse(_("At most %(limit)s can be chosen."), limit=ROW_LIMIT)
    if any(find_option(chosen[:index], one) is not None for index, one in enumerate(chosen)):
        refuse(_("One option is chosen twice."))
    return chosen


def _known(component: Component, value: Json) -> Json:
    options = fixed_options(component)
    if options is None:  # they depend on the data
        return value
    option = find_option([option.value for option in options], value)
    if option is None:
        refuse(_("Choose one of the options."))
    return option


def _temporal(component: Component, value: Json) -> str | None:
    if value == "":
        return None
    read, message = _TEMPORAL.get(component.subtype, _TEMPORAL["date"])
    if not isinstance(value, str) or not read(value):
        refuse(message)
    return _MINUTES.sub(r"\1\2:00", value, count=1)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and date.fromisoformat(text).year >= _FIRST_YEAR
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text)) and time.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    day, sign, clock = text.partition("T")
    return bool(sign) and _is_date(day) and _is_time(clock)


_TEMPORAL: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "date": (_is_date, _("A date is expected here, such as 2026-03-02.")),
    "time": (_is_time, _("A time is expected here, such as 14:30.")),
    "datetime": (_is_date_time, _("A date and time is expected here, such as 2026-03-02T14:30.")),
}


def _files(component: Component, value: Json) -> list[Json]:
    files = value if isinstance(value, list) else [value]
    if len(files) > FILE_LIMIT:
        refuse(_("At most %(limit)s files can be attached."), limit=FILE_LIMIT)
    if not all(is_reference(file) for file in files):
        refuse(_("A stored file is expected here."))
    return files


def _ignored(component: Component, value: Json) -> None:
    return None


_CLEAN: Mapping[str, Callable[[Component, Json], Json]] = {
    "textfield": _line,
    "textarea": _area,
    "number": _number,
    "checkbox": _checkbox,
    "radio": _choice,
    "select": _choice,
    "checklist": _choices,
    "taglist": _choices,
    "datetime": _temporal,
    "filepicker": _files,
    "expression": _ignored,
}


# Rules that hold whatever the other answers are. An empty value is no breach of any: that is ``required``.


def _checks(component: Component) -> list[Check]:
    rules = component.rules
    checks: list[Check] = []
    if component.kind in ("textfield", "textarea"):
        if not {"minLength", "maxLength"}.isdisjoint(rules):
            checks.append(functools.partial(check_length, rules))
        if rules.get("pattern"):
            checks.append(functools.partial(_check_pattern, component))
        if rules.get("validationType") == "email":
            checks.append(_check_email)
    if component.kind == "number":
        if not {"decimalDigits", "increment"}.isdisjoint(component.raw):
            checks.append(functools.partial(_check_step, component))
        if not {"min", "max"}.isdisjoint(rules):
            checks.append(functools.partial(check_bounds, rules))
    return checks


def check_length(rules: Mapping[str, Json], value: str) -> None:
    """Check ``minLength`` and ``maxLength``; blanks at both ends do not count."""
    count = pattern.length(pattern.trim(value))
    least, most = _bound(rules, "minLength"), _bound(rules, "maxLength")
    if value and least is not None and count < least:
        refuse(_("At least %(limit)s characters are needed."), limit=number_text(least))
    if value and most is not None and count > most:
        refuse(_("At most %(limit)s characters are possible here."), limit=number_text(most))


def check_bounds(rules: Mapping[str, Json], value: Json) -> None:
    """Check ``min`` and ``max``."""
    number, least, most = as_number(value), _bound(rules, "min"), _bound(rules, "max")
    if number is not None and least is not None and number < least:
        refuse(_("It must be %(limit)s or more."), limit=number_text(least))
    if number is not None and most is not None and number > most:
        refuse(_("It must be %(limit)s or less."), limit=number_text(most))


def _bound(rules: Mapping[str, Json], name: str) -> Decimal | None:
    rule = rules.get(name)
    if rule is None or rule == "" or is_expression(rule):
        return None
    bound = as_number(rule)
    if bound is None:
        refuse(_("The limit of this field is no number. Tell whoever keeps the form."))
    return bound


def _check_step(component: Component, value: Json) -> None:
    number = as_number(value)
    if not number:
        return
    places = component.raw.get("decimalDigits")
    if places is not None and decimals(number) > max(places, 0):
        if places <= 0:
            refuse(_("A whole number is expected here."))
        refuse(_("At most %(count)s digits are possible after the point."), count=number_text(places))
    step = as_number(component.raw.get("increment"))
    if step:
        rest = _WIDE.remainder(number, step)
        if rest:
            below = _WIDE.subtract(number, rest)
            refuse(
                _("The nearest possible values are %(below)s and %(above)s."),
                below=number_text(below),
                above=number_text(_WIDE.add(below, step)),
            )


def decimals(number: Decimal) -> int:
    """Count the digits after the point, without noughts at the end."""
    exponent = number.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _check_pattern(component: Component, value: str) -> None:
    if not value:
        return
    rules = component.rules
    try:
        found = pattern.matches(rules["pattern"], value)
    except (ValueError, TimeoutError):
        found = False
    if not found:
        refuse(rules.get("patternErrorMessage") or _("It has not the form that is expected here."))


def _check_email(value: str) -> None:
    if value and not _EMAIL.fullmatch(value):
        refuse(_("A mail address is expected here."))


def _telephone(value: str, region: str | None) -> str:
    if not pattern.trim(value):
        return ""
    try:
        return e164(value, region)
    except InvalidSubmission as error:
        refuse(error.problems[0].message, **error.problems[0].params)
