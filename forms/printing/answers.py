"""What people filled in, in the words they saw: labels, options by their names, dates as they write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from engine import feel
from engine.errors import InvalidSubmission
from engine.feel.temporal import Date, DateTime, Time
from engine.files import is_reference
from engine.i18n import _, translate
from engine.people import grouped
from engine.values import Json
from forms.conditions import Place, settle
from forms.data import get
from forms.options import Lookup, find_option, options_of
from forms.rights import HIDDEN
from forms.schema import CHOICES, LIST, MANY, Component, Form

PictureOf = Callable[[Json], str]
"""Names a file so that a print can show it; an empty text where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom answers are put into words.

    Args:
        locale: Their language.
        now: The aware instant, in the zone in which instants are shown.
        say: Says one of the process's texts in the language.
        lookup: The options of a list that the product keeps.
        picture: What a print shows of a file.
        names: What people are called, by their keys.
        region: The country in which telephone numbers are written without a country code.
        sees_personal: Whether they may see personal data.
    """

    locale: str
    now: datetime
    say: Callable[[str], str] = str
    lookup: Lookup = lambda source: ()
    picture: PictureOf = lambda file: ""
    names: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    sees_personal: bool = False

    def word(self, source: str) -> str:
        """Say one of the product's own words."""
        return translate(self.locale, source)


def answers(
    form: Form, variables: Mapping[str, Json], reader: Reader, rights: Mapping[str, str]
) -> list[dict[str, Json]]:
    """Return the fields of a form that are shown with some values, in order.

    Args:
        form: The form.
        variables: The values.
        reader: For whom.
        rights: What they may see, by key.

    Returns:
        For each field ``key``, ``label``, ``value`` in words and ``files``; for a list ``columns`` and
        ``rows`` beside.
    """
    settled = settle(form, {}, variables=variables, rights=rights, now=reader.now, region=reader.region)
    shown = [place for place in settled.places if not place.hidden and place.right != HIDDEN]
    return list(_top(shown, settled.data, reader, variables))


def _top(
    places: Sequence[Place], data: Json, reader: Reader, variables: Mapping[str, Json]
) -> Iterator[dict[str, Json]]:
    rows: dict[Any, dict[int, list[Json]]] = {}
    for place in places:
        path = place.path
        number = next((at for at, part in enumerate(path) if isinstance(part, int)), None)
        if number is not None and place.component.holds_value:
            cells = rows.setdefault(path[:number], {}).setdefault(int(path[number]), [])
            cells.append(_entry(place, data, reader, variables))
    for place in places:
        if any(isinstance(part, int) for part in place.path):
            continue
        if place.component.kind == LIST:
            yield _table(place, rows.get(place.path, {}), reader)
        elif place.component.holds_value:
            yield _entry(place, data, reader, variables)


def _table(place: Place, rows: Mapping[int, list[Json]], reader: Reader) -> dict[str, Json]:
    kept = [rows[number] for number in sorted(rows)]
    # A field that a condition hides in one row has a column for the others.
    columns = list(dict.fromkeys(cell["label"] for row in kept for cell in row))
    table = [
        [next((cell for cell in row if cell["label"] == column), _EMPTY) for column in columns]
        for row in kept
    ]
    return {
        "key": place.component.key,
        "label": reader.say(place.component.label),
        "value": "",
        "files": [],
        "columns": columns,
        "rows": table,
    }


_EMPTY: dict[str, Json] = {"key": "", "label": "", "value": "", "files": []}


def _entry(place: Place, data: Json, reader: Reader, variables: Mapping[str, Json]) -> dict[str, Json]:
    component = place.component
    value = get(data, place.path)
    hides = component.sensitive and not reader.sees_personal and value not in (None, "", [])
    held = value if isinstance(value, list) else [value]
    files = [{"name": one.get("name"), "picture": reader.picture(one)} for one in held if is_reference(one)]
    return {
        "key": component.key,
        "label": reader.say(component.label) or component.key,
        "value": "•••" if hides else in_words(component, value, reader, place.names, variables),
        "files": [] if hides else files,
    }


def in_words(
    component: Component,
    value: Json,
    reader: Reader,
    names: Mapping[str, Json],
    variables: Mapping[str, Json],
) -> str:
    """Say a field's value as people read it.

    Args:
        component: The field.
        value: What it holds.
        reader: For whom.
        names: What its expressions may name.
        variables: What the form begins with.
    """
    if component.kind in CHOICES:
        offered = options_of(component, names, variables=variables, lookup=reader.lookup, now=reader.now)
        values = value if component.kind in MANY and isinstance(value, list) else [value]
        said = [_chosen(offered, one, reader) for one in values if one not in (None, "")]
        return _joined(said, reader)
    text = plain(_typed(component, value), reader)
    look = component.raw.get("appearance") or {}
    around = [reader.say(look.get("prefixAdorner") or ""), text, reader.say(look.get("suffixAdorner") or "")]
    return " ".join(filter(None, around)) if text else ""


def plain(value: Any, reader: Reader) -> str:
    """Say a value of which nothing more is known."""
    match value:
        case None:
            return ""
        case bool():
            return reader.word(_("Yes")) if value else reader.word(_("No"))
        case Decimal():
            return str(format_decimal(value, locale=reader.locale, decimal_quantization=False))
        case Date():
            with suppress(ValueError):
                return day(value, reader.locale)
        case DateTime():
            with suppress(ValueError):
                return moment(value.instant(reader.now.tzinfo), reader)  # type: ignore[arg-type]
        case Time():
            return f"{value.hour:02}:{value.minute:02}"
        case list():
            return _joined([plain(one, reader) for one in value], reader)
        case dict() if is_reference(value):
            return str(value.get("name") or "")
        case str():
            return grouped(value, reader.region) if value.startswith("+") and value[1:].isdigit() else value
    return feel.render("{{ value }}", {"value": value}, now=reader.now)


def day(date: Date, locale: str) -> str:
    """Say a date: *Mar 2, 2026*, *2026年3月2日*."""
    first = datetime(date.year, date.month, date.day)  # noqa: DTZ001 - a day of the calendar
    return str(format_date(first, "medium", locale=locale))


def moment(instant: datetime, reader: Reader) -> str:
    """Say an instant to the minute, in the reader's zone: *Mar 2, 2026, 14:30*, *2026年3月2日 14:30*."""
    local = instant.astimezone(reader.now.tzinfo)
    date = format_date(local, "medium", locale=reader.locale)
    return f"{date}{',' if reader.locale == 'en' else ''} {local:%H:%M}"


def _typed(component: Component, value: Json) -> Any:
    """Return a field's value as FEEL has it: dates and times are kept as text."""
    if component.kind == "datetime" and isinstance(value, str) and value:
        kind = {"date": "date", "time": "time"}.get(component.subtype, "date and time")
        with suppress(InvalidSubmission):
            return feel.from_json(value, kind)
    return value


def _chosen(offered: Sequence[Any], value: Json, reader: Reader) -> str:
    known = find_option([option.value for option in offered], value)
    label = next((option.label for option in offered if known is not None and option.value == known), None)
    if label is not None:
        return reader.say(label)
    # Whoever has left is in no list any more.
    return reader.names[value] if isinstance(value, str) and value in reader.names else plain(value, reader)


def _joined(texts: Sequence[str], reader: Reader) -> str:
    return ("、" if reader.locale != "en" else ", ").join(filter(None, texts))
