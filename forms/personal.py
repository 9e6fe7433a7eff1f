"""Personal data: which variables they are, and what is left of them for those without the right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from engine.context import Context
from engine.definition import Definition
from engine.errors import DefinitionError
from engine.history import mask
from engine.values import Json
from forms.schema import read_form

SEE = "personal_data.see"
HIDDEN = "***"
_PHONE = re.compile(r"\+\d{5,15}")


def sensitive_names(definition: Definition) -> frozenset[str]:
    """Return the names of variables that are personal: marked in the manifest or in a form."""
    package = definition.package
    found = set(definition.manifest.sensitive)
    for path in package.matching("*.form"):
        try:
            form = read_form(package.files[path])
        except DefinitionError:
            continue
        found.update(field.path[-1] for field in form.fields.values() if field.sensitive)
    return frozenset(found)


def masked_values(ctx: Context, values: Mapping[str, Json], names: Set[str]) -> dict[str, Json]:
    """Hide personal values, also inside of contexts and lists, from those without the right.

    Args:
        ctx: Who reads.
        values: Values by name.
        names: Which names are personal.
    """
    if ctx.actor.may(SEE):
        return dict(values)
    return {name: _seen(name, value, names) for name, value in values.items()}


def _seen(name: str, value: Json, names: Set[str]) -> Json:
    if name in names:
        return _hidden(value)
    if isinstance(value, dict):
        return {inner: _seen(inner, one, names) for inner, one in value.items()}
    if isinstance(value, list):
        return [_seen("", one, names) for one in value]
    return value


def _hidden(value: Any) -> Json:
    if value is None or value == "":
        return value
    # Of a telephone number the last two digits may be told.
    return mask(value) if isinstance(value, str) and _PHONE.fullmatch(value) else HIDDEN
