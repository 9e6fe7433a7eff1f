"""What somebody may start, as pages offer it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from admin.kit.current import web
from engine.context import Context
from engine.definition import list_definitions, starts_for


def startable(ctx: Context) -> list[dict[str, Any]]:
    """Return what the actor may start: process, start event and title."""
    found: list[dict[str, Any]] = []
    for definition in list_definitions(ctx):
        for start in starts_for(ctx, definition):
            if start.public:
                continue
            found.append(
                {
                    "key": definition.key,
                    "event": start.event,
                    "form": start.form or "",
                    "title": definition.text(web().locale, start.title or definition.title),
                    "summary": definition.text(web().locale, start.summary or definition.manifest.summary),
                    "category": definition.text(web().locale, definition.manifest.category)
                    or gettext("Other"),
                }
            )
    return found
