"""What an SMS may be in the reader's country: answered, with a link, or neither.

A gateway that says where it carries to says it of its countries. For the others the
table holds what Twilio documents; an administrator overrides it by a parameter, where an allow-listed address
can do more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.context import Context
from engine.i18n import _
from engine.notify.gateways import gateway_for
from engine.parameters import parameter
from engine.people import region_of
from engine.plugin import SelectiveGateway, SettingSpec, SmsMode

MODES: tuple[SmsMode, ...] = ("link and reply", "link", "code only")
ANY: SmsMode = "link and reply"
# Mainland China: no two-way, no addresses. Taiwan: no two-way, addresses only where allow-listed.
MODE_OF: Mapping[str, SmsMode] = {"CN": "code only", "HK": "link and reply", "TW": "code only"}
_LABELS = {
    "CN": _("SMS to mainland China"),
    "HK": _("SMS to Hong Kong"),
    "TW": _("SMS to Taiwan"),
    "": _("SMS to other countries"),
}
_CHOICES = (_("link and reply"), _("link"), _("code only"))
_HELP = _(
    "Link and reply: both arrive. Link: nobody can answer. Code only: no link is delivered either; its "
    "reader types a code on the handlers' page. A gateway that names the country itself goes first."
)
# An address as carriers find it, with scheme or without.
_ADDRESS = re.compile(r"https?://|\bwww\.|@[a-z0-9.-]+\.[a-z]{2,} #", re.IGNORECASE)


def _key(region: str) -> str:
    return f"sms_mode.{region.lower() or 'other'}"


SETTINGS = tuple(
    SettingSpec(
        key=_key(region),
        type="choice",
        default=MODE_OF.get(region, ANY),
        choices=_CHOICES,
        label=label,
        help=_HELP,
    )
    for region, label in _LABELS.items()
)
"""The parameters that choose the mode of each country."""


def sms_mode(ctx: Context, phone: str | None) -> SmsMode:
    """Return what an SMS to a number may be.

    Args:
        ctx: Any context.
        phone: E.164; None where there is none.
    """
    gateway = gateway_for(ctx, "sms", phone) if phone else None
    said = gateway.mode(phone) if phone and isinstance(gateway, SelectiveGateway) else None
    if said is not None:
        return said
    region = region_of(phone) or ""
    chosen: SmsMode = parameter(ctx, _key(region if region in MODE_OF else ""))
    return chosen


def has_address(text: str) -> bool:
    """Whether a text has an address in it that carriers of *code only* countries do not deliver."""
    return _ADDRESS.search(text) is not None
