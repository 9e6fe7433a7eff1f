"""``callwright process``: a plug-in's own process, which runs wherever it wins its lease."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from importlib import import_module

import click

from admin.cli.common import centre_of
from admin.cli.family import watch_parent
from engine.context import SYSTEM, Context
from engine.ids import new_id
from engine.jobs import drop_lease, hold_lease

_RENEW_S = 10.0


@click.command()
@click.argument("module")
@click.pass_context
def process(context: click.Context, module: str) -> None:
    """Run a plug-in's process: MODULE.run(centre, stopping), for as long as its lease is held."""
    centre = centre_of(context)
    watch_parent()
    run = import_module(module).run
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()[-8:]}"
    ended, stopping = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    ctx = Context(centre=centre, actor=SYSTEM)
    running: threading.Thread | None = None
    while not ended.is_set():
        held = hold_lease(ctx, name=module, owner=owner)
        if held and running is None:
            running = threading.Thread(target=run, args=(centre, stopping), daemon=True)
            running.start()
        if running is not None and (not held or not running.is_alive()):
            # Lost, or over: end, and let whoever keeps us start us again.
            break
        ended.wait(_RENEW_S)
    stopping.set()
    if running is not None:
        running.join(20)
    drop_lease(ctx, name=module, owner=owner)
    centre.database.dispose()
    sys.exit(0)
