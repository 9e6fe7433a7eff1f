"""Addresses of the built files: each changes with its content, so that browsers keep it for a year."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import current_app, url_for

FOLDER = "bundles"


def asset(name: str) -> str:
    """Return the address of a file of ``static/bundles``: ``asset("shell.css")``."""
    path = Path(current_app.static_folder or "") / FOLDER / name
    try:
        version = _digest(path, path.stat().st_mtime_ns)
    except OSError:
        version = "missing"
    return url_for("static", filename=f"{FOLDER}/{name}", v=version)


@lru_cache(maxsize=256)
def _digest(path: Path, _changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
