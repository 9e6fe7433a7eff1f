"""Process instances: lists, one, its history, variables, tasks and notes; cancel, suspend, resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import marshmallow as ma
from sqlalchemy import select

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
    Whole,
    sort_of,
)
from admin.api.masking import masked_text, masked_values, sensitive_names
from admin.api.operation import Api, Page, changes, lists, reads
from admin.api.paging import page_of
from admin.api.tasks import FactSchema, TaskSchema, fact_rows, task_rows
from admin.kit.permissions import ADMINISTERS
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.definition.models import ProcessDefinition
from engine.errors import NotFound
from engine.i18n import _
from engine.runtime import (
    add_comment,
    cancel_request,
    correct_variables,
    deadlines_of,
    get_instance,
    history_of,
    list_instances,
    move_token,
    resume_instance,
    skip_element,
    steps_of,
    suspend_instance,
    variables_of,
)
from engine.runtime.queries import INSTANCE_SORTS
from engine.work import CLOCK_STATES, list_comments, may_see, tasks_of_instance
from forms import withheld, without_places

STATES = ("active", "suspended", "completed", "cancelled", "failed")
OPERATE = ("instances.operate",)
OPERATE_IT = (*OPERATE, ADMINISTERS)
_IN_ORDER = {"seq": lambda row: row["seq"]}
_BY_CREATION = {"created_at": lambda row: row["created_at"]}
_BY_NAME = {"name": lambda row: row["name"]}
_BY_ELEMENT = {"element_id": lambda row: row["element_id"]}
_BY_TIME = {"written_at": lambda row: row["written_at"]}


class InstanceSchema(Row):
    """A run of a process."""

    id = Text()
    process_key = Text()
    version = Whole()
    definition_id = Text()
    business_key = Text(allow_none=True)
    title = Text()
    facts = Items(
        ma.fields.Nested(FactSchema), metadata={"description": "What lists say of it beside its title."}
    )
    state = Text(known=STATES)
    error_code = Text(
        allow_none=True, metadata={"description": "Of the uncaught BPMN error that ended a failed one."}
    )
    initiator = Text(allow_none=True)
    submitter = Text(allow_none=True, metadata={"description": "Who handed it in for the initiator."})
    root_id = Text()
    parent_id = Text(allow_none=True)
    started_at = Instant()
    ended_at = Instant()
    incident_count = Whole(metadata={"description": "Open incidents: a technical failure ends nothing."})


class VisitSchema(Row):
    """A token was at an element of the drawing."""

    seq = Whole(metadata={"description": "The order in which it was written."})
    id = Text()
    instance_id = Text()
    element_id = Text()
    element_name = Text(allow_none=True)
    type = Text()
    state = Text(known=("active", "completed", "cancelled", "failed"))
    started_at = Instant()
    ended_at = Instant()
    actor = Text(allow_none=True)
    log = Items(Text(), allow_none=True)


class DeadlineSchema(Row):
    """By when something of an instance is to be done."""

    name = Text()
    title = Text()
    due_at = Instant(metadata={"description": "Null while it stands still."})
    clock = Text(known=CLOCK_STATES, metadata={"description": "How it stands in time, or stood at the end."})
    still_since = Instant(metadata={"description": "Since when it stands still; null where it does not."})


class FileSchema(Row):
    """A file as a variable holds it."""

    file = Text(data_key="$file", attribute="$file")
    name = Text()
    type = Text(metadata={"description": "Its media type, by content."})
    size = Whole(metadata={"description": "In bytes."})


class CommentSchema(Row):
    """A note on an instance."""

    id = Text()
    instance_id = Text()
    task_id = Text(allow_none=True)
    author = Text()
    through = Text(metadata={"description": "How it came: web, rest, sms, link, email."})
    text = Text()
    files = Items(ma.fields.Nested(FileSchema))
    written_at = Instant()


class InstanceArgs(ListArgs):
    """What the list of instances takes."""

    root = IdText(metadata={"description": "This instance and all that it called, directly or not."})
    key = Text(metadata={"description": "The process's key."})
    business_key = Text()
    state = Text(known=STATES)
    initiator = Text(metadata={"description": "A person's key, or me."})
    mine = Flag(metadata={"description": "Only requests that are yours or that you handed in."})
    supervised = Flag(metadata={"description": "Only of processes that you supervise."})
    called = Flag(load_default=True, metadata={"description": "Those that another instance called too."})
    search = Text(most=200, metadata={"description": "In title or business key."})
    sort = sort_of(INSTANCE_SORTS, "-started_at")


class HistoryArgs(ListArgs):
    """What an instance's history takes."""

    called = Flag(load_default=False, metadata={"description": "Those of the processes it called too."})
    sort = sort_of(_IN_ORDER, "seq")


class DeadlineArgs(ListArgs):
    """What the list of an instance's deadlines takes."""

    sort = sort_of(_BY_NAME, "name")


class StepArgs(ListArgs):
    """What the list of an instance's steps takes."""

    sort = sort_of(_BY_ELEMENT, "element_id")


class TasksArgs(ListArgs):
    """What an instance's tasks take."""

    sort = sort_of(_BY_CREATION, "created_at")


class CommentArgs(ListArgs):
    """What an instance's notes take."""

    sort = sort_of(_BY_TIME, "written_at")


class CancelBody(Body):
    """Why an instance ends before its time."""

    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in history."})


class SwitchBody(Body):
    """Why an instance is held, or goes on."""

    reason = Text(load_default="", most=2000)


class CorrectBody(Body):
    """Values that variables should have."""

    variables = Fields(required=True)
    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})
    visit_id = IdText(metadata={"description": "A step whose variables they are; else the instance's own."})


class MoveBody(Body):
    """From where to where an instance is moved, and why."""

    visit_id = IdText(required=True, metadata={"description": "The step that is left."})
    to = Text(required=True, least=1, metadata={"description": "The id of the element that begins."})
    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})


class SkipStepBody(Body):
    """Which step counts as done, why, and what it would have brought."""

    visit_id = IdText(required=True)
    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})
    variables = Fields(load_default=dict)


class StepSchema(Row):
    """A step at which an instance stands."""

    visit_id = Text()
    element_id = Text()
    name = Text()
    failed = Flag(metadata={"description": "Whether an operator must help."})
    to = Items(Text(), metadata={"description": "The elements to which it may be moved."})


class CommentBody(Body):
    """A note."""

    text = Text(load_default="", most=10_000)
    files = Items(
        Fields(), load_default=list, validate=ma.validate.Length(max=20),
        metadata={"description": "Uploads of your own: {\"$file\": id}."},
    )  # fmt: skip
    task_id = IdText()


def instance_rows(ctx: Context, instances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return instances as they are answered."""
    ids = {instance["definition_id"] for instance in instances}
    rows = ctx.connection.execute(
        select(ProcessDefinition.id, ProcessDefinition.version).where(ProcessDefinition.id.in_(ids))
    )
    versions = {row.id: row.version for row in rows}
    return [
        {
            **instance,
            "version": versions[instance["definition_id"]],
            "facts": fact_rows(ctx, instance["definition_id"], instance["facts"]),
        }
        for instance in instances
    ]


def instance_row(ctx: Context, instance: Mapping[str, Any]) -> dict[str, Any]:
    """Return an instance as it is answered."""
    return {
        **instance,
        "version": get_definition_by_id(ctx, instance["definition_id"]).version,
        "facts": fact_rows(ctx, instance["definition_id"], instance["facts"]),
    }


def seen_instance(ctx: Context, instance_id: str) -> Mapping[str, Any]:
    """Return an instance that the caller may see.

    Raises:
        NotFound: There is none of this id, or it is not theirs to see.
    """
    need_seen(ctx, instance_id)
    return get_instance(ctx, instance_id)


def need_seen(ctx: Context, instance_id: str) -> None:
    """Make sure that the caller may see an instance.

    Raises:
        NotFound: There is none of this id, or it is not theirs to see.
    """
    if not may_see(ctx, instance_id):
        raise NotFound(_("There is no such process instance."))


class InstancesApi(Api):
    """Process instances."""

    resource_name = "process-instances"

    @lists("", answer=InstanceSchema, args=InstanceArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the instances that you may see."""
        if said.get("initiator") == "me":
            said["initiator"] = ctx.actor.key
        said["mine"] = ctx.actor.key if said.get("mine") else None
        count, found = list_instances(ctx, seen=True, **said)
        return Page(count, instance_rows(ctx, found))

    @reads("/<uuid:instance_id>", answer=InstanceSchema)
    def get(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Read an instance."""
        return instance_row(ctx, seen_instance(ctx, instance_id))

    @lists("/<uuid:instance_id>/history", answer=VisitSchema, args=HistoryArgs)
    def history(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List which elements an instance went through, in the order in which it did."""
        need_seen(ctx, instance_id)
        count, rows = page_of(history_of(ctx, instance_id, called=said["called"]), said, _IN_ORDER)
        return Page(count, [{**row, "log": _log(ctx, row["log"])} for row in rows])

    @reads(
        "/<uuid:instance_id>/variables",
        answer={"type": "object", "additionalProperties": {}, "description": "Values by name."},
    )
    def variables(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Read the variables of an instance, values by name.

        Personal ones are masked for those without the permission personal_data.see. What a step's form
        hides is not among them, unless a form of yours shows it or you may operate instances.
        """
        instance = seen_instance(ctx, instance_id)
        names = sensitive_names(get_definition_by_id(ctx, instance["definition_id"]))
        shown = without_places(variables_of(ctx, instance_id), withheld(ctx, instance_id))
        return masked_values(ctx, shown, names)

    @lists("/<uuid:instance_id>/tasks", answer=TaskSchema, args=TasksArgs)
    def tasks(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List the tasks of an instance, those that are over too."""
        need_seen(ctx, instance_id)
        count, rows = page_of(task_rows(ctx, tasks_of_instance(ctx, instance_id)), said, _BY_CREATION)
        return Page(count, rows)

    @lists("/<uuid:instance_id>/deadlines", answer=DeadlineSchema, args=DeadlineArgs)
    def deadlines(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List the deadlines of an instance."""
        instance = seen_instance(ctx, instance_id)
        definition = get_definition_by_id(ctx, instance["definition_id"])
        rows = [
            {**asdict(one), "title": definition.text(ctx.locale, one.title)}
            for one in deadlines_of(ctx, instance)
        ]
        return page_of(rows, said, _BY_NAME)

    @lists("/<uuid:instance_id>/comments", answer=CommentSchema, args=CommentArgs)
    def comments(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List the notes on an instance."""
        need_seen(ctx, instance_id)
        count, rows = page_of(list_comments(ctx, instance_id), said, _BY_TIME)
        return Page(count, [_comment(ctx, row) for row in rows])

    @changes("/<uuid:instance_id>/comments", body=CommentBody, answer=CommentSchema, status=201)
    def add_comment(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Write a note on an instance."""
        need_seen(ctx, instance_id)
        task_id = said.get("task_id")
        if task_id is not None and task_id not in {task.id for task in tasks_of_instance(ctx, instance_id)}:
            raise NotFound(_("There is no such task."))
        comment_id = add_comment(ctx, instance_id=instance_id, **said)
        written = next(row for row in list_comments(ctx, instance_id) if row["id"] == comment_id)
        return _comment(ctx, written)

    @lists("/<uuid:instance_id>/steps", answer=StepSchema, args=StepArgs, needs=OPERATE_IT)
    def steps(self, ctx: Context, said: dict[str, Any], instance_id: str) -> Page:
        """List the steps at which an instance stands, and where each may be moved."""
        need_seen(ctx, instance_id)
        rows = [asdict(step) for step in steps_of(ctx, instance_id)]
        return page_of(rows, said, _BY_ELEMENT)

    @changes("/<uuid:instance_id>/variables", body=CorrectBody, answer=InstanceSchema, needs=OPERATE_IT)
    def correct(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Give variables of an instance other values; history keeps the old ones."""
        need_seen(ctx, instance_id)
        correct_variables(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/move", body=MoveBody, answer=InstanceSchema, needs=OPERATE_IT)
    def move(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Take an instance from one step to another beside it: the first is cancelled, the other begins."""
        need_seen(ctx, instance_id)
        move_token(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/skip", body=SkipStepBody, answer=InstanceSchema, needs=OPERATE_IT)
    def skip(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Leave a step as if it had been done."""
        need_seen(ctx, instance_id)
        skip_element(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/cancel", body=CancelBody, answer=InstanceSchema)
    def cancel(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """End an instance before its time; what it called ends too.

        For operators, and for its initiator where the process lets them.
        """
        need_seen(ctx, instance_id)
        cancel_request(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/suspend", body=SwitchBody, answer=InstanceSchema, needs=OPERATE_IT)
    def suspend(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Hold an instance: nothing moves it until it is resumed."""
        need_seen(ctx, instance_id)
        suspend_instance(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))

    @changes("/<uuid:instance_id>/resume", body=SwitchBody, answer=InstanceSchema, needs=OPERATE_IT)
    def resume(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Let a held instance go on."""
        need_seen(ctx, instance_id)
        resume_instance(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))


def _log(ctx: Context, log: Any) -> list[str | None] | None:
    """Return what scripts logged; what else was noted there is told by other fields."""
    return None if log is None else [masked_text(ctx, line) for line in log if isinstance(line, str)]


def _comment(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "text": masked_text(ctx, row["text"]), "files": row["files"] or []}
