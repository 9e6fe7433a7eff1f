"""A page as PDF, drawn by a process of its own: ``renderer.py``."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

from engine.errors import TechnicalFailure
from engine.i18n import _

log = logging.getLogger(__name__)

WITHIN_S = 30
AT_ONCE = 4
_RENDERER = Path(__file__).with_name("renderer.py")
# Where its packages and its temporary folder are: nothing else of what this process was told, least a secret.
_TOLD = ("HOME", "TMPDIR")
_turns = threading.BoundedSemaphore(AT_ONCE)


def can_make_pdf() -> bool:
    """Whether this machine can: there is a wheel of what draws for Linux on x86-64 and macOS on ARM."""
    return find_spec("plutoprint") is not None


def make_pdf(page: str, locale: str) -> bytes:
    """Return a page as PDF. It takes a second or so; call it with no transaction open.

    Args:
        page: A whole page with its pictures in it; nothing that it names is fetched.
        locale: The language whose font goes first.

    Raises:
        TechnicalFailure: This machine makes no PDF, the page is too much for it, or too many are made.
    """
    if not can_make_pdf():
        raise TechnicalFailure(
            _("This machine makes no PDF. Open the print as a page and print that."), permanent=True
        )
    if not _turns.acquire(timeout=WITHIN_S):
        raise TechnicalFailure(_("Too much is being printed. Try again in a moment."))
    try:
        drawn = subprocess.run(
            [sys.executable, "-P", str(_RENDERER), locale],
            input=page.encode(),
            capture_output=True,
            timeout=WITHIN_S,
            check=True,
            env={name: os.environ[name] for name in _TOLD if name in os.environ},
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning("a print could not be drawn: %s", (error.stderr or b"").decode(errors="replace")[-2000:])
        raise TechnicalFailure(
            _("The print could not be drawn. Print less at once, or mend its template."), permanent=True
        ) from error
    finally:
        _turns.release()
    return drawn.stdout
