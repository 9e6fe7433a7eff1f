"""How long in working time: so many working days and so much time while work is done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

_ISO = re.compile(
    r"([+-]?)P(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?"
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDuration:
    """A signed length of working time.

    Args:
        days: Working days.
        time: Working time beside them; of the same sign. May be longer than a day.
    """

    days: int = 0
    time: timedelta = timedelta()

    @classmethod
    def of(cls, value: str | timedelta | WorkDuration) -> WorkDuration:
        """Read a length of working time.

        A text keeps what was written: ``PT30H`` is thirty working hours. In a ``timedelta`` (and in a FEEL
        duration) 24 hours and a day are the same thing, so its whole days count as working days.

        Args:
            value: ISO 8601 text with days, hours, minutes and seconds (``P1D``, ``-PT4H``), or a timedelta.

        Raises:
            ValueError: The text is no such duration; weeks, months and years have no working length.
        """
        if isinstance(value, WorkDuration):
            return value
        if isinstance(value, timedelta):
            days, time = divmod(abs(value), _DAY)
            sign = -1 if value < timedelta() else 1
            return cls(days=sign * days, time=sign * time)
        found = _ISO.fullmatch(value.strip())
        if found is None or value.strip().endswith("P"):
            raise ValueError(
                f"{value!r} is not a duration of working time: write days, hours, minutes or seconds, "
                "such as P3D or PT4H"
            )
        sign = -1 if found[1] == "-" else 1
        days, hours, minutes = (int(found[group] or 0) for group in (2, 3, 4))
        time = timedelta(hours=hours, minutes=minutes, seconds=float(found[5] or 0))
        return cls(days=sign * days, time=sign * time)
