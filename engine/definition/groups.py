"""What groups are called: as an administrator named them, else as the process that brought them says it."""

from __future__ import annotations

from collections.abc import Iterable

from engine.context import Context
from engine.definition.definitions import list_definitions
from engine.people import Group


def group_names(ctx: Context, groups: Iterable[Group], *, locale: str | None = None) -> dict[str, str]:
    """Say the names of groups in a language.

    A name that still is the one in a process's ``process.toml`` comes from that process's catalogue. What an
    administrator wrote is said as it is.

    Args:
        ctx: Who asks.
        groups: Whose names.
        locale: The language; the context's where none is given.

    Returns:
        The groups' keys and what they are called, in the order given.
    """
    names = {group.key: group.name for group in groups}
    with ctx.read():
        for definition in list_definitions(ctx):
            for key, source in definition.manifest.groups.items():
                if names.get(key) == source:
                    names[key] = definition.text(locale or ctx.locale, source)
    return names
