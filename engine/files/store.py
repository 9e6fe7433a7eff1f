"""The verbs of stored files: store, find, open, adopt, delete; who may read; references in variables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO, TypeGuard

from engine.context import Context, verb
from engine.errors import NotFound
from engine.files.content import Content, open_bytes, put
from engine.files.models import StoredFile
from engine.i18n import _
from engine.values import Json

LIMIT_BYTES = 20 << 20
"""How large a file may be where nobody says otherwise."""

UPLOAD = "upload"
_UPLOAD_KEPT = timedelta(days=1)
_NAME_LENGTH = 120
_SUFFIX_LENGTH = 16
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def store(
    ctx: Context,
    *,
    content: BinaryIO | bytes | Content,
    name: str,
    owner_kind: str,
    owner_id: str,
    limit_bytes: int = LIMIT_BYTES,
) -> StoredFile:
    """Store a file: its content first, its row after.

    Args:
        ctx: Who stores it, and where.
        content: The bytes, or a stream of them, or what ``put`` made of it before. A stream is read before
            the transaction opens.
        name: What its owner calls it; cleaned.
        owner_kind: Whose it is: ``instance``, ``task``, ``person``; ``upload`` for one that waits to be
            used and is forgotten after a day.
        owner_id: Which one.
        limit_bytes: How many bytes there may be.

    Raises:
        TooLarge: There are more bytes than that.
        RuntimeError: A write transaction is open and the content is a stream: nothing may be held while
            a body is read.
    """
    if ctx.writing and not isinstance(content, bytes | Content):
        raise RuntimeError("store a stream before the write transaction opens")
    if not isinstance(content, Content):
        content = put(ctx.settings.files, content, limit_bytes=limit_bytes)
    return _add(ctx, content=content, name=clean_name(name), owner_kind=owner_kind, owner_id=owner_id)


@verb
def _add(ctx: Context, *, content: Content, name: str, owner_kind: str, owner_id: str) -> StoredFile:
    file = StoredFile(
        content_hash=content.hash,
        name=name,
        type=content.type,
        size=content.size,
        owner_kind=owner_kind,
        owner_id=owner_id,
        stored_by=ctx.actor.name,
        stored_at=ctx.now,
        delete_after=ctx.now + _UPLOAD_KEPT if owner_kind == UPLOAD else None,
    )
    ctx.session.add(file)
    ctx.session.flush()
    return file


def copy_file(ctx: Context, file: StoredFile) -> StoredFile:
    """Keep a file's content once more, as an upload of the actor's own.

    That they may read it was asked before.

    Raises:
        NotFound: It was deleted meanwhile.
    """
    with ctx.write():
        there = _live(ctx, file.id)
        content = Content(hash=there.content_hash, type=there.type, size=there.size)
        return _add(ctx, content=content, name=there.name, owner_kind=UPLOAD, owner_id=ctx.actor.name)


def find_file(ctx: Context, *, file_id: str) -> StoredFile:
    """Return a file that the actor may read.

    Raises:
        NotFound: There is none of that id, it was deleted, or it is not theirs to see.
    """
    with ctx.read():
        file = _live(ctx, file_id)
        if not may_read(ctx, file):
            raise NotFound(_("There is no such file."))
    return file


def open_content(ctx: Context, file: StoredFile) -> BinaryIO:
    """Open a file's content for reading; the caller closes it.

    Raises:
        NotFound: It was deleted.
    """
    if file.deleted_at is not None:
        raise NotFound(_("The file is not there any more."))
    return open_bytes(ctx.settings.files, file.content_hash)


@verb
def adopt(ctx: Context, file: StoredFile, *, owner_kind: str, owner_id: str) -> None:
    """Give an upload to what it was sent for; it is kept from now on. A file that has an owner keeps it.

    Args:
        ctx: Who gives it.
        file: Which file.
        owner_kind: ``instance``, ``task`` or ``person``.
        owner_id: Which one.

    Raises:
        NotFound: It was deleted meanwhile.
    """
    there = _live(ctx, file.id)
    if there.owner_kind == UPLOAD:
        there.owner_kind, there.owner_id, there.delete_after = owner_kind, owner_id, None
        ctx.session.flush()


@verb
def delete(ctx: Context, file: StoredFile) -> None:
    """Delete a file: its row stays as a tombstone, its content goes once no other row names it."""
    gone = ctx.session.get(StoredFile, file.id)
    if gone is not None and gone.deleted_at is None:
        gone.deleted_at = ctx.now
        ctx.session.flush()


def may_read(ctx: Context, file: StoredFile) -> bool:
    """Tell whether the actor may read a file: whoever may see its owner may.

    An upload is its uploader's, a person's file the person's. Who may see any other owner is known by a
    higher floor, as the registry's port ``may_see_<owner kind>``: ``function(ctx, owner_id) -> bool``; which
    of its files are kept from them all the same, as ``withholds_file``: ``function(ctx, file) -> bool``.
    """
    if ctx.actor.kind in ("system", "timer"):
        return True
    if file.owner_kind == UPLOAD:
        return file.stored_by == ctx.actor.name
    if file.owner_kind == "person":
        return file.owner_id == ctx.actor.key
    port = ctx.registry.ports.get(f"may_see_{file.owner_kind}")
    if port is None or not port(ctx, file.owner_id):
        return False
    withholds = ctx.registry.ports.get("withholds_file")
    return withholds is None or not withholds(ctx, file)


def reference(file: StoredFile) -> dict[str, Json]:
    """Say a file as a variable holds it."""
    return {"$file": file.id, "name": file.name, "type": file.type, "size": file.size}


def is_reference(value: Json) -> TypeGuard[Mapping[str, Json]]:
    """Tell whether a value claims to be a file."""
    return isinstance(value, Mapping) and isinstance(value.get("$file"), str)


def references_in(value: Json) -> Iterator[Mapping[str, Json]]:
    """Yield the files that stand in a value, however deep."""
    if is_reference(value):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references_in(inner)


def check_reference(
    ctx: Context,
    value: Json,
    *,
    owner_kind: str | None = None,
    owner_id: str | None = None,
    known: Collection[str] = (),
) -> StoredFile:
    """Return the file that somebody hands in.

    Only its id is believed: name, type and size are those of the row.

    Args:
        ctx: Who hands it in.
        value: ``{"$file": id}``.
        owner_kind: With ``owner_id``: whose file it may be already, such as the instance's own.
        owner_id: Which one.
        known: The ids of files that stand there already: they may be handed in again.

    Raises:
        NotFound: It is no file, there is none of that id, or it is neither that owner's, nor known, nor an
            upload of the actor's own.
    """
    if not is_reference(value):
        raise NotFound(_("There is no such file."))
    with ctx.read():
        file = _live(ctx, value["$file"])
    own = file.owner_kind == UPLOAD and file.stored_by == ctx.actor.name
    there = owner_kind is not None and (file.owner_kind, file.owner_id) == (owner_kind, owner_id)
    if not (own or there or file.id in known):
        raise NotFound(_("There is no such file."))
    return file


def clean_name(name: str) -> str:
    """Make a file's name harmless: no folder, nothing invisible, at most 120 characters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Every category of C: control and format characters (which can turn a name around), lone surrogates.
    shown = "".join(" " if char.isspace() else char for char in last if _visible(char))
    shown = " ".join(shown.split()).lstrip(".")
    if len(shown) > _NAME_LENGTH:
        stem, dot, suffix = shown.rpartition(".")
        tail = f".{suffix}" if dot and len(suffix) <= _SUFFIX_LENGTH else ""
        shown = (stem if tail else shown)[: _NAME_LENGTH - len(tail)] + tail
    return shown or "file"


def _visible(char: str) -> bool:
    return char.isspace() or not unicodedata.category(char).startswith("C")


def _live(ctx: Context, file_id: Any) -> StoredFile:
    file = ctx.session.get(StoredFile, file_id) if _ID.fullmatch(str(file_id)) else None
    if file is None or file.deleted_at is not None:
        raise NotFound(_("There is no such file."))
    return file
