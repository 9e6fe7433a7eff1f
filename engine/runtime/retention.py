"""Retention: what ended long ago is forgotten, where an administrator chose so. By itself nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select, text, update

from engine.context import Context, verb
from engine.files import StoredFile
from engine.history import ElementVisit, VariableWrite, audit
from engine.i18n import _
from engine.instance import (
    LargeValue,
    ListedVariable,
    MessageSubscription,
    MigratedInstance,
    ProcessDeadline,
    ProcessInstance,
)
from engine.jobs import Incident, Job
from engine.notify import InboundMessage, Notification
from engine.parameters import parameter
from engine.plugin import JobKind, SettingSpec
from engine.work import Candidate, Comment, Involvement, Link, LinkAct, TaskAction, TaskAnswer, UserTask

INSTANCES_KEPT = "history.kept_days"
JOBS_KEPT = "jobs.kept_days"
SETTINGS = (
    SettingSpec(
        key=INSTANCES_KEPT,
        type="integer",
        default=0,
        unit="d",
        label=_("How long ended processes are kept"),
        help=_(
            "After it their history, tasks, messages and files are deleted for good. The audit log stays. "
            "0: for ever."
        ),
    ),
    SettingSpec(
        key=JOBS_KEPT,
        type="integer",
        default=90,
        unit="d",
        label=_("How long jobs that are done are kept"),
        help=_("Only the worker's own list of what it did. 0: for ever."),
    ),
)
_ENDED = ("completed", "cancelled", "failed")
# A value that history holds by its hash.
_REFERENCE = '{"$value":"'
_AT_ONCE = 100
_JOBS_AT_ONCE = 5_000


def forget(ctx: Context, job: object = None) -> None:
    """Delete what is older than the policy keeps, some at a time, each time in a transaction of its own."""
    while forget_instances(ctx):
        pass
    while forget_jobs(ctx):
        pass


FORGET = JobKind(
    name="forget", title=_("Delete what is no longer kept"), function=forget, every_s=3600, lane="batch"
)


@verb
def forget_instances(ctx: Context) -> int:
    """Delete some of the instances that ended before the policy's day, with all that they called.

    A called instance goes with its root and not before. The audit log stays, and so do its seals.

    Returns:
        How many went; 0 where none is left.
    """
    until = _until(ctx, INSTANCES_KEPT)
    if until is None:
        return 0
    inner = ProcessInstance.__table__.alias()
    roots = (
        select(ProcessInstance.id)
        .where(
            ProcessInstance.parent_id.is_(None),
            ProcessInstance.state.in_(_ENDED),
            ProcessInstance.ended_at < until,
            ~exists().where(inner.c.root_id == ProcessInstance.id, inner.c.state.not_in(_ENDED)),
        )
        .limit(_AT_ONCE)
    )
    wanted = select(ProcessInstance.id).where(ProcessInstance.root_id.in_(roots))
    ids = list(ctx.connection.scalars(wanted))
    if ids:
        _delete_all_of(ctx, ids)
        audit(ctx, "instances.forget", "process", "", {"count": len(ids), "ended_before": until.isoformat()})
    return len(ids)


def _delete_all_of(ctx: Context, ids: Sequence[str]) -> None:
    tasks = select(UserTask.id).where(UserTask.instance_id.in_(ids))
    links = select(Link.id).where(Link.task_id.in_(tasks))
    large = _large_values_of(ctx, ids)
    for statement in (
        delete(LinkAct).where(LinkAct.link_id.in_(links)),
        delete(Link).where(Link.task_id.in_(tasks)),
        delete(TaskAnswer).where(TaskAnswer.task_id.in_(tasks)),
        delete(Candidate).where(Candidate.task_id.in_(tasks)),
        *(
            delete(table).where(table.instance_id.in_(ids))
            for table in (
                Comment, Involvement, TaskAction, UserTask, Notification, InboundMessage, Incident, Job,
                ListedVariable, MessageSubscription, MigratedInstance, ProcessDeadline, ElementVisit,
                VariableWrite,
            )
        ),
        # Their content goes by the sweep of files.
        update(StoredFile).where(*_files_of(ids)).values(deleted_at=ctx.now),
        delete(ProcessInstance).where(ProcessInstance.id.in_(ids)),
    ):  # fmt: skip
        ctx.connection.execute(statement)
    if large:
        _delete_values(ctx, large)


def _files_of(ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        StoredFile.owner_kind == "instance",
        StoredFile.owner_id.in_(ids),
        StoredFile.deleted_at.is_(None),
    )


def _large_values_of(ctx: Context, ids: Sequence[str]) -> set[str]:
    found: Select[str] = select(VariableWrite.value).where(
        VariableWrite.instance_id.in_(ids), VariableWrite.value.startswith(_REFERENCE)
    )
    return set(ctx.connection.scalars(found))


def _delete_values(ctx: Context, references: set[str]) -> None:
    """Delete large values that no other instance's history names."""
    if ctx.centre.database.dialect == "postgresql":
        # A step that keeps an equal value at this moment finds it still there or writes it anew.
        ctx.connection.execute(text("LOCK TABLE large_value IN EXCLUSIVE MODE"))
    named = select(VariableWrite.value).where(VariableWrite.value.in_(references))
    free = references - set(ctx.connection.scalars(named))
    hashes = [reference.removeprefix(_REFERENCE).removesuffix('"}') for reference in free]
    ctx.connection.execute(delete(LargeValue).where(LargeValue.hash.in_(hashes)))


@verb
def forget_jobs(ctx: Context) -> int:
    """Delete some of the jobs that were done before the policy's day.

    Returns:
        How many went; 0 where none is left.
    """
    until = _until(ctx, JOBS_KEPT)
    if until is None:
        return 0
    done = (
        select(Job.id)
        .where(
            Job.state == "done",
            Job.ended_at < until,
            ~exists().where(Incident.job_id == Job.id),
        )
        .limit(_JOBS_AT_ONCE)
    )
    gone = ctx.connection.execute(delete(Job).where(Job.id.in_(list(ctx.connection.scalars(done)))))
    return int(gone.rowcount)


def _until(ctx: Context, policy: str) -> datetime | None:
    """Return before when what has ended goes; None where all is kept."""
    kept_days = int(parameter(ctx, policy))
    return ctx.now - timedelta(days=kept_days) if kept_days > 0 else None
