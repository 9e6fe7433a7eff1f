"""Whom something is said to, and by which channels they can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.context import Context
from engine.errors import InvalidSubmission
from engine.i18n import LOCALES
from engine.notify.models import InboundMessage, Notification
from engine.people import (
    CHINESE,
    Person,
    centre_locale,
    chinese_of,
    default_region,
    e164,
    written_in,
)

# The order in which channels are tried where nobody prefers one.
_ORDER = ("sms", "email", "in_app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person, or somebody outside.

    Args:
        name: How they are addressed.
        locale: Their language.
        key: The person's key; None for somebody outside.
        phone: E.164.
        email: Mail address.
        time_zone: IANA zone in which times are written to them; None for the centre's.
        preferred_channel: The channel that is tried first.
        phone_trouble: Why the number is not used at present.
        email_trouble: Why the mailbox is not used at present.
        digest: When they are told of what can wait, in one message; None: of each at once.
    """

    name: str
    locale: str
    key: str | None = None
    phone: str | None = None
    email: str | None = None
    time_zone: str | None = None
    preferred_channel: str | None = None
    phone_trouble: str | None = None
    email_trouble: str | None = None
    digest: str | None = None

    def address(self, channel: str) -> str | None:
        """Return where a channel reaches them; None where it does not."""
        if channel == "sms":
            return None if self.phone_trouble else self.phone
        if channel == "email":
            return None if self.email_trouble else self.email
        return self.key if channel == "in_app" else None

    def channels(self, wanted: str) -> tuple[str, ...]:
        """Return the channels that reach them, in the order in which they are tried.

        Args:
            wanted: The channel that the designer chose, or ``preferred``.
        """
        first = self.preferred_channel if wanted == "preferred" else wanted
        in_order = dict.fromkeys((first, *_ORDER) if first else _ORDER)
        return tuple(channel for channel in in_order if self.address(channel))


def person_recipient(person: Person) -> Recipient:
    """Return a person as a recipient; who has left is reached by nothing."""
    if person.closed_at is not None:
        return Recipient(name=person.name, locale=person.locale)
    return Recipient(
        key=person.key,
        name=person.name,
        phone=person.phone,
        email=person.email,
        locale=person.locale,
        time_zone=person.time_zone,
        preferred_channel=person.preferred_channel,
        phone_trouble=person.phone_trouble,
        email_trouble=person.email_trouble,
        digest=person.digest,
    )


def outside_recipient(ctx: Context, said: Mapping[str, Any]) -> Recipient:
    """Return somebody outside as a recipient.

    Args:
        ctx: The context: a number without a country code is one of the centre's country.
        said: A context of the process: ``name``, ``phone``, ``email``, ``locale``, each of them optional.
    """
    locale = str(said.get("locale"))
    try:
        phone = e164(str(said["phone"]), default_region(ctx)) if said.get("phone") else None
    except InvalidSubmission:
        phone = None
    mail = str(said["email"]).strip() if said.get("email") else None
    return Recipient(
        name=str(said.get("name") or ""),
        phone=phone,
        email=mail,
        locale=locale if locale in LOCALES else outsider_locale(ctx, address=phone or mail),
    )


def outsider_locale(ctx: Context, *, text: str = "", address: str | None = None) -> str:
    """Return the language in which to write to somebody who never said theirs.

    That of their text where it can be told; else that in which they were last written to; else the centre's.
    Chinese that both scripts write alike is of the script of their number's country, else of the centre's.

    Args:
        ctx: Any context; a transaction is opened where none is.
        text: What they wrote.
        address: Their number (E.164) or mailbox.
    """
    written = written_in(text)
    if written is not None and written != CHINESE:
        return written
    last = _last_told(ctx, address) if address else None
    if last is not None and (written is None or last.startswith(CHINESE)):
        return last
    return centre_locale(ctx) if written is None else chinese_of(ctx, address)


def _last_told(ctx: Context, address: str) -> str | None:
    last = (
        select(Notification.locale)
        .where(Notification.address == address)
        .order_by(Notification.id.desc())
        .limit(1)
    )
    with ctx.read():
        found: str | None = ctx.connection.execute(last).scalar()
    return found


def opted_out(ctx: Context, phone: str) -> bool:
    """Whether the last word from a number about being written to was to stop."""
    last = (
        select(InboundMessage.result)
        .where(InboundMessage.sender == phone, InboundMessage.result.in_(("opt_out", "opt_in")))
        .order_by(InboundMessage.id.desc())
        .limit(1)
    )
    return ctx.connection.execute(last).scalar() == "opt_out"
