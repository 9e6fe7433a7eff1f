"""The notice matrix of a process as it holds now: of each event who hears of it, how, and who says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.context import Context
from engine.definition import Definition
from engine.definition.notices import (
    DEADLINE_EVENTS,
    LIMIT_EVENTS,
    RuleState,
    events_of,
    list_rules,
    messages_of,
    steps_of_process,
)
from engine.feel import FeelSyntaxError, holes
from engine.i18n import LOCALES, translate
from engine.machine.nodes.base import Node
from engine.machine.spec import EVENTS, Limit, Notice
from engine.notify import WORDING, MessageTemplate, read_template, render, sms_size
from engine.runtime.announce import words_of
from engine.runtime.limits import ESCALATE, REMIND, TRANSFER
from engine.runtime.overdue import OVERDUE, WARNING

Source = Literal["rule", "step", "process", "product", "nobody"]

# What of a step somebody hears by itself only at an approval.
_OF_APPROVALS = ("approved", "rejected", "added", "removed", "taken_back")
# What of the limits needs somebody, or some way.
_NEED_SOMEBODY = {"return", "transfer", "escalate"}
# Of what the machine tells, the product says nothing by itself.
_ONLY_SAID = ("created", "completed", "approved", "rejected")
_SOMEBODY = {"en": "Chan Siu Ming", "zh_Hans": "陈小明", "zh_Hant": "陳小明"}
_NAMES = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """One event at one place.

    Args:
        element_id: The step; None for the whole process.
        name: What the step is called.
        event: What happens.
        notices: Who hears of it as it holds now.
        source: Who says so: an administrator's *rule*, the drawing's *step* or *process*, the *product* where
            nobody says anything, or *nobody*: nobody hears of it.
        drawn: Who would hear of it without the administrator.
        drawn_source: Who says that.
        rule: What an administrator set at this very place.
        there: Whether the step is still drawn, and this can happen there.
    """

    element_id: str | None
    name: str
    event: str
    notices: tuple[Notice, ...]
    source: Source
    drawn: tuple[Notice, ...]
    drawn_source: Source
    rule: RuleState | None
    there: bool = True


def matrix(ctx: Context, definition: Definition) -> list[MatrixRow]:
    """Return the matrix of a process: the whole of it first, then its steps in the order of the drawing.

    What an administrator set for a step that is not there any more stands at the end.
    """
    rules = {(rule.element_id, rule.event): rule for rule in list_rules(ctx, definition.key)}
    rows = [_row(definition, None, event, rules) for event in _events(definition, None)]
    for node in steps_of_process(definition):
        rows += [_row(definition, node, event, rules) for event in _events(definition, node)]
    known = {(row.element_id, row.event) for row in rows}
    return rows + [
        MatrixRow(
            element_id=rule.element_id,
            name=rule.element_id or "",
            event=rule.event,
            notices=rule.notices,
            source="rule",
            drawn=(),
            drawn_source="nobody",
            rule=rule,
            there=False,
        )
        for place, rule in rules.items()
        if place not in known
    ]


def _events(definition: Definition, node: Node | None) -> list[str]:
    """Return what can happen at a place, as it is drawn."""
    if node is None:
        limits = {limit.then for one in steps_of_process(definition) for limit in one.settings.task.limits}
    else:
        limits = {limit.then for limit in node.settings.task.limits}
    approves = definition.spec.approves if node is None else node.settings.task.approval is not None
    absent = {event for event in LIMIT_EVENTS if event.removeprefix("limit_") not in limits}
    absent |= set() if approves else set(_OF_APPROVALS)
    absent |= set() if approves or limits & _NEED_SOMEBODY else {"unassigned"}
    absent |= set() if definition.manifest.deadlines else set(DEADLINE_EVENTS)
    events = events_of(definition, None if node is None else node.element_id)
    return [event for event in events if event not in absent]


def _row(
    definition: Definition,
    node: Node | None,
    event: str,
    rules: Mapping[tuple[str | None, str], RuleState],
) -> MatrixRow:
    element_id = None if node is None else node.element_id
    drawn, drawn_source = _drawn(definition, node, event)
    rule = rules.get((element_id, event))
    holds = rule or rules.get((None, event))
    notices, source = (drawn, drawn_source) if holds is None else (_with_copies(holds, drawn), "rule")
    return MatrixRow(
        element_id=element_id,
        name="" if node is None else node.element_name or node.element_id,
        event=event,
        notices=notices,
        source=source,
        drawn=drawn,
        drawn_source=drawn_source,
        rule=rule,
    )


def _with_copies(rule: RuleState, drawn: tuple[Notice, ...]) -> tuple[Notice, ...]:
    return (*rule.notices, *(notice for notice in drawn if notice.circulates))


def _drawn(definition: Definition, node: Node | None, event: str) -> tuple[tuple[Notice, ...], Source]:
    spec = definition.spec
    if event in DEADLINE_EVENTS:
        return tuple(
            Notice(event=event, to=word, channel="preferred", message=rule.message or "")
            for rule in definition.manifest.deadlines.values()
            for word in rule.tell
        ), "process"
    if event in LIMIT_EVENTS:
        if node is None:
            # Each step says it of its own limits.
            return (Notice(event=event, to="concerned", channel="preferred", message=""),), "step"
        then = event.removeprefix("limit_")
        told = [_of_limit(event, limit) for limit in node.settings.task.limits if limit.then == then]
        return tuple(one for n, one in enumerate(told) if one not in told[:n]), "step"
    of_process = tuple(notice for notice in spec.root.settings.notices if notice.event == event)
    if node is None:
        said, source = of_process, "process"
    else:
        said = tuple(notice for notice in node.settings.notices if notice.event == event)
        by_itself = _by_itself(definition, node, event)
        source = "process" if said == of_process else "product" if said == by_itself else "step"
    if said:
        return said, source  # type: ignore[return-value]
    said = _by_itself(definition, node, event)
    return said, "product" if said else "nobody"


def _by_itself(definition: Definition, node: Node | None, event: str) -> tuple[Notice, ...]:
    """Return what the product says where nobody says anything."""
    to = "concerned"
    if event in _ONLY_SAID:
        of_approval = {"created": "candidates", "rejected": "initiator"}
        approves = definition.spec.approves if node is None else node.settings.task.approval is not None
        if not approves or event not in of_approval:
            return ()
        to = of_approval[event]
    elif event in ("cancelled", "ended") and not definition.spec.approves:
        return ()
    return (Notice(event=event, to=to, channel="preferred", message=""),)


def _of_limit(event: str, limit: Limit) -> Notice:
    to = limit.whom.source if limit.whom is not None and limit.then == "remind" else limit.to
    return Notice(
        event=event,
        to=(to if limit.then == "remind" else None) or "concerned",
        channel=limit.channel,
        message=limit.message or "",
    )


# -- the words ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What somebody would read, with example values.

    Args:
        subject: Of a mail.
        text: What is said.
        segment_count: Parts that are billed as an SMS.
    """

    subject: str
    text: str
    segment_count: int


def own_words(event: str) -> MessageTemplate | None:
    """Return the product's own words of an event; None where it has none."""
    timed = {
        "limit_remind": REMIND,
        "limit_transfer": TRANSFER,
        "limit_escalate": ESCALATE,
        "deadline_warning": WARNING,
        "deadline_overdue": OVERDUE,
    }
    return timed.get(event) or (WORDING.get(event) if EVENTS.get(event) else None)


def message_titles(definition: Definition, locale: str) -> dict[str, str]:
    """Return what a process's own messages are called, by key."""
    titles = {}
    for key in messages_of(definition):
        content = definition.package.message(key)
        title = read_template(key, content).title if content is not None else key
        titles[key] = definition.text(locale, title)
    return titles


def examples(ctx: Context, definition: Definition, notice: Notice) -> dict[str, Example]:
    """Return what a notice says in each language, with example values in its holes.

    Args:
        ctx: Any context.
        definition: The process.
        notice: Whose words.
    """
    message, say = words_of(definition.package, notice.message or None, own_words(notice.event), notice.words)
    if message is None:
        return {}
    channel = "sms" if notice.channel == "preferred" else notice.channel
    with ctx.read():
        now = ctx.now.astimezone(ctx.settings.zone)
    made = {}
    for locale in LOCALES:
        link = f"{ctx.settings.public_url}/tasks/01a20512"
        known: dict[str, Any] = {
            "title": definition.text(locale, definition.title),
            "by": _SOMEBODY[locale],
            "recipient": {"name": _SOMEBODY[locale]},
            "link": link,
            "centre": ctx.settings.centre_name,
            "business_key": "A-0001",
            "process": {"title": definition.text(locale, definition.title)},
        }
        said = message.for_channel(channel)
        texts = [say(locale, text) for text in (said.subject or message.title, said.text) if text]
        scope = _with_examples(known, texts)
        shown = render(message, channel, locale=locale, say=say, scope=scope, now=now)
        subject = render(message, "email", locale=locale, say=say, scope=scope, now=now).subject
        made[locale] = Example(
            subject=subject, text=shown.text, segment_count=sms_size(shown.text).segment_count
        )
    return made


def _with_examples(known: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Give every name in the holes of some texts an example: itself, in brackets."""
    scope = dict(known)
    for text in texts:
        try:
            sources = [expression.source for expression in holes(text)]
        except FeelSyntaxError:
            continue
        for path in (name for source in sources for name in _NAMES.findall(source)):
            first, *rest = path.split(".")
            place = scope
            for part in [first, *rest][:-1]:
                inner = place.setdefault(part, {})
                if not isinstance(inner, dict):
                    break
                place = inner
            else:
                place.setdefault([first, *rest][-1], f"[{path.rsplit('.', 1)[-1]}]")
    return scope


def say_message(definition: Definition, locale: str, notice: Notice) -> str:
    """Say in which words a notice is given: a message's title, or a part of what is written."""
    if notice.words is not None:
        return (notice.words.get(locale) or next(iter(notice.words.values())))["title"]
    if notice.message:
        return message_titles(definition, locale).get(notice.message, notice.message)
    own = own_words(notice.event)
    return translate(locale, own.title) if own is not None else ""
