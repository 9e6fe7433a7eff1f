"""User tasks: the work list, one task, and what people do with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import marshmallow as ma
from sqlalchemy import bindparam, select

from admin.api.fields import (
    Body,
    Fields,
    Flag,
    IdText,
    Instant,
    Items,
    ListArgs,
    Row,
    Text,
    Value,
    Whole,
    Words,
    sort_of,
)
from admin.api.masking import masked_values, sensitive_names
from admin.api.operation import Api, Page, changes, lists, reads
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.errors import NotFound
from engine.i18n import _
from engine.runtime import choose_activity, claim_task, facts_of, unclaim_task
from engine.work import (
    CLOCK_STATES,
    HOW,
    OPEN_STATES,
    TASK_SORTS,
    Candidate,
    Task,
    clock_state,
    get_task,
    held_since,
    list_handled,
    list_tasks,
    may_act,
    may_see,
)
from engine.work.rights import SEE_ALL_TASKS
from forms import check_submission, render_task, submit_checked

STATES = (*OPEN_STATES, "completed", "cancelled")


class OutcomeSchema(Row):
    """A button of a task."""

    name = Text()
    label = Text()
    opinion_required = Flag()
    opinion = Text(known=("required", "optional", "none"))
    signature_required = Flag()


class ActivitySchema(Row):
    """An activity of an ad-hoc sub-process."""

    element_id = Text()
    name = Text()


class FactSchema(Row):
    """What lists say of an instance beside its title."""

    label = Text()
    text = Text()


class TaskSchema(Row):
    """A step that waits for a person, or did."""

    id = Text()
    instance_id = Text()
    process_key = Text()
    definition_id = Text()
    business_key = Text(allow_none=True)
    element_id = Text()
    name = Text()
    title = Text()
    facts = Items(ma.fields.Nested(FactSchema), metadata={"description": "What lists say of its instance."})
    state = Text(known=STATES)
    form_key = Text(allow_none=True)
    outcomes = Items(ma.fields.Nested(OutcomeSchema))
    activities = Items(
        ma.fields.Nested(ActivitySchema),
        metadata={
            "description": "What may be done next, where the task is an ad-hoc sub-process; else none."
        },
    )
    assignee = Text(allow_none=True)
    owner = Text(allow_none=True, metadata={"description": "Who gets it back from the assignee, who helps."})
    covers_for = Text(
        allow_none=True, metadata={"description": "In whose place the assignee decides, as their cover."}
    )
    candidate_users = Items(Text())
    candidate_groups = Items(Text())
    priority = Whole()
    due_at = Instant()
    clock = Text(
        allow_none=True,
        known=CLOCK_STATES,
        metadata={"description": "How it stands in time, or stood when it ended; null where nothing is due."},
    )
    created_at = Instant()
    acknowledged_at = Instant()
    acknowledged_by = Text(allow_none=True)
    ended_at = Instant()
    ended_by = Text(allow_none=True)
    ended_through = Text(allow_none=True, metadata={"description": "web, rest, sms, link, message, timer."})
    outcome = Text(allow_none=True)
    opinion = Text(allow_none=True)


class FormSchema(Row):
    """A task's form."""

    key = Text()
    schema = Fields(metadata={"description": "form-js JSON."})
    data = Fields()
    rights = Fields(metadata={"description": "read, write or required, by field, as far as the step says."})


class TaskArgs(ListArgs):
    """What the work list takes."""

    assignee = Text(metadata={"description": "A person's key, or me."})
    candidate = Text(metadata={"description": "Who may take it while it is nobody's: a person's key, or me."})
    mine = Text(metadata={"description": "Assignee or candidate: a person's key, or me."})
    ended_by = Text(metadata={"description": "A person's key, or me."})
    owner = Text(metadata={"description": "Who lent it and gets it back: a person's key, or me."})
    lent = Flag(metadata={"description": "Only what is lent, or only what is not."})
    covers_for = Text(metadata={"description": "Decided in whose place: a person's key, or me."})
    covered = Flag(metadata={"description": "Only what a cover decides, or only the rest."})
    state = Words(known=STATES, load_default=OPEN_STATES)
    process_key = Text()
    instance_id = IdText()
    business_key = Text()
    search = Text(most=200, metadata={"description": "In title, business key or name."})
    sort = sort_of(TASK_SORTS, "due_at,-priority")


class HandledSchema(Row):
    """A task that you are done with."""

    id = Text()
    how = Text(known=HOW)
    at = Instant()
    outcome = Text(allow_none=True)
    opinion = Text(allow_none=True)
    to = Text(allow_none=True, metadata={"description": "Who has it since, where you handed it over."})
    covers_for = Text(allow_none=True, metadata={"description": "In whose place you decided."})
    instance_id = Text()
    instance_state = Text()
    process_key = Text()
    business_key = Text(allow_none=True)
    element_id = Text()
    name = Text()
    title = Text()


class HandledArgs(ListArgs):
    """What the list of the tasks that you are done with takes."""

    how = Words(known=HOW, load_default=HOW)
    process_key = Text()
    search = Text(most=200, metadata={"description": "In title, business key or name."})
    sort = ma.fields.Constant("-at")


class ChooseBody(Body):
    """What is done next."""

    activity = Text(required=True, least=1, metadata={"description": "The element id of an activity."})


class CompleteBody(Body):
    """How a task is finished."""

    outcome = Text(
        most=64, metadata={"description": "One of the task's outcomes; may be left out where there is one."}
    )
    data = Fields(
        load_default=dict, metadata={"description": "The form's fields, or variables of a task without one."}
    )
    opinion = Text(most=10_000)
    files = Items(
        Fields(), load_default=list, validate=ma.validate.Length(max=20),
        metadata={"description": "Attached to the decision, uploads of your own: {\"$file\": id}."},
    )  # fmt: skip
    signature = Value(
        metadata={
            "description": 'A PNG picture that you handed in, {"$file": id}, or "kept" for the one in your '
            "account."
        }
    )


_CANDIDATES = (
    select(Candidate.task_id, Candidate.kind, Candidate.key)
    .where(Candidate.task_id.in_(bindparam("tasks", expanding=True)))
    .order_by(Candidate.key)
)


def task_rows(ctx: Context, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Return tasks as they are answered."""
    candidates: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in ctx.connection.execute(_CANDIDATES, {"tasks": [task.id for task in tasks]}):
        candidates[row.task_id, row.kind].append(row.key)
    facts = facts_of(ctx, [task.instance_id for task in tasks])
    held = held_since(ctx, tasks)
    return [
        {
            **asdict(task),
            **_said(ctx, task),
            "facts": fact_rows(ctx, task.definition_id, facts[task.instance_id]),
            "clock": clock_state(task, held.get(task.instance_id, ctx.now)),
            "candidate_users": candidates[task.id, "person"],
            "candidate_groups": candidates[task.id, "group"],
        }
        for task in tasks
    ]


def fact_rows(
    ctx: Context, definition_id: str, facts: Sequence[Mapping[str, str]] | None
) -> list[dict[str, str]]:
    """Return what lists say of an instance, with labels in the caller's language."""
    if not facts:
        return []
    definition = get_definition_by_id(ctx, definition_id)
    return [{**fact, "label": definition.text(ctx.locale, fact["label"])} for fact in facts]


def task_row(ctx: Context, task: Task) -> dict[str, Any]:
    """Return a task as it is answered."""
    return task_rows(ctx, [task])[0]


# What outcomes did not say while opinions and signatures were not asked for.
_PLAIN = {"opinion": "optional", "signature_required": False}


def _said(ctx: Context, task: Task) -> dict[str, Any]:
    """Say a task's own texts in the caller's language."""
    definition = get_definition_by_id(ctx, task.definition_id)
    outcomes = [{**_PLAIN, **one} for one in (task.options or {}).get("outcomes", ())]
    return {
        "name": definition.text(ctx.locale, task.name),
        "activities": [
            {**one, "name": definition.text(ctx.locale, one["name"])}
            for one in (task.options or {}).get("activities", ())
        ],
        "outcomes": [{**one, "label": definition.text(ctx.locale, one["label"])} for one in outcomes],
    }


def seen_task(ctx: Context, task_id: str) -> Task:
    """Return a task that the caller may see.

    Raises:
        NotFound: There is none of this id, or it is not theirs to see.
    """
    task = get_task(ctx, task_id)
    if not (ctx.actor.may(SEE_ALL_TASKS) or may_see(ctx, task.instance_id)):
        raise NotFound(_("There is no such task."))
    return task


def _checked(ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
    seen_task(ctx, task_id)
    return {"checked": check_submission(ctx, task_id=task_id, **said)}


class TasksApi(Api):
    """User tasks."""

    resource_name = "tasks"

    @lists("", answer=TaskSchema, args=TaskArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the tasks that you may see; those that wait for somebody, where no state is named."""
        for name in ("assignee", "candidate", "mine", "ended_by", "owner", "covers_for"):
            if said.get(name) == "me":
                said[name] = ctx.actor.key
        count, tasks = list_tasks(ctx, seen=True, **said)
        return Page(count, task_rows(ctx, tasks))

    @lists("/handled", answer=HandledSchema, args=HandledArgs)
    def handled(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the tasks that you decided, sent back or handed over, the last first."""
        said.pop("sort", None)
        count, rows = list_handled(ctx, ctx.actor.key or "", **said)
        return Page(
            count,
            [
                {
                    **asdict(one),
                    "name": get_definition_by_id(ctx, one.definition_id).text(ctx.locale, one.name),
                }
                for one in rows
            ],
        )

    @reads("/<uuid:task_id>", answer=TaskSchema)
    def get(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Read a task."""
        return task_row(ctx, seen_task(ctx, task_id))

    @reads("/<uuid:task_id>/form", answer=FormSchema)
    def form(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Read a task's form: its schema in your language, its data, the rights of its fields.

        Fields that you may not see are not in it. Personal data are masked for those who neither may work on
        the task nor have the permission personal_data.see.
        """
        task = seen_task(ctx, task_id)
        rendered = render_task(ctx, task_id=task_id)
        if rendered is None:
            raise NotFound(_("This task has no form."))
        data = dict(rendered.data)
        if not may_act(ctx, task, ctx.actor.key):
            data = masked_values(ctx, data, sensitive_names(get_definition_by_id(ctx, task.definition_id)))
        return {"key": task.form_key, "schema": rendered.schema, "data": data, "rights": rendered.rights}

    @changes("/<uuid:task_id>/claim", answer=TaskSchema)
    def claim(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Take a task that several may do; from now on it is yours alone."""
        seen_task(ctx, task_id)
        return task_row(ctx, claim_task(ctx, task_id=task_id))

    @changes("/<uuid:task_id>/unclaim", answer=TaskSchema)
    def unclaim(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Put a task back: everybody who may take it sees it again."""
        seen_task(ctx, task_id)
        return task_row(ctx, unclaim_task(ctx, task_id=task_id))

    @changes("/<uuid:task_id>/choose", body=ChooseBody, answer=TaskSchema)
    def choose(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Begin an activity of an ad-hoc sub-process in which people choose what is done next.

        Such a sub-process is a task: completing it says that nothing more is to be done, where no condition
        of its own says so. What cannot be done now is 409.
        """
        seen_task(ctx, task_id)
        choose_activity(ctx, task_id=task_id, element_id=said["activity"])
        return task_row(ctx, get_task(ctx, task_id))

    @changes("/<uuid:task_id>/complete", body=CompleteBody, answer=TaskSchema, check=_checked)
    def complete(self, ctx: Context, said: dict[str, Any], task_id: str) -> dict[str, Any]:
        """Finish a task and bring its process to the next wait states.

        The first who finishes it wins; everybody after is 409 with the winner's name and the time. The data
        of a task with a form are checked as the form says; an unknown field is 422.
        """
        submit_checked(ctx, checked=said["checked"])
        return task_row(ctx, get_task(ctx, task_id))
