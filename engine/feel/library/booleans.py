"""Boolean functions (10.3.4.2)."""

from __future__ import annotations

from engine.feel.library.table import builtin
from engine.feel.runtime import Run


@builtin("not", "negand: boolean?")
def not_(run: Run, negand: bool | None) -> bool | None:
    """Negate; null stays null."""
    return None if negand is None else not negand
