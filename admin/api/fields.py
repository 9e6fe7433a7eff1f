"""What comes in and goes out, declared once: it checks a body, writes an answer, and describes both."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma

from engine.errors import Problem
from engine.i18n import _

PAGE_SIZE = 25
_LARGEST_PAGE_SIZE = 100
_LARGEST_WHOLE = 1_000_000_000
_DIGITS = re.compile(r"-?\d{1,12}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _wrong(message: str, **params: Any) -> ma.ValidationError:
    return ma.ValidationError([Problem(path="", message=message, params=params)])


def instant_text(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, with milliseconds only where there are some."""
    utc = instant.astimezone(UTC)
    milliseconds = utc.microsecond // 1000
    return f"{utc:%Y-%m-%dT%H:%M:%S}{f'.{milliseconds:03d}' if milliseconds else ''}Z"


class Said(ma.fields.Field):
    """What every field says of a value that is missing."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "required": _("This is missing."),
        "null": _("This must have a value."),
    }


class Text(Said, ma.fields.String):
    """Text of a length.

    Args:
        most: The most characters it may have.
        least: The fewest.
        known: What it may be; anything where omitted.
        said: Whatever any field takes.
    """

    default_error_messages = {"invalid": _("Must be text.")}  # noqa: RUF012

    def __init__(self, *, most: int = 255, least: int = 0, known: Collection[str] = (), **said: Any) -> None:
        checks = [Known(tuple(known))] if known else [Length(min=least or None, max=most)]
        super().__init__(validate=checks, **said)


class IdText(Text):
    """An id of ours; to others it is opaque."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not _UUID.fullmatch(text):
            raise _wrong(_("This is no id."))
        return text.lower()


class Words(Text):
    """Some of the known words, joined by commas."""

    def __init__(self, *, known: Collection[str], **said: Any) -> None:
        super().__init__(**said)
        self.words = Known(tuple(known))
        self.metadata.setdefault("description", f"Joined by commas: {', '.join(known)}.")
        if isinstance(self.load_default, tuple):
            self.metadata["default"] = ",".join(self.load_default)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        words = tuple(word.strip() for word in text.split(","))
        for word in words:
            self.words(word)
        return words

    def _validate(self, value: Any) -> None:
        """Each word was looked at."""


class Whole(Said, ma.fields.Integer):
    """A whole number.

    Args:
        least: The smallest it may be.
        most: The largest.
        said: Whatever any field takes.
    """

    default_error_messages = {"invalid": _("Must be a whole number.")}  # noqa: RUF012

    def __init__(self, *, least: int = 0, most: int = _LARGEST_WHOLE, **said: Any) -> None:
        super().__init__(validate=Between(min=least, max=most), **said)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, Decimal):
            value = format(value, "f") if abs(value.adjusted()) < 12 else ""
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid")
        return int(value)


class Rate(Said, ma.fields.Float):
    """A share of a whole, from 0 to 1."""


class Seconds(Said, ma.fields.Float):
    """How long something took, in seconds."""


class Day(Said, ma.fields.Date):
    """A day."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own way
        "invalid": _("Write a day such as 2026-03-02."),
        "format": _("Write a day such as 2026-03-02."),
    }


class Flag(Said, ma.fields.Boolean):
    """Yes or no; in an address ``true`` or ``false``."""

    truthy = {True, "true"}  # noqa: RUF012 - marshmallow's own way
    falsy = {False, "false"}  # noqa: RUF012
    default_error_messages = {"invalid": _("Must be true or false.")}  # noqa: RUF012


class Fields(Said, ma.fields.Dict):
    """A JSON object of any values."""

    default_error_messages = {"invalid": _("Must be a JSON object.")}  # noqa: RUF012


class Items(Said, ma.fields.List):
    """A JSON list."""

    default_error_messages = {"invalid": _("Must be a list.")}  # noqa: RUF012


class Value(Said, ma.fields.Raw):
    """Any JSON value."""

    def __init__(self, **said: Any) -> None:
        super().__init__(allow_none=True, **said)


class Instant(ma.fields.DateTime):
    """A moment, in answers."""

    def __init__(self, **said: Any) -> None:
        super().__init__(allow_none=True, **said)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else instant_text(value)


class Between(ma.validate.Range):
    """A number within bounds."""

    def _format_error(self, value: Any, message: str) -> Any:
        params = {"least": self.min, "most": self.max}
        return [
            Problem(path="", message=_("Must be a whole number from %(least)s to %(most)s."), params=params)
        ]


class Length(ma.validate.Length):
    """A text of a length."""

    def _format_error(self, value: Any, message: str) -> Any:
        if self.min and len(value) < self.min:
            said, params = _("Write something here."), {}
        else:
            said, params = _("Write at most %(most)s characters."), {"most": self.max}
        return [Problem(path="", message=said, params=params)]


class Known(ma.validate.OneOf):
    """One of the known words."""

    def _format_error(self, value: Any) -> Any:
        params = {"known": ", ".join(map(str, self.choices))}
        return [Problem(path="", message=_("Use one of: %(known)s."), params=params)]


class Args(ma.Schema):
    """What an address may say after its question mark."""


class Body(ma.Schema):
    """What a call is sent."""


class Row(ma.Schema):
    """What a call answers: every field, always."""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field) -> None:
        """Describe each field as one that is there."""
        field_obj.required = True


@functools.cache
def declared(schema: type[ma.Schema]) -> ma.Schema:
    """Return a schema made once: making one copies all its fields."""
    return schema()


class ListArgs(Args):
    """What every list takes."""

    page = Whole(least=1, most=1_000_000, load_default=1, metadata={"description": "From 1."})
    page_size = Whole(least=1, most=_LARGEST_PAGE_SIZE, load_default=PAGE_SIZE)


def sort_of(known: Collection[str], default: str) -> Text:
    """Declare what a list is sorted by.

    Args:
        known: The keys; whoever sorts refuses others.
        default: The order where the address names none.
    """
    said = f"Keys joined by commas, - before a descending one: {', '.join(sorted(known))}."
    return Text(load_default=default, metadata={"description": said})
