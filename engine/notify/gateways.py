"""Which gateway carries a channel: the one with an account, else the console."""

from __future__ import annotations

from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.notify.sms_text import sms_size
from engine.plugin import Gateway, Outgoing, Registry, Sent


class ConsoleGateway:
    """Carries SMS and mail nowhere: the outbox page shows them, so that a newcomer needs no account."""

    name = "console"
    channels: tuple[str, ...] = ("sms", "email")

    def configured(self) -> bool:
        """Whether an account is set: none is needed."""
        return True

    def send(self, message: Outgoing) -> Sent:
        """Count a message as sent."""
        segments = sms_size(message.body).segment_count if message.channel == "sms" else 1
        return Sent(provider_id=message.key, segments=segments)

    def reconcile(self, message: Outgoing) -> Sent | None:
        """Say that it was not taken: nothing leaves, so nothing leaves twice."""
        return None


CONSOLE = ConsoleGateway()


def gateway_for(registry: Registry, channel: str) -> Gateway:
    """Return what carries a channel: the installed gateway that has an account, else the console."""
    for gateway in registry.gateways.values():
        if channel in gateway.channels and gateway.configured():
            return gateway
    return CONSOLE


def gateway_named(registry: Registry, name: str) -> Gateway:
    """Return the gateway that a notification was given to.

    Raises:
        TechnicalFailure: It has no account any more.
    """
    if name == CONSOLE.name:
        return CONSOLE
    gateway = registry.gateways.get(name)
    if gateway is None or not gateway.configured():
        raise TechnicalFailure(_("The gateway %(name)s has no account."), permanent=True, name=name)
    return gateway
