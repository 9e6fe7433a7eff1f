"""An approval as a designer writes it: ``callwright:approval`` and the words that name its people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

from lxml import etree

from engine.approval import IfAgain, IfInitiator, Rule, Voting, Who
from engine.i18n import _
from engine.machine.attributes import Say, flag, number, one_of
from engine.machine.spec import STEP, Approval, Approver, Formula, Outcome

ATTRIBUTES: dict[str, set[str]] = {
    "approval": {
        "rule", "percent", "passCount", "rejectCount", "veto", "waitForAll", "inTurn", "pick",
        "ifInitiator", "ifAgain", "ifNobody", "ifRejected",
    },
    "approver": {"who", "of", "level", "lookup", "weight"},
    "except": {"who", "of", "level", "lookup"},
    "otherwise": {"who", "of", "level", "lookup", "weight"},
}  # fmt: skip

# The buttons of an approval that names none.
OUTCOMES = (
    Outcome(name="approved", label=_("Approve")),
    Outcome(name="rejected", label=_("Reject"), opinion="required", counts="rejected"),
)

_PICKS = ("all", "random", "claim")
_IF_NOBODY = ("problem", "approve", "reject", "refuse")
_IF_REJECTED = ("goOn", "end", "initiator", "previous", "step:ID")
# Where going up makes sense.
_GOES_UP = (Who.HEAD, Who.MANAGER, Who.MANAGERS)

_E = TypeVar("_E", bound=StrEnum)
_Compile = Callable[[str | None, str], Formula | None]


def read_approval(
    element: etree._Element, children: Callable[[str], list[etree._Element]], compile_: _Compile, say: Say
) -> Approval | None:
    """Read how an element is decided; None where nothing is said of it.

    Args:
        element: The element of the drawing.
        children: Gives our settings of a name on it.
        compile_: Compiles an expression and reports what is wrong with it.
        say: Reports a problem of this element.
    """
    said = next(iter(children("approval")), None)
    words = [
        approver
        for role in ("approver", "except", "otherwise")
        for approver in _approvers(children(role), role, compile_, say)
    ]
    if said is None:
        if words:
            say(_("callwright:%(name)s goes with callwright:approval."), name=words[0].role)
        return None
    if etree.QName(element).localname not in ("userTask", "globalUserTask"):
        say(_("callwright:approval goes on a user task."))
        return None
    if not any(word.role == "approver" for word in words):
        say(_("An approval names nobody. Add a callwright:approver."))
    if any(word.role == "otherwise" for word in words) and said.get("ifNobody") is not None:
        say(_("callwright:otherwise says whom to ask where nobody is found: leave out ifNobody."))
    return Approval(
        approvers=tuple(words),
        voting=_voting(said, say),
        pick=one_of(said, "pick", _PICKS, "all", say),
        if_initiator=_word(said, "ifInitiator", IfInitiator.ASK, say),
        if_again=_word(said, "ifAgain", IfAgain.ASK, say),
        if_nobody=one_of(said, "ifNobody", _IF_NOBODY, "problem", say),
        if_rejected=_if_rejected(said, say),
    )


def _if_rejected(said: etree._Element, say: Say) -> str:
    text = said.get("ifRejected", "")
    if text.startswith(STEP):
        # Which steps there are is known once all are read.
        return str(text)
    return str(one_of(said, "ifRejected", _IF_REJECTED, _IF_REJECTED[0], say))


def _voting(said: etree._Element, say: Say) -> Voting:
    rule = _word(said, "rule", Rule.ALL, say)
    reject_count = number(said, "rejectCount", 1, None, say) if said.get("rejectCount") else None
    for name, rules in (
        ("percent", (Rule.RATIO, Rule.WEIGHT)),
        ("passCount", (Rule.COUNT,)),
        ("rejectCount", (Rule.COUNT,)),
    ):
        if said.get(name) is not None and rule not in rules:
            say(
                _("callwright:approval: %(name)s goes with rule %(rules)s."),
                name=name,
                rules=", ".join(rules),
            )
    return Voting(
        rule=rule,
        percent=_percent(said, rule, say),
        pass_count=number(said, "passCount", 1, 1, say) or 1,
        reject_count=reject_count,
        veto=flag(said, "veto", say),
        wait_for_all=flag(said, "waitForAll", say),
        in_turn=flag(said, "inTurn", say),
    )


def _approvers(
    elements: Iterable[etree._Element], role: Any, compile_: _Compile, say: Say
) -> Iterable[Approver]:
    for said in elements:
        who = _word(said, "who", Who.PERSON, say)
        if said.get("of") is None:
            say(_("callwright:%(name)s needs of: whom it names, in FEEL."), name=role)
            continue
        if said.get("level") is not None and who not in _GOES_UP:
            say(
                _("callwright:%(name)s: level goes with who %(known)s."),
                name=role,
                known=", ".join(_GOES_UP),
            )
        if (said.get("lookup") is not None) != (who is Who.LOOKUP):
            say(_("callwright:%(name)s: lookup names a plug-in's, and goes with who lookup."), name=role)
        weight = number(said, "weight", 0, 1, say)
        yield Approver(
            who=who,
            of=compile_(said.get("of"), f"{role} of"),
            level=number(said, "level", 1, None, say),
            lookup=said.get("lookup"),
            weight=1 if weight is None else weight,
            role=role,
        )


def _word(said: etree._Element, name: str, default: _E, say: Say) -> _E:
    kind = type(default)
    return kind(one_of(said, name, tuple(kind), default, say))


def _percent(said: etree._Element, rule: Rule, say: Say) -> float:
    text = said.get("percent")
    if text is None:
        return 50.0
    try:
        percent = float(text)
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100 or (rule is Rule.WEIGHT and percent == 100):
        say(
            _("callwright:approval: percent is %(text)s. Write a number over 0, at most 100."),
            text=text,
        )
        return 50.0
    return percent
