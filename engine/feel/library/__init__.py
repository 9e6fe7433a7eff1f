"""The built-in functions, a module for each section of the standard (10.3.4)."""

from __future__ import annotations

from engine.feel.library import (
    booleans,
    contexts,
    conversion,
    lists,
    numeric,
    ranges,
    sorting,
    strings,
    temporal,
)
from engine.feel.library.table import BUILT_INS

SECTIONS = {
    "10.3.4.1": conversion,
    "10.3.4.2": booleans,
    "10.3.4.3": strings,
    "10.3.4.4": lists,
    "10.3.4.5": numeric,
    "10.3.4.6": temporal,
    "10.3.4.7": ranges,
    "10.3.4.9": sorting,
    "10.3.4.10": contexts,
}

NAMES = frozenset(BUILT_INS)

__all__ = ["BUILT_INS", "NAMES", "SECTIONS"]
