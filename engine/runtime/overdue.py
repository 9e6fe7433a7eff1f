"""What time brings to a whole process: people hear that a deadline comes near, or is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import functions
from engine.definition.manifest import DeadlineRule
from engine.errors import NotFound
from engine.i18n import _
from engine.instance import given_names
from engine.jobs import ClaimedJob, Suspended, finish
from engine.notify import MessageTemplate, MessageText, notify, person_recipient
from engine.people import Person, people_of
from engine.runtime.advance import lock_instance
from engine.runtime.announce import words_of
from engine.runtime.deadlines import change_row, rows_of, wait_for
from engine.runtime.queries import variables_of


def _message(key: str, title: str, text: str, text_code: str) -> MessageTemplate:
    """Make a message; where no SMS may have a link it says the other text."""
    return MessageTemplate(key=key, title=title, texts={"sms": MessageText(text=text, text_code=text_code)})


WARNING = _message(
    "deadline_warning",
    _("A deadline comes near"),
    _("{{ business_key }} {{ deadline }}: due {{ due }}. {{ link }}"),
    _("{{ business_key }} {{ deadline }}: due {{ due }}."),
)
OVERDUE = _message(
    "deadline_overdue",
    _("A deadline is over"),
    _("{{ business_key }} {{ deadline }}: overdue since {{ due }}. {{ link }}"),
    _("{{ business_key }} {{ deadline }}: overdue since {{ due }}."),
)


def deadline_rings(ctx: Context, job: ClaimedJob) -> None:
    """Tell that a deadline warns, or is over: the function of the job kind ``deadline``."""
    with ctx.write():
        finish(ctx, job)
        instance = lock_instance(ctx, job.instance_id or "")
        if instance.state == "suspended":
            raise Suspended()
        row = next((row for row in rows_of(ctx, instance.id) if row.name == job.payload["name"]), None)
        definition = get_definition_by_id(ctx, instance.definition_id)
        rule = definition.manifest.deadlines.get(job.payload["name"])
        if row is None or rule is None or row.due_at is None or row.ended_at is not None:
            return
        if ctx.now >= row.due_at:
            change_row(ctx, row, overdue_at=ctx.now)
            _tell(ctx, instance, definition, rule, row, OVERDUE)
        else:
            change_row(ctx, row, warned_at=ctx.now)
            _tell(ctx, instance, definition, rule, row, WARNING)
            wait_for(ctx, instance, row.name, row.due_at)


def _tell(
    ctx: Context,
    instance: Any,
    definition: Definition,
    rule: DeadlineRule,
    row: Any,
    built_in: MessageTemplate,
) -> None:
    package = definition.package
    message, say = words_of(package, rule.message, built_in)
    for person in _told(ctx, instance, rule):
        recipient = person_recipient(person)
        notify(
            ctx,
            event=built_in.key,
            to=recipient,
            channel="preferred",
            message=message,
            scope={
                **variables_of(ctx, instance.id),
                **given_names(instance),
                "process": {"title": package.text(recipient.locale, definition.title)},
                "deadline": package.text(recipient.locale, rule.title),
                "overdue": built_in is OVERDUE,
                "due": row.due_at,
                "link": f"{ctx.settings.public_url}/instances/{instance.id}",
            },
            say=say,
            functions=functions(ctx),
            instance_id=instance.id,
            unique_key=f"{instance.id}:{row.name}:{built_in.key}:{person.key}",
            target=f"/instances/{instance.id}",
        )


def _told(ctx: Context, instance: Any, rule: DeadlineRule) -> Iterator[Person]:
    seen: set[str] = set()
    for word in rule.tell:
        if word == "initiator" and not instance.initiator:
            continue
        try:
            found = people_of(ctx, f"person:{instance.initiator}" if word == "initiator" else word)
        except NotFound:
            continue
        for person in found:
            if person.key not in seen:
                seen.add(person.key)
                yield person
