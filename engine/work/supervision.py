"""Who supervises a process: they see its instances, and may ask those it waits for to hurry.

Whoever administers it does so too.
"""

from __future__ import annotations

from engine.context import Context
from engine.definition import ProcessManifest, get_definition, list_definitions
from engine.errors import NotFound
from engine.people import is_meant


def supervisors_of(ctx: Context, process_key: str) -> tuple[str, ...]:
    """Return the words that mean who supervises a process, as its newest version has them.

    Its older instances are supervised by the same people: staff changes, and what runs stays.
    """
    try:
        return _words(get_definition(ctx, key=process_key).manifest)
    except NotFound:
        return ()


def supervises(ctx: Context, process_key: str) -> bool:
    """Whether the context's actor supervises a process."""
    return _is_meant(ctx, supervisors_of(ctx, process_key))


def supervised_processes(ctx: Context) -> list[str]:
    """Return the keys of the processes that the context's actor supervises."""
    if ctx.actor.key is None:
        return []
    return [one.key for one in list_definitions(ctx) if _is_meant(ctx, _words(one.manifest))]


def _words(manifest: ProcessManifest) -> tuple[str, ...]:
    return (*manifest.supervisors, *manifest.administrators)


def _is_meant(ctx: Context, words: tuple[str, ...]) -> bool:
    key = ctx.actor.key
    return key is not None and any(is_meant(ctx, word, key) for word in words)
