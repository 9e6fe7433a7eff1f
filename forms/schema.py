"""Forms as values: what form-js stores, read once and checked for shape."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.errors import DefinitionError, Problem
from engine.feel.library import NAMES
from engine.i18n import _
from engine.values import Json, loads

FIELDS: Mapping[str, Json] = {
    "textfield": "",
    "textarea": "",
    "number": None,
    "checkbox": False,
    "radio": None,
    "select": None,
    "checklist": (),
    "taglist": (),
    "datetime": None,
    "filepicker": None,
    "expression": None,
}
"""The kinds that hold a value, with the value of an empty one."""

GROUP, LIST = "group", "dynamiclist"
SHOWN = frozenset({"text", "html", "image", "table", "separator", "spacer", "button"})
"""The kinds that only show something."""

CHOICES = frozenset({"radio", "select", "checklist", "taglist"})
MANY = frozenset({"checklist", "taglist"})

OLDEST_VERSION = 18
_SIZE_LIMIT = 1_000_000
_COUNT_LIMIT = 1_000
_DEPTH_LIMIT = 10
_SEGMENT = re.compile(r"[^\W\d]\w{0,63}")
_FEEL_WORDS = frozenset(
    {
        "and", "or", "not", "in", "between", "instance", "if", "then", "else", "for", "return", "some",
        "every", "satisfies", "function", "true", "false", "null",
    }
)  # fmt: skip
# The parts that we read, and what they may be.
_TEXT, _SCALAR = (str,), (str, bool, Decimal)
_SHAPES: Mapping[str, tuple[type, ...]] = {
    "id": _TEXT,
    "label": _TEXT,
    "dateLabel": _TEXT,
    "timeLabel": _TEXT,
    "validate": (dict,),
    "conditional": (dict,),
    "properties": (dict,),
    "appearance": (dict,),
    "components": (list,),
    "values": (list,),
    "valuesKey": _TEXT,
    "valuesExpression": _TEXT,
    "expression": _TEXT,
    "readonly": (bool, str),
    "disabled": (bool,),
    "multiple": (bool, str),
    "accept": _TEXT,
    "subtype": _TEXT,
    "increment": _SCALAR,
    "decimalDigits": (Decimal,),
    "defaultRepetitions": (Decimal,),
    "validate.required": (bool,),
    "validate.pattern": _TEXT,
    "validate.patternErrorMessage": _TEXT,
    "validate.validationType": _TEXT,
    "validate.min": _SCALAR,
    "validate.max": _SCALAR,
    "validate.minLength": _SCALAR,
    "validate.maxLength": _SCALAR,
    "conditional.hide": _TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Component:
    """A field, a container, or something to look at.

    Args:
        kind: form-js's type.
        id: form-js's id: what the browser calls it.
        path: The names that lead from the enclosing row (or the form) to its value; empty for none.
        key: The names from the form to its value, those of lists included, joined by dots.
        label: A source text of the process's catalogue.
        components: What a container contains.
        raw: What form-js stored.
    """

    kind: str
    id: str
    path: tuple[str, ...]
    key: str
    label: str
    components: tuple[Component, ...]
    raw: Mapping[str, Any]

    @property
    def holds_value(self) -> bool:
        """Whether it is a field."""
        return self.kind in FIELDS

    @property
    def empty(self) -> Json:
        """What an empty one holds."""
        return [] if self.kind in MANY else FIELDS.get(self.kind)

    @property
    def rules(self) -> Mapping[str, Any]:
        """form-js's ``validate``: required, min, max, minLength, maxLength, pattern, validationType."""
        return self.raw.get("validate") or {}

    @property
    def required(self) -> bool:
        """Whether it must be filled in where it is shown."""
        return self.rules.get("required") is True

    @property
    def hide(self) -> str:
        """The condition that hides it; empty for none."""
        return (self.raw.get("conditional") or {}).get("hide") or ""

    @property
    def readonly(self) -> bool | str:
        """Whether, or under which condition, it is only shown."""
        return True if self.raw.get("disabled") is True else self.raw.get("readonly") or False

    @property
    def properties(self) -> Mapping[str, str]:
        """What a designer says of it beyond form-js."""
        return self.raw.get("properties") or {}

    @property
    def sensitive(self) -> bool:
        """Whether it holds personal data, masked for those without the right."""
        return str(self.properties.get("sensitive", "")).lower() == "true"

    @property
    def refuse(self) -> str:
        """The condition over all answers that refuses its own; empty for none."""
        return str(self.properties.get("refuse") or "")

    @property
    def subtype(self) -> str:
        """``date``, ``time`` or ``datetime``, of a datetime field."""
        return str(self.raw.get("subtype") or "date")

    @property
    def rows_fixed(self) -> bool:
        """Whether rows of the list can be neither added nor removed."""
        return self.raw.get("allowAddRemove") is False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """A form: its components as a tree, its fields by key.

    Args:
        key: The file's name without its ending: what a drawing says.
        components: What stands at the top.
        fields: Every field by its key, those inside lists too.
        raw: What form-js stored.
    """

    key: str
    components: tuple[Component, ...]
    fields: Mapping[str, Component] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    def walk(self) -> Iterator[Component]:
        """Go through all components, containers before what they contain."""
        return _walk(self.components)

    @property
    def variables(self) -> frozenset[str]:
        """The names of the variables that it fills."""
        return frozenset(component.path[0] for component in _outermost(self.components))


def _walk(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _walk(component.components)


def _outermost(components: tuple[Component, ...]) -> Iterator[Component]:
    """Yield what holds a value of the form itself: fields and lists, also those in groups."""
    for component in components:
        if component.holds_value or component.kind == LIST:
            yield component
        else:
            yield from _outermost(component.components)


@functools.lru_cache(maxsize=256)
def read_form(content: bytes, key: str = "form") -> Form:
    """Read a stored form.

    Args:
        content: form-js JSON.
        key: What the form is called.

    Raises:
        DefinitionError: It is no form that this product can run; its problems say what and why.
    """
    form, problems = parse_form(content, key)
    if form is None or problems:
        raise DefinitionError(_("The form %(key)s cannot be used."), problems=problems, key=key)
    return form


def parse_form(content: bytes, key: str) -> tuple[Form | None, list[Problem]]:
    """Read a stored form as far as it goes, and say what is wrong with its shape.

    Args:
        content: form-js JSON.
        key: What the form is called.

    Returns:
        The form, None where there is nothing to read, and the problems; their paths are fields' keys or ids.
    """
    if len(content) > _SIZE_LIMIT:
        return None, [Problem(path="", message=_("The form is too large. Split it into several steps."))]
    try:
        raw = loads(content)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or not isinstance(raw.get("components"), list):
        return None, [Problem(path="", message=_("This is no form. Save it again in the form builder."))]
    reader = _Reader()
    version = raw.get("schemaVersion")
    if not isinstance(version, Decimal) or version < OLDEST_VERSION:
        reader.problem(
            "",
            _("schemaVersion is %(version)s. Open the form in the form builder and save it again."),
            version=str(version)[:20],
        )
    components = reader.read(raw["components"], (), "", 0)
    return Form(key=key, components=components, fields=reader.fields, raw=raw), reader.problems


class _Reader:
    """Reads components; remembers ids, keys and what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.fields: dict[str, Component] = {}
        self.ids: set[str] = set()
        self.taken: set[str] = set()
        self.inner: set[str] = set()
        self.count = 0
        self.full = False

    def problem(self, path: str, message: str, **params: Any) -> None:
        self.problems.append(Problem(path=path, message=message, params=params))

    def read(self, raws: list[Any], prefix: tuple[str, ...], row: str, depth: int) -> tuple[Component, ...]:
        """Read siblings.

        Args:
            raws: What form-js stored.
            prefix: The path of the enclosing groups, from the enclosing row.
            row: The key of the enclosing list's rows; empty for the form.
            depth: How deep they stand.
        """
        self.count += len(raws)
        if depth > _DEPTH_LIMIT or self.count > _COUNT_LIMIT:
            if not self.full:
                self.problem("", _("The form is too large. Split it into several steps."))
            self.full = True
            return ()
        found = (self.component(raw, prefix, row, depth) for raw in raws)
        return tuple(component for component in found if component is not None)

    def component(self, raw: Any, prefix: tuple[str, ...], row: str, depth: int) -> Component | None:
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            self.problem(row, _("A component has no type. Delete it in the form builder and add it again."))
            return None
        kind, name = raw["type"], _name_of(raw)
        if not self.well_shaped(raw, name):
            return None
        if kind not in FIELDS and kind not in SHOWN and kind not in (GROUP, LIST):
            self.problem(
                name, _("%(kind)s is no component that this product shows. Use another one."), kind=kind[:40]
            )
            return None
        own = self.own_path(raw, kind, name, outermost=not prefix and not row)
        if own is None:
            return None
        path = (*prefix, *own)
        key = ".".join((row, *path) if row else path) if own else ""
        if kind in FIELDS or kind == LIST:
            self.claim(key, name)
        inside: tuple[Component, ...] = ()
        if kind == GROUP:
            inside = self.read(raw.get("components") or [], path, row, depth + 1)
        elif kind == LIST:
            inside = self.read(raw.get("components") or [], (), f"{key}[]", depth + 1)
        component = Component(
            kind=kind,
            id=raw.get("id") or "",
            path=path if own else (),
            key=key,
            label=_label_of(raw, kind),
            components=inside,
            raw=raw,
        )
        if component.holds_value:
            self.fields[key] = component
        return component

    def well_shaped(self, raw: dict[str, Any], name: str) -> bool:
        """Tell whether the parts that we read are of the right type, and the id is its own."""
        wrong = [part for part, types in _SHAPES.items() if not _fits(raw, part, types)]
        for part in wrong:
            self.problem(name, _("%(part)s is not what the form builder writes. Set it again."), part=part)
        if wrong:
            return False
        if raw.get("id") in self.ids:
            self.problem(name, _("The id %(id)s is there twice. Give one another id."), id=raw["id"][:40])
        if raw.get("id"):
            self.ids.add(raw["id"])
        return True

    def own_path(
        self, raw: dict[str, Any], kind: str, name: str, *, outermost: bool
    ) -> tuple[str, ...] | None:
        """Return the names that a component adds to the path; None where they cannot be names."""
        written = raw.get("key" if kind in FIELDS else "path")
        if kind in SHOWN or (kind == GROUP and not written):
            return ()
        parts = tuple(written.split(".")) if isinstance(written, str) else ()
        named = all(_SEGMENT.fullmatch(part) and part not in _FEEL_WORDS for part in parts)
        if parts and named and not (outermost and parts[0] in NAMES):
            return parts
        self.problem(
            name,
            _(
                "%(key)s cannot be the name of a variable. Begin with a letter, go on with letters, digits "
                "and _, and use no word or function of FEEL."
            ),
            key=repr(written)[:60],
        )
        return None

    def claim(self, key: str, name: str) -> None:
        """Take a place in the data: no value may stand where another one stands or contains it."""
        parts = key.split(".")
        outer = {".".join(parts[:length]) for length in range(1, len(parts))}
        if key in self.taken or key in self.inner or outer & self.taken:
            self.problem(name, _("The key %(key)s is there twice. Give one field another key."), key=key)
        self.taken.add(key)
        self.inner |= outer


def _fits(raw: dict[str, Any], part: str, types: tuple[type, ...]) -> bool:
    outer, _dot, inner = part.rpartition(".")
    place = raw.get(outer) if outer else raw
    value = place.get(inner) if isinstance(place, dict) else None
    return value is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool)))


def _name_of(raw: dict[str, Any]) -> str:
    names = (raw.get(part) for part in ("key", "path", "id", "type"))
    return next((name for name in names if isinstance(name, str) and name), "")[:100]


def _label_of(raw: dict[str, Any], kind: str) -> str:
    if kind != "datetime":
        return raw.get("label") or ""
    names = ("timeLabel",) if raw.get("subtype") == "time" else ("dateLabel", "timeLabel")
    return next((raw[name] for name in names if raw.get(name)), "")
