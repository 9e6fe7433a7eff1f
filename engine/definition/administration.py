"""Who administers a process: they deploy its next version and operate its instances, and no other's."""

from __future__ import annotations

from engine.context import Context
from engine.definition.definitions import get_definition, list_definitions
from engine.definition.manifest import ProcessManifest
from engine.errors import NotFound
from engine.people import is_meant


def administers(ctx: Context, process_key: str) -> bool:
    """Whether the context's actor administers a process, as its newest version says.

    Nobody administers a process of which there is none yet: its first version needs the permission to deploy.
    """
    try:
        return _is_named(ctx, get_definition(ctx, key=process_key).manifest)
    except NotFound:
        return False


def administered_processes(ctx: Context) -> list[str]:
    """Return the keys of the processes that the context's actor administers."""
    return [one.key for one in list_definitions(ctx) if _is_named(ctx, one.manifest)]


def _is_named(ctx: Context, manifest: ProcessManifest) -> bool:
    key = ctx.actor.key
    return key is not None and any(is_meant(ctx, word, key) for word in manifest.administrators)
