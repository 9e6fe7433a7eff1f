"""``callwright worker``: runs jobs until it is told to stop."""

from __future__ import annotations

import signal
import sys

import click

from admin.cli.common import centre_of
from admin.cli.family import watch_parent
from engine.worker import Worker, listen


@click.command()
@click.option("--threads", default=4, help="Jobs that run at once.")
@click.pass_context
def worker(context: click.Context, threads: int) -> None:
    """Run jobs: timers, service tasks, messages."""
    centre = centre_of(context)
    watch_parent()
    working = Worker(centre, thread_count=threads)
    if centre.settings.broker_url:
        listen(working, centre.settings.broker_url)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: working.stop())
    working.run()
    centre.database.dispose()
    sys.exit(0)
