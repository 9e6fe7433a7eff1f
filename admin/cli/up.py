"""``callwright up``: the whole product under one parent: web, worker, and what plug-ins run."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import click

from admin.cli.demo import DEMO_PEOPLE, demo_password
from admin.cli.family import Family
from engine.errors import ConfigurationError
from engine.i18n import _
from engine.plugin.loader import find_manifests
from engine.settings import Settings, make_folders, read_settings

log = logging.getLogger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8080, help="Port to listen on.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder.")
@click.option(
    "--world", default=None, help="Demo world for an empty database; city_hotline on this machine's own."
)
@click.option("--workers", default=1, help="Worker processes.")
@click.pass_context
def up(
    context: click.Context, host: str, port: int, data_dir: Path | None, world: str | None, workers: int
) -> None:
    """Start everything, and keep it running until Ctrl-C."""
    near = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    here = f"http://{near}:{port}"
    public_url = os.environ.get("CALLWRIGHT_PUBLIC_URL") or here
    demo = world is None and "CALLWRIGHT_DATABASE_URL" not in os.environ
    world = "city_hotline" if demo else world or "none"
    defaults: dict[str, str | None] = {"public_url": public_url}
    if world != "none":
        defaults["time_zone"] = os.environ.get("CALLWRIGHT_TIME_ZONE") or "Asia/Hong_Kong"
        defaults["centre_name"] = os.environ.get("CALLWRIGHT_CENTRE_NAME") or "12345"
    folder = data_dir or context.obj["data_dir"]
    settings = read_settings(None, data_dir=folder, **defaults)
    make_folders(settings)
    with _lock(settings):
        _check_port(host, port)
        _run(settings, world, host, port, here, workers)


# glibc gives nearly every thread a heap of its own, and each keeps what was freed in it; Python runs one
# thread at a time and needs no more than two.
_FEW_ARENAS = {"MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2")}


def _run(settings: Settings, world: str, host: str, port: int, here: str, workers: int) -> None:
    """Prepare the database, then keep web, worker and what plug-ins run, until Ctrl-C."""
    family = Family(
        environment={
            "CALLWRIGHT_DATA_DIR": str(settings.data_dir.resolve()),
            "CALLWRIGHT_PUBLIC_URL": settings.public_url,
            "CALLWRIGHT_TIME_ZONE": settings.time_zone,
            "CALLWRIGHT_CENTRE_NAME": settings.centre_name,
            **_FEW_ARENAS,
        }
    )
    # The lock says that on a database of this machine nobody else works.
    alone = ("--alone",) if settings.embedded else ()
    if family.run_once("init", "--world", world, *alone) != 0:
        sys.exit(1)
    # From here on: the making of a demo world is nobody's work.
    family.environment = {**family.environment, "PROMETHEUS_MULTIPROC_DIR": str(_figures(settings))}
    family.add("web", "web", "--host", host, "--port", str(port))
    for _number in range(workers):
        family.add("worker", "worker")
    for name, manifest in find_manifests("plugins").items():
        for entry in manifest.processes:
            family.add(f"{name}.{entry.name}", "process", entry.module)
    _keep(family, settings, world, here)


def _figures(settings: Settings) -> Path:
    """Make the folder in which the processes keep what they count; what former ones counted is gone."""
    folder = (settings.data_dir / "metrics").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _lock(settings: Settings) -> IO[str]:
    """Hold the data folder: a second product on it would not know of the first one's work.

    Raises:
        ConfigurationError: Somebody holds it already.
    """
    lock = (settings.data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigurationError(
            _("Another Callwright runs on the data folder %(folder)s. Stop it, or name another folder."),
            folder=settings.data_dir,
        ) from None
    return lock


def _check_port(host: str, port: int) -> None:
    """See that the web process will be able to listen: it would try again for ever.

    Raises:
        ConfigurationError: It will not; the message names the remedy.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listening:
            # As the web server does: the port of a product that ended a moment ago is free.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
    except OSError as error:
        raise ConfigurationError(
            _(
                "Nothing can listen on %(host)s port %(port)s: %(reason)s. Stop what does, or name another "
                "by --host and --port."
            ),
            host=host,
            port=port,
            reason=error.strerror,
        ) from None


def _keep(family: Family, settings: Settings, world: str, here: str) -> None:
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    family.keep()
    greeted = False
    while not stopping:
        if not greeted and _answers(settings, here):
            greeted = True
            _greet(settings, world)
        for line in family.keep():
            log.warning(line)
        time.sleep(0.2)
    family.stop()


def _answers(settings: Settings, here: str) -> bool:
    """Ask the web process itself: the public address may lead through a proxy."""
    asked = urllib.request.Request(f"{here}/healthz", headers={"Host": urlsplit(settings.public_url).netloc})
    try:
        with urllib.request.urlopen(asked, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _greet(settings: Settings, world: str) -> None:
    """Say where it is and who can sign in, in three languages."""
    click.echo()
    click.secho(f"  Callwright  {settings.public_url}", bold=True)
    click.echo(f"  Report a problem · 市民报告 · 市民報告  {settings.public_url}/report")
    if world != "none":
        click.echo(f"  Sign in · 登录 · 登入  {', '.join(DEMO_PEOPLE)}")
        click.echo(f"  Password · 密码 · 密碼  {demo_password(settings)}")
    if not settings.https and not settings.loopback:
        click.secho("  The public address is not https: cookies travel in the clear.", fg="yellow")
    click.echo("  Stop · 停止  Ctrl-C")
    click.echo()
