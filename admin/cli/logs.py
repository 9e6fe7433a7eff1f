"""The log: one JSON line an event on stderr, plain text at a terminal. Neither holds personal data."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.errors import ConfigurationError
from engine.history import mask
from engine.i18n import _

FORMAT = "CALLWRIGHT_LOG_FORMAT"
# What a line may say beside its words, by the names of ``extra``: marks, never what people wrote.
MARKS = ("job_id", "job_kind", "attempt", "instance_id", "process_key", "element_id", "worker")
_CHATTY = ("sqlalchemy", "alembic", "flask_appbuilder", "urllib3", "twilio")


class JsonLines(logging.Formatter):
    """Writes an event as one line of JSON: at, level, logger, event, its marks, and the error's trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": mask(record.getMessage()),
            **_marks(record),
        }
        if record.exc_info:
            line["trace"] = mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class Plain(logging.Formatter):
    """Writes an event as a line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Write it, with the error's trace below."""
        marks = "".join(f" {name}={value}" for name, value in _marks(record).items())
        first, newline, rest = mask(super().format(record)).partition("\n")
        return f"{first}{marks}{newline}{rest}"


def _marks(record: logging.LogRecord) -> Mapping[str, Any]:
    found = {name: getattr(record, name, None) for name in MARKS}
    return {name: value for name, value in found.items() if value is not None}


def install_logs(*, verbose: bool = False) -> None:
    """Let everything that this process says go to stderr.

    Args:
        verbose: Say more.

    Raises:
        ConfigurationError: The environment names no format that is known.
    """
    chosen = os.environ.get(FORMAT) or ("text" if sys.stderr.isatty() else "json")
    if chosen not in ("json", "text"):
        raise ConfigurationError(
            _("%(name)s is %(value)s. Write json or text, or leave it away."), name=FORMAT, value=chosen
        )
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonLines() if chosen == "json" else Plain("%(asctime)s %(levelname).1s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
