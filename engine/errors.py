"""The tree of errors. It says what a caller may do: correct the input, look again, retry, or catch.

An error's docstring is its default message. A message is a gettext source text with ``%(name)s`` holes;
its values travel beside it, so that whoever shows the error can say it in the person's language
(``engine.i18n.say``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand in the hole of a message: a source text of their own, in the reader's language too.

    Args:
        message: A gettext source text with ``%(name)s`` holes.
        params: The values of the holes.
    """

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in English."""
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, where it is, and how to mend it.

    Args:
        path: Where: a field's key, ``file#element``, a row of a table.
        message: What is wrong and the remedy: a gettext source text with ``%(name)s`` holes.
        params: The values of the holes.
        element_name: What the designer called the element, where there is one.
        line: The line in the file, from 1, where it is known.
    """

    path: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    element_name: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """Say it in English."""
        return f"{self.path}: {self.message % self.params if self.params else self.message}"


class CallwrightError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"

    def __init__(
        self, message: str | None = None, *, problems: Sequence[Problem] = (), **params: Any
    ) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.params = params
        self.problems = tuple(problems)
        super().__init__(self.message)

    @property
    def phrase(self) -> Phrase:
        """What it says, to stand in the hole of another message."""
        return Phrase(self.message, self.params)

    def __str__(self) -> str:
        """Say it in English, with the problems that are its reasons."""
        return "\n".join([str(self.phrase), *(f"  {problem}" for problem in self.problems)])


class DefinitionError(CallwrightError):
    """This model cannot run as it is drawn."""

    code = "definition_error"


class NotFound(CallwrightError):
    """There is nothing here, or nothing that you may see."""

    code = "not_found"


class Conflict(CallwrightError):
    """Someone was faster: look again and decide anew."""

    code = "conflict"


class Forbidden(CallwrightError):
    """You may not do this."""

    code = "forbidden"


class InvalidSubmission(CallwrightError):
    """Some of what was sent cannot be accepted."""

    code = "invalid_submission"


class UnknownFilter(CallwrightError):
    """There is no such filter or sort key."""

    code = "bad_request"


class AmbiguousCorrelation(Conflict):
    """More than one instance waits for this message: say which one is meant."""

    code = "ambiguous_correlation"


class TooManyRequests(CallwrightError):
    """Too much in a short time: wait a moment and try again."""

    code = "too_many_requests"

    def __init__(self, message: str | None = None, *, retry_after_s: int = 60, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after_s = retry_after_s


class BudgetExceeded(CallwrightError):
    """A process asked for more than one step may have."""

    code = "budget_exceeded"


class ConfigurationError(CallwrightError):
    """A setting is missing or wrong."""

    code = "configuration_error"


class TechnicalFailure(CallwrightError):
    """A machine did not answer as it should: tried again, then an incident.

    Args:
        permanent: Trying again cannot help: an incident at once.
        retry_after_s: What the other side asked us to wait, in seconds.
    """

    code = "technical_failure"

    def __init__(
        self,
        message: str | None = None,
        *,
        permanent: bool = False,
        retry_after_s: float | None = None,
        problems: Sequence[Problem] = (),
        **params: Any,
    ) -> None:
        super().__init__(message, problems=problems, **params)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class OutcomeUnknown(TechnicalFailure):
    """Nobody can tell whether the other side did it: ask before it is tried again."""

    code = "outcome_unknown"


class AddressRefused(TechnicalFailure):
    """This number or mailbox takes no messages.

    Args:
        message: Why, in the other side's words.
    """

    code = "address_refused"

    def __init__(self, message: str | None = None, **params: Any) -> None:
        super().__init__(message, permanent=True, **params)


# Of the code of a modelled outcome.
LONGEST_CODE = 128


class BpmnError(Exception):
    """A modelled outcome with a code, caught by an error event of the drawing; never retried.

    Args:
        code: What the drawing's error event names; no drawing names more than ``LONGEST_CODE`` characters.
        message: For people who read the history.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code[:LONGEST_CODE]
        self.message = message
        # What a script had logged before it threw this.
        self.log: tuple[str, ...] = ()
