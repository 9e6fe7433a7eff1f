"""What a demo world shows of greetings."""

from __future__ import annotations

from engine.context import Context
from plugins_dummy.dummy.services import greet

NAMES = ("Mei", "Siu Ming", "Ah Keung")


def load(ctx: Context) -> None:
    """Greet a few people, within the open write transaction."""
    for name in NAMES:
        greet(ctx, name=name)
