"""A process of its own that greets at the door until it is told to stop."""

from __future__ import annotations

import threading

from engine.context import SYSTEM, Centre, Context
from plugins_dummy.dummy.services import greet


def run(centre: Centre, stopping: threading.Event) -> None:
    """Greet who is at the door; returns once it is told to stop."""
    greet(Context(centre=centre, actor=SYSTEM), name="Doorstep")
    stopping.wait()
