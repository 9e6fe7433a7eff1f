"""What may happen to an instance from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.errors import CallwrightError
from engine.values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin, at a start event or at the only one without a trigger."""

    event: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone:
    """A person finished a user task."""

    visit: str
    outcome: str
    by: str
    at: str
    opinion: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDone:
    """A service task came back."""

    visit: str
    result: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDone:
    """A called process came to its end."""

    visit: str
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorThrown:
    """What a visit waited for ended in a modelled error."""

    visit: str
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """What a visit asked for failed for technical reasons: it stays there until an operator helps."""

    visit: str
    error: CallwrightError


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """An instant came."""

    visit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An awaited message or signal came."""

    visit: str
    payload: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """An operator wants a failed element to be tried again, perhaps with corrected variables."""

    visit: str
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceed:
    """Go on where the last step's budget ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop the whole instance."""


Stimulus: TypeAlias = (
    Start
    | TaskDone
    | ServiceDone
    | ProcessDone
    | ErrorThrown
    | Broke
    | TimerFired
    | Arrived
    | Retry
    | Proceed
    | Cancel
)
