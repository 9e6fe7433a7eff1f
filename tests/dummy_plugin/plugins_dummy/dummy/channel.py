"""A gateway that carries SMS into a list."""

from __future__ import annotations

from engine.errors import AddressRefused
from engine.i18n import _
from engine.plugin import Outgoing, Sent
from engine.settings import Settings


class DummyGateway:
    """Carries SMS of whoever made it."""

    name = "dummy"
    channels: tuple[str, ...] = ("sms",)

    def __init__(self) -> None:
        self.carried: list[Outgoing] = []

    def configured(self) -> bool:
        """Whether an account is set: none is needed."""
        return True

    def send(self, message: Outgoing) -> Sent:
        """Carry a message.

        Raises:
            AddressRefused: The number ends in 13.
        """
        if message.address.endswith("13"):
            raise AddressRefused(_("We do not go there."))
        self.carried.append(message)
        return Sent(provider_id=f"dummy-{len(self.carried)}")

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Look whether it was carried."""
        keys = [one.key for one in self.carried]
        return Sent(provider_id=f"dummy-{keys.index(message.key) + 1}") if message.key in keys else None


def gateway(settings: Settings) -> DummyGateway:
    """Make the gateway."""
    return DummyGateway()
