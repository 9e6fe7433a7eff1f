"""A call that names itself by an ``Idempotency-Key`` is done once, however often it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from admin.api.models import IdempotentCall
from engine.context import Context, verb
from engine.db import upsert
from engine.errors import InvalidSubmission
from engine.i18n import _
from engine.plugin import JobKind, Registry

KEPT = timedelta(days=7)


class KeyTaken(InvalidSubmission):
    """This Idempotency-Key was used for another request. Take a new one."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call answered.

    Args:
        status: The HTTP status.
        text: The body, JSON.
        again: Whether it was given before.
    """

    status: int
    text: str
    again: bool = False


@verb
def act_once(
    ctx: Context, *, key: str | None, path: str, body_hash: str, act: Callable[[Context], Answer]
) -> Answer:
    """Do something in one transaction and keep its answer under the caller's key in the same one.

    Two that come at once wait for each other: the second finds the first one's answer. What fails is not
    kept: nothing was done, so it may be tried again under the same key.

    Args:
        ctx: Who calls; keys are their own.
        key: What the call names itself; None where it does not.
        path: What is called.
        body_hash: Tells the body from every other one.
        act: Does it, within the open transaction.

    Raises:
        KeyTaken: The key was used for another body.
    """
    if key is None:
        return act(ctx)
    call = IdempotentCall
    mine = (call.actor == ctx.actor.name, call.path == path, call.key == key)
    ctx.connection.execute(delete(call).where(*mine, call.called_at <= ctx.now - KEPT))
    put = upsert(call.__table__, ctx.connection.dialect.name).values(  # type: ignore[arg-type]
        actor=ctx.actor.name,
        path=path,
        key=key,
        body_hash=body_hash,
        status=0,
        answer="",
        called_at=ctx.now,
    )
    if ctx.connection.execute(put.on_conflict_do_nothing().returning(call.key)).first() is None:
        kept = ctx.connection.execute(select(call.body_hash, call.status, call.answer).where(*mine)).one()
        if kept.body_hash != body_hash:
            raise KeyTaken()
        return Answer(status=kept.status, text=kept.answer, again=True)
    answer = act(ctx)
    ctx.connection.execute(update(call).where(*mine).values(status=answer.status, answer=answer.text))
    return answer


def forget_calls(ctx: Context, job: object = None) -> None:
    """Delete the answers that are kept no longer."""
    with ctx.write():
        ctx.connection.execute(delete(IdempotentCall).where(IdempotentCall.called_at <= ctx.now - KEPT))


def register(registry: Registry) -> None:
    """Add the clockwork."""
    registry.add_job_kind(
        JobKind(
            name="forget_calls",
            title=_("Forget old calls of the interface"),
            function=forget_calls,
            every_s=6 * 3600,
            lane="batch",
        )
    )
