"""Notices of a step: who is meant, what their message may name, and the link it carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select

from engine.context import Context
from engine.definition import Definition, Package, get_definition_by_id
from engine.definition.environment import functions
from engine.errors import InvalidSubmission, NotFound
from engine.i18n import translate
from engine.jobs import enqueue
from engine.machine.effects import Notify
from engine.machine.spec import Notice
from engine.notify import (
    NEXT,
    WORDING,
    MessageTemplate,
    Notification,
    Recipient,
    next_key,
    notify,
    outside_recipient,
    person_recipient,
    read_template,
    sms_mode,
    written,
)
from engine.notify.templates import Say, Words
from engine.people import Person, find_person, get_person, people_of
from engine.values import Json
from engine.work import (
    UserTask,
    candidates_of,
    deciders_of,
    handlers_of,
    involve,
    make_link,
    part_of,
    parts_of,
)

if TYPE_CHECKING:
    from engine.runtime.apply import Applying


_BuiltIn = TypeVar("_BuiltIn", MessageTemplate, MessageTemplate | None)


def announce(ctx: Context, applying: Applying, notice: Notify) -> None:
    """Say what an element is set to say, to everybody who is meant, within the open transaction.

    Somebody who cannot be found is noted in history; a notice never holds a process up.

    Args:
        ctx: The open write transaction.
        applying: The step's rows.
        notice: What is to be said.
    """
    opened = applying.opened.get(notice.about)
    lines = applying.lines.setdefault(notice.visit, [])
    assignee = opened.assignee if opened is not None else None
    definition, instance = applying.definition, applying.instance
    meant = whom(ctx, definition, instance, notice, assignee=assignee, wrong=lines.append)
    if not lines:
        del applying.lines[notice.visit]
    if notice.next_after_s is not None and opened and meant:
        by_key = {recipient.key or "": recipient for recipient in meant}
        first, *rest = in_turn(ctx, notice.element, list(by_key))
        meant = [by_key[first]]
        wait_for_next(ctx, instance, notice, told=first, rest=rest)
    task = task_of(ctx, notice) if meant else None
    for recipient in meant:
        tell(ctx, definition, instance, notice, recipient, task=task, opened=opened is not None)


def tell(
    ctx: Context,
    definition: Definition,
    instance: Any,
    notice: Notify,
    recipient: Recipient,
    *,
    task: Mapping[str, Any] | None,
    opened: bool,
    text: str = "",
    once: bool = True,
) -> None:
    """Say a notice to one of those who are meant, within the open transaction.

    Args:
        ctx: The open write transaction.
        definition: What the instance runs.
        instance: Its row.
        notice: What is said.
        recipient: To whom.
        task: From ``task_of``.
        opened: Whether it is about a task that is open: the message may carry a link to it.
        text: What whoever caused it said about it.
        once: Whether the same event of the same task is said to them only once.
    """
    package = definition.package
    built_in = WORDING.get("circulated" if notice.circulates else notice.event)
    message, say = words_of(package, notice.message or None, built_in, notice.words)
    if message is None:
        return
    if notice.circulates and recipient.key is not None:
        if message is built_in and part_of(ctx, instance.id, recipient.key, "read") is not None:
            # They have it; only words of its own are news to them.
            return
        involve(ctx, instance_id=instance.id, person_key=recipient.key, kind="read", text=text or None)
    link, code = "", ""
    if opened:
        link, code = ways_to(ctx, definition, instance.id, notice.element, notice.about, recipient)
    scope = {
        **notice.scope,
        "process": {"title": package.text(recipient.locale, definition.title)},
        "task": {
            "title": task["title"] if task else "",
            "name": package.text(recipient.locale, task["name"]) if task else "",
            "due": task["due_at"] if task else None,
        },
        "link": link,
        "code": code,
    }
    if message is built_in or notice.words is not None:
        scope |= own_names(ctx, definition, instance, notice.element, recipient.locale)
        scope |= {
            "text": text or _opinion(notice),
            "link": link or f"{ctx.settings.public_url}/instances/{instance.id}",
        }
    notify(
        ctx,
        event=notice.event,
        to=recipient,
        channel=notice.channel,
        message=message,
        scope=scope,
        say=say,
        functions=functions(ctx),
        instance_id=instance.id,
        task_id=notice.about if task else None,
        element_id=notice.element or None,
        unique_key=f"{notice.about}:{notice.event}:{notice.message}:{_who(recipient)}" if once else None,
        target=f"/tasks/{notice.about}" if task else f"/instances/{instance.id}",
        can_wait=_can_wait(definition, notice, recipient),
    )


def _can_wait(definition: Definition, notice: Notify, recipient: Recipient) -> bool:
    """Whether a notice may be said together with others.

    Not what hurries somebody, what is answered by SMS or by a link, what goes to one after the other, or what
    a send task says: the process waits for none of it to be gathered.
    """
    if recipient.key is None or notice.event in ("urged", "reached") or notice.next_after_s is not None:
        return False
    task = definition.spec.node(notice.element).settings.task if notice.element else None
    return task is None or not (task.link or task.replies)


def own_names(
    ctx: Context, definition: Definition, instance: Any, element_id: str | None, locale: str
) -> dict[str, Json]:
    """Return what the product's own words name, and those that an administrator writes.

    Args:
        ctx: Any open transaction, and who did what is told.
        definition: What the instance runs.
        instance: Its row.
        element_id: The step, where there is one.
        locale: The reader's language.
    """
    step = definition.spec.node(element_id) if element_id else None
    return {
        "title": definition.text(locale, instance.title),
        "step": definition.text(locale, step.element_name) if step is not None else "",
        "by": _actor_name(ctx),
        "text": "",
    }


def _actor_name(ctx: Context) -> str:
    if ctx.actor.key is None:
        return ctx.settings.centre_name
    person = find_person(ctx, ctx.actor.key)
    return person.name if person is not None else ctx.actor.key


def _opinion(notice: Notify) -> str:
    decisions = notice.scope.get("decisions")
    decision = decisions.get(notice.element) if isinstance(decisions, Mapping) else None
    return str(decision.get("opinion") or "") if isinstance(decision, Mapping) else ""


def words_of(
    package: Package, key: str | None, built_in: _BuiltIn, words: Words | None = None
) -> tuple[MessageTemplate | _BuiltIn, Say]:
    """Return a message of a process, and whose catalogue says it; the product's own where none is named.

    Args:
        package: The process's.
        key: The message's.
        built_in: The product's own.
        words: What an administrator wrote in place of a message.
    """
    if words is not None:
        return written(words)
    content = package.message(key) if key else None
    if key is None or content is None:
        return built_in, translate
    return read_template(key, content), package.text


def in_turn(ctx: Context, element_id: str, keys: Sequence[str]) -> list[str]:
    """Return candidates in the order of their turns: whom a step told longest ago is the first.

    Args:
        ctx: Any open transaction.
        element_id: The step.
        keys: The candidates; who was never told comes first, in this order.
    """
    last = ctx.connection.execute(
        select(Notification.person_key, func.max(Notification.created_at).label("at"))
        .where(Notification.element_id == element_id, Notification.person_key.in_(keys))
        .group_by(Notification.person_key)
    )
    told = {row.person_key: row.at for row in last}
    return sorted(keys, key=lambda key: (key in told, told.get(key)))


def wait_for_next(ctx: Context, instance: Any, notice: Notify, *, told: str, rest: Sequence[str]) -> None:
    """Let the next candidate be told unless the task is taken meanwhile, within the open transaction.

    Args:
        ctx: The open write transaction.
        instance: The instance's row.
        notice: What is said.
        told: Who was told last; a message that does not reach them lets the next one come at once.
        rest: Who comes then, in order.
    """
    assert notice.next_after_s is not None
    said = {name: getattr(notice, name) for name in ("event", "channel", "message", "words", "next_after_s")}
    enqueue(
        ctx,
        kind=NEXT,
        payload={**said, "next_after_s": int(notice.next_after_s), "rest": list(rest)},
        due_at=ctx.now + timedelta(seconds=notice.next_after_s),
        unique_key=next_key(notice.about, told),
        instance_id=instance.id,
        process_key=instance.process_key,
        element_id=notice.element,
        visit_id=notice.about,
    )


def task_of(ctx: Context, notice: Notify) -> Mapping[str, Any] | None:
    """Return the task that a notice is about; None where it is about none."""
    wanted = select(UserTask.__table__).where(UserTask.id == notice.about)
    row = ctx.connection.execute(wanted).mappings().first()
    return None if row is None else dict(row)


def _who(recipient: Recipient) -> str:
    who: str = recipient.key or recipient.phone or recipient.email or recipient.name
    return who


def whom(
    ctx: Context,
    definition: Definition,
    instance: Any,
    notice: Notify,
    *,
    assignee: str | None = None,
    concerned: Sequence[str] = (),
    wrong: Callable[[str], None] = lambda reason: None,
) -> list[Recipient]:
    """Return everybody whom a notice means, each once.

    Args:
        ctx: The open transaction.
        definition: What the instance runs.
        instance: Its row.
        notice: What is said.
        assignee: Whose task it is, where it is about one that opens.
        concerned: Whom what happened concerns.
        wrong: Hears of somebody who cannot be found.
    """
    found: dict[str, Recipient] = {}
    for meant in _meant(ctx, definition, instance, notice, assignee, concerned):
        try:
            for recipient in _resolve(ctx, meant):
                found.setdefault(_who(recipient), recipient)
        except (NotFound, InvalidSubmission) as error:
            wrong(str(error))
    return list(found.values())


def chosen_people(
    ctx: Context,
    instance: Any,
    definition_id: str,
    chosen: Sequence[Notice],
    concerned: Sequence[Person],
    said: Mapping[str, Any],
    *,
    visit: str,
    element: str = "",
    task: str | None = None,
) -> Iterator[tuple[Mapping[str, Any], Person]]:
    """Find whom the clock tells of something, as an administrator set it.

    Args:
        ctx: The open transaction.
        instance: The instance's row.
        definition_id: What it runs.
        chosen: What they set.
        concerned: Whom it would tell else.
        said: How it would.
        visit, element, task: What it is about.

    Returns:
        Each with how they are told: ``said`` with another ``channel``, ``message`` and ``words``.
    """
    definition = get_definition_by_id(ctx, definition_id)
    keys = [person.key for person in concerned]
    for notice in chosen:
        how = {**said, "channel": notice.channel, "message": notice.message or None, "words": notice.words}
        asked = Notify(
            visit=visit,
            task=task,
            element=element,
            event=notice.event,
            to=notice.to,
            channel=notice.channel,
            message=notice.message,
            scope={},
        )
        for recipient in whom(ctx, definition, instance, asked, concerned=keys):
            if recipient.key is not None:
                yield how, get_person(ctx, recipient.key)


def _meant(
    ctx: Context,
    definition: Definition,
    instance: Any,
    notice: Notify,
    assignee: str | None,
    concerned: Sequence[str],
) -> Sequence[Json]:
    to = notice.to
    if isinstance(to, list):
        return to
    match to:
        case None | "nobody":
            return []
        case "candidates":
            return [assignee] if assignee else candidates_of(ctx, notice.about)
        case "assignee":
            task = task_of(ctx, notice)
            return [task["assignee"]] if task and task["assignee"] else []
        case "initiator":
            return [instance.initiator] if instance.initiator else []
        case "concerned":
            return list(concerned)
        case "handlers":
            return handlers_of(ctx, instance.id)
        case "approvers":
            return deciders_of(ctx, instance.id)
        case "followers" | "readers":
            kind = {"followers": "follow", "readers": "read"}[to]
            return [
                part.person_key for part in parts_of(ctx, instance.id, kind=kind) if part.ended_at is None
            ]
        case "supervisors":
            return list(definition.manifest.supervisors)
    return [to]


def _resolve(ctx: Context, meant: Json) -> Iterator[Recipient]:
    if isinstance(meant, Mapping):
        yield outside_recipient(ctx, meant)
        return
    word = str(meant)
    for person in people_of(ctx, word if ":" in word else f"person:{word}"):
        yield person_recipient(person)


def ways_to(
    ctx: Context,
    definition: Definition,
    instance_id: str,
    element_id: str,
    task_id: str,
    recipient: Recipient,
) -> tuple[str, str]:
    """Return the ways to an open task: its link, and the code that is typed where no SMS may have a link.

    The link needs no login where the drawing says so; else it is the task's page, and there is no code.
    """
    gives_link = definition.spec.node(element_id).settings.task.link
    if not gives_link or recipient.key is None:
        return f"{ctx.settings.public_url}/tasks/{task_id}", ""
    make = partial(make_link, ctx, person_key=recipient.key, task_id=task_id, instance_id=instance_id)
    typed = sms_mode(ctx, recipient.phone) == "code only"
    return f"{ctx.settings.public_url}/t/{make()}", make(typed=True) if typed else ""
