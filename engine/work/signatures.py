"""Signatures under decisions: drawn there and then, or kept in one's account."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import delete as remove
from sqlalchemy import insert, select

from engine.context import Context, verb
from engine.errors import InvalidSubmission, NotFound, Problem
from engine.files import (
    Content,
    StoredFile,
    adopt,
    check_reference,
    delete,
    open_content,
    reference,
    store,
)
from engine.history import audit
from engine.i18n import _
from engine.values import Json
from engine.work.drawn import LARGEST_BYTES, check_drawn
from engine.work.models import KeptSignature

KEPT = "kept"
"""What stands in place of a file for the signature in one's account."""

NAME = "signature.png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature that was looked at: only ``check_signature`` makes one.

    Args:
        file_id: The picture: an upload of whoever signs, or what they keep in their account.
    """

    file_id: str


def check_signature(ctx: Context, value: Json) -> Signature:
    """Look at a signature before it is put under a decision.

    Args:
        ctx: Who signs, with no open write transaction: the picture is read.
        value: ``{"$file": id}`` of an upload of their own, or ``"kept"`` for the one in their account.

    Raises:
        InvalidSubmission: There is none, or it is no picture of a signature; the path is ``signature``.
    """
    if value == KEPT:
        kept = kept_signature(ctx)
        if kept is None:
            raise _refused(_("There is no signature in your account. Draw one."))
        return Signature(file_id=kept.id)
    try:
        file = check_reference(ctx, value)
        with closing(open_content(ctx, file)) as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except NotFound as error:
        raise _refused(error.message) from error
    check_drawn(content)
    return Signature(file_id=file.id)


@verb
def sign(ctx: Context, signature: Signature, *, instance_id: str) -> dict[str, Json]:
    """Put a signature under something of an instance: the instance has a picture of its own from now on.

    Args:
        ctx: Who signs.
        signature: What was looked at.
        instance_id: Whose the picture is.

    Returns:
        The reference of the picture.

    Raises:
        InvalidSubmission: It was used or deleted meanwhile.
    """
    file = ctx.session.get(StoredFile, signature.file_id)
    own = file is not None and (file.owner_kind, file.owner_id) == ("person", ctx.actor.key)
    if file is not None and own and file.deleted_at is None:
        content = Content(hash=file.content_hash, type=file.type, size=file.size)
        copy = store(ctx, content=content, name=NAME, owner_kind="instance", owner_id=instance_id)
        return reference(copy)
    try:
        file = check_reference(ctx, {"$file": signature.file_id})
        adopt(ctx, file, owner_kind="instance", owner_id=instance_id)
    except NotFound as error:
        raise _refused(error.message) from error
    return reference(file)


def kept_signature(ctx: Context) -> StoredFile | None:
    """Return the signature in the actor's account; None where there is none."""
    with ctx.read():
        file_id = ctx.connection.execute(
            select(KeptSignature.file_id).where(KeptSignature.person_key == ctx.actor.key)
        ).scalar()
        return ctx.session.get(StoredFile, file_id) if file_id is not None else None


@verb
def keep_signature(ctx: Context, signature: Signature) -> None:
    """Keep a signature in the actor's account, in place of the one that is there.

    Args:
        ctx: Whose it is.
        signature: What was looked at.

    Raises:
        InvalidSubmission: It was used or deleted meanwhile.
    """
    try:
        file = check_reference(ctx, {"$file": signature.file_id})
    except NotFound as error:
        raise _refused(error.message) from error
    assert ctx.actor.key is not None
    _forget(ctx)
    adopt(ctx, file, owner_kind="person", owner_id=ctx.actor.key)
    ctx.connection.execute(
        insert(KeptSignature).values(person_key=ctx.actor.key, file_id=file.id, kept_at=ctx.now)
    )
    audit(ctx, "signature.keep", "person", ctx.actor.key)


@verb
def forget_signature(ctx: Context) -> None:
    """Delete the signature in the actor's account; what was signed by it stays signed."""
    assert ctx.actor.key is not None
    if _forget(ctx):
        audit(ctx, "signature.forget", "person", ctx.actor.key)


def _forget(ctx: Context) -> bool:
    kept = kept_signature(ctx)
    if kept is not None:
        ctx.connection.execute(remove(KeptSignature).where(KeptSignature.person_key == ctx.actor.key))
        delete(ctx, kept)
    return kept is not None


def _refused(message: str) -> InvalidSubmission:
    return InvalidSubmission(problems=[Problem(path="signature", message=message)])
