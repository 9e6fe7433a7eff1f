"""Who does a step of one instance, where somebody has said so instead of the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.machine.run import Run

_APPOINTED = "appointed"


def appointed_at(run: Run, element_id: str) -> tuple[str, ...]:
    """Return who was appointed for an element; nobody where it is as drawn."""
    kept = run.root.memory.get(_APPOINTED, {}) if run.root is not None else {}
    return tuple(kept.get(element_id, ()))


def appoint(run: Run, element_id: str, people: Sequence[str]) -> None:
    """Let people do an element instead of whom the drawing names; nobody: as drawn again."""
    assert run.root is not None
    kept = {at: who for at, who in run.root.memory.get(_APPOINTED, {}).items() if at != element_id}
    run.root.memory[_APPOINTED] = {**kept, element_id: list(people)} if people else kept
