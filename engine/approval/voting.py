"""How many decide: what the decisions of a step's signers come to, and who is asked now.

Pure: nothing here knows a database, a clock or a drawing. Weights are whole numbers, so that no share is lost
to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What a signer said, or what became of the asking."""

    APPROVED = "approved"
    REJECTED = "rejected"
    # Counts for neither side, as if nobody had asked.
    REMOVED = "removed"


class Rule(StrEnum):
    """How decisions are counted."""

    # Countersign: everybody approves.
    ALL = "all"
    # Whoever decides first decides for all.
    ANY = "any"
    # A share of the signers approves.
    RATIO = "ratio"
    # More than a share of the weights approves.
    WEIGHT = "weight"
    # So many approve, or so many reject.
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Somebody who is asked at a step.

    Args:
        key: Which asking; a person can be asked twice at a step.
        weight: What their decision counts under ``Rule.WEIGHT``, from 0.
        decision: What they said; None while they have not.
        order: The how-manieth decision of the step it was; told by whoever keeps them.
    """

    key: str
    weight: int = 1
    decision: Decision | None = None
    order: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Voting:
    """How a step's signers come to one decision.

    Args:
        rule: How decisions are counted.
        percent: Of ``RATIO`` the share that is enough, of ``WEIGHT`` the share that must be exceeded; in
            percent, over 0 and at most 100 (under 100 for ``WEIGHT``).
        pass_count: Of ``COUNT``: so many approvals pass, all of them where fewer are asked; from 1.
        reject_count: Of ``COUNT``: so many rejections reject; where it is left out, as soon as the approvals
            cannot be reached any more.
        veto: One rejection rejects, whatever the rule.
        wait_for_all: Everybody is heard, also when the result is known.
        in_turn: They are asked one after the other, not all at once.
    """

    rule: Rule = Rule.ALL
    percent: float = 50.0
    pass_count: int = 1
    reject_count: int | None = None
    veto: bool = False
    wait_for_all: bool = False
    in_turn: bool = False

    def result(self, signers: Sequence[Signer]) -> Decision | None:
        """Return what the step has come to: approved, rejected, or None while that is open.

        A step in which nobody has decided has not come to anything: nobody found never means passed.

        Args:
            signers: Everybody who is asked, in order.
        """
        asked = [signer for signer in signers if signer.decision is not Decision.REMOVED]
        decided = [signer for signer in asked if signer.decision is not None]
        if not decided or (self.wait_for_all and len(decided) < len(asked)):
            return None
        if self.veto and any(signer.decision is Decision.REJECTED for signer in decided):
            return Decision.REJECTED
        if self.rule is Rule.ANY:
            return min(decided, key=lambda signer: signer.order).decision
        approved = self._sum(asked, Decision.APPROVED)
        if self._suffices(approved, asked):
            return Decision.APPROVED
        if self._rejects(asked) or not self._suffices(approved + self._sum(asked, None), asked):
            return Decision.REJECTED
        return None

    def asked_now(self, signers: Sequence[Signer]) -> list[Signer]:
        """Return whose decision the step waits for now; nobody's once it has come to one."""
        if self.result(signers) is not None:
            return []
        undecided = [signer for signer in signers if signer.decision is None]
        return undecided[:1] if self.in_turn else undecided

    def _sum(self, signers: Sequence[Signer], decision: Decision | None) -> int:
        return sum(
            signer.weight if self.rule is Rule.WEIGHT else 1
            for signer in signers
            if signer.decision is decision
        )

    def _suffices(self, approved: int, asked: Sequence[Signer]) -> bool:
        match self.rule:
            case Rule.RATIO:
                return approved * 100 >= self.percent * len(asked)
            case Rule.WEIGHT:
                return approved * 100 > self.percent * sum(signer.weight for signer in asked)
            case Rule.COUNT:
                return approved >= min(self.pass_count, len(asked))
        return approved == len(asked)

    def _rejects(self, asked: Sequence[Signer]) -> bool:
        rejected = self._sum(asked, Decision.REJECTED)
        return self.rule is Rule.COUNT and self.reject_count is not None and rejected >= self.reject_count
