"""Links: a way to one task without a login. 96 random bits, kept as a hash; a page acts once per number.

Tried tokens are limited by whoever serves the page.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.context import Context
from engine.errors import NotFound
from engine.i18n import _
from engine.ids import new_id
from engine.work.models import Link, LinkAct
from engine.work.tasks import Task, get_task

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_BITS = 96
TOKEN_LENGTH = 17
LIFETIME = timedelta(days=7)
AFTER_THE_END = timedelta(hours=24)


class LinkGone(NotFound):
    """This link does not work any more. Ask the desk for a new one, or sign in."""

    code = "link_gone"


class UnknownLink(LinkGone):
    """This link does not work. Look at the message again, or ask the desk for a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """What a link leads to."""

    id: str
    person_key: str
    task: Task


def make_link(ctx: Context, *, person_key: str, task_id: str, instance_id: str) -> str:
    """Make a link for a person to a task, within the open transaction.

    Returns:
        The token; only its hash is kept.
    """
    token = _base62(secrets.randbits(TOKEN_BITS))
    ctx.connection.execute(
        insert(Link).values(
            id=new_id(),
            token_hash=_hash(token),
            person_key=person_key,
            task_id=task_id,
            instance_id=instance_id,
            created_at=ctx.now,
            expires_at=ctx.now + LIFETIME,
        )
    )
    return token


def open_link(ctx: Context, token: str) -> OpenedLink:
    """Return what a token leads to. Nothing is changed: looking is not acting.

    Raises:
        UnknownLink: There is no such link.
        LinkGone: It is too old, withdrawn, or its task is somebody else's now.
    """
    row = ctx.connection.execute(select(Link.__table__).where(Link.token_hash == _hash(token))).first()
    if row is None:
        raise UnknownLink()
    if row.revoked_at is not None:
        raise LinkGone(_("This link was withdrawn: the task is with somebody else now."))
    if row.expires_at <= ctx.now:
        raise LinkGone(_("This link is too old. Ask the desk for a new one, or sign in."))
    task = get_task(ctx, row.task_id)
    if task.ended_at is not None and task.ended_at + AFTER_THE_END <= ctx.now:
        raise LinkGone(_("This task was finished more than a day ago."))
    return OpenedLink(id=row.id, person_key=row.person_key, task=task)


def act_number() -> str:
    """Make the number that lets a page act once."""
    return secrets.token_hex(16)


def use_act(ctx: Context, link_id: str, number: str, verb: str) -> bool:
    """Use a page's number within the open transaction.

    Returns:
        False where it was used before: the act has been done already.
    """
    if not (16 <= len(number) <= 32 and number.isalnum()):
        return False
    try:
        with ctx.connection.begin_nested():
            ctx.connection.execute(
                insert(LinkAct).values(number=number, link_id=link_id, used_at=ctx.now, verb=verb)
            )
    except IntegrityError:
        return False
    return True


def revoke_links_of(ctx: Context, task_id: str, *, but: str | None = None) -> None:
    """Withdraw the links to a task, of everybody but one person."""
    withdrawn = update(Link).where(Link.task_id == task_id, Link.revoked_at.is_(None))
    if but is not None:
        withdrawn = withdrawn.where(Link.person_key != but)
    ctx.connection.execute(withdrawn.values(revoked_at=ctx.now))


def close_links(ctx: Context, task_ids: list[str]) -> None:
    """Let the links to finished tasks end a day from now."""
    ctx.connection.execute(
        update(Link)
        .where(Link.task_id.in_(task_ids), Link.expires_at > ctx.now + AFTER_THE_END)
        .values(expires_at=ctx.now + AFTER_THE_END)
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _base62(number: int) -> str:
    digits: list[str] = []
    for _digit in range(TOKEN_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(digits)
