"""Who has approved where so far: what a process remembers of the approvals that have passed.

What somebody approved is what the initiator had handed in by then: handed in again, it is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.machine.run import Run

_APPROVED = "approved"
# What an approval that is open keeps of somebody who decided on what has been handed in again since.
OUTDATED = "outdated"


def approvals_of(run: Run) -> dict[str, list[str]]:
    """Return who approved at which element so far, in the order in which it passed there."""
    approved: dict[str, list[str]] = run.root.memory.get(_APPROVED, {}) if run.root is not None else {}
    return approved


def remember_approval(run: Run, element_id: str, people: list[str]) -> None:
    """Keep that people approved at an element, as the last ones."""
    assert run.root is not None
    others = {at: who for at, who in approvals_of(run).items() if at != element_id}
    run.root.memory[_APPROVED] = {**others, element_id: people}


def forget_approvals(run: Run, elements: Collection[str]) -> None:
    """Forget who approved at elements that are done again."""
    assert run.root is not None
    kept = {at: who for at, who in approvals_of(run).items() if at not in elements}
    if kept or _APPROVED in run.root.memory:
        run.root.memory[_APPROVED] = kept


def forget_what_came_before(run: Run) -> None:
    """Forget every approval so far, those of approvals that are still open too: it is handed in again."""
    assert run.root is not None
    forget_approvals(run, list(approvals_of(run)))
    for token in run.tasks.values():
        for signer in token.memory.get("signers", ()):
            if signer["decision"]:
                signer[OUTDATED] = True
