"""What may happen to an instance from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from engine.errors import CallwrightError
from engine.values import Json

TIMER = "timer"
"""Who acts where the time of whoever was asked is over: no person, as *system* and *public* are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Begin, at a start event or at the only one without a trigger.

    Args:
        event: Which start event.
        came: Which of its triggers came, its kind and its name; None where it counts as having come.
        variables: What it begins with.
        cascade: How many processes began one by the other's message or signal, none of which waited.
    """

    event: str | None = None
    came: tuple[str, str | None] | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)
    cascade: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone:
    """A person finished a user task.

    ``task`` says which one where several are asked at the visit; ``signature`` is the reference of a picture.
    """

    visit: str
    outcome: str
    by: str
    at: str
    opinion: str | None = None
    variables: Mapping[str, Json] = field(default_factory=dict)
    task: str | None = None
    signature: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A person chose what is done next in an ad-hoc sub-process."""

    visit: str
    element: str


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
class Escalated:
    """A called process escalated something that it does not catch itself; it goes on."""

    visit: str
    code: str
    payload: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broke:
    """What a visit asked for failed for technical reasons: it stays there until an operator helps."""

    visit: str
    error: CallwrightError


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """An instant came.

    Args:
        visit: What waited for it.
        due_at: When it was to ring; later than it was set for where the instance was held.
    """

    visit: str
    due_at: datetime | None = None


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
class Skip:
    """An operator wants an element to be left as done, with variables as it would have left them."""

    visit: str
    variables: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An operator takes a token from its element and begins at another one of the same scope."""

    visit: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A person sends a step back to an earlier one.

    Args:
        visit: The step that is sent back.
        to: The element that is done again.
        again: Whether everything between is done again then, or it comes straight back.
        by: Who sends it back.
        at: When.
        opinion: Why.
    """

    visit: str
    to: str
    again: Literal["through", "back"]
    by: str
    at: str
    opinion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """The initiator takes the whole request back, to change it and hand it in again."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint:
    """Somebody says who does a step of this instance when it opens; nobody: as drawn again."""

    element: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaken:
    """An instance that has ended goes on, at a step that is done again."""

    element: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSigner:
    """Somebody else is asked at an approval too.

    Args:
        visit: The approval.
        person: Who.
        by: Who asked for it.
        where: Before somebody decides, after them, or beside all others.
        task: Before or after whom.
    """

    visit: str
    person: str
    by: str
    where: Literal["before", "after", "beside"] = "beside"
    task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSigner:
    """Somebody who has not decided is not asked any more."""

    visit: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Somebody else decides in the place of one who is asked."""

    visit: str
    task: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack:
    """Somebody takes back what they decided, while the approval is open."""

    visit: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Something that watched at the border of a task: its node, what it kept, when it was to ring."""

    node: str
    memory: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Somebody takes back that they finished a task, before anything else happened.

    Args:
        element: The task.
        scope: The visit in which it stood.
        opened: The visits that finishing it opened.
        border: What watched it.
        by: Whose it is again.
        due_at: When it was due.
    """

    element: str
    scope: str
    opened: tuple[str, ...]
    by: str
    border: tuple[Watch, ...] = ()
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """An operator corrects variables, as seen from a visit; the instance's own where none is named.

    Args:
        variables: Names and their values.
        visit: From where they are seen.
        anew: Whether what waits there asks again for its work, with what it hands over now.
    """

    variables: Mapping[str, Json]
    visit: str | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceed:
    """Go on where the last step ended: its budget was spent, or the instance was held.

    Args:
        look: Whether conditions are looked at: what they ask for may have been written meanwhile.
    """

    look: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop the whole instance."""


Stimulus: TypeAlias = (
    Start
    | TaskDone
    | Chosen
    | ServiceDone
    | ProcessDone
    | ErrorThrown
    | Escalated
    | Broke
    | TimerFired
    | Arrived
    | Retry
    | Skip
    | Move
    | Return
    | Withdraw
    | Appoint
    | Awaken
    | AddSigner
    | RemoveSigner
    | HandOver
    | TakeBack
    | Reopen
    | Correct
    | Proceed
    | Cancel
)
