"""The demo world's people and their password, for whoever makes it and whoever says it."""

from __future__ import annotations

from engine.settings import Settings, kept_secret

DEMO_PEOPLE = (
    "admin", "designer", "agent", "supervisor", "manager", "hr", "planner", "qa", "handler_water",
    "handler_roads",
)  # fmt: skip


def demo_password(settings: Settings) -> str:
    """Return the demo people's password: the one set when their world was made, else a random one."""
    return kept_secret(settings.data_dir, "demo_password", first=settings.demo_password, length=9)
