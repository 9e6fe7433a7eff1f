"""Who may start a process, and whether a version may begin at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from engine.context import Context
from engine.definition.definitions import Definition, find_version, get_definition_by_id
from engine.definition.manifest import ProcessStart
from engine.definition.models import ProcessDefinition
from engine.errors import Conflict
from engine.i18n import _
from engine.people import is_meant

DEPLOY = "processes.deploy"
_PAUSED = select(ProcessDefinition.suspended_at).where(ProcessDefinition.id == bindparam("of"))


def paused_since(ctx: Context, definition_id: str) -> datetime | None:
    """Return since when nothing begins in a version; None where instances do."""
    since: datetime | None = ctx.connection.execute(_PAUSED, {"of": definition_id}).scalar()
    return since


def get_startable(ctx: Context, *, key: str, version: int | None = None) -> Definition:
    """Return a version of a process in which instances may begin, the latest where none is named.

    Raises:
        NotFound: There is no such process or version.
        Conflict: It is paused; the message names the remedy.
    """
    found = find_version(ctx, key=key, version=version)
    definition = get_definition_by_id(ctx, found.id)
    _refuse(definition, found.suspended_at)
    return definition


def refuse_if_paused(ctx: Context, definition: Definition) -> None:
    """Make sure that instances may begin in a version.

    Raises:
        Conflict: It is paused; the message names the remedy.
    """
    _refuse(definition, paused_since(ctx, definition.id))


def _refuse(definition: Definition, suspended_at: datetime | None) -> None:
    if suspended_at is not None:
        raise Conflict(
            _(
                "Version %(version)s of %(process)s is paused: nothing begins in it. Resume it in the "
                "process library, or start another version."
            ),
            version=definition.version,
            process=definition.key,
        )


def may_start(ctx: Context, definition: Definition, *, event: str | None = None) -> bool:
    """Whether the context's actor may start a process.

    A start of its manifest says who; one that names nobody is for everyone who can sign in. Whoever deploys
    processes may start any, also one whose manifest offers no start.

    Args:
        ctx: Any open transaction.
        definition: Which process.
        event: By this start event; by any of them where omitted.
    """
    if ctx.actor.may(DEPLOY):
        return True
    return any(event in (None, start.event) for start in starts_for(ctx, definition))


def starts_for(ctx: Context, definition: Definition) -> list[ProcessStart]:
    """Return the ways in which the context's actor may start a process, as its manifest offers them.

    Whoever deploys processes may use every one.
    """
    every = ctx.actor.may(DEPLOY)
    offered = (start for start in definition.manifest.starts if start.inbound is None)
    return [start for start in offered if every or _is_for(ctx, start)]


def _is_for(ctx: Context, start: ProcessStart) -> bool:
    key = ctx.actor.key
    if key is None:
        return start.public
    return not start.who or any(is_meant(ctx, word, key) for word in start.who)
