"""The forms of an instance as they were filled in, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.context import Context
from engine.definition import Definition, get_package
from engine.errors import DefinitionError, NotFound
from engine.feel.temporal import from_instant
from engine.i18n import _
from engine.values import Json
from engine.work import Task
from forms.models import Submission
from forms.printing.answers import Reader, answers, moment
from forms.rights import HIDDEN, places
from forms.schema import Form, read_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form with what is in it.

    Args:
        form: The form.
        said: What holes may name of it: ``title``, ``person``, ``at``, ``when``, ``fields``.
    """

    form: Form
    said: Mapping[str, Json]


def submissions_of(ctx: Context, instance_id: str) -> Sequence[Any]:
    """Return the forms that were handed in for an instance, oldest first."""
    table = Submission.__table__
    return ctx.connection.execute(
        select(table)
        .where(table.c.instance_id == instance_id, table.c.state == "submitted")
        .order_by(table.c.written_at, table.c.id)
    ).all()


def filled_forms(
    ctx: Context,
    definition: Definition,
    tasks: Sequence[Task],
    variables: Mapping[str, Json],
    submissions: Sequence[Any],
    reader: Reader,
    hidden: Collection[str] = (),
) -> list[Filled]:
    """Return the forms of an instance in the order in which they were first handed in.

    A form whose fields are variables of the instance stands there once, with what they are now, whoever
    filled it in how often. One of a step with variables of its own (a round, a sub-process) stands there
    each time, with what was handed in.

    Args:
        ctx: An open transaction.
        definition: The version that the instance runs.
        tasks: Its tasks.
        variables: Its variables.
        submissions: What was handed in.
        reader: For whom.
        hidden: Where values stand that they are not shown, as ``withheld`` names them.
    """
    by_id = {task.id: task for task in tasks}
    found: dict[str, Filled] = {}
    for one in submissions:
        form = _form(ctx, one)
        if form is None:
            continue
        task = by_id.get(one.task_id)
        into = task.options.get("into") if task is not None else _start_into(definition, one.form_key)
        there = variables.get(into) if into else variables
        now = there if isinstance(there, Mapping) else {}
        shared = all(name in now for name in one.data)
        values = {**variables, **one.data, **(now if shared else {})}
        key = f"{one.form_key} {into}" if shared else one.id
        earlier = found.get(key)
        title = earlier.said["title"] if earlier else _title(definition, task, one.form_key, reader)
        said: dict[str, Json] = {
            "title": title,
            "person": _person(one.written_by, reader),
            "at": from_instant(one.written_at),
            "when": moment(one.written_at, reader),
            "fields": answers(form, values, reader, _rights(form, into, hidden)),
        }
        found[key] = Filled(form=form, said=said)
    return list(found.values())


def _rights(form: Form, into: str | None, hidden: Collection[str]) -> dict[str, str]:
    return {one.key: HIDDEN for place, one in places(form, into).items() if place in hidden}


def _form(ctx: Context, submission: Any) -> Form | None:
    """Return the form as it was when it was filled in; None where its deployment is gone."""
    try:
        content = get_package(ctx, submission.deployment_id).form(submission.form_key)
        return read_form(content, submission.form_key) if content is not None else None
    except (NotFound, DefinitionError):
        return None


def _start_into(definition: Definition, form_key: str) -> str | None:
    """Return the context that a start's form fills; None where each field is a variable."""
    events = {start.event for start in definition.manifest.starts if start.form == form_key}
    for node in definition.spec.starts:
        if node.element_id in events or node.settings.task.form == form_key:
            return node.settings.task.into
    return None


def _title(definition: Definition, task: Task | None, form_key: str, reader: Reader) -> Json:
    if task is not None:
        return reader.say(task.name)
    titles = (start.title for start in definition.manifest.starts if start.form == form_key)
    return reader.say(next(titles, "") or definition.title)


def _person(name: str, reader: Reader) -> str:
    return reader.word(_("the public")) if name == "public" else reader.names.get(name, name)
