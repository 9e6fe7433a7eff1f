"""A user task that several decide, or whoever its rules find: one visit, one task for each who is asked.

Who is asked, and what each has said, is kept at the token; ``engine.approval`` says what it comes to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.approval import (
    Asked,
    Circumstances,
    Decision,
    IfInitiator,
    Signer,
    Voting,
    whom_to_ask,
)
from engine.errors import Conflict, TechnicalFailure
from engine.ids import new_id
from engine.machine.effects import CloseUserTasks, Logged
from engine.machine.nodes import data
from engine.machine.nodes.activities import UserTask, keep_decision, keys, open_task
from engine.machine.nodes.notices import tell
from engine.machine.spec import Approval
from engine.values import Json

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token

# What the process remembers of approvals that have passed.
_APPROVED = "approved"


class NobodyToAsk(TechnicalFailure):
    """Nobody is found who could decide this. Name somebody in the organisation, then try again."""

    code = "nobody_to_ask"


class NotAsked(Conflict):
    """You are not asked for this any more."""

    code = "not_asked"


class ApprovalTask(UserTask):
    """People decide it together."""

    def begin(self, run: Run, token: Token) -> bool:
        """Find out whom to ask; True where that settles it."""
        asked = self._whom(run, token)
        if not asked:
            return self._nobody(run, token)
        token.memory["signers"] = self._signers(run, token, asked)
        token.memory["votes"] = [
            {"by": one["person"], "outcome": self._outcome(Decision.APPROVED), "why": one["why"]}
            for one in token.memory["signers"]
            if one["decision"]
        ]
        if self._go_on(run, token):
            return True
        tell(run, token, self, "created")
        return False

    def need_asked(self, token: Token, task: str | None) -> None:
        """Make sure that a decision is one that is waited for.

        Raises:
            NotAsked: It is not.
        """
        if not any(one["id"] == task and one["asked"] and not one["decision"] for one in _kept(token)):
            raise NotAsked()

    def decided(
        self,
        run: Run,
        token: Token,
        decision: Mapping[str, Json],
        variables: Mapping[str, Json],
        task: str | None,
    ) -> None:
        """Somebody decided: keep it, and go on once it is settled."""
        signers = _kept(token)
        signer = next(one for one in signers if one["id"] == task)
        counts = {outcome.name: outcome.counts for outcome in self.settings.task.outcomes}
        signer["decision"] = counts.get(str(decision["outcome"]), "approved")
        signer["order"] = 1 + max((one["order"] for one in signers), default=0)
        signer["person"] = signer["person"] or decision["by"]
        self._vote(token, signer, decision)
        self.write(run, token, variables)
        if self._go_on(run, token):
            data.bring_out(run, token, variables)
            token.complete()

    def _vote(self, token: Token, signer: Mapping[str, Any], decision: Mapping[str, Json]) -> None:
        vote = dict(decision)
        if signer["instead_of"]:
            vote["instead_of"] = signer["instead_of"]
        token.memory.setdefault("votes", []).append(vote)

    def _go_on(self, run: Run, token: Token) -> bool:
        """Ask who comes next; once it is settled, close what is open and keep the decision: then True."""
        kept = _kept(token)
        signers = [_signer(one) for one in kept]
        result = self._voting.result(signers)
        if result is None:
            due = {signer.key for signer in self._voting.asked_now(signers)}
            for one in kept:
                if one["id"] in due and not one["asked"]:
                    one["asked"] = True
                    self._open(run, token, one)
            return False
        open_ = tuple(one["id"] for one in kept if one["asked"] and not one["decision"])
        if open_:
            run.effects.append(CloseUserTasks(visit=token.id, tasks=open_))
        self._conclude(run, token, result)
        return True

    def _conclude(self, run: Run, token: Token, result: Decision) -> None:
        votes = token.memory.get("votes", [])
        last = dict(votes[-1]) if votes else {"by": None}
        if self._counts(last.get("outcome")) != result:
            last = {**last, "outcome": self._outcome(result)}
        keep_decision(run, token, {**last, "list": votes})
        if run.root is not None and result is Decision.APPROVED:
            who = [one["person"] for one in _kept(token) if one["decision"] == Decision.APPROVED]
            before = run.root.memory.get(_APPROVED, {"all": []})
            run.root.memory[_APPROVED] = {"all": sorted({*before["all"], *who}), "last": who}
        tell(run, token, self, "completed")

    def _open(self, run: Run, token: Token, signer: Mapping[str, Any]) -> None:
        candidates = tuple(signer.get("candidates", ()))
        open_task(run, token, self, assignee=signer["person"], candidate_users=candidates, task=signer["id"])

    # -- whom ------------------------------------------------------------------------------------------

    def _whom(self, run: Run, token: Token) -> list[Asked]:
        found = self._found(run, token, "approver")
        left_out = {person for person, _weight in self._found(run, token, "except")}
        here = self._circumstances(run, token)
        for role in ("approver", "otherwise"):
            found = found if role == "approver" else self._found(run, token, "otherwise")
            asked = whom_to_ask(
                [(person, weight) for person, weight in found if person not in left_out],
                here,
                if_initiator=self._approval.if_initiator,
                if_again=self._approval.if_again,
            )
            if asked:
                break
        return asked

    def _found(self, run: Run, token: Token, role: str) -> list[tuple[str, int]]:
        directory = run.environment.directory
        return [
            (person, approver.weight)
            for approver in self._approval.approvers
            if approver.role == role
            for key in keys(run, token, approver.of)
            for person in directory.find(approver.who, key, approver.level)
        ]

    def _circumstances(self, run: Run, token: Token) -> Circumstances:
        initiator = run.environment.given.get("initiator")
        before = run.root.memory.get(_APPROVED, {}) if run.root is not None else {}
        looks_up = initiator and self._approval.if_initiator in (IfInitiator.MANAGER, IfInitiator.HEAD)
        directory = run.environment.directory
        return Circumstances(
            initiator=initiator,
            approved=frozenset(before.get("all", ())),
            approved_last=frozenset(before.get("last", ())),
            returned="returned" in token.memory,
            managers=directory.above(initiator) if looks_up else {},
            covers=directory.cover,
        )

    def _signers(self, run: Run, token: Token, asked: list[Asked]) -> list[dict[str, Any]]:
        pick = self._approval.pick
        if pick == "claim" and not any(one.given for one in asked):
            return [
                {**_asking(Asked(person="")), "person": None, "candidates": [one.person for one in asked]}
            ]
        if pick != "all" and len(asked) > 1:
            given = [one for one in asked if one.given]
            # By chance, and the same when the step is tried again.
            chosen = given[0] if given else random.Random(token.id).choice(asked)
            pool = ", ".join(one.person for one in asked)
            run.effects.append(Logged(visit=token.id, text=f"{chosen.person} ({pick}: {pool})"))
            asked = [chosen]
        return [_asking(one) for one in asked]

    def _nobody(self, run: Run, token: Token) -> bool:
        if self._approval.if_nobody == "problem":
            raise NobodyToAsk()
        token.memory["signers"], token.memory["votes"] = [], []
        run.effects.append(Logged(visit=token.id, text="nobody"))
        result = Decision.APPROVED if self._approval.if_nobody == "approve" else Decision.REJECTED
        self._conclude(run, token, result)
        return True

    # -- words -----------------------------------------------------------------------------------------

    @property
    def _approval(self) -> Approval:
        approval = self.settings.task.approval
        assert approval is not None
        return approval

    @property
    def _voting(self) -> Voting:
        return self._approval.voting

    def _counts(self, outcome: Any) -> str | None:
        known = {one.name: one.counts for one in self.settings.task.outcomes}
        return known.get(outcome)

    def _outcome(self, result: Decision) -> str:
        """Return the button that stands for a result; the result's own name where none does."""
        fitting = (one.name for one in self.settings.task.outcomes if one.counts == result)
        return next(fitting, str(result))


def _kept(token: Token) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = token.memory.get("signers", [])
    return kept


def _asking(one: Asked) -> dict[str, Any]:
    return {
        "id": new_id(),
        "person": one.person,
        "weight": one.weight,
        "decision": str(Decision.APPROVED) if one.given else None,
        "order": 0,
        "asked": False,
        "why": str(one.why) if one.why else None,
        "instead_of": one.instead_of,
    }


def _signer(kept: Mapping[str, Any]) -> Signer:
    said = kept["decision"]
    return Signer(
        key=kept["id"],
        weight=kept["weight"],
        decision=Decision(said) if said else None,
        order=kept["order"],
    )
