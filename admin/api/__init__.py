"""REST of the engine's nouns. README.md tells where to begin."""

from __future__ import annotations

from typing import Any


def register(appbuilder: Any) -> None:
    """Add the calls to the web app."""
    # A worker imports this package for its clockwork and must not meet the web.
    from admin.api.nouns import NOUNS

    for noun in NOUNS:
        appbuilder.add_api(noun)
