"""What the public may start: the starts that manifests offer without a login."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.context import Context
from engine.definition import Definition, list_definitions, starts_for
from engine.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicStart:
    """A way in which the public starts a process.

    Args:
        definition: Which process.
        event: Its start event.
        form: Its form; None where nothing is asked.
        title: What it is called, in the page's language.
        summary: What comes of it.
    """

    definition: Definition
    event: str
    form: str | None
    title: str
    summary: str

    @property
    def key(self) -> str:
        """The process."""
        return self.definition.key

    @property
    def name(self) -> str:
        """What tells it from the process's other starts in an address."""
        return self.form or self.event


def public_starts(ctx: Context) -> list[PublicStart]:
    """Return what the public may start, within an open transaction of the public."""
    return [start for definition in list_definitions(ctx) for start in _of(ctx, definition)]


def find_start(ctx: Context, key: str, name: str) -> PublicStart:
    """Return one of them.

    Raises:
        NotFound: The public may not start this.
    """
    for start in public_starts(ctx):
        if (start.key, start.name) == (key, name):
            return start
    raise NotFound()


def _of(ctx: Context, definition: Definition) -> Iterator[PublicStart]:
    for start in starts_for(ctx, definition):
        yield PublicStart(
            definition=definition,
            event=start.event,
            form=start.form or definition.spec.node(start.event).settings.task.form,
            title=definition.text(ctx.locale, start.title or definition.title),
            summary=definition.text(ctx.locale, start.summary or definition.manifest.summary),
        )
