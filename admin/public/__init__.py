"""Pages without a login: report a problem, ask for its state, the handler's link."""

from __future__ import annotations

from typing import Any


def register(appbuilder: Any) -> None:
    """Add the pages."""
