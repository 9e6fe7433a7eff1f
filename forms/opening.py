"""Finding the form of a task or of a start, with everything that it is filled in over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.context import Context
from engine.definition import (
    Definition,
    ProcessStart,
    get_definition,
    get_definition_by_id,
    may_start,
    starts_for,
)
from engine.errors import Forbidden, NotFound
from engine.files import check_reference, is_reference, reference
from engine.i18n import _
from engine.machine.nodes.events import StartEvent
from engine.people import default_region
from engine.runtime import get_instance, variables_of
from engine.values import Json
from engine.work import Task, may_see
from forms.conditions import seen
from forms.data import MISSING, fields_of, get, put
from forms.options import keep_lists
from forms.rights import HIDDEN, REQUIRED, WRITE, places, rights_by_component, step_rights
from forms.schema import Form, read_form
from forms.validate import Filling
from forms.withheld import withheld, without_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A form that somebody may fill in.

    Args:
        form: The form.
        filling: What it is filled in over.
        definition: The version of the process that it belongs to.
        into: The variable that takes all its values as one context; None where each is a variable.
        held: What that variable has already.
        event: The start event that it starts; None for a task's form.
        shown: What of the filling's variables may leave the server.
    """

    form: Form
    filling: Filling
    definition: Definition
    into: str | None = None
    held: Mapping[str, Json] = field(default_factory=dict)
    event: str | None = None
    shown: Mapping[str, Json] = field(default_factory=dict)


def open_task(ctx: Context, task: Task) -> Opened | None:
    """Find the form of a task; None where it has none.

    Args:
        ctx: An open transaction; the actor is who fills it in.
        task: The task.

    Raises:
        NotFound: The actor may not see the task's instance, or the form is missing.
    """
    if not may_see(ctx, task.instance_id):
        raise NotFound(_("There is no such task."))
    if task.form_key is None:
        return None
    definition = get_definition_by_id(ctx, task.definition_id)
    instance = get_instance(ctx, task.instance_id)
    given = {
        "initiator": instance["initiator"],
        "business_key": instance["business_key"],
        "started_at": instance["started_at"].isoformat().replace("+00:00", "Z"),
    }
    variables = {**given, **variables_of(ctx, task.instance_id, visit=task.visit)}
    into = task.options.get("into")
    hidden = withheld(ctx, task.instance_id, task=task)
    opened = _open(ctx, definition, task.form_key, variables, into, hidden)
    rights = step_rights(
        opened.form,
        named=task.options.get("rights") or {},
        default=task.options.get("fields") or WRITE,
    )
    # Whoever only looks at somebody else's task is not shown there what they are shown nowhere.
    rights |= {one.key: HIDDEN for place, one in places(opened.form, into).items() if place in hidden}
    return replace(opened, filling=replace(opened.filling, rights=rights))


def open_start(
    ctx: Context,
    *,
    process_key: str,
    start_event: str | None = None,
    form: str | None = None,
    version: int | None = None,
    initiator: str | None = None,
) -> Opened | None:
    """Find the form by which somebody starts a process; None where they may start it without one.

    Args:
        ctx: An open transaction; the actor is who starts.
        process_key: Which process.
        start_event: Which start event, where there are several.
        form: Which form, where several start the same event.
        version: The latest where omitted.
        initiator: Whose request it would be; the actor's where omitted.

    Raises:
        NotFound: There is no such process or version.
        Forbidden: The actor may not start it in this way.
    """
    definition = get_definition(ctx, key=process_key, version=version)
    start = _start_of(ctx, definition, start_event, form)
    settings = definition.spec.node(start.event).settings.task
    key = start.form or settings.form
    if key is None:
        return None
    opened = _open(ctx, definition, key, {"initiator": initiator or ctx.actor.key}, settings.into)
    rights = step_rights(opened.form, named=settings.rights, default=settings.fields)
    return replace(opened, event=start.event, filling=replace(opened.filling, rights=rights))


def begun_with(opened: Opened, data: Mapping[str, Json], filled: Mapping[str, Json]) -> Mapping[str, Json]:
    """Put what is filled in already into what a form shows, where it may be written.

    Args:
        opened: The form.
        data: What it shows.
        filled: Of a draft, or of an old request; what the form does not have is left out.
    """
    filling = opened.filling
    rights = rights_by_component(opened.form, filling.rights)
    for component, path in fields_of(opened.form.components):
        value = get(filled, path, MISSING)
        if value is not MISSING and rights[component] in (WRITE, REQUIRED):
            data = put(data, path, value)
    return seen(opened.form, data, filling.rights, filling.now)


def _start_of(ctx: Context, definition: Definition, event: str | None, form: str | None) -> ProcessStart:
    """Return the way in which the actor starts a process: a manifest's, or one that is only drawn."""
    offered = starts_for(ctx, definition)
    if not offered and may_start(ctx, definition):
        offered = [
            ProcessStart(event=node.element_id, form=node.settings.task.form)
            for node in definition.spec.nodes
            if isinstance(node, StartEvent) and node.within is None and node.trigger.kind == "none"
        ]
    for start in offered:
        if event in (None, start.event) and form in (None, start.form):
            return start
    raise Forbidden(_("You may not start this process in this way."))


def _open(
    ctx: Context,
    definition: Definition,
    key: str,
    known: Mapping[str, Json],
    into: str | None,
    hidden: Collection[str] = (),
) -> Opened:
    content = definition.package.form(key)
    if content is None:
        raise NotFound(_("There is no form %(form)s."), form=key)
    form = read_form(content, key)
    variables, held = _around(form, known, into)
    shown, _held = _around(form, without_places(known, hidden), into)
    filling = Filling(
        now=ctx.now.astimezone(ctx.settings.zone),
        variables=variables,
        lookup=keep_lists(ctx),
        file=_Files(ctx=ctx, known=_known_files(form, variables)),
        say=partial(definition.text, ctx.locale),
        region=default_region(ctx),
    )
    return Opened(form=form, filling=filling, definition=definition, into=into, held=held, shown=shown)


def _around(
    form: Form, variables: Mapping[str, Json], into: str | None
) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """Return what a form begins with, and what the context that takes its values has already."""
    if into is None:
        return variables, {}
    # Its fields begin with what the context has; the other variables stay in sight.
    there = variables.get(into)
    held = there if isinstance(there, Mapping) else {}
    around = {name: value for name, value in variables.items() if name not in form.variables}
    return {**around, **held}, held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    ctx: Context
    known: frozenset[str]

    def __call__(self, value: Json) -> Mapping[str, Any]:
        return reference(check_reference(self.ctx, value, known=self.known))


def _known_files(form: Form, variables: Mapping[str, Json]) -> frozenset[str]:
    """Return the ids of the files that stand in the form already."""
    held = [variables.get(key) for key, one in form.fields.items() if one.kind == "filepicker"]
    each = [one for value in held for one in (value if isinstance(value, list) else [value])]
    return frozenset(one["$file"] for one in each if is_reference(one))
