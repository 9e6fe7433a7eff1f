"""What a handler's link shows: the task, what can be done about it, what is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import forms
from admin.kit.formats import masked
from admin.kit.names import person_names
from admin.public.plain import Field, plain_fields
from engine import runtime
from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.files import references_in
from engine.people import Person, default_region, grouped
from engine.values import Json, number_text
from engine.work import OpenedLink, Task, actions_of, buttons_of, list_comments, may_act
from forms.options import fixed_options

HIDDEN = "•••"
_MOST_NOTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A way to finish the task, or a few that ask for the same.

    Args:
        name: What tells it from the others on the page.
        buttons: Outcome and label of each.
        fields: What is asked.
        opinion: Whether a reason is needed.
    """

    name: str
    buttons: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    opinion: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page of a link shows.

    Args:
        task: The task.
        step: What the step is called.
        mine: Whether the person may act.
        lent_by: The name of who lent it to the person, who gives it back on the task's own page.
        words: What the form says, without its fields.
        endings: The ways to finish.
        signed: The labels of those that need a signature, which is given on the task's own page.
        support: The message that calls for help; None where the drawing has none.
        facts: Label and value of what is known; personal values are hidden unless proved.
        hides: Whether something is hidden.
        files: References of the stored files.
        takes_notes: Whether one can write on it here.
        notes: What was written on it, the newest last.
        now: The time, in the person's zone.
    """

    task: Task
    step: str
    mine: bool
    lent_by: str | None
    words: tuple[str, ...]
    endings: tuple[Ending, ...]
    signed: tuple[str, ...]
    support: str | None
    facts: tuple[tuple[str, Json], ...]
    hides: bool
    files: tuple[Mapping[str, Json], ...]
    takes_notes: bool
    notes: tuple[Mapping[str, Any], ...]
    now: datetime


def look_at(
    ctx: Context, link: OpenedLink, person: Person, *, proved: bool, answers: Mapping[str, Json] | None = None
) -> Shown:
    """Put together what a link shows. Nothing is changed.

    Args:
        ctx: The link's person, with an open transaction.
        link: The link.
        person: Whose it is.
        proved: Whether personal data may be shown.
        answers: What was typed already.
    """
    task = link.task
    definition = get_definition_by_id(ctx, task.definition_id)
    now = ctx.now.astimezone(ZoneInfo(person.time_zone) if person.time_zone else ctx.settings.zone)
    # Whoever has it to help gives it back on its own page; it is its owner who decides.
    mine = task.open and task.owner is None and may_act(ctx, task, person.key)
    fields = form_fields(ctx, task, now)
    variables = forms.without_places(
        runtime.variables_of(ctx, task.instance_id, visit=task.visit),
        forms.withheld(ctx, task.instance_id, task=task),
    )
    notes = list_comments(ctx, task.instance_id)[-_MOST_NOTES:]
    names = person_names(ctx, [task.owner, *(note["author"] for note in notes)])
    attached = [one.files for one in actions_of(ctx, task.instance_id)]
    # Signatures stand with the decisions that they are under, not among the files.
    variables = {name: value for name, value in variables.items() if name != "decisions"}
    held = [*references_in(variables), *references_in([*(note["files"] for note in notes), *attached])]
    return Shown(
        task=task,
        step=definition.text(ctx.locale, task.name),
        mine=mine,
        lent_by=names.get(task.owner or "") if task.open and task.assignee == person.key else None,
        words=tuple(one.label for one in fields if one.kind == "text"),
        endings=tuple(_endings(ctx, task, definition, now, answers)) if mine else (),
        signed=tuple(
            definition.text(ctx.locale, one["label"])
            for one in task.options.get("outcomes") or ()
            if mine and one.get("signature_required")
        ),
        support=_support(task) if mine else None,
        facts=tuple(_facts(ctx, definition, variables, now, proved=proved)),
        hides=not proved and (bool(held) or _hides(definition, variables)),
        files=tuple({str(file["$file"]): file for file in held}.values()),
        takes_notes="comment" in buttons_of(task),
        notes=tuple({**note, "author": names.get(note["author"], note["author"])} for note in notes),
        now=now,
    )


def form_fields(
    ctx: Context,
    task: Task,
    now: datetime,
    *,
    prefix: str = "field",
    answers: Mapping[str, Json] | None = None,
) -> list[Field]:
    """Return the fields of the task's form; none where it has no form or is over."""
    rendered = forms.render_task(ctx, task_id=task.id) if task.open else None
    if rendered is None:
        return []
    return plain_fields(rendered, prefix=prefix, now=now, locale=ctx.locale, answers=answers)


def _endings(
    ctx: Context,
    task: Task,
    definition: Definition,
    now: datetime,
    answers: Mapping[str, Json] | None,
) -> Iterator[Ending]:
    """Yield the ways to finish: first those that need no reason, then those that do.

    A field's property ``outcomes`` names the outcomes that it is asked for; without it, all.
    """
    drawn = task.options.get("outcomes") or [{"name": "", "label": ""}]
    buttons = [one for one in drawn if not one.get("signature_required")]
    for opinion in (False, True):
        here = [one for one in buttons if bool(one.get("opinion_required")) is opinion]
        if here:
            part = "reason" if opinion else "finish"
            fields = form_fields(ctx, task, now, prefix=part, answers=answers)
            names = {one["name"] for one in here}
            yield Ending(
                name=part,
                buttons=tuple((one["name"], definition.text(ctx.locale, one["label"])) for one in here),
                fields=tuple(one for one in fields if one.kind != "text" and asked_for(one, names)),
                opinion=opinion,
            )


def asked_for(field: Field, outcomes: set[str]) -> bool:
    """Whether a field is asked for one of some outcomes."""
    said = str((field.raw.get("properties") or {}).get("outcomes") or "")
    named = set(said.replace(",", " ").split())
    return not named or not named.isdisjoint(outcomes)


def _support(task: Task) -> str | None:
    replies = task.options.get("replies") or ()
    return next((one["message"] for one in replies if one["verb"] == "support" and one["message"]), None)


def _facts(
    ctx: Context, definition: Definition, variables: Mapping[str, Json], now: datetime, *, proved: bool
) -> Iterator[tuple[str, Json]]:
    choices, locale, region = _choices(definition), ctx.locale, default_region(ctx)
    for name, spec in definition.manifest.variables.items():
        value = variables.get(name)
        if value is None or value == "" or isinstance(value, dict | list) or not spec.label:
            continue
        label = definition.text(locale, spec.label)
        if spec.sensitive and not proved:
            text = str(value)
            yield label, masked(text) if text.startswith("+") else HIDDEN
        else:
            chosen = choices.get((name, value)) if isinstance(value, str) else None
            shown = grouped(value, region) if spec.is_telephone and isinstance(value, str) else value
            yield label, _said(chosen or shown, spec.type, definition, locale, now)


def _choices(definition: Definition) -> dict[tuple[str, str], str]:
    """Return what a process's forms call the values that they let people choose."""
    found: dict[tuple[str, str], str] = {}
    for path in definition.package.matching("*.form"):
        form = forms.read_form(definition.package.files[path], path)
        for key, component in form.fields.items():
            for option in fixed_options(component) or ():
                if isinstance(option.value, str):
                    found.setdefault((key, option.value), option.label)
    return found


def _said(value: Json, kind: str, definition: Definition, locale: str, now: datetime) -> Json:
    """Write a value for people; an instant is written by the page."""
    if kind == "date and time" and isinstance(value, str):
        try:
            return datetime.fromisoformat(value).astimezone(now.tzinfo)
        except ValueError:
            return value
    if isinstance(value, Decimal):
        return number_text(value)
    return definition.text(locale, value) if isinstance(value, str) else str(value)


def _hides(definition: Definition, variables: Mapping[str, Json]) -> bool:
    return any(
        spec.sensitive and spec.label and variables.get(name) not in (None, "")
        for name, spec in definition.manifest.variables.items()
    )
