"""Parent and children: a child watches a pipe from its parent and ends when it closes.

So a parent that is killed leaves nobody behind that holds its port or its data folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PARENT_PIPE = "CALLWRIGHT_PARENT_PIPE"
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S = 60.0


def watch_parent() -> None:
    """End this process as soon as its parent is gone; nothing where no parent told of a pipe."""
    descriptor = os.environ.get(PARENT_PIPE)
    if descriptor is None:
        return

    def watch() -> None:
        try:
            while os.read(int(descriptor), 1):
                pass
        except OSError:
            pass
        os._exit(0)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


@dataclass(kw_only=True)
class Child:
    """One process of the family.

    Args:
        name: What it is called in messages.
        command: What follows ``python -m admin.cli``.
    """

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    failure_count: int = 0
    due_at_s: float = 0.0


@dataclass(kw_only=True)
class Family:
    """The children of one parent, started by exec, started again when they die.

    Args:
        environment: What they are told.
    """

    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the pipe that they watch."""
        self._read_end, self._write_end = os.pipe()

    def add(self, name: str, *command: str) -> None:
        """Add a child; ``keep`` starts it."""
        self.children.append(Child(name=name, command=command))

    def run_once(self, *command: str) -> int:
        """Run a command to its end.

        Returns:
            Its exit code.
        """
        return self._spawn(command).wait()

    def keep(self) -> list[str]:
        """Start who is not running and may be.

        Returns:
            What happened, for people.
        """
        said: list[str] = []
        now_s = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                continue
            if child.process is not None:
                said.append(self._fell(child, now_s))
            if now_s >= child.due_at_s:
                child.process = self._spawn(child.command)
                child.started_at_s = now_s
        return said

    def stop(self, within_s: float = 25.0) -> None:
        """Ask all to end, and end who does not."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        until_s = time.monotonic() + within_s
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, until_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()

    def _fell(self, child: Child, now_s: float) -> str:
        assert child.process is not None
        code = child.process.returncode
        child.failure_count = 1 if now_s - child.started_at_s > _STEADY_S else child.failure_count + 1
        wait_s = _BACK_OFF_S[min(child.failure_count, len(_BACK_OFF_S)) - 1]
        child.due_at_s = now_s + wait_s
        child.process = None
        return f"{child.name} ended with code {code}; it starts again in {wait_s:g} s"

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        # -P: a file in the folder where somebody stands is no module of the product.
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "admin.cli", *command],
            env={**os.environ, **self.environment, PARENT_PIPE: str(self._read_end)},
            pass_fds=(self._read_end,),
            # Ctrl-C reaches the parent alone, which stops its children in order.
            start_new_session=True,
        )
