"""What an instance's row tells every expression of its drawing."""

from __future__ import annotations

from typing import Any


def given_names(row: Any) -> dict[str, Any]:
    """Return the names that every expression of an instance knows.

    Args:
        row: The instance's row, or what is to become it.
    """
    return {
        "instance_id": row.id,
        "business_key": row.business_key,
        "initiator": row.initiator,
        "submitter": row.submitter or row.initiator,
        "started_at": row.started_at,
    }
