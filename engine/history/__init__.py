"""What happened: element visits, variable writes, the audit log."""

from __future__ import annotations

import re

from engine.context import Context
from engine.db import inserting
from engine.history.models import AuditBlock, AuditEntry, ElementVisit, VariableWrite
from engine.values import Json

__all__ = ["AuditBlock", "AuditEntry", "ElementVisit", "VariableWrite", "audit", "mask"]

_PHONE = re.compile(r"\+\d{5,15}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def audit(ctx: Context, action: str, object_kind: str, object_id: str, detail: Json = None) -> None:
    """Write within the open transaction who did what to what.

    Args:
        ctx: The open write transaction; its actor is who.
        action: ``task.complete``, ``process.deploy``…
        object_kind: ``task``, ``instance``, ``person``…
        object_id: Its id or key.
        detail: What is worth keeping; no personal data.
    """
    ctx.gather(
        inserting(AuditEntry),
        {
            "at": ctx.now,
            "actor": ctx.actor.name,
            "channel": ctx.actor.channel,
            "action": action,
            "object_kind": object_kind,
            "object_id": object_id,
            "detail": detail,
        },
    )


def mask(text: str) -> str:
    """Hide telephone numbers (but their last two digits) and mail addresses in a text for logs."""
    text = _PHONE.sub(lambda found: "+" + "*" * (len(found[0]) - 3) + found[0][-2:], text)
    return _MAIL.sub("***@***", text)
