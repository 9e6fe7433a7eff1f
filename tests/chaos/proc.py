"""What the system says of running processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield pid
    try:
        children = "".join(
            task.joinpath("children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()
        )
    except OSError:
        return
    for child in children.split():
        yield from family(int(child))


def rss_mb(pid: int) -> float:
    """Return the memory that a process holds, in megabytes of 1,048,576 bytes.

    Raises:
        OSError: It has ended.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:"), 0) / 1024


def program(pid: int) -> str:
    """Return the name of the file that a process runs; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""
