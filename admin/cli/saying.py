"""What commands for scripts take in and print: JSON, instants as the programming interface writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import click

from admin.api.fields import instant_text
from engine import values
from engine.context import Context
from engine.i18n import translate

Command = TypeVar("Command", bound=Callable[..., Any])
PAGE_SIZE = 100


def show(value: Any) -> None:
    """Print an answer."""
    click.echo(values.dumps(_plain(value)))


def show_list(count: int, rows: Any) -> None:
    """Print the first page of a list, and how long the whole list is."""
    show({"count": count, "result": list(rows)})


def picked(row: Any, *names: str) -> dict[str, Any]:
    """Return what a script needs of a row or an object."""
    read = row.__getitem__ if isinstance(row, Mapping) else lambda name: getattr(row, name)
    return {name: read(name) for name in names}


def named_values(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read ``name=JSON`` or ``name=text``."""
    read: dict[str, Any] = {}
    for pair in pairs:
        name, _equals, text = pair.partition("=")
        read[name] = values.typed(text)
    return read


def said(ctx: Context, row: Mapping[str, Any]) -> str:
    """Say what an incident's row says, in the command's language."""
    return translate(ctx.locale, row["message"], **(row["params"] or {}))


def variables_option(command: Command) -> Command:
    """Let a command take variables: ``-v name=JSON``."""
    return click.option("--variable", "-v", multiple=True, help="name=JSON or name=text.")(command)


def by_option(command: Command) -> Command:
    """Let a command act as a person."""
    return click.option("--by", help="Act as this person.")(command)


def reason_option(command: Command) -> Command:
    """Let a command be told why; kept in the audit log."""
    return click.option("--reason", required=True, help="Why; kept in the audit log.")(command)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return instant_text(value) if isinstance(value, datetime) else value
