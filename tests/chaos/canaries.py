"""What a hostile payload gives itself away by: a file, a port, an environment, a module to reach for."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SECRET = "an-unlikely-secret-7351"
_OF_THE_MODULE = f"{SECRET}-of-the-module"
_MODULE = f'''"""A module of the product's own processes, in which nobody may look or write."""

import atexit
import os
import pathlib

CANARY = "{_OF_THE_MODULE}"


def _tell() -> None:
    pathlib.Path(__file__).with_name(f"module.{{os.getpid()}}").write_text(CANARY)


atexit.register(_tell)
'''


class Canaries:
    """Things to reach for.

    Args:
        folder: Where they are kept; what a payload makes comes to be there too.
        listening: Where nobody may call.
    """

    def __init__(self, folder: Path, listening: socket.socket) -> None:
        self._folder = folder
        self.module = _OF_THE_MODULE
        self.secret = folder / "secret"
        self.secret.write_text(f"{SECRET}-of-the-file")
        (folder / "sitecustomize.py").write_text(_MODULE)
        self._listening = listening
        self.port: int = listening.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._answer, name="canary", daemon=True).start()

    def settings(self, python_path: str) -> dict[str, str]:
        """Return what the product's processes are told in their environment.

        Args:
            python_path: Where they find the product.
        """
        return {
            "PAYLOAD_SECRET": f"{SECRET}-of-the-environment",
            "PYTHONPATH": f"{self._folder}:{python_path}",
        }

    def marker(self, name: str) -> Path:
        """Return a file that must not come to be."""
        return self._folder / f"marker-{name}"

    def modules(self) -> list[str]:
        """Return what the module held at the end of each process that ended in order."""
        return [told.read_text() for told in self._folder.glob("module.*")]

    def _answer(self) -> None:
        with suppress(OSError):
            while True:
                caller, _address = self._listening.accept()
                self.calls += 1
                with caller, suppress(OSError):
                    caller.sendall(f"{SECRET}-of-the-network".encode())


@contextmanager
def canaries() -> Iterator[Canaries]:
    """Things to reach for, gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="callwright-canaries-") as folder,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        yield Canaries(Path(folder), listening)
