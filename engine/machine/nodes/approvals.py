"""A user task that several decide, or whoever its rules find: one visit, one task for each who is asked.

Who is asked, and what each has said, is kept at the token; ``engine.approval`` says what it comes to.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.approval import (
    Asked,
    Circumstances,
    Decision,
    IfInitiator,
    Signer,
    Voting,
    Why,
    stand_in,
    whom_to_ask,
)
from engine.errors import Conflict, TechnicalFailure
from engine.ids import new_id
from engine.machine.effects import CloseUserTasks, Logged
from engine.machine.nodes import data
from engine.machine.nodes.activities import UserTask, keep_decision, keys, open_task
from engine.machine.nodes.appointed import appointed_at
from engine.machine.nodes.approved import OUTDATED, approvals_of, remember_approval
from engine.machine.nodes.clocks import stop
from engine.machine.nodes.notices import tell
from engine.machine.nodes.turning import turn_back
from engine.machine.spec import Approval, Approver
from engine.machine.stimuli import TIMER, AddSigner
from engine.values import Json

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token


class NobodyToAsk(TechnicalFailure):
    """Nobody is found who could decide this. Name somebody in the organisation, then try again."""

    code = "nobody_to_ask"


class NotAsked(Conflict):
    """You are not asked for this any more."""

    code = "not_asked"


class AskedAlready(Conflict):
    """This person is asked here already."""

    code = "asked_already"


class LeftOut(Conflict):
    """This step leaves this person out: they must not decide here. Choose somebody else."""

    code = "left_out"


class LastSigner(Conflict):
    """Nobody else is asked here. Add somebody first, or send it back."""

    code = "last_signer"


class ApprovalTask(UserTask):
    """People decide it together."""

    def begin(self, run: Run, token: Token) -> bool:
        """Find out whom to ask; True where that settles it. Tried again, it goes on where it was."""
        if _kept(token):
            return self._settled(run, token, self._go_on(run, token))
        left_out = {person for person, _weight in self._found(run, token, "except")}
        asked = self._whom(run, token, frozenset(left_out))
        if not asked:
            return self._settled(run, token, self._nobody(run, token))
        token.memory["signers"] = self._signers(run, token, asked)
        if left_out:
            token.memory["left_out"] = sorted(left_out)
        token.memory["votes"] = [
            {"by": one["person"], "outcome": self._outcome(Decision.APPROVED), "why": one["why"]}
            for one in token.memory["signers"]
            if one["decision"]
        ]
        return self._settled(run, token, self._go_on(run, token))

    def _settled(self, run: Run, token: Token, result: Decision | None) -> bool:
        return result is not None and not self._turned_back(run, token, result)

    def asked(self, token: Token) -> list[str | None]:
        """Return the tasks of those who are asked now."""
        return [one["id"] for one in _kept(token) if one["asked"] and not one["decision"]]

    def need_asked(self, token: Token, task: str | None, *, now: bool = False) -> None:
        """Make sure that somebody's decision is waited for: now, or else now or later.

        Raises:
            NotAsked: It is not.
        """
        one = next((one for one in _kept(token) if one["id"] == task), None)
        if one is None or one["decision"] or (now and not one["asked"]):
            raise NotAsked()

    def hands_in(self, token: Token) -> bool:
        """What people decide hands nothing in."""
        return False

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
        # Where what they hand in cannot be kept, they are asked again.
        signer["asked"] = False
        self.write(run, token, variables)
        signer["asked"] = True
        signer["decision"] = self._counts(decision["outcome"]) or str(Decision.APPROVED)
        stop(run, token, task)
        signer["order"] = 1 + max((one["order"] for one in signers), default=0)
        if decision["by"] == TIMER:
            signer["why"] = TIMER
        else:
            signer["person"] = signer["person"] or decision["by"]
        vote = {**decision, "task": task}
        if signer["instead_of"]:
            vote["instead_of"] = signer["instead_of"]
        token.memory["votes"].append(vote)
        self._go_on_from(run, token, variables)

    def _go_on_from(self, run: Run, token: Token, variables: Mapping[str, Json]) -> None:
        result = self._go_on(run, token)
        if result is not None:
            data.bring_out(run, token, variables)
            if not self._turned_back(run, token, result):
                token.complete()

    def _turned_back(self, run: Run, token: Token, result: Decision) -> bool:
        """Do what a rejection does; False where the process goes on as drawn."""
        then = self._approval.if_rejected
        if result is not Decision.REJECTED or then == "goOn":
            return False
        turn_back(run, token, then)
        return True

    def _go_on(self, run: Run, token: Token) -> Decision | None:
        """Ask who comes next; once it is settled, close what is open, keep the decision and return it."""
        kept = _kept(token)
        result = self._voting.result([_signer(one) for one in kept])
        # Who was added is heard, unless it was rejected without them.
        added = [one for one in kept if one["added_by"] and not one["decision"]]
        if result is None or (result is Decision.APPROVED and added):
            self._ask(run, token, kept)
            return None
        self._close(run, token, [one for one in kept if one["asked"] and not one["decision"]])
        self._conclude(run, token, result)
        return result

    def _ask(self, run: Run, token: Token, kept: list[dict[str, Any]]) -> None:
        """Let those know whose turn it is, and those no more whose turn it is no more."""
        wanted = {signer.key for signer in self._voting.asked_now([_signer(one) for one in kept])}
        over = {one["id"] for one in kept if one["decision"]}
        for one in kept:
            if one["added_by"] and not one["decision"]:
                # Who was added is heard, and whoever they come after is heard first.
                wanted |= {one["id"], *one["after"]}
        for one in kept:
            due = one["id"] in wanted and set(one["after"]) <= over
            if one["decision"] or due == one["asked"]:
                continue
            if due:
                self._look_for_cover(run, token, one)
                self._open(run, token, one)
            else:
                self._close(run, token, [one])
            # Where asking failed they are asked when it is tried again.
            one["asked"] = due

    def _look_for_cover(self, run: Run, token: Token, one: dict[str, Any]) -> None:
        """Let whoever stands in by now decide, where somebody's turn comes later than the step began."""
        person = one["person"]
        if not token.waiting or person is None or one["instead_of"] or one["added_by"]:
            return
        but = {run.environment.given.get("initiator"), *left_out_at(token)}
        cover = stand_in(person, run.environment.directory.cover, but=but)
        if cover is not None:
            one.update(person=cover, instead_of=person, why=str(Why.COVER))

    def _close(self, run: Run, token: Token, signers: list[dict[str, Any]]) -> None:
        if signers:
            tasks = tuple(one["id"] for one in signers)
            for task in tasks:
                stop(run, token, task)
            run.effects.append(CloseUserTasks(visit=token.id, element=self.element_id, tasks=tasks))

    def _conclude(self, run: Run, token: Token, result: Decision) -> None:
        votes = token.memory["votes"]
        last = dict(votes[-1]) if votes else {"by": None}
        if self._counts(last.get("outcome")) != result:
            last = {**last, "outcome": self._outcome(result)}
        keep_decision(run, token, {**last, "list": votes})
        if run.root is not None and result is Decision.APPROVED:
            # By time-out nobody has approved.
            who = [
                one["person"]
                for one in _kept(token)
                if one["decision"] == Decision.APPROVED and one["why"] != TIMER and OUTDATED not in one
            ]
            remember_approval(run, self.element_id, who)
        tell(run, token, self, "completed")
        tell(run, token, self, str(result))

    def _open(self, run: Run, token: Token, signer: Mapping[str, Any]) -> None:
        task, candidates = signer["id"], tuple(signer.get("candidates", ()))
        covered = signer["instead_of"] if signer["why"] == Why.COVER else None
        whom = {"assignee": signer["person"], "candidate_users": candidates, "covers_for": covered}
        open_task(run, token, self, **whom, task=task)
        tell(run, token, self, "created", task=task)

    # -- what people do to the list ----------------------------------------------------------------------

    def add_signer(self, run: Run, token: Token, said: AddSigner) -> None:
        """Ask somebody else too.

        Raises:
            AskedAlready: They are asked here, and have not decided.
            LeftOut: The step leaves them out.
            NotAsked: Whoever they come before or after is not asked any more.
        """
        kept = _kept(token)
        if any(one["person"] == said.person and not one["decision"] for one in kept):
            raise AskedAlready()
        need_let_in(token, said.person)
        if said.where != "beside":
            self.need_asked(token, said.task)
        one = {**_asking(Asked(person=said.person)), "added_by": said.by}
        at = next((at for at, other in enumerate(kept) if other["id"] == said.task), len(kept) - 1)
        if said.where == "before":
            kept[at]["after"] = [*kept[at]["after"], one["id"]]
            kept.insert(at, one)
        else:
            one["after"] = [said.task] if said.where == "after" else []
            kept.insert(at + 1, one)
        self._ask(run, token, kept)

    def need_another(self, token: Token, task: str) -> None:
        """Make sure that somebody can be removed, and somebody else is asked.

        Raises:
            NotAsked: They have decided.
            LastSigner: Nobody else is asked.
        """
        self.need_asked(token, task)
        if all(one["id"] == task or one["decision"] == Decision.REMOVED for one in _kept(token)):
            raise LastSigner()

    def remove_signer(self, run: Run, token: Token, task: str) -> None:
        """Ask somebody no more who has not decided."""
        one = next(one for one in _kept(token) if one["id"] == task)
        if one["asked"]:
            self._close(run, token, [one])
        one["decision"] = str(Decision.REMOVED)
        self._go_on_from(run, token, {})

    def hand_over(self, token: Token, task: str, to: str) -> None:
        """Let somebody else decide in the place of one who is asked.

        Raises:
            AskedAlready: They are asked here themselves.
            LeftOut: The step leaves them out.
        """
        kept = _kept(token)
        if any(one["person"] == to and not one["decision"] for one in kept):
            raise AskedAlready()
        need_let_in(token, to)
        one = next(one for one in kept if one["id"] == task)
        one["person"] = to

    def take_back(self, run: Run, token: Token, task: str) -> None:
        """Ask somebody again who has decided; who was asked because of it is asked no more.

        Raises:
            NotAsked: They have not decided.
        """
        kept = _kept(token)
        one = next((one for one in kept if one["id"] == task and one["order"]), None)
        if one is None:
            raise NotAsked()
        one.update(decision=None, order=0, asked=False)
        one.pop(OUTDATED, None)
        token.memory["votes"] = [vote for vote in token.memory["votes"] if vote.get("task") != task]
        self._ask(run, token, kept)

    # -- whom ------------------------------------------------------------------------------------------

    def _whom(self, run: Run, token: Token, left_out: frozenset[str]) -> list[Asked]:
        found = self._found(run, token, "approver")
        here = self._circumstances(run, token, left_out)
        for role in ("approver", "otherwise"):
            found = found if role == "approver" else self._found(run, token, "otherwise")
            asked = whom_to_ask(
                found,
                here,
                if_initiator=self._approval.if_initiator,
                if_again=self._approval.if_again,
            )
            if asked:
                break
        return asked

    def _found(self, run: Run, token: Token, role: str) -> list[tuple[str, int]]:
        appointed = appointed_at(run, self.element_id)
        if appointed and role == "approver":
            return [(person, 1) for person in appointed]
        return [
            (person, approver.weight)
            for approver in self._approval.approvers
            if approver.role == role
            for person in self._named(run, token, approver)
        ]

    def _named(self, run: Run, token: Token, approver: Approver) -> Iterator[str]:
        directory = run.environment.directory
        if approver.lookup is not None and approver.of is not None:
            of = feel.to_json(run.evaluate(token, approver.of))
            if of is not None:
                yield from directory.look_up(approver.lookup, of)
            return
        for key in keys(run, token, approver.of):
            yield from directory.find(approver.who, key, approver.level)

    def _circumstances(self, run: Run, token: Token, left_out: frozenset[str]) -> Circumstances:
        initiator = run.environment.given.get("initiator")
        before = list(approvals_of(run).values())
        directory = run.environment.directory
        places = {IfInitiator.MANAGER: directory.manager, IfInitiator.HEAD: directory.head}
        place = places.get(self._approval.if_initiator)
        return Circumstances(
            initiator=initiator,
            left_out=left_out,
            approved=frozenset(person for people in before for person in people),
            approved_last=frozenset(before[-1] if before else ()),
            returned="returned" in token.memory,
            in_place=place(initiator) if initiator and place else None,
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

    def _nobody(self, run: Run, token: Token) -> Decision:
        if self._approval.if_nobody in ("problem", "refuse"):
            raise NobodyToAsk()
        token.memory["signers"], token.memory["votes"] = [], []
        run.effects.append(Logged(visit=token.id, text="nobody"))
        result = Decision.APPROVED if self._approval.if_nobody == "approve" else Decision.REJECTED
        self._conclude(run, token, result)
        return result

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


def left_out_at(token: Token) -> Sequence[str]:
    """Return whom an open approval leaves out, as it was when it opened."""
    left_out: Sequence[str] = token.memory.get("left_out", ())
    return left_out


def need_let_in(token: Token, person: str) -> None:
    """Make sure that an open approval does not leave somebody out.

    Raises:
        LeftOut: It does.
    """
    if person in left_out_at(token):
        raise LeftOut()


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
        # Whose decision is waited for before this one is asked for.
        "after": [],
        "added_by": None,
    }


def _signer(kept: Mapping[str, Any]) -> Signer:
    said = kept["decision"]
    return Signer(
        key=kept["id"],
        weight=kept["weight"],
        decision=Decision(said) if said else None,
        order=kept["order"],
    )
