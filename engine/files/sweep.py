"""Clearing up: uploads that nobody used, files whose time is over, content that no row names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from engine.context import Context
from engine.files.content import INCOMING
from engine.files.models import StoredFile
from engine.i18n import _
from engine.plugin import JobKind

_GRACE = timedelta(hours=1)
_GOING = ".going"
_AT_ONCE = 200


def sweep(ctx: Context, job: object = None) -> int:
    """Delete content that no row names, once it is an hour old.

    An upload is written before its row: the hour keeps the two from missing each other.

    Args:
        ctx: Where.
        job: What asked for it; not needed.

    Returns:
        How many contents went.
    """
    with ctx.write():
        ctx.session.execute(
            update(StoredFile)
            .where(StoredFile.deleted_at.is_(None), StoredFile.delete_after <= ctx.now)
            .values(deleted_at=ctx.now)
        )
        before_s = (ctx.now - _GRACE).timestamp()
    _put_back(ctx.settings.files)
    gone_count = 0
    for batch in _batches(_old(ctx.settings.files, before_s)):
        gone_count += sum(_remove(path, before_s) for path in _unnamed(ctx, batch))
    return gone_count


SWEEP = JobKind(
    name="sweep_files",
    title=_("Delete stored files that nothing names"),
    function=sweep,
    every_s=3600,
    lane="batch",
)


def _old(folder: Path, before_s: float) -> Iterator[Path]:
    for inner in sorted(folder.glob("*/")):
        for path in inner.iterdir():
            if _modified_s(path) < before_s:
                yield path


def _batches(paths: Iterator[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    for path in paths:
        batch.append(path)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    yield batch


def _unnamed(ctx: Context, paths: list[Path]) -> list[Path]:
    with ctx.read():
        named = set(
            ctx.session.scalars(
                select(StoredFile.content_hash).where(
                    StoredFile.deleted_at.is_(None),
                    StoredFile.content_hash.in_([path.name for path in paths]),
                )
            )
        )
    return [path for path in paths if path.parent.name == INCOMING or path.name not in named]


def _put_back(folder: Path) -> None:
    """Undo what a sweep that was killed had moved away."""
    for going in folder.glob(f"*/*{_GOING}"):
        path = going.with_name(going.name.removesuffix(_GOING))
        if path.exists():
            going.unlink()
        else:
            os.replace(going, path)


def _remove(path: Path, before_s: float) -> bool:
    # The same content may arrive at this very moment: it is moved away first, and put back if it is new.
    going = path.with_name(path.name + _GOING)
    try:
        os.replace(path, going)
        if _modified_s(going) >= before_s:
            os.replace(going, path)
            return False
        going.unlink()
    except FileNotFoundError:
        return False
    return True


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
