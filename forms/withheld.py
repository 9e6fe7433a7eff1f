"""What people who look at an instance are not shown: what a step hides, unless a part of theirs shows it.

A field that any step hides is shown outside of that step's form only to people to whom this instance showed
it already: they handed it in at the start, or a task that they had or may take has it in its form and does
not hide it there. Operators are shown everything, for they correct it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select

from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.files import StoredFile, references_in
from engine.machine.nodes.base import Node
from engine.runtime import get_instance
from engine.values import Json
from engine.work import Task, UserTask, is_candidate, may_operate
from forms.models import Submission
from forms.rights import HIDDEN, places, rights_by_component, step_rights
from forms.schema import Form, read_form


def withheld(ctx: Context, instance_id: str, *, task: Task | None = None) -> frozenset[str]:
    """Return where those of an instance's values stand that the context's actor is not shown.

    Args:
        ctx: Any open transaction, and who looks.
        instance_id: At which instance.
        task: The task through which they look: what its step hides is not shown there to anybody.

    Returns:
        Places such as ``salary``, ``application.pay`` and, for a column, ``items[].price``.

    Raises:
        NotFound: There is no such instance.
    """
    instance = get_instance(ctx, instance_id)
    definition = get_definition_by_id(ctx, instance["definition_id"])
    hidden = hidden_places(definition)
    if not hidden:
        return hidden
    at = task.element_id if task is not None else None
    here = frozenset(
        place
        for node in definition.spec.nodes
        if node.element_id == at
        for place in _hidden_at(definition, node)
    )
    if ctx.actor.kind == "system" or may_operate(ctx, definition.key):
        return here
    return here | (hidden - _shown_to(ctx, definition, instance_id))


def hidden_places(definition: Definition) -> frozenset[str]:
    """Return where the values stand that any step of a process hides."""
    found: frozenset[str] = frozenset()
    for node in definition.spec.nodes:
        found |= _hidden_at(definition, node)
    return found


def without_places(values: Mapping[str, Json], hidden: Collection[str]) -> Mapping[str, Json]:
    """Return values without what stands at some places; nothing is changed.

    Args:
        values: By variable.
        hidden: Places as ``withheld`` names them.
    """
    for place in hidden:
        values = _without(values, place.split("."))
    return values


def withholds_file(ctx: Context, file: StoredFile) -> bool:
    """Tell whether a file of an instance was handed in for a field that the context's actor is not shown."""
    if file.owner_kind != "instance":
        return False
    with ctx.read():
        hidden = withheld(ctx, file.owner_id)
        if not hidden:
            return False
        instance = get_instance(ctx, file.owner_id)
        definition = get_definition_by_id(ctx, instance["definition_id"])
        rows = ctx.connection.execute(
            select(Submission.form_key, Submission.data).where(
                Submission.instance_id == file.owner_id, Submission.state == "submitted"
            )
        ).all()
    return any(
        place in hidden
        for row in rows
        for name, value in row.data.items()
        if any(one["$file"] == file.id for one in references_in(value))
        for place in _places_of(definition, row.form_key, name)
    )


def _without(value: Json, names: list[str]) -> Any:
    name, rest = names[0].removesuffix("[]"), names[1:]
    if not isinstance(value, Mapping) or name not in value:
        return value
    kept = dict(value)
    if not rest:
        del kept[name]
    elif not names[0].endswith("[]"):
        kept[name] = _without(kept[name], rest)
    elif isinstance(kept[name], list):
        kept[name] = [_without(row, rest) for row in kept[name]]
    return kept


def _form_of(definition: Definition, key: str | None) -> Form | None:
    content = definition.package.form(key) if key is not None else None
    return read_form(content, key) if content is not None and key is not None else None


def _rights_at(definition: Definition, node: Node, key: str | None) -> dict[str, str]:
    """Return what a step lets people do with a form, by where the values stand; nothing without a form."""
    settings, form = node.settings.task, _form_of(definition, key)
    if form is None:
        return {}
    rights = rights_by_component(form, step_rights(form, named=settings.rights, default=settings.fields))
    return {place: rights[one] for place, one in places(form, settings.into).items()}


def _forms_at(definition: Definition, node: Node) -> set[str | None]:
    """Return the forms that an element asks for: its own, and of a start event those of the manifest."""
    starts = definition.manifest.starts
    return {node.settings.task.form, *(one.form for one in starts if one.event == node.element_id)}


def _hidden_at(definition: Definition, node: Node) -> frozenset[str]:
    settings = node.settings.task
    if settings.fields != HIDDEN and HIDDEN not in settings.rights.values():
        return frozenset()
    return frozenset(
        place
        for key in _forms_at(definition, node)
        for place, right in _rights_at(definition, node, key).items()
        if right == HIDDEN
    )


def _shown_to(ctx: Context, definition: Definition, instance_id: str) -> set[str]:
    """Return where the values stand that an instance showed to the context's actor."""
    by_id = {node.element_id: node for node in definition.spec.nodes}
    parts = [
        (by_id[element_id], by_id[element_id].settings.task.form)
        for element_id in _tasks_of(ctx, instance_id)
        if element_id in by_id
    ]
    started = select(Submission.form_key).where(
        Submission.instance_id == instance_id,
        Submission.task_id.is_(None),
        Submission.written_by == ctx.actor.name,
    )
    # Nobody is the public: who handed something in without a login is not known again by it.
    handed_in = set(ctx.connection.scalars(started)) if ctx.actor.key is not None else set()
    parts += [
        (node, key)
        for node in definition.spec.starts
        for key in _forms_at(definition, node)
        if key in handed_in
    ]
    return {
        place
        for node, key in parts
        for place, right in _rights_at(definition, node, key).items()
        if right != HIDDEN
    }


def _tasks_of(ctx: Context, instance_id: str) -> set[str]:
    """Return at which elements of an instance the context's actor had a task, or may take one."""
    if ctx.actor.key is None:
        return set()
    theirs = or_(
        UserTask.assignee == ctx.actor.key,
        UserTask.ended_by == ctx.actor.key,
        is_candidate(UserTask.__table__.c.id),
    )
    found = select(UserTask.element_id).where(UserTask.instance_id == instance_id, theirs)
    return set(ctx.connection.scalars(found, {"person": ctx.actor.key, "now": ctx.now}))


def _places_of(definition: Definition, form_key: str, name: str) -> Iterator[str]:
    """Yield where the value of a form's top field stands, at each step that asks for the form."""
    for node in definition.spec.nodes:
        if form_key in _forms_at(definition, node):
            into = node.settings.task.into
            yield f"{into}.{name}" if into else name
