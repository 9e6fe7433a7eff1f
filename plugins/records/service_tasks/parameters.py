"""What service tasks of several kinds take: who, when, and for which instance."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any

from engine.errors import InvalidSubmission, Problem
from engine.i18n import _
from engine.plugin.offers import Field

Person = Annotated[str, Field(label=_("Person"), help=_("A user name; initiator is who asked."))]
Anybody = Annotated[str | None, Field(label=_("Person"), help=_("Everybody if empty."))]
First = Annotated[date, Field(label=_("First day"))]
Last = Annotated[date, Field(label=_("Last day"), help=_("Included."))]
Day = Annotated[date, Field(label=_("Day"), help=_("On which it begins."))]
Starts = Annotated[str, Field(label=_("Begins"), help=_("By the centre's clock, such as 09:00."))]
Ends = Annotated[
    str, Field(label=_("Ends"), help=_("Such as 17:30; no later than the start is the day after."))
]
InstanceId = Annotated[
    str | None,
    Field(label=_("Id of the instance"), help=_("instance_id: then nothing is done twice.")),
]
Booking = Annotated[
    str | None, Field(label=_("Name of the booking"), help=_("Tells apart what one instance books."))
]


def needed(value: Any, path: str) -> Any:
    """Return what a drawing hands in, which may be nothing.

    Raises:
        InvalidSubmission: It is nothing.
    """
    if value is None:
        raise InvalidSubmission(problems=[Problem(path=path, message=_("This is missing."))])
    return value


def read_time(text: str | None, path: str) -> time:
    """Read a time of the day.

    Raises:
        InvalidSubmission: It is none.
    """
    try:
        return time.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        message = _("Write a time such as 09:00.")
        raise InvalidSubmission(problems=[Problem(path=path, message=message)]) from None
