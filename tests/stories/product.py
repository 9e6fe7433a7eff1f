"""The whole product as somebody runs it: its own processes, data folder and port; spoken to by HTTP alone."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import requests
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery staple"

# Two cores are slow under two test processes; a story that stands still fails all the same.
PATIENCE_S = 120.0
_START_WITHIN_S = 240.0

Found = TypeVar("Found")


def free_port() -> int:
    """Return a port of loopback on which nobody listens, and which the system gives to no client.

    A client that asks for a port of the system's own range again and again gets it for itself one day.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with closing(socket.socket()) as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port of loopback is free")


def until(question: Callable[[], Found | None], what: str, *, within_s: float = PATIENCE_S) -> Found:
    """Ask until there is an answer that counts, and say what was waited for where there is none."""
    end_s = time.monotonic() + within_s
    while True:
        found = question()
        if found:
            return found
        assert time.monotonic() < end_s, f"waited {within_s:.0f} s in vain: {what}"
        time.sleep(0.1)


def environment(data_dir: Path, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of the product is told: nothing but what a story says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CALLWRIGHT_")}
    return {
        **own,
        "PYTHONPATH": str(ROOT),
        "CALLWRIGHT_DATA_DIR": str(data_dir),
        "CALLWRIGHT_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CALLWRIGHT_TIME_ZONE": "Asia/Hong_Kong",
        **settings,
    }


class Running:
    """A command of the product with all that it starts: over when none of them holds its output any more.

    Args:
        command: What follows ``python -m``.
        told: Its environment.
        folder: Where it is started.
        log: The file that gets what it says.
    """

    def __init__(self, *command: str, told: Mapping[str, str], folder: Path, log: Path) -> None:
        self.log = log
        log.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=dict(told),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._copying = threading.Thread(target=self._copy, daemon=True)
        self._copying.start()

    def _copy(self) -> None:
        assert self._process.stdout is not None
        with self.log.open("ab", buffering=0) as file, self._process.stdout as said:
            while part := os.read(said.fileno(), 65_536):
                file.write(part)

    @property
    def pid(self) -> int:
        """The first process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the first process runs."""
        return self._process.poll() is None

    def wait(self, within_s: float = _START_WITHIN_S) -> int:
        """Wait for its end and return its exit code."""
        code = self._process.wait(within_s)
        self.join()
        return code

    def kill(self) -> None:
        """Kill the first process with -9; what becomes of the others is the product's affair."""
        self._process.kill()
        self._process.wait(10)

    def kill_all(self) -> None:
        """Kill the first process and all that it started in its own session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(10)

    def end(self, within_s: float = 40.0) -> int:
        """Ask it to end, as a machine does that shuts down."""
        if self.alive:
            self._process.terminate()
        try:
            return self.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end within {within_s:.0f} s\n{self.tail()}") from None

    def join(self, within_s: float = 5.0) -> None:
        """Wait until everybody it started is gone."""
        self._copying.join(within_s)
        assert not self._copying.is_alive(), f"somebody was left behind\n{self.tail()}"

    def tail(self, line_count: int = 60) -> str:
        """Return the last of what it said."""
        return tail(self.log, line_count)


@dataclass(kw_only=True)
class Product:
    """A product of its own.

    Args:
        folder: Its data folder, and beside it its log.
        settings: ``CALLWRIGHT_*`` beside those that every story sets.
        port: Where it answers.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    running: dict[str, Running] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def database_url(self) -> str:
        """Its database, for looking at."""
        return self.settings.get("CALLWRIGHT_DATABASE_URL") or f"sqlite:///{self.data_dir}/callwright.db"

    def begin(self, name: str, *command: str) -> Running:
        """Start a command under a name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.running[name] = Running(
            *command,
            told=environment(self.data_dir, self.port, self.settings),
            folder=self.folder,
            log=self.folder / f"{name}.log",
        )
        return self.running[name]

    def run(self, *command: str) -> None:
        """Run a command to its end; it must do."""
        running = self.begin("run", *command)
        code = running.wait()
        del self.running["run"]
        assert code == 0, running.tail()

    def up(self, *options: str, world: str | None = "none") -> None:
        """Start everything with the one command, and wait until it answers."""
        where = ("--port", str(self.port), "--data-dir", str(self.data_dir))
        self.begin("up", "admin.cli", "up", *where, *(("--world", world) if world else ()), *options)
        self.wait_ready("up")

    def wait_ready(self, name: str) -> None:
        """Wait until the product answers and can work."""

        def ready() -> bool:
            assert self.running[name].alive, self.running[name].tail()
            try:
                return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
            except (requests.ConnectionError, requests.Timeout):
                return False

        try:
            until(ready, "the product answers", within_s=_START_WITHIN_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.running[name].tail()}") from None

    def kill(self, name: str = "up") -> None:
        """Kill it with -9 and see that nobody is left, and that its port is free."""
        running = self.running.pop(name)
        running.kill()
        running.join()
        # A process that ends lets go of its output a little sooner than of its port.
        until(self._can_listen, "its port is free", within_s=5)

    def _can_listen(self) -> bool:
        with closing(socket.socket()) as again, suppress(OSError):
            # As every server does: connections that were cut stay known to the system for a while.
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", self.port))
            return True
        return False

    def stop(self) -> None:
        """End everything, in order."""
        while self.running:
            _name, running = self.running.popitem()
            code = running.end()
            assert code == 0, f"it ended with code {code}\n{running.tail()}"

    def abandon(self) -> None:
        """End whatever still runs after a test, however it ended."""
        for running in self.running.values():
            running.kill_all()
        for running in self.running.values():
            running.join()
        self.running.clear()

    def said(self) -> str:
        """Return the last of what all of its processes said."""
        return "\n".join(f"--- {log.name}\n{tail(log)}" for log in sorted(self.folder.glob("*.log")))

    # Looking into its database, beside the product.

    def rows(self, query: str, **params: Any) -> list[Any]:
        """Read from its database."""
        with self._engine().connect() as connection:
            return list(connection.execute(text(query), params).all())

    def change(self, statement: str, **params: Any) -> None:
        """Change its database behind its back: what else would take days."""
        with self._engine().begin() as connection:
            connection.execute(text(statement), params)

    def _engine(self) -> Engine:
        url = self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return create_engine(url, poolclass=NullPool)

    def counts(self, *tables: str) -> dict[str, int]:
        """Count the rows of tables."""
        return {table: int(self.rows(f"SELECT count(*) FROM {table}")[0][0]) for table in tables}

    def check_integrity(self) -> None:
        """Let SQLite look for damage."""
        with closing(sqlite3.connect(self.data_dir / "callwright.db", timeout=10)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def tail(log: Path, line_count: int = 60) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-line_count:])


def furnish(product: Product) -> None:
    """Prepare a product's database: tables, shipped processes, and the people of ``furnishing``."""
    product.run("admin.cli", "--data-dir", str(product.data_dir), "init")
    product.run("tests.stories.furnishing")


def furnished_folder(folder: Path) -> Path:
    """Return the data folder of a furnished product, made once for all test processes.

    Args:
        folder: Pytest's temporary one of this process.
    """
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    product = Product(folder=shared / "furnished")
    done = shared / "furnished.done"
    with (shared / "furnished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            furnish(product)
            done.touch()
    return product.data_dir


def copy_of(furnished: Path, folder: Path, **settings: str) -> Product:
    """Return a product of its own on a copy of a furnished data folder."""
    shutil.copytree(furnished, folder / "data")
    return Product(folder=folder, settings=settings)


class Rest:
    """Somebody who speaks to a product by REST, and asks again where it does not answer.

    Args:
        product: Which one.
        person: Their user name.
        language: What they ask for by ``Accept-Language``.
    """

    def __init__(self, product: Product, person: str, *, language: str | None = None) -> None:
        self.product = product
        self.person = person
        self.headers = {"Accept-Language": language} if language else {}

    def sign_in(self) -> None:
        """Get a token."""
        said = {"username": self.person, "password": PASSWORD, "provider": "db"}
        answer = self._ask("POST", "/api/v1/security/login", json=said)
        assert answer.status_code == 200, answer.text
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **params: Any) -> Any:
        """Read something that must be there."""
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change something that must be possible, once however often it is asked for."""
        answer = self.ask("POST", path, json=body or {}, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def ask(self, method: str, path: str, **request: Any) -> requests.Response:
        """Ask for something, whatever the answer may be."""
        if "Authorization" not in self.headers:
            self.sign_in()
        answer = self._ask(method, f"/api/v1/{path}", **request)
        if answer.status_code == 401:
            self.sign_in()
            answer = self._ask(method, f"/api/v1/{path}", **request)
        return answer

    def _ask(self, method: str, path: str, **request: Any) -> requests.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        end_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = requests.request(
                    method, self.product.url + path, headers=headers, timeout=20, **request
                )
            except requests.ConnectionError:
                assert time.monotonic() < end_s, f"{method} {path}: nobody answers"
                time.sleep(0.2)
                continue
            if answer.status_code == 503 and time.monotonic() < end_s:
                time.sleep(float(answer.headers.get("Retry-After", 1)))
                continue
            return answer
