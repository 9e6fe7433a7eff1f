"""A form as plain HTML: what a page without script shows of it, and what is read back.

The form is the one that form-js draws elsewhere; the server checks the answers in the same way. Here a
condition cannot follow what is being typed: a field whose condition depends on other answers is always
shown, and never asked for by the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO, cast

from flask import current_app, request

from admin.public.carried import pack, unpack
from engine import feel
from engine.context import Context
from engine.errors import CallwrightError, Problem
from engine.feel import FeelSyntaxError
from engine.files import reference, store
from engine.i18n import LOCALES
from engine.values import Json, dumps, number_text
from forms.data import get, path_text, put
from forms.expressions import holds, is_expression, value_of
from forms.options import Option, read_options
from forms.render import Rendered
from forms.schema import GROUP, LIST

FILE_BYTES = 10 << 20
"""How large a file may be that comes without a login."""

_WORD = re.compile(r"[^\W\d]\w*")
_MARKS = re.compile(r"^#+\s*|\*\*|__|`", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a plain form, or words between them.

    Args:
        kind: form-js's kind; ``text`` for words, ``group`` a heading, ``dynamiclist`` what needs script.
        name: What the browser calls it.
        path: Where its value stands in the answers.
        label: What it asks, or the words.
        help: A hint below it.
        required: Whether the browser asks for it.
        value: What stands in it, as the browser writes it.
        options: Value and label of each choice.
        attributes: Further attributes of its tag.
        raw: form-js's component.
    """

    kind: str
    name: str
    path: tuple[str, ...]
    label: str
    help: str = ""
    required: bool = False
    value: Json = None
    options: tuple[tuple[str, str], ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What problems call it."""
        return path_text(self.path)

    @property
    def asks_locale(self) -> bool:
        """Whether it asks for one of the product's languages."""
        return {value for value, _label in self.options} == set(LOCALES)

    @property
    def subtype(self) -> str:
        """Date, time or both."""
        return str(self.raw.get("subtype") or "date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came back.

    Args:
        data: The answers, nested as the form nests them.
        problems: What could not even be read.
    """

    data: Mapping[str, Json]
    problems: tuple[Problem, ...] = ()


def plain_fields(
    rendered: Rendered, *, prefix: str, now: datetime, locale: str, answers: Mapping[str, Json] | None = None
) -> list[Field]:
    """Return the fields of a form that somebody may fill in, and the words between them.

    Args:
        rendered: The form, prepared for this person.
        prefix: Begins the names, so that several forms may stand on one page.
        now: The time, in the zone in which times are shown.
        locale: The page's language.
        answers: What was typed already.
    """
    shape = _Shape(
        data=rendered.data,
        answers=answers or {},
        prefix=prefix,
        now=now,
        locale=locale,
        asked=frozenset(_asked(rendered.schema["components"], ())),
    )
    return list(shape.fields(rendered.schema["components"], ()))


def read_answers(ctx: Context, fields: Sequence[Field], now: datetime) -> Answers:
    """Read the posted form; files are stored as uploads.

    Args:
        ctx: Who sends it, with no transaction open.
        fields: Its fields, from ``plain_fields``.
        now: The time, in the zone in which times were shown.
    """
    data: Json = {}
    problems: list[Problem] = []
    for one in fields:
        if one.kind not in _READ:
            continue
        try:
            value = _READ[one.kind](ctx, one, now)
        except CallwrightError as error:
            problems.append(Problem(path=one.key, message=error.message, params=error.params))
            continue
        if value is not None:
            data = put(data, one.path, value)
    return Answers(data=data, problems=tuple(problems))


def phone_keys(rendered: Rendered) -> list[tuple[str, ...]]:
    """Return where a form asks for telephone numbers."""

    def find(components: Sequence[Any], outer: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for raw in components:
            if raw["type"] == GROUP:
                yield from find(raw.get("components") or (), (*outer, *_names(raw.get("path"))))
            elif (raw.get("validate") or {}).get("validationType") == "phone":
                yield (*outer, *_names(raw.get("key")))

    return list(find(rendered.schema["components"], ()))


def _asked(components: Sequence[Any], outer: tuple[str, ...]) -> Iterator[str]:
    """Yield the variables that a form asks for."""
    for raw in components:
        here = (*outer, *_names(raw.get("path" if raw["type"] == GROUP else "key")))
        if raw["type"] == GROUP:
            yield from _asked(raw.get("components") or (), here)
        elif raw["type"] in _SHOWN and not raw.get("readonly"):
            yield here[0]


def _names(written: Any) -> tuple[str, ...]:
    return tuple(written.split(".")) if written else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Turns form-js's components into fields."""

    data: Mapping[str, Json]
    answers: Mapping[str, Json]
    prefix: str
    now: datetime
    locale: str
    asked: frozenset[str]

    def fields(self, components: Sequence[Any], outer: tuple[str, ...]) -> Iterator[Field]:
        for raw in components:
            hidden, depends = self.hidden(raw)
            if hidden and not (depends and raw["type"] in _SHOWN):
                continue
            if raw["type"] == GROUP:
                if raw.get("label"):
                    yield Field(kind=GROUP, name="", path=(), label=raw["label"])
                yield from self.fields(raw.get("components") or (), (*outer, *_names(raw.get("path"))))
            elif raw["type"] == "text":
                words = self.words(str(raw.get("text") or ""))
                if words:
                    yield Field(kind="text", name="", path=(), label=words)
            elif raw["type"] == LIST and not raw.get("readonly"):
                yield Field(kind=LIST, name="", path=(), label=str(raw.get("label") or ""))
            elif raw["type"] in _SHOWN and not (raw.get("disabled") or self.readonly(raw)):
                yield self.field(raw, (*outer, *_names(raw.get("key"))), conditional=depends)

    def hidden(self, raw: Mapping[str, Any]) -> tuple[bool, bool]:
        """Say whether a component is hidden as things stand, and whether other answers may change that."""
        condition = (raw.get("conditional") or {}).get("hide")
        if not condition:
            return False, False
        known = {**self.data, **self.answers}
        depends = not self.asked.isdisjoint(_WORD.findall(condition))
        return holds(condition, known, self.now), depends

    def readonly(self, raw: Mapping[str, Any]) -> bool:
        said = raw.get("readonly")
        return holds(said, {**self.data, **self.answers}, self.now) if is_expression(said) else bool(said)

    def words(self, text: str) -> str:
        try:
            said = feel.render(text, {**self.data}, now=self.now, locale=self.locale)
        except FeelSyntaxError:
            said = text
        return _MARKS.sub("", said).strip()

    def field(self, raw: Mapping[str, Any], path: tuple[str, ...], *, conditional: bool) -> Field:
        kind, rules = str(raw["type"]), raw.get("validate") or {}
        made = Field(
            kind=kind,
            name=f"{self.prefix}-{path_text(path)}",
            path=path,
            label=self.label(raw),
            help=str(raw.get("description") or ""),
            required=rules.get("required") is True and not conditional,
            raw=raw,
        )
        options = self.options(raw) if kind in _CHOOSE else ()
        made = replace(made, options=tuple((choice_text(option.value), option.label) for option in options))
        value = get(self.answers, path)
        value = get(self.data, path) if value is None else value
        value = raw.get("defaultValue") if value is None else value
        if value is None and made.asks_locale:
            value = self.locale
        return replace(
            made,
            value=_written(kind, made.subtype, value, self.now),
            attributes=_attributes(kind, raw, rules),
        )

    def label(self, raw: Mapping[str, Any]) -> str:
        label = str(raw.get("label") or raw.get("dateLabel") or raw.get("timeLabel") or "")
        unit = (raw.get("appearance") or {}).get("suffixAdorner")
        return f"{label} ({unit})" if unit and not is_expression(unit) else label

    def options(self, raw: Mapping[str, Any]) -> tuple[Option, ...]:
        if raw.get("values") is not None:
            return read_options(raw["values"])
        if raw.get("valuesKey") is not None:
            return read_options(self.data.get(raw["valuesKey"]))
        return read_options(value_of(raw.get("valuesExpression"), self.data, self.now))


def choice_text(value: Json) -> str:
    """Write a choice's value as the browser sends it."""
    return value if isinstance(value, str) else dumps(value)


def _attributes(kind: str, raw: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if kind in ("textfield", "textarea") and isinstance(rules.get("maxLength"), int | Decimal):
        found["maxlength"] = number_text(Decimal(rules["maxLength"]))
    if kind == "textfield" and rules.get("validationType") == "phone":
        example = current_app.jinja_env.globals["phone_example"]
        found |= {"type": "tel", "inputmode": "tel", "autocomplete": "tel", "placeholder": example}
    if kind == "textfield" and rules.get("validationType") == "email":
        found |= {"type": "email", "autocomplete": "email"}
    if kind == "number":
        limits = {name: rules.get(name) for name in ("min", "max")}
        found |= {name: value for name, value in limits.items() if value and not is_expression(value)}
        found |= {"type": "number", "step": raw.get("increment") or "any", "inputmode": "decimal"}
    if kind == "datetime":
        subtype = str(raw.get("subtype") or "date")
        found["type"] = "datetime-local" if subtype == "datetime" else subtype
    if kind == "filepicker":
        accept = raw.get("accept")
        found["accept"] = None if is_expression(accept) else accept
        found["multiple"] = raw.get("multiple") is True
    return found


def _written(kind: str, subtype: str, value: Json, now: datetime) -> Json:
    """Write a value as the browser's field holds it."""
    if value is None:
        return None
    if kind == "number":
        return number_text(value) if isinstance(value, Decimal) else str(value)
    if kind in ("select", "radio"):
        return choice_text(value)
    if kind in ("checklist", "taglist"):
        return [choice_text(one) for one in value] if isinstance(value, list) else []
    if kind == "datetime" and isinstance(value, str):
        return _local(subtype, value, now)
    return value


def _local(subtype: str, value: str, now: datetime) -> str:
    if subtype != "datetime":
        return value[:10] if subtype == "date" else value[:5]
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (at.astimezone(now.tzinfo) if at.tzinfo else at).strftime("%Y-%m-%dT%H:%M")


# Reading a field of the posted form. None means that it says nothing.


def _text(_ctx: Context, one: Field, _now: datetime) -> Json:
    return request.form.get(one.name)


def _choice(_ctx: Context, one: Field, _now: datetime) -> Json:
    sent = request.form.get(one.name)
    return sent if sent is None else _option(one, sent)


def _choices(_ctx: Context, one: Field, _now: datetime) -> Json:
    return [_option(one, sent) for sent in request.form.getlist(one.name)]


def _option(one: Field, sent: str) -> Json:
    """Return the value behind a choice; what is none is left for the form's check to refuse."""
    found = read_options(one.raw.get("values")) if one.raw.get("values") is not None else ()
    return next((option.value for option in found if choice_text(option.value) == sent), sent)


def _tick(_ctx: Context, one: Field, _now: datetime) -> Json:
    return one.name in request.form


def _moment(_ctx: Context, one: Field, now: datetime) -> Json:
    sent = request.form.get(one.name, "")
    if one.subtype != "datetime" or not sent:
        return sent
    if one.raw.get("timeSerializingFormat") == "no_timezone":
        return sent
    try:
        return datetime.fromisoformat(sent).replace(tzinfo=now.tzinfo).isoformat(timespec="minutes")
    except ValueError:
        return sent


def _files(ctx: Context, one: Field, _now: datetime) -> Json:
    kept = unpack("files", request.form.get(f"{one.name}-kept")) or []
    files = [*kept, *store_uploads(ctx, one.name)]
    if not files:
        return None
    return files if one.attributes.get("multiple") else files[-1:]


def store_uploads(ctx: Context, name: str) -> list[dict[str, Json]]:
    """Store the files of one field as uploads.

    Raises:
        TooLarge: One is larger than may come without a login.
    """
    stored = []
    for upload in request.files.getlist(name):
        if not upload.filename:
            continue
        with closing(upload):
            file = store(
                ctx,
                content=cast(BinaryIO, upload.stream),
                name=upload.filename,
                owner_kind="upload",
                owner_id=ctx.actor.name,
                limit_bytes=FILE_BYTES,
            )
        stored.append(reference(file))
    return stored


def kept_files(value: Json) -> str:
    """Sign the files that stand in a field, for the form that is shown again."""
    return pack("files", value if isinstance(value, list) else [value])


_READ = {
    "textfield": _text,
    "textarea": _text,
    "number": _text,
    "select": _choice,
    "radio": _choice,
    "checklist": _choices,
    "taglist": _choices,
    "checkbox": _tick,
    "datetime": _moment,
    "filepicker": _files,
}
_SHOWN = frozenset(_READ)
_CHOOSE = frozenset({"select", "radio", "checklist", "taglist"})
