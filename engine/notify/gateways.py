"""Which gateway carries a channel to an address: one that says so, one with an account, else the console."""

from __future__ import annotations

from engine.context import Context
from engine.errors import TechnicalFailure
from engine.i18n import _
from engine.notify.sms_text import sms_size
from engine.plugin import Gateway, Outgoing, ParameterGateway, SelectiveGateway, Sent


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


def gateway_for(ctx: Context, channel: str, address: str | None = None) -> Gateway | None:
    """Return what carries a channel to an address.

    A gateway that says where it carries to goes before one that carries everywhere. The console carries where
    no account is set; but where one is, it does not pretend to reach whom no gateway reaches.

    Args:
        ctx: Any context; a transaction is opened where none is and a parameter is needed.
        channel: ``sms`` or ``email``.
        address: E.164 or a mailbox; None for any.

    Returns:
        None where gateways are set for this channel and none of them carries there.
    """
    installed = [_at_hand(ctx, one) for one in ctx.registry.gateways.values() if channel in one.channels]
    ready = [gateway for gateway in installed if gateway.configured()]
    ready.sort(key=lambda gateway: not isinstance(gateway, SelectiveGateway))
    for gateway in ready:
        if address is None or not isinstance(gateway, SelectiveGateway) or gateway.mode(address) is not None:
            return gateway
    return None if ready else CONSOLE


def gateway_named(ctx: Context, name: str) -> Gateway:
    """Return the gateway that a notification was given to.

    Raises:
        TechnicalFailure: It has no account any more.
    """
    if name == CONSOLE.name:
        return CONSOLE
    installed = ctx.registry.gateways.get(name)
    gateway = None if installed is None else _at_hand(ctx, installed)
    if gateway is None or not gateway.configured():
        raise TechnicalFailure(_("The gateway %(name)s has no account."), permanent=True, name=name)
    return gateway


def _at_hand(ctx: Context, gateway: Gateway | ParameterGateway) -> Gateway:
    return gateway.within(ctx) if isinstance(gateway, ParameterGateway) else gateway
