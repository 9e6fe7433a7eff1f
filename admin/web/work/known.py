"""What is known of a process, as its pages say it: its variables in words, its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask_babel import gettext

from admin.kit.current import permitted, web
from admin.kit.formats import instant
from admin.kit.names import names_of_groups, person_names, unit_names
from engine import feel
from engine.context import Context
from engine.definition import Definition, VariableSpec
from engine.errors import InvalidSubmission
from engine.feel.temporal import DateTime
from engine.files import references_in
from engine.people import default_region, grouped
from engine.values import Json
from forms.options import chosen_labels, list_sources


def shown_variables(
    ctx: Context,
    definition: Definition | None,
    held: Mapping[str, Json],
    *,
    without: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Return a process's declared variables as label and value, personal ones only to who may see them.

    Args:
        ctx: Any open transaction.
        definition: What declares them; nothing is known of a process without.
        held: The process's variables.
        without: Those that the page shows elsewhere.
    """
    if definition is None:
        return []
    labels, listed = chosen_labels(definition), listed_names(ctx, definition, held)
    shown: list[tuple[str, str]] = []
    for name, spec in definition.manifest.variables.items():
        value = held.get(name)
        if name in without or value in (None, "", []) or not spec.label:
            continue
        if isinstance(value, dict | list) and name not in listed:
            continue
        masked = spec.sensitive and not permitted("personal_data.see")
        if name in listed:
            said = listed[name]
        else:
            label = labels.get((name, str(value)))
            said = definition.text(web().locale, label) if label else shown_value(ctx, value, spec)
        shown.append((definition.text(web().locale, spec.label), "•••" if masked else said))
    return shown


def listed_names(ctx: Context, definition: Definition, held: Mapping[str, Json]) -> dict[str, str]:
    """Name what is chosen in fields that let people choose persons, units or groups, by variable.

    Args:
        ctx: Any open transaction.
        definition: Whose forms have the fields.
        held: The process's variables.
    """
    said: dict[str, str] = {}
    for name, source in list_sources(definition).items():
        value = held.get(name)
        keys = [str(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
        if not keys or (isinstance(value, list) and len(keys) != len(value)):
            continue
        if source == "groups":
            names = names_of_groups(ctx, keys)
        elif source == "units":
            names = unit_names(ctx, keys)
        else:
            names = person_names(ctx, keys)
        said[name] = ", ".join(names.get(key, key) for key in keys)
    return said


def shown_value(ctx: Context, value: Json, spec: VariableSpec) -> str:
    """Say a variable's value for people: moments in their zone, yes and no in their language."""
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if spec.is_telephone:
        return grouped(str(value), default_region(ctx))
    try:
        typed = feel.from_json(value, spec.type) if spec.type != "any" else value
    except InvalidSubmission:
        return str(value)
    if isinstance(typed, DateTime):
        return instant(typed.instant(ctx.settings.zone), "short")
    return str(typed)


def shown_files(held: Mapping[str, Json], *beside: Json) -> list[Mapping[str, Json]]:
    """Return the files that stand in a process's variables and beside them, each once.

    Signatures are not among them: they stand with the decisions that they are under.
    """
    values = [*(value for name, value in held.items() if name != "decisions"), *beside]
    found = [file for value in values for file in references_in(value)]
    return list({str(file["$file"]): file for file in found}.values())
