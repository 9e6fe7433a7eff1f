"""A database on this machine's server, and a server of one's own to crash and to restore."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.chaos.report import Skipped
from tests.conftest import SERVER
from tests.stories.product import free_port, tail

_USER = "callwright"
_NUMBERS = count()
_PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")


@contextmanager
def database(template: str = "") -> Iterator[str]:
    """The address of a database on this machine's server, gone afterwards.

    Args:
        template: The address of one that it is a copy of, to which nobody is connected; else it is empty.

    Raises:
        Skipped: There is no server.
    """
    name = f"callwright_chaos_{os.getpid()}_{next(_NUMBERS)}"
    copied = template.rpartition("/")[2] or "template1"
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        raise Skipped("no PostgreSQL on this machine (CALLWRIGHT_TEST_POSTGRESQL names another)") from None
    with server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(copied))
        )
        try:
            yield f"{SERVER.rsplit('/', 1)[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Cluster:
    """A PostgreSQL server of one's own, to be crashed and restored.

    Args:
        folder: Its data folder.
        bin_dir: Where its programs are.
        port: Where it listens, on loopback alone.
    """

    def __init__(self, folder: Path, bin_dir: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._bin_dir = bin_dir
        self._log = folder.with_suffix(".log")
        self.log_dir = folder.with_suffix(".wal")
        self._said = folder.with_suffix(".said")

    def url(self, name: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    def make(self, *settings: str) -> None:
        """Make an empty one; ``settings`` are lines of its configuration."""
        self.run("initdb", "--pgdata", str(self.folder), "--username", _USER, "--auth", "trust")
        self.configure(*settings)

    def configure(self, *settings: str) -> None:
        """Add lines to its configuration; the last one of a name counts."""
        own = (f"port = {self.port}", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''")
        with (self.folder / "postgresql.conf").open("a") as file:
            file.write("\n" + "\n".join((*own, *settings)) + "\n")

    def start(self, *, within_s: int = 60) -> None:
        """Start it and wait until it answers."""
        try:
            self._control("start", "--log", str(self._log), "--timeout", str(within_s))
        except subprocess.CalledProcessError as error:
            raise AssertionError(
                f"PostgreSQL did not start\n{tail(self._log)}\n{tail(self._said)}"
            ) from error

    def crash(self) -> None:
        """Stop it at once, as if it had been killed: it recovers at its next start."""
        self._control("stop", "--mode", "immediate")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if (self.folder / "postmaster.pid").exists():
            self._control("stop", "--mode", "fast")

    @contextmanager
    def receiving_log(self) -> Iterator[None]:
        """Let another machine keep its log of writes, as it is written, until the server stops."""
        self.log_dir.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.log_dir, "postgres")
        self.run("pg_receivewal", "--create-slot", "--slot", "kept", "--dbname", self.url())
        with self._said.open("ab") as said, subprocess.Popen(
            [
                *_as_owner(), str(self._bin_dir / "pg_receivewal"), "--directory", str(self.log_dir),
                "--slot", "kept", "--synchronous", "--dbname", self.url(),
            ],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/",
        ) as receiving:  # fmt: skip
            try:
                yield
            finally:
                receiving.terminate()

    def back_up(self, other: Cluster) -> None:
        """Copy it, while it works, into the folder of another one."""
        self.run(
            "pg_basebackup", "--dbname", self.url(), "--pgdata", str(other.folder), "--wal-method=none",
            "--checkpoint=fast",
        )  # fmt: skip

    def restore(self, lost: Cluster) -> None:
        """Start on what was copied of a server that is lost, and follow its log to the end.

        Args:
            lost: Whose copy this is, and whose log was received.
        """
        self.configure(
            f"restore_command = 'cp {lost.log_dir}/%f %p || cp {lost.log_dir}/%f.partial %p'",
            "recovery_target_timeline = 'current'",
        )
        signal = self.folder / "recovery.signal"
        signal.touch()
        if os.geteuid() == 0:
            shutil.chown(signal, "postgres")
        self.start()
        with psycopg.connect(self.url()) as connection:
            while connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
                connection.rollback()
                time.sleep(0.1)

    def _control(self, *command: str) -> None:
        self.run("pg_ctl", command[0], "--pgdata", str(self.folder), "--wait", *command[1:])

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as whoever owns the server."""
        # Into a file: a server that was started keeps what it was given for its output.
        with self._said.open("ab") as said:
            subprocess.run(
                [*_as_owner(), str(self._bin_dir / program), *arguments],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
            )


@contextmanager
def clusters(count: int = 1) -> Iterator[list[Cluster]]:
    """Servers of one's own that are not made yet; gone afterwards.

    Raises:
        Skipped: PostgreSQL's programs are not on this machine, or nobody may run them.
    """
    bin_dir = _find_programs()
    _as_owner()
    folder = Path(tempfile.mkdtemp(prefix="callwright-chaos-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        made = [Cluster(folder / f"server_{number}", bin_dir, free_port()) for number in range(count)]
        yield made
        for cluster in made:
            cluster.stop()
    finally:
        for left in folder.glob("server_*/postmaster.pid"):
            Cluster(left.parent, bin_dir, 0).crash()
        shutil.rmtree(folder, ignore_errors=True)


def _find_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for place in _PLACES:
        for program in sorted(Path(place).glob("*/bin/initdb"), reverse=True):
            return program.parent
    raise Skipped("PostgreSQL's own programs (initdb, pg_ctl) are not on this machine")


def _as_owner() -> Sequence[str]:
    """Return what runs a program as somebody whom PostgreSQL lets run it: never as root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") and Path("/etc/passwd").read_text().find("\npostgres:") >= 0:
        return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    raise Skipped("PostgreSQL does not run as root, and there is no user postgres to run it as")
