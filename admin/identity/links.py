"""Single-use links to set a password: sent with an invitation, or when the old one is forgotten."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from admin.identity.logins import check_new_password, keep_password
from admin.identity.models import EntryLink
from admin.identity.passwords import hash_password
from admin.kit.limits import take_try
from engine.context import Context, verb
from engine.errors import Conflict, NotFound, TooManyRequests
from engine.history import audit
from engine.i18n import _
from engine.notify import MessageTemplate, MessageText, notify, person_recipient
from engine.people import Person, find_person, person_by_email

log = logging.getLogger(__name__)

INVITATION, FORGOTTEN = "invitation", "forgotten"
LIVES = {INVITATION: timedelta(hours=72), FORGOTTEN: timedelta(minutes=30)}


class DeadLink(NotFound):
    """This link has been used or is too old. Ask for a new one."""

    code = "dead_link"


@verb
def make_link(ctx: Context, *, person_key: str, purpose: str) -> str:
    """Make a link's secret; links of the same purpose that the person had are dead from now on.

    Args:
        ctx: The context.
        person_key: Whose.
        purpose: ``invitation`` (good for 72 hours) or ``forgotten`` (30 minutes).

    Returns:
        The secret: 128 random bits, kept nowhere.
    """
    secret = secrets.token_urlsafe(16)
    ctx.session.execute(delete(EntryLink).where(EntryLink.expires_at < ctx.now - timedelta(days=30)))
    ctx.session.execute(
        update(EntryLink)
        .where(EntryLink.person_key == person_key, EntryLink.purpose == purpose)
        .where(EntryLink.used_at.is_(None))
        .values(used_at=ctx.now)
    )
    ctx.session.add(
        EntryLink(
            hash=_hash(secret),
            person_key=person_key,
            purpose=purpose,
            made_at=ctx.now,
            expires_at=ctx.now + LIVES[purpose],
        )
    )
    audit(ctx, f"person.{purpose}_link", "person", person_key)
    return secret


def person_behind(ctx: Context, *, secret: str) -> Person:
    """Return whose link this is. Opening a link does not use it up.

    Raises:
        DeadLink: It was used, is too old, or never was.
    """
    with ctx.read():
        person = ctx.session.scalars(
            select(Person)
            .join(EntryLink, EntryLink.person_key == Person.key)
            .where(EntryLink.hash == _hash(secret), EntryLink.used_at.is_(None))
            .where(EntryLink.expires_at > ctx.now, Person.closed_at.is_(None))
        ).first()
    if person is None:
        raise DeadLink()
    return person


def set_password_by_link(ctx: Context, *, secret: str, password: str) -> Person:
    """Set a password; the link is used up and all sessions end.

    Args:
        ctx: The context, with no transaction open: hashing takes long by intent.
        secret: The link's.
        password: The new password.

    Raises:
        DeadLink: It was used, is too old, or never was.
        InvalidSubmission: The password is too weak; the link stays good.
    """
    person = person_behind(ctx, secret=secret)
    check_new_password(ctx, person=person, password=password)
    _use(ctx, secret=secret, person_key=person.key, kept=hash_password(password))
    return person


@verb
def _use(ctx: Context, *, secret: str, person_key: str, kept: str) -> None:
    used = ctx.session.execute(
        update(EntryLink)
        .where(EntryLink.hash == _hash(secret), EntryLink.used_at.is_(None))
        .values(used_at=ctx.now)
        .returning(EntryLink.hash)
    ).first()
    if used is None:
        raise DeadLink()
    keep_password(ctx, person_key=person_key, kept=kept)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


MESSAGES = {
    INVITATION: MessageTemplate(
        key="invitation",
        secret=True,
        title=_("Your access to {{ centre }}"),
        texts={
            "sms": MessageText(
                text=_("{{ centre }}: sign in as {{ key }}. Choose a password within 72 hours: {{ url }}")
            ),
            "email": MessageText(
                text=_(
                    "Hello {{ recipient.name }},\n\nyou can now sign in to {{ centre }}. Your user name is "
                    "{{ key }}.\nChoose your password within 72 hours:\n\n{{ url }}"
                )
            ),
        },
    ),
    FORGOTTEN: MessageTemplate(
        key="forgotten_password",
        secret=True,
        title=_("A new password for {{ centre }}"),
        texts={
            "sms": MessageText(
                text=_("{{ centre }}: choose a new password for {{ key }} within 30 minutes: {{ url }}")
            ),
            "email": MessageText(
                text=_(
                    "Hello {{ recipient.name }},\n\nchoose a new password for {{ key }} within 30 minutes:"
                    "\n\n{{ url }}\n\nIf you did not ask for it, do nothing: your password stays as it is."
                )
            ),
        },
    ),
}


@verb
def send_link(ctx: Context, *, person: Person, purpose: str, channel: str = "preferred") -> None:
    """Send somebody a link to set their password.

    Args:
        ctx: The context.
        person: Who.
        purpose: ``invitation`` or ``forgotten``.
        channel: ``sms``, ``email`` or ``preferred``.

    Raises:
        Conflict: They have neither a number nor a mailbox that works.
    """
    to = person_recipient(person)
    if not to.address("sms") and not to.address("email"):
        raise Conflict(_("%(name)s has neither a telephone number nor a mail address."), name=person.name)
    secret = make_link(ctx, person_key=person.key, purpose=purpose)
    url = f"{ctx.settings.public_url}/enter/{secret}"
    notify(
        ctx,
        event=purpose,
        to=to,
        channel=channel,
        message=MESSAGES[purpose],
        scope={"url": url, "key": person.key},
    )


def send_forgotten_link(ctx: Context, *, name: str) -> None:
    """Send a link to whoever a name means, if anybody; the caller never learns.

    Args:
        ctx: The context.
        name: A user name or a mail address.
    """
    name = name.strip().lower()
    person = find_person(ctx, name)
    if person is None and "@" in name:
        found = person_by_email(ctx, name)
        person = found[0] if len(found) == 1 else None
    if person is None or person.closed_at is not None:
        return
    try:
        take_try(ctx, name="forgotten", of=person.key, most=5, within_s=3600)
        send_link(ctx, person=person, purpose=FORGOTTEN)
    except (TooManyRequests, Conflict) as error:
        log.info("No link was sent: %s", error)
