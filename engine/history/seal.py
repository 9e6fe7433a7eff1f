"""Seals over the audit log: blocks of rows hashed in order, each over the block before.

Whoever changes or removes a sealed row breaks its block; ``verify`` names the first broken one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from engine import values
from engine.context import Context, verb
from engine.history.models import AuditBlock, AuditEntry
from engine.i18n import _
from engine.plugin import JobKind

_BLOCK_ROWS = 1_000
_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the verifier found.

    Args:
        block_count: Sealed blocks.
        broken_block: The first block whose rows are not as they were sealed; None where all are.
        unsealed_count: Rows after the last seal.
    """

    block_count: int
    broken_block: int | None
    unsealed_count: int


@verb
def seal_audit(ctx: Context) -> int:
    """Seal the rows since the last block.

    Returns:
        How many rows were sealed.
    """
    last = ctx.connection.execute(
        select(AuditBlock.number, AuditBlock.last_seq, AuditBlock.hash)
        .order_by(AuditBlock.number.desc())
        .limit(1)
        .with_for_update()
    ).first()
    number, last_seq, before = (last.number, last.last_seq, last.hash) if last else (0, 0, "")
    rows = _rows(ctx, last_seq, None)
    if not rows:
        return 0
    ctx.connection.execute(
        insert(AuditBlock).values(
            number=number + 1,
            first_seq=rows[0]["seq"],
            last_seq=rows[-1]["seq"],
            hash=_hash(before, rows),
            sealed_at=ctx.now,
        )
    )
    return len(rows)


def verify(ctx: Context) -> Verdict:
    """Compare every sealed block with its rows."""
    with ctx.read():
        blocks = ctx.connection.execute(select(AuditBlock.__table__).order_by(AuditBlock.number)).all()
        before, last_seq, broken = "", 0, None
        for block in blocks:
            rows = _rows(ctx, last_seq, block.last_seq)
            if broken is None and (not rows or _hash(before, rows) != block.hash):
                broken = block.number
            before, last_seq = block.hash, block.last_seq
        unsealed = ctx.connection.execute(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.seq > last_seq)
        ).scalar_one()
    return Verdict(block_count=len(blocks), broken_block=broken, unsealed_count=unsealed)


def _rows(ctx: Context, after: int, until: int | None) -> list[Mapping[str, Any]]:
    wanted = select(AuditEntry.__table__).where(AuditEntry.seq > after).order_by(AuditEntry.seq)
    wanted = wanted.limit(_BLOCK_ROWS) if until is None else wanted.where(AuditEntry.seq <= until)
    return [dict(row) for row in ctx.connection.execute(wanted).mappings()]


def _hash(before: str, rows: list[Mapping[str, Any]]) -> str:
    total = hashlib.sha256(before.encode())
    for row in rows:
        line = {**row, "at": row["at"].isoformat()}
        total.update(values.dumps(line).encode() + b"\n")
    return total.hexdigest()


SEAL = JobKind(
    name="seal_audit",
    title=_("Seal the audit log"),
    function=lambda ctx, _job: seal_audit(ctx),
    every_s=_EVERY_S,
    lane="batch",
)
