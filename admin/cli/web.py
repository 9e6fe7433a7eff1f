"""``callwright web``: one web process with many threads; nothing runs before its worker is forked."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLog

from admin.app import create_app
from admin.centre import open_centre
from admin.cli.common import settings_of
from admin.cli.family import watch_parent
from admin.cli.tables import require_tables
from engine.settings import Settings

THREADS = 300


def _prepare(worker: Any) -> None:
    """End with the parent; end event streams at once when asked to stop: they would keep it waiting."""
    watch_parent()
    hub = worker.wsgi.extensions["callwright_events"]
    stop: Any = signal.getsignal(signal.SIGTERM)

    def end_streams_and_stop(number: int, frame: Any) -> None:
        # Not here: whoever was interrupted may hold the hub's lock.
        threading.Thread(target=hub.close, name="end-streams", daemon=True).start()
        stop(number, frame)

    signal.signal(signal.SIGTERM, end_streams_and_stop)


class Log(GunicornLog):
    """Gunicorn's words go where all others go."""

    def setup(self, cfg: Any) -> None:
        """Take its own way to stderr away."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Web(BaseApplication):
    """Gunicorn with our app, made in its worker: a process that forks never runs a script."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self.settings = settings
        self.bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        """Say how it serves."""
        given: dict[str, Any] = {
            "bind": self.bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "preload_app": False,
            "keepalive": 30,
            "timeout": 60,
            "graceful_timeout": 20,
            "loglevel": "warning",
            "logger_class": Log,
            "proc_name": "callwright-web",
            "control_socket_disable": True,
            "when_ready": lambda _server: watch_parent(),
            "post_worker_init": _prepare,
        }
        for name, value in given.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the app, in the worker."""
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        return create_app(open_centre(self.settings, web=True))


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8080, help="Port to listen on.")
@click.pass_context
def web(context: click.Context, host: str, port: int) -> None:
    """Serve pages, REST and webhooks."""
    settings = settings_of(context)
    _reach(settings)
    Web(settings, host, port).run()


def _reach(settings: Settings) -> None:
    """Say here why it cannot start: what fails in gunicorn's worker fails with its traceback."""
    centre = open_centre(settings, web=False)
    require_tables(centre)
    centre.database.dispose()
