"""When somebody is told of what can wait, in one message: every hour, or once a day at an hour of theirs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

HOURLY = "hourly"
_AT = re.compile(r"([01]\d|2[0-3]):00")


def is_digest(text: str) -> bool:
    """Whether a text says when: ``hourly``, or a full hour such as ``08:00``."""
    return text == HOURLY or _AT.fullmatch(text) is not None


def next_digest(digest: str, now: datetime) -> datetime:
    """Return when somebody is told next.

    Args:
        digest: As ``is_digest`` knows it.
        now: The instant by their own clock; at the full hour itself it is the next one.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    if digest == HOURLY:
        return hour + timedelta(hours=1)
    at = hour.replace(hour=int(digest[:2]))
    return at if at > now else at + timedelta(days=1)
