"""Who hears of what, as an administrator set it in place of what is drawn: without a deployment, at once.

A rule is for one event of a process, or of one of its steps; it holds for all versions. Every process of the
product keeps the rules in memory and reads them anew every few seconds, so that a step asks nothing more of
the database.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import delete, select

from engine import feel
from engine.context import Context, verb
from engine.db import Database, upsert
from engine.definition.definitions import Definition, get_definition
from engine.definition.models import NoticeRule
from engine.errors import InvalidSubmission, NotFound, Problem
from engine.feel import FeelSyntaxError
from engine.history import audit
from engine.i18n import LOCALES, _
from engine.machine.nodes.activities import UserTask
from engine.machine.nodes.base import Node
from engine.machine.nodes.subprocesses import AdHocSubProcess
from engine.machine.spec import EVENTS, Notice
from engine.people import people_of
from engine.push import publish
from engine.values import Json

KEPT_S = 5.0
"""How long the rules are kept in memory: a change counts everywhere after as many seconds at the latest."""

LIMIT_EVENTS = ("limit_remind", "limit_transfer", "limit_escalate")
"""What the limits of a step tell people."""

DEADLINE_EVENTS = ("deadline_warning", "deadline_overdue")
"""What the deadlines of a process tell people."""

OF_PROCESS = ("urged", "withdrawn", "circulated", "mentioned", "cancelled", "ended", *DEADLINE_EVENTS)
"""What happens to an instance as a whole."""

# A send task's message is what the process does, and no notice.
_OF_STEP = (*(event for event in EVENTS if event != "reached" and event not in OF_PROCESS), *LIMIT_EVENTS)

RECIPIENTS = (
    "concerned", "candidates", "assignee", "initiator", "handlers", "approvers", "followers", "readers",
    "supervisors", "nobody",
)  # fmt: skip
"""The words for whom that name no one by a key."""

CHANNELS = ("preferred", "sms", "email", "in_app")
"""By which a notice goes."""

MOST_NOTICES = 10
_LONGEST_TITLE, _LONGEST_TEXT = 200, 4000
_NEXT_S = range(60, 86_401)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """A rule as it is kept.

    Args:
        element_id: The step; None for the whole process.
        event: What it is for.
        notices: Who hears of it, by which channel, in which words.
        changed_by: Who set it.
        changed_at: When.
    """

    element_id: str | None
    event: str
    notices: tuple[Notice, ...]
    changed_by: str
    changed_at: datetime


_Rules = Mapping[tuple[str, str, str], tuple[Notice, ...]]
_kept: WeakKeyDictionary[Database, tuple[float, _Rules]] = WeakKeyDictionary()


def chosen_notices(
    ctx: Context, process_key: str, element_id: str | None, event: str
) -> tuple[Notice, ...] | None:
    """Return what an administrator set for an event of a step, else for that of its process.

    Args:
        ctx: Any open transaction.
        process_key: The process.
        element_id: The step; None for what happens to the process as a whole.
        event: What happens.

    Returns:
        None where nothing is set: what is drawn holds.
    """
    rules = _rules(ctx)
    if not rules:
        return None
    of_step = rules.get((process_key, element_id or "", event))
    return of_step if of_step is not None else rules.get((process_key, "", event))


def _rules(ctx: Context) -> _Rules:
    database = ctx.centre.database
    until, rules = _kept.get(database, (0.0, {}))
    if time.monotonic() >= until:
        rules = {
            (row.process_key, row.element_id, row.event): _notices(row)
            for row in ctx.connection.execute(select(NoticeRule.__table__))
        }
        _kept[database] = (time.monotonic() + KEPT_S, rules)
    return rules


def _notices(row: Any) -> tuple[Notice, ...]:
    return tuple(
        Notice(
            event=row.event,
            to=said["to"],
            channel=said["channel"],
            message=said["message"] or "",
            next_after_s=None if said["next_s"] is None else float(said["next_s"]),
            words=said["words"],
        )
        for said in row.notices
    )


def list_rules(ctx: Context, process_key: str) -> list[RuleState]:
    """Return what administrators set for a process, that of the whole process first."""
    with ctx.read():
        rows = ctx.connection.execute(
            select(NoticeRule.__table__)
            .where(NoticeRule.process_key == process_key)
            .order_by(NoticeRule.element_id, NoticeRule.event)
        )
        return [
            RuleState(
                element_id=row.element_id or None,
                event=row.event,
                notices=_notices(row),
                changed_by=row.changed_by,
                changed_at=row.changed_at,
            )
            for row in rows
        ]


@verb
def put_rule(
    ctx: Context,
    *,
    process_key: str,
    event: str,
    notices: Sequence[Mapping[str, Json]],
    element_id: str | None = None,
) -> RuleState:
    """Set who hears of an event in place of what is drawn.

    Args:
        ctx: Who sets it.
        process_key: Of this process.
        event: Of this event.
        notices: Of each: ``to``, and as wanted ``channel``, ``message`` (one of the process's), ``words``
            (``title`` and ``text`` by language, in place of a message) and ``next_s`` (candidates are told
            one after the other, with as many seconds between them).
        element_id: Of this step; of the whole process where omitted.

    Raises:
        NotFound: There is no such process.
        InvalidSubmission: Something cannot be; the problems say where and what.
    """
    definition = get_definition(ctx, key=process_key)
    place = _place_problems(definition, element_id, event)
    if place:
        raise InvalidSubmission(problems=place)
    kept, problems = _read(ctx, definition, event, notices)
    if problems:
        raise InvalidSubmission(problems=problems)
    put = upsert(NoticeRule.__table__, ctx.centre.database.dialect)  # type: ignore[arg-type]
    place_of = {"process_key": process_key, "element_id": element_id or "", "event": event}
    row = {"notices": kept, "changed_by": ctx.actor.name, "changed_at": ctx.now}
    ctx.connection.execute(
        put.values(**place_of, **row).on_conflict_do_update(index_elements=list(place_of), set_=row)
    )
    _changed(ctx, "notices.set", process_key, {"element": element_id, "event": event, "notices": kept})
    return next(
        rule
        for rule in list_rules(ctx, process_key)
        if (rule.element_id, rule.event) == (element_id or None, event)
    )


@verb
def drop_rule(ctx: Context, *, process_key: str, event: str, element_id: str | None = None) -> None:
    """Let what is drawn hold again.

    Raises:
        NotFound: Nothing is set there.
    """
    gone = ctx.connection.execute(
        delete(NoticeRule).where(
            NoticeRule.process_key == process_key,
            NoticeRule.element_id == (element_id or ""),
            NoticeRule.event == event,
        )
    )
    if gone.rowcount != 1:
        raise NotFound(_("Nothing is set there: what is drawn holds."))
    _changed(ctx, "notices.reset", process_key, {"element": element_id, "event": event})


def _changed(ctx: Context, verb_: str, process_key: str, detail: Json) -> None:
    database = ctx.centre.database
    audit(ctx, verb_, "process", process_key, detail)
    publish(ctx, "definition", process_key)
    # Here it counts at once.
    ctx.after_commit(lambda: _forget(database))


def _forget(database: Database) -> None:
    _kept.pop(database, None)


# -- what can be set ---------------------------------------------------------------------------------------


def steps_of_process(definition: Definition) -> list[Node]:
    """Return the steps at which something is done by people."""
    return [node for node in definition.spec.nodes if isinstance(node, UserTask | AdHocSubProcess)]


def events_of(definition: Definition, element_id: str | None) -> tuple[str, ...]:
    """Return what people can be told of at a step, or of the whole process and so of all its steps."""
    if element_id is None:
        return (*OF_PROCESS, *_OF_STEP)
    return _OF_STEP


def _place_problems(definition: Definition, element_id: str | None, event: str) -> list[Problem]:
    steps = [node.element_id for node in steps_of_process(definition)]
    if element_id is not None and element_id not in steps:
        return [
            Problem(
                path="element_id",
                message=_("There is no step %(step)s that people do. It has: %(known)s."),
                params={"step": element_id, "known": ", ".join(steps) or "-"},
            )
        ]
    if event == "reached":
        said = _("What a send task says is what the process does. Change its drawing.")
        return [Problem(path="event", message=said)]
    known = events_of(definition, element_id)
    if event not in known:
        return [
            Problem(
                path="event",
                message=_("Nobody hears of %(event)s here. Known are: %(known)s."),
                params={"event": event, "known": ", ".join(known)},
            )
        ]
    return []


def _read(
    ctx: Context, definition: Definition, event: str, notices: Sequence[Mapping[str, Json]]
) -> tuple[list[Json], list[Problem]]:
    if not 0 < len(notices) <= MOST_NOTICES:
        said = _("Say between 1 and %(most)s times who hears of it; nobody is a word too.")
        return [], [Problem(path="notices", message=said, params={"most": MOST_NOTICES})]
    kept: list[Json] = []
    problems: list[Problem] = []
    for number, notice in enumerate(notices):
        at = f"notices.{number}"
        to, channel = str(notice.get("to") or ""), str(notice.get("channel") or "preferred")
        message, words = notice.get("message") or None, _filled(notice.get("words"))
        problems += _problems_of_recipient(ctx, event, to, f"{at}.to")
        if channel not in CHANNELS:
            problems.append(_unknown(f"{at}.channel", channel, CHANNELS))
        if words is None and notice.get("words") is not None:
            empty = _("Write the words in at least one language.")
            problems.append(Problem(path=f"{at}.words", message=empty))
        elif to != "nobody":
            problems += _problems_of_words(definition, event, message, words, at)
        next_s = notice.get("next_s")
        if next_s is not None and (event != "created" or to != "candidates"):
            wrong = _("One after the other goes with a new task and its candidates.")
            problems.append(Problem(path=f"{at}.next_s", message=wrong))
        elif next_s is not None and int(next_s) not in _NEXT_S:
            wrong = _("Write a time between a minute and a day.")
            problems.append(Problem(path=f"{at}.next_s", message=wrong))
        kept.append({"to": to, "channel": channel, "message": message, "words": words, "next_s": next_s})
    return kept, problems


def _filled(words: Any) -> dict[str, dict[str, str]] | None:
    """Return what is written, without the languages in which nothing is."""
    filled = {
        str(locale): {name: str(said.get(name) or "").strip() for name in ("title", "text")}
        for locale, said in (words or {}).items()
        if isinstance(said, Mapping) and any(str(text or "").strip() for text in said.values())
    }
    return filled or None


def _problems_of_recipient(ctx: Context, event: str, to: str, path: str) -> list[Problem]:
    if not to:
        return [Problem(path=path, message=_("Say who hears of it."))]
    if to in ("candidates", "assignee") and event in OF_PROCESS:
        wrong = _("This is about no single task. Choose everybody who is waited for: handlers.")
        return [Problem(path=path, message=wrong)]
    if to in RECIPIENTS:
        return []
    if ":" not in to:
        return [_unknown(path, to, (*RECIPIENTS, "group:KEY", "person:KEY"))]
    try:
        people_of(ctx, to)
    except NotFound as error:
        return [Problem(path=path, message=error.message, params=error.params)]
    except InvalidSubmission as error:
        return [Problem(path=path, message=error.message, params=error.params)]
    return []


def _problems_of_words(
    definition: Definition,
    event: str,
    message: str | None,
    words: Mapping[str, Mapping[str, str]] | None,
    at: str,
) -> list[Problem]:
    if message is not None and words is not None:
        both = _("Choose a message or write the words here, not both.")
        return [Problem(path=f"{at}.message", message=both)]
    if message is not None and definition.package.message(message) is None:
        return [_unknown(f"{at}.message", message, messages_of(definition))]
    if message is None and words is None and not EVENTS.get(event, True):
        none = _("The product has no words of its own for this. Choose a message or write the words.")
        return [Problem(path=f"{at}.message", message=none)]
    problems: list[Problem] = []
    for locale, said in (words or {}).items():
        if locale not in LOCALES:
            problems.append(_unknown(f"{at}.words.{locale}", locale, tuple(LOCALES)))
            continue
        for name, longest in (("title", _LONGEST_TITLE), ("text", _LONGEST_TEXT)):
            problems += _problems_of_text(said[name], longest, f"{at}.words.{locale}.{name}")
    return problems


def _problems_of_text(text: str, longest: int, path: str) -> list[Problem]:
    if not text:
        return [Problem(path=path, message=_("Write it in this language, too, or leave the language out."))]
    if len(text) > longest:
        return [Problem(path=path, message=_("Write at most %(most)s characters."), params={"most": longest})]
    try:
        feel.holes(text)
    except FeelSyntaxError as error:
        said = _("In “%(text)s”: %(reason)s")
        return [Problem(path=path, message=said, params={"text": text[:60], "reason": error.placed})]
    return []


def messages_of(definition: Definition) -> tuple[str, ...]:
    """Return the keys of a process's own messages."""
    paths = definition.package.matching("messages/*.toml")
    return tuple(sorted(path.removeprefix("messages/").removesuffix(".toml") for path in paths))


def _unknown(path: str, said: str, known: Sequence[str]) -> Problem:
    message = _("%(value)s is not known. Use one of: %(known)s.")
    return Problem(path=path, message=message, params={"value": said, "known": ", ".join(known) or "-"})
