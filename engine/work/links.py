"""Links: a way to one task without a login. 96 random bits, kept as a hash; a page acts once per number.

Tried tokens are limited by whoever serves the page.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.context import Context
from engine.db import inserting, updating
from engine.errors import NotFound
from engine.i18n import _
from engine.ids import new_id
from engine.work.models import Link, LinkAct
from engine.work.rights import candidates_of
from engine.work.tasks import Task, get_task

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_BITS = 96
TOKEN_LENGTH = 17
# Without I, L, O and U: nobody misreads a code, nor reads a word in it.
_TYPED = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
CODE_LENGTH = 6
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


def make_link(ctx: Context, *, person_key: str, task_id: str, instance_id: str, typed: bool = False) -> str:
    """Make a link for a person to a task, within the open transaction.

    Args:
        ctx: The open write transaction.
        person_key: For whom.
        task_id: To which task.
        instance_id: The task's instance.
        typed: A code of six characters that people type, instead of a token.

    Returns:
        The token; only its hash is kept.
    """
    token = _code(ctx) if typed else _base62(secrets.randbits(TOKEN_BITS))
    ctx.connection.execute(
        inserting(Link),
        {
            "id": new_id(),
            "token_hash": _hash(token),
            "person_key": person_key,
            "task_id": task_id,
            "instance_id": instance_id,
            "created_at": ctx.now,
            "expires_at": ctx.now + LIFETIME,
        },
    )
    return token


def read_code(typed: str) -> str | None:
    """Return the code that somebody typed, as it was made; None where it cannot be one."""
    folded = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
    code = "".join(character for character in folded if character.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(_TYPED) else None


def _code(ctx: Context) -> str:
    """Make a code that leads nowhere else."""
    while True:
        code = "".join(secrets.choice(_TYPED) for _place in range(CODE_LENGTH))
        if ctx.connection.execute(select(Link.id).where(Link.token_hash == _hash(code))).first() is None:
            return code


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


def restore_links_of(ctx: Context, task_id: str) -> None:
    """Let the withdrawn links to a task work again, of everybody who may take it now."""
    ctx.connection.execute(
        update(Link)
        .where(Link.task_id == task_id, Link.person_key.in_(candidates_of(ctx, task_id)))
        .values(revoked_at=None)
    )


def move_links(ctx: Context, task_id: str, *, to: str) -> None:
    """Let the links to a finished task lead to the one in its place, for as long as they were to."""
    for link in ctx.connection.execute(select(Link.id, Link.created_at).where(Link.task_id == task_id)).all():
        ctx.connection.execute(
            update(Link).where(Link.id == link.id).values(task_id=to, expires_at=link.created_at + LIFETIME)
        )


_ENDING = updating(Link).where(
    Link.task_id.in_(bindparam("tasks", expanding=True)), Link.expires_at > bindparam("then")
)


def close_links(ctx: Context, task_ids: list[str]) -> None:
    """Let the links to finished tasks end a day from now."""
    then = ctx.now + AFTER_THE_END
    ctx.connection.execute(_ENDING, {"tasks": task_ids, "then": then, "expires_at": then})


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _base62(number: int) -> str:
    digits: list[str] = []
    for _digit in range(TOKEN_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(digits)
