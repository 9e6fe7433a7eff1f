"""Notices of a step: who is meant, what their message may name, and the link it carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.context import Context
from engine.definition.environment import functions
from engine.errors import NotFound
from engine.i18n import translate
from engine.machine.effects import Notify
from engine.notify import Recipient, notify, outside_recipient, person_recipient, read_template
from engine.people import people_of
from engine.values import Json
from engine.work import UserTask, candidates_of, make_link

if TYPE_CHECKING:
    from engine.runtime.apply import Applying


def announce(ctx: Context, applying: Applying, notice: Notify) -> None:
    """Say what an element is set to say, to everybody who is meant, within the open transaction.

    Somebody who cannot be found is noted in history; a notice never holds a process up.

    Args:
        ctx: The open write transaction.
        applying: The step's rows.
        notice: What is to be said.
    """
    package = applying.definition.package
    content = package.message(notice.message)
    if content is None:
        return
    template = read_template(notice.message, content)
    task = _task(ctx, notice)

    def say(locale: str, source: str) -> str:
        said = package.text(locale, source)
        return said if said != source else translate(locale, source)

    for recipient in _recipients(ctx, applying, notice):
        link = _link(ctx, applying, notice, recipient)
        notify(
            ctx,
            event=notice.event,
            to=recipient,
            channel=notice.channel,
            message=template,
            scope={
                **notice.scope,
                "process": {"title": say(recipient.locale, applying.definition.title)},
                "task": {
                    "title": task["title"] if task else "",
                    "name": say(recipient.locale, task["name"]) if task else "",
                    "due": task["due_at"] if task else None,
                },
                "link": link,
            },
            say=say,
            functions=functions(ctx),
            instance_id=applying.instance.id,
            task_id=notice.visit if task else None,
            element_id=notice.element,
            unique_key=f"{notice.visit}:{notice.event}:{notice.message}:{_who(recipient)}",
            target=f"/tasks/{notice.visit}" if task else f"/instances/{applying.instance.id}",
        )


def _task(ctx: Context, notice: Notify) -> Mapping[str, Any] | None:
    wanted = select(UserTask.__table__).where(UserTask.id == notice.visit)
    row = ctx.connection.execute(wanted).mappings().first()
    return None if row is None else dict(row)


def _who(recipient: Recipient) -> str:
    who: str = recipient.key or recipient.phone or recipient.email or recipient.name
    return who


def _recipients(ctx: Context, applying: Applying, notice: Notify) -> Iterator[Recipient]:
    seen: set[str] = set()
    for meant in _meant(ctx, applying, notice):
        try:
            found = list(_resolve(ctx, meant))
        except NotFound as error:
            applying.lines.setdefault(notice.visit, []).append(str(error))
            continue
        for recipient in found:
            if _who(recipient) not in seen:
                seen.add(_who(recipient))
                yield recipient


def _meant(ctx: Context, applying: Applying, notice: Notify) -> list[Json]:
    to = notice.to
    if isinstance(to, list):
        return to
    opened = applying.opened.get(notice.visit)
    if to == "candidates":
        if opened is not None and opened.assignee:
            return [opened.assignee]
        return list(candidates_of(ctx, notice.visit))
    if to == "assignee":
        task = _task(ctx, notice)
        return [task["assignee"]] if task and task["assignee"] else []
    if to == "initiator":
        return [applying.instance.initiator] if applying.instance.initiator else []
    return [] if to is None else [to]


def _resolve(ctx: Context, meant: Json) -> Iterator[Recipient]:
    if isinstance(meant, Mapping):
        yield outside_recipient(ctx, meant)
        return
    word = str(meant)
    for person in people_of(ctx, word if ":" in word else f"person:{word}"):
        yield person_recipient(person)


def _link(ctx: Context, applying: Applying, notice: Notify, recipient: Recipient) -> str:
    """Return the way to the task: a link without login where the drawing gives one, else its page."""
    if notice.visit not in applying.opened:
        return ""
    node = applying.definition.spec.node(notice.element)
    if node.settings.task.link and recipient.key is not None:
        token = make_link(
            ctx, person_key=recipient.key, task_id=notice.visit, instance_id=applying.instance.id
        )
        return f"{ctx.settings.public_url}/t/{token}"
    return f"{ctx.settings.public_url}/tasks/{notice.visit}"
