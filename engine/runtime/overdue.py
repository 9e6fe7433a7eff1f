"""What time brings to a whole process: people hear that a deadline comes near, or is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.definition.environment import functions
from engine.definition.manifest import DeadlineRule
from engine.definition.notices import chosen_notices
from engine.errors import NotFound
from engine.i18n import _
from engine.instance import given_names
from engine.jobs import ClaimedJob, Suspended, enqueue, finish
from engine.notify import MessageTemplate, notify, person_recipient, short_message
from engine.people import Person, people_of, quiet_until
from engine.runtime.advance import lock_instance
from engine.runtime.announce import chosen_people, own_names, words_of
from engine.runtime.deadlines import DEADLINE, change_row, rows_of, wait_for
from engine.runtime.queries import variables_of

WARNING = short_message(
    "deadline_warning",
    _("A deadline comes near"),
    _("{{ business_key }} {{ deadline }}: due {{ due }}. {{ link }}"),
    _("{{ business_key }} {{ deadline }}: due {{ due }}."),
)
OVERDUE = short_message(
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
        if "only" in job.payload:
            _tell_rested(ctx, instance, definition, rule, row, job.payload)
        elif ctx.now >= row.due_at:
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
    """Tell whoever is meant; who rests is told when they do not any more."""
    for how, person in _meant(ctx, instance, definition, rule, built_in):
        until = quiet_until(ctx, person)
        if until is not None and person_recipient(person).channels(how["channel"])[:1] != ("in_app",):
            enqueue(
                ctx,
                kind=DEADLINE,
                payload={"name": row.name, "event": built_in.key, "only": person.key},
                due_at=until,
                unique_key=f"{DEADLINE}:{instance.id}:{row.name}:{built_in.key}:{person.key}",
                instance_id=instance.id,
                process_key=instance.process_key,
            )
            continue
        _say(ctx, instance, definition, rule, row, built_in, how, person)


def _tell_rested(
    ctx: Context,
    instance: Any,
    definition: Definition,
    rule: DeadlineRule,
    row: Any,
    said: Mapping[str, Any],
) -> None:
    """Tell somebody what waited for the end of their rest; that it comes near is not news when it is over."""
    built_in = {one.key: one for one in (WARNING, OVERDUE)}[said["event"]]
    if built_in is WARNING and ctx.now >= row.due_at:
        return
    for how, person in _meant(ctx, instance, definition, rule, built_in):
        if person.key == said["only"]:
            _say(ctx, instance, definition, rule, row, built_in, how, person)


def _say(
    ctx: Context,
    instance: Any,
    definition: Definition,
    rule: DeadlineRule,
    row: Any,
    built_in: MessageTemplate,
    how: Mapping[str, Any],
    person: Person,
) -> None:
    package, recipient = definition.package, person_recipient(person)
    message, say = words_of(package, how["message"], built_in, how["words"])
    own = own_names(ctx, definition, instance, None, recipient.locale) if how["words"] is not None else {}
    notify(
        ctx,
        event=built_in.key,
        to=recipient,
        channel=how["channel"],
        message=message,
        scope={
            **variables_of(ctx, instance.id),
            **given_names(instance),
            **own,
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


def _meant(
    ctx: Context, instance: Any, definition: Definition, rule: DeadlineRule, built_in: MessageTemplate
) -> Iterator[tuple[Mapping[str, Any], Person]]:
    """Find whom a deadline tells, each with how: as an administrator set it, else as its manifest says."""
    drawn = {"channel": "preferred", "message": rule.message, "words": None}
    people = list(_told(ctx, instance, rule))
    chosen = chosen_notices(ctx, definition.key, None, built_in.key)
    if chosen is None:
        yield from ((drawn, person) for person in people)
        return
    seen: set[str] = set()
    meant = chosen_people(ctx, instance, definition.id, chosen, people, drawn, visit=instance.id)
    for how, person in meant:
        if person.key not in seen:
            seen.add(person.key)
            yield how, person


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
