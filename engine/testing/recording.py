"""A gateway that carries messages nowhere and does as it is told: for tests of whoever sends."""

from __future__ import annotations

from engine.errors import OutcomeUnknown
from engine.plugin import Outgoing, Sent


class RecordingGateway:
    """Keeps what it took; can refuse, or take a message and fail to say so.

    Args:
        name: Its name in the registry.
        channels: What it carries.
    """

    def __init__(self, name: str = "recording", channels: tuple[str, ...] = ("sms", "email")) -> None:
        self.name = name
        self.channels = channels
        self.taken: list[Outgoing] = []
        self.asked: list[Outgoing] = []
        self.tellable = True
        self._failures: list[tuple[bool, BaseException]] = []

    def fail(self, error: BaseException, *, taken: bool = False) -> None:
        """Fail at the next message, having taken it or not."""
        self._failures.append((taken, error))

    def count(self, key: str) -> int:
        """Return how often a notification was taken."""
        return sum(message.key == key for message in self.taken)

    def configured(self) -> bool:
        """Whether an account is set."""
        return True

    def send(self, message: Outgoing) -> Sent:
        """Take a message, unless told otherwise."""
        taken, error = self._failures.pop(0) if self._failures else (True, None)
        if taken:
            self.taken.append(message)
        if error is not None:
            raise error
        return Sent(provider_id=f"R-{message.key}")

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Say whether a message was taken.

        Raises:
            OutcomeUnknown: ``tellable`` is false.
        """
        self.asked.append(message)
        if not self.tellable:
            raise OutcomeUnknown()
        return Sent(provider_id=f"R-{message.key}") if self.count(message.key) else None
