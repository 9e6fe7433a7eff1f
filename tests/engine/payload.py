"""One hostile attempt, of a script or of an expression; the tables are in ``sandbox/`` and ``feel/``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["escape", "leak", "time", "memory"]
# What every payload is given as the variable ``shared``.
SHARED = {"items": [1, 2], "name": "x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One attempt.

    Args:
        name: What it is called in its table.
        kind: What it is after.
        source: A script, or a FEEL expression. ``@SECRET@`` stands for a file that holds a secret,
            ``@MARKER@`` for one that must not come to be, ``@PORT@`` for a port where nobody may call.
        after: A script; run next, it ends with a true ``ok`` if nothing was left behind.
    """

    name: str
    kind: Kind
    source: str
    after: str = "ok = True"

    @property
    def expression(self) -> str | None:
        """The one Python expression that a script assigns; None where it is more than that."""
        head, _equals, rest = self.source.partition("result = ")
        return rest if not head and "\n" not in rest else None

    def aimed(self, secret: Path, marker: Path, port: int) -> str:
        """Return the source with something to reach for."""
        aims = {"@SECRET@": str(secret), "@MARKER@": str(marker), "@PORT@": str(port)}
        source = self.source
        for sign, aim in aims.items():
            source = source.replace(sign, aim)
        return source
