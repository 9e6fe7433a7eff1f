"""Time limits of a step as a designer writes them: ``callwright:limit`` and what ``due`` and ``warn`` say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from lxml import etree

from engine.i18n import _
from engine.machine.attributes import CHANNELS, Say, flag, number, one_of, seconds
from engine.machine.spec import Formula, Limit

# What each kind of limit is told beside when.
_KINDS: dict[str, set[str]] = {
    "remind": {"every", "most", "to", "channel", "message"},
    "decide": {"outcome", "opinion"},
    "return": {"to", "again", "opinion"},
    "transfer": {"to", "channel", "message"},
    "escalate": {"every", "most", "how", "level", "channel", "message"},
}
_WHEN = {"then", "before", "after", "working"}
ATTRIBUTES: dict[str, set[str]] = {"limit": _WHEN.union(*_KINDS.values())}

MOST = 10
_LEAST_EVERY_S = 60
# Words for whom; anything else is FEEL behind a ``=``, or a group.
_REMINDED = ("assignee", "candidates", "initiator")
# How a step is finished that names no outcomes.
_DEFAULT_OUTCOME = "completed"

_Compile = Callable[[str | None, str], Formula | None]


def read_limits(
    element: etree._Element,
    found: Iterable[etree._Element],
    task: etree._Element | None,
    outcomes: Collection[str],
    compile_: _Compile,
    say: Say,
) -> tuple[Limit, ...]:
    """Read what happens by the clock at an element.

    Args:
        element: The element of the drawing.
        found: Its ``callwright:limit``, in order.
        task: Its ``callwright:task``.
        outcomes: The names of its buttons.
        compile_: Compiles an expression and reports what is wrong with it.
        say: Reports a problem of this element.
    """
    limits = list(found)
    if not limits:
        return ()
    if etree.QName(element).localname not in ("userTask", "globalUserTask"):
        say(_("callwright:limit goes on a user task."))
        return ()
    if task is None or task.get("due") is None:
        say(_("callwright:limit counts from the due time: give callwright:task a due."))
    return tuple(_limit(said, outcomes, compile_, say) for said in limits)


def read_warning(task: etree._Element | None, say: Say) -> float | None:
    """Read how long before it is due a task warns, in seconds; None where nothing is said of it."""
    text = task.get("warn") if task is not None else None
    if task is None or text is None:
        return None
    if task.get("due") is None:
        say(_("callwright:task: warn goes with due."))
    warn_s = seconds(text)
    if warn_s is None or warn_s <= 0:
        say(_("callwright:task: warn is %(text)s. Write a duration such as PT4H."), text=text)
        return None
    return warn_s


def _limit(said: etree._Element, outcomes: Collection[str], compile_: _Compile, say: Say) -> Limit:
    then = one_of(said, "then", _KINDS, None, say) if said.get("then") is not None else None
    if then is None:
        if said.get("then") is None:
            say(_("callwright:limit needs then. Known are: %(known)s."), known=", ".join(_KINDS))
        return Limit(then="remind")
    for attribute in sorted(set(map(str, said.attrib)) & (ATTRIBUTES["limit"] - _WHEN - _KINDS[then])):
        say(
            _("callwright:limit: %(name)s does not go with then %(then)s, which takes: %(known)s."),
            name=attribute,
            then=then,
            known=", ".join(sorted(_WHEN | _KINDS[then])),
        )
    working = flag(said, "working", say)
    every = _duration(said, "every", working, say)
    to, whom = _to(said, then, compile_, say)
    return Limit(
        then=then,
        offset=_offset(said, then, working, say),
        working=working,
        every=every,
        most=_most(said, every, say),
        outcome=_outcome(said, outcomes, say) if then == "decide" else None,
        opinion=said.get("opinion"),
        to=to,
        whom=whom,
        again=one_of(said, "again", ("through", "back"), "through", say),
        how=one_of(said, "how", ("ask", "tell"), "ask", say),
        level=number(said, "level", 1, 1, say) or 1,
        channel=one_of(said, "channel", CHANNELS, "preferred", say),
        message=said.get("message"),
    )


def _offset(said: etree._Element, then: str, working: bool, say: Say) -> str:
    before, after = (_duration(said, name, working, say) for name in ("before", "after"))
    if said.get("before") is not None and said.get("after") is not None:
        say(_("callwright:limit: write before or after, not both."))
    if said.get("before") is not None and then != "remind":
        say(_("callwright:limit: before goes with then remind. A step is left alone until it is due."))
    return f"-{before}" if before else after or "PT0S"


def _duration(said: etree._Element, name: str, working: bool, say: Say) -> str | None:
    text = said.get(name)
    if text is None:
        return None
    length_s = seconds(text)
    if length_s is None or length_s < 0 or (working and "W" in text):
        say(
            _("callwright:limit: %(name)s is %(text)s. Write a duration such as PT2H or P1D."),
            name=name,
            text=text,
        )
        return None
    if name == "every" and length_s < _LEAST_EVERY_S:
        say(_("callwright:limit: every is %(text)s. Write at least PT1M."), text=text)
        return None
    return text


def _most(said: etree._Element, every: str | None, say: Say) -> int:
    if said.get("most") is not None and said.get("every") is None:
        say(_("callwright:limit: most goes with every."))
        return 1
    most = number(said, "most", 1, MOST if every else 1, say) or 1
    if most > MOST:
        say(_("callwright:limit: most is %(most)s. Write at most %(limit)s."), most=most, limit=MOST)
        return MOST
    return most


def _outcome(said: etree._Element, outcomes: Collection[str], say: Say) -> str:
    known = tuple(outcomes) or (_DEFAULT_OUTCOME,)
    if said.get("outcome") is None:
        say(_("callwright:limit needs outcome. Known are: %(known)s."), known=", ".join(known))
        return known[0]
    chosen: str = one_of(said, "outcome", known, known[0], say)
    return chosen


def _to(said: etree._Element, then: str, compile_: _Compile, say: Say) -> tuple[Any, Formula | None]:
    to = said.get("to")
    if then == "return":
        return to or "previous", None
    if then == "transfer":
        if to is None:
            say(_("callwright:limit needs to: who gets it, in FEEL."))
        return None, compile_(to, "to")
    if to is None or not to.startswith("="):
        if to is not None and to not in _REMINDED and not to.startswith("group:"):
            say(
                _("callwright:limit: to is %(to)s. Write one of %(known)s, group:KEY, or = and FEEL."),
                to=to,
                known=", ".join(_REMINDED),
            )
        return to, None
    return None, compile_(to[1:], "to")
