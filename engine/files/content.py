"""The bytes of stored files: a folder by hash, written aside, made safe, then put in place."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import InvalidSubmission, NotFound
from engine.files.kind import HEAD_BYTES, type_of
from engine.i18n import _
from engine.ids import new_id

INCOMING = ".incoming"
_CHUNK_BYTES = 1 << 20


class TooLarge(InvalidSubmission):
    """The file is larger than %(limit)s MB. Attach a smaller one."""

    code = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Bytes that lie in the folder.

    Args:
        hash: SHA-256 of the bytes, in hexadecimal digits: their name.
        type: The media type, by the bytes.
        size: How many bytes.
    """

    hash: str
    type: str
    size: int


def path_of(folder: Path, content_hash: str) -> Path:
    """Say where content lies."""
    return folder / content_hash[:2] / content_hash


def put(folder: Path, source: BinaryIO | bytes, *, limit_bytes: int) -> Content:
    """Write content into the folder; once it returns, a loss of power does not lose it.

    The same content may come again: it takes the place of what is there, so that a sweep that runs at
    the same moment sees it as new.

    Args:
        folder: Where stored files lie.
        source: The bytes, or a stream that is read to its end or to the limit.
        limit_bytes: How many bytes there may be.

    Raises:
        TooLarge: There are more; nothing is left behind.
        InvalidSubmission: There are none.
    """
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    aside = folder / INCOMING / new_id()
    aside.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = _write(aside, stream, limit_bytes)
        target = path_of(folder, content.hash)
        target.parent.mkdir(exist_ok=True)
        os.replace(aside, target)
        sync_folder(target.parent)
        sync_folder(folder)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return content


def _write(path: Path, stream: BinaryIO, limit_bytes: int) -> Content:
    digest, size, head = hashlib.sha256(), 0, b""
    with open(path, "xb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > limit_bytes:
                raise TooLarge(limit=max(1, limit_bytes >> 20))
            head = head or chunk[:HEAD_BYTES]
            digest.update(chunk)
            file.write(chunk)
        if not size:
            raise InvalidSubmission(_("The file is empty. Attach another one."))
        file.flush()
        os.fsync(file.fileno())
    return Content(hash=digest.hexdigest(), type=type_of(head), size=size)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe, where the system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_bytes(folder: Path, content_hash: str) -> BinaryIO:
    """Open content for reading.

    Raises:
        NotFound: It is not there any more.
    """
    try:
        return open(path_of(folder, content_hash), "rb")
    except FileNotFoundError:
        raise NotFound(_("The file is not there any more.")) from None
