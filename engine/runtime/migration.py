"""Instances go on in another version of their process: one, or all that run in an older one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from engine.context import Context, verb
from engine.definition import Definition, get_definition, get_definition_by_id
from engine.definition.environment import environment
from engine.definition.models import ProcessDefinition
from engine.errors import CallwrightError, Conflict, InvalidSubmission, NotFound, Problem
from engine.history import ElementVisit, audit
from engine.i18n import _
from engine.ids import new_id
from engine.instance import MessageSubscription, MigratedInstance, Migration, ProcessInstance, given_names
from engine.jobs import Incident, Job, enqueue
from engine.machine import Run, dump, load
from engine.machine.effects import CallService, Effect
from engine.machine.migrate import blockers, migrate
from engine.push import publish
from engine.runtime.advance import Gone, InstanceRef, lock_instance
from engine.runtime.apply import Applying, apply, task_settings, write_listed
from engine.runtime.instances import check_reason
from engine.runtime.reverting import snapshot
from engine.work import UserTask

MOST_CHECKED = 1_000
_OPEN = ("active", "suspended")


class NotMigratable(Conflict):
    """This process cannot go on in that version as it stands."""

    code = "not_migratable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether an instance can go on in another version.

    Args:
        instance_id, business_key: Which instance.
        version: The version it runs in.
        problems: What stands in the way; nothing where it can.
    """

    instance_id: str
    business_key: str | None
    version: int
    problems: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An instance as it would be in the other version."""

    run: Run | None
    given_up: list[Effect]
    asked: list[Effect]
    problems: list[Problem]


def check_migration(
    ctx: Context,
    *,
    process_key: str,
    to_version: int,
    from_version: int | None = None,
    instances: Sequence[str] | None = None,
    mapping: Mapping[str, str] | None = None,
) -> list[Check]:
    """Try in memory whether open instances can go on in another version; nothing is changed.

    Args:
        ctx: Any open transaction.
        process_key: Of this process.
        to_version: Where they would go on.
        from_version: Only those of this version.
        instances: Only these; at most 1,000 are looked at.
        mapping: Elements that have another id there, by the id they have now.

    Raises:
        NotFound: There is no such process or version.
        InvalidSubmission: The mapping names an element that the other version does not have.
    """
    target = get_definition(ctx, key=process_key, version=to_version)
    check_mapping(target, mapping or {})
    wanted = _wanted(target, from_version, instances).limit(MOST_CHECKED)
    checks = []
    for row in ctx.connection.execute(wanted).all():
        plan = _plan(ctx, row, target, mapping or {})
        checks.append(
            Check(
                instance_id=row.id,
                business_key=row.business_key,
                version=get_definition_by_id(ctx, row.definition_id).version,
                problems=plan.problems,
            )
        )
    return checks


@verb
def migrate_instance(
    ctx: Context,
    *,
    instance_id: str,
    to_version: int,
    mapping: Mapping[str, str] | None = None,
    reason: str = "",
) -> InstanceRef:
    """Let one instance go on in another version of its process.

    Args:
        ctx: Who decides that.
        instance_id: Which instance.
        to_version: Where it goes on.
        mapping: Elements that have another id there, by the id they have now.
        reason: Why; kept in the audit log.

    Raises:
        NotFound: There is no such instance or version.
        Gone: It has ended.
        NotMigratable: Something stands in the way; ``problems`` lists everything.
        InvalidSubmission: The mapping names an element that the other version does not have.
    """
    row = lock_instance(ctx, instance_id)
    if row.state not in _OPEN:
        raise Gone()
    from_ = get_definition_by_id(ctx, row.definition_id)
    if from_.version == to_version:
        raise Conflict(_("The process runs in version %(version)s already."), version=to_version)
    target = get_definition(ctx, key=row.process_key, version=to_version)
    check_mapping(target, mapping or {})
    migration_id = _insert(ctx, target, from_.version, mapping or {}, reason)
    item_id = _insert_item(ctx, migration_id, row)
    problems = _migrate(ctx, row, target, mapping or {}, item_id, reason)
    if problems:
        raise NotMigratable(problems=problems)
    return InstanceRef(id=row.id, business_key=row.business_key, state=row.state)


@verb
def migrate_instances(
    ctx: Context,
    *,
    process_key: str,
    to_version: int,
    reason: str,
    from_version: int | None = None,
    instances: Sequence[str] | None = None,
    mapping: Mapping[str, str] | None = None,
) -> str:
    """Let open instances of a process go on in another version, each in a transaction of its own.

    Args:
        ctx: Who decides that.
        process_key: Of this process.
        to_version: Where they go on.
        reason: Why; kept in the audit log.
        from_version: Only those of this version.
        instances: Only these.
        mapping: Elements that have another id there, by the id they have now.

    Returns:
        The migration's id; ``list_migrated`` tells how each instance fared.

    Raises:
        NotFound: There is no such process or version.
        InvalidSubmission: No reason was given, or the mapping names an element that is not there.
    """
    check_reason(reason)
    target = get_definition(ctx, key=process_key, version=to_version)
    check_mapping(target, mapping or {})
    migration_id = _insert(ctx, target, from_version, mapping or {}, reason)
    rows = ctx.connection.execute(_wanted(target, from_version, instances)).all()
    for row in rows:
        enqueue(
            ctx,
            kind="migrate",
            payload={"item": _insert_item(ctx, migration_id, row), "by": ctx.actor.key},
            instance_id=row.id,
            process_key=process_key,
            lane="batch",
        )
    audit(
        ctx, "process.migrate", "process", process_key,
        {"migration": migration_id, "to": to_version, "count": len(rows), "reason": reason},
    )  # fmt: skip
    return migration_id


def migrate_waiting(ctx: Context, item_id: str) -> None:
    """Migrate one instance of many, within the open write transaction, or note what stands in the way."""
    item = ctx.connection.execute(
        select(
            MigratedInstance.instance_id,
            MigratedInstance.state,
            Migration.to_definition_id,
            Migration.mapping,
            Migration.reason,
        )
        .join(Migration, Migration.id == MigratedInstance.migration_id)
        .where(MigratedInstance.id == item_id)
    ).one()
    if item.state != "waiting":
        return
    row = lock_instance(ctx, item.instance_id)
    if row.state not in _OPEN:
        problems = [Problem(path="", message=_("The process has ended meanwhile."))]
    elif row.definition_id == item.to_definition_id:
        problems = [Problem(path="", message=_("It runs in this version already."))]
    else:
        target = get_definition_by_id(ctx, item.to_definition_id)
        problems = _migrate(ctx, row, target, item.mapping, item_id, item.reason)
    if problems:
        ctx.connection.execute(
            update(MigratedInstance)
            .where(MigratedInstance.id == item_id)
            .values(state="blocked", problems=[_as_json(one) for one in problems], ended_at=ctx.now)
        )
    publish(ctx, "definition", row.process_key)


def check_mapping(target: Definition, mapping: Mapping[str, str]) -> None:
    """Make sure that a mapping leads to elements that there are.

    Raises:
        InvalidSubmission: It does not; ``problems`` lists every one.
    """
    known = {node.element_id for node in target.spec.nodes}
    problems = [
        Problem(
            path=f"mapping.{former}",
            message=_("There is no element %(element)s in version %(version)s. Correct its id."),
            params={"element": element, "version": target.version},
        )
        for former, element in mapping.items()
        if element not in known
    ]
    if problems:
        raise InvalidSubmission(problems=problems)


def _wanted(target: Definition, from_version: int | None, instances: Sequence[str] | None) -> Any:
    wanted = (
        select(ProcessInstance.__table__)
        .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
        .where(
            ProcessInstance.process_key == target.key,
            ProcessInstance.state.in_(_OPEN),
            ProcessInstance.definition_id != target.id,
        )
        .order_by(ProcessInstance.id)
    )
    if from_version is not None:
        wanted = wanted.where(ProcessDefinition.version == from_version)
    if instances is not None:
        wanted = wanted.where(ProcessInstance.id.in_(instances))
    return wanted


def _insert(
    ctx: Context, target: Definition, from_version: int | None, mapping: Mapping[str, str], reason: str
) -> str:
    migration_id = new_id()
    ctx.connection.execute(
        insert(Migration).values(
            id=migration_id,
            process_key=target.key,
            from_version=from_version,
            to_version=target.version,
            to_definition_id=target.id,
            mapping=dict(mapping),
            reason=reason,
            asked_by=ctx.actor.name,
            asked_at=ctx.now,
        )
    )
    return migration_id


def _insert_item(ctx: Context, migration_id: str, row: Any) -> str:
    item_id = new_id()
    ctx.connection.execute(
        insert(MigratedInstance).values(
            id=item_id,
            migration_id=migration_id,
            instance_id=row.id,
            state="waiting",
            from_definition_id=row.definition_id,
        )
    )
    return item_id


def _plan(ctx: Context, row: Any, target: Definition, mapping: Mapping[str, str]) -> _Plan:
    """Migrate a run in memory."""
    definition = get_definition_by_id(ctx, row.definition_id)
    given = given_names(row)
    run = load(definition.spec, row.machine_state, environment(ctx, definition, given))
    assert run.root is not None
    visits = select(ElementVisit.id, ElementVisit.started_at).where(
        ElementVisit.instance_id == row.id, ElementVisit.state == "active"
    )
    since: dict[str, datetime] = {visit.id: visit.started_at for visit in ctx.connection.execute(visits)}
    since[run.root.id] = row.started_at
    problems = blockers(run, target.spec, mapping)
    if problems:
        return _Plan(run=None, given_up=[], asked=[], problems=problems)
    try:
        moved, given_up, asked = migrate(run, target.spec, environment(ctx, target, given), mapping, since)
    except CallwrightError as error:
        said = Problem(path="", message=error.message, params=error.params)
        return _Plan(run=None, given_up=[], asked=[], problems=[said])
    return _Plan(run=moved, given_up=given_up, asked=asked, problems=_called_just_now(ctx, target, asked))


def _called_just_now(ctx: Context, target: Definition, asked: Sequence[Effect]) -> list[Problem]:
    """Return the services that would be called anew while a worker calls them as they were."""
    visits = {effect.visit: effect.element for effect in asked if isinstance(effect, CallService)}
    running = ctx.connection.execute(
        select(Job.visit_id).where(Job.visit_id.in_(visits), Job.state == "running")
    ).scalars()
    return [
        Problem(
            path=visits[visit],
            message=_("Its service is being called at this moment. Try again a little later."),
            element_name=target.spec.node(visits[visit]).element_name,
        )
        for visit in running.all()
        if visit is not None
    ]


def _migrate(
    ctx: Context, row: Any, target: Definition, mapping: Mapping[str, str], item_id: str, reason: str
) -> list[Problem]:
    """Migrate an instance whose row is held; what stands in the way is returned, and nothing is changed."""
    plan = _plan(ctx, row, target, mapping)
    if plan.problems or plan.run is None:
        return plan.problems
    run = plan.run
    kept = snapshot(ctx, row)
    instance = SimpleNamespace(**{**row._mapping, "definition_id": target.id})
    # What is given up goes first: what is asked for instead may have the same visit.
    for effects in (plan.given_up, plan.asked):
        applying = Applying(instance=instance, definition=target, actor=ctx.actor.name)
        apply(ctx, applying, run, effects)
    _rename(ctx, row.id, target, run)
    write_listed(ctx, row.id, run, target.manifest.listed)
    written = ctx.connection.execute(
        update(ProcessInstance)
        .where(ProcessInstance.id == row.id, ProcessInstance.revision == row.revision)
        .values(definition_id=target.id, machine_state=dump(run), revision=row.revision + 1)
    )
    if written.rowcount != 1:
        raise Conflict(_("Somebody else brought this process forward at the same moment. Look again."))
    if (run.written and target.spec.conditional) or target.manifest.deadlines:
        # A condition that is new may be true already; a deadline that is new begins.
        enqueue(ctx, kind="step", payload={"look": True}, instance_id=row.id, process_key=row.process_key)
    ctx.connection.execute(
        update(MigratedInstance)
        .where(MigratedInstance.id == item_id)
        .values(
            state="migrated",
            machine_state=row.machine_state,
            rows=kept,
            revision=row.revision + 1,
            ended_at=ctx.now,
        )
    )
    from_ = get_definition_by_id(ctx, row.definition_id)
    detail = {"from": from_.version, "to": target.version, "mapping": dict(mapping), "reason": reason}
    audit(ctx, "instance.migrate", "instance", row.id, detail)
    publish(ctx, "instance", row.id)
    return []


def _rename(ctx: Context, instance_id: str, target: Definition, run: Run) -> None:
    """Write down at which elements of the new version everything waits."""
    for token in run.tasks.values():
        if token.scope is None:
            continue
        node = token.node
        here = {"element_id": node.element_id}
        for table in (Job, MessageSubscription, Incident):
            ctx.connection.execute(
                update(table)
                .where(table.visit_id == token.id, table.element_id != node.element_id)
                .values(**here)
            )
        if token.visited:
            ctx.connection.execute(
                update(ElementVisit)
                .where(ElementVisit.id == token.id)
                .values(element_name=node.element_name, type=node.tag, **here)
            )
        ctx.connection.execute(
            update(UserTask)
            .where(
                or_(UserTask.id == token.id, UserTask.visit_id == token.id),
                UserTask.instance_id == instance_id,
            )
            .values(definition_id=target.id, **task_settings(node), **here)
        )


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "message": problem.message,
        "params": {name: str(value) for name, value in problem.params.items()},
        "element_name": problem.element_name,
    }


def get_migration(ctx: Context, migration_id: str) -> dict[str, Any]:
    """Return a migration with how many of its instances are in which state.

    Raises:
        NotFound: There is none of this id.
    """
    row = (
        ctx.connection.execute(select(Migration.__table__).where(Migration.id == migration_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such migration."))
    counts = ctx.connection.execute(
        select(MigratedInstance.state, func.count())
        .where(MigratedInstance.migration_id == migration_id)
        .group_by(MigratedInstance.state)
    )
    states = {state: count for state, count in counts}
    return {
        **row,
        **{f"{name}_count": states.get(name, 0) for name in ("waiting", "migrated", "blocked", "reverted")},
    }


def list_migrated(ctx: Context, migration_id: str) -> list[dict[str, Any]]:
    """Return how each instance of a migration fared, in the order in which they began.

    Raises:
        NotFound: There is no such migration.
    """
    get_migration(ctx, migration_id)
    item = MigratedInstance
    rows = ctx.connection.execute(
        select(
            item.id,
            item.instance_id,
            item.state,
            item.problems,
            item.from_definition_id,
            item.ended_at,
            item.reverted_at,
            ProcessInstance.business_key,
            ProcessInstance.title,
        )
        .join(ProcessInstance, ProcessInstance.id == item.instance_id)
        .where(item.migration_id == migration_id)
        .order_by(item.id)
    ).mappings()
    return [
        {
            **row,
            "version": get_definition_by_id(ctx, row["from_definition_id"]).version,
            "problems": [Problem(**problem) for problem in row["problems"] or ()],
        }
        for row in rows
    ]


def list_migrations(ctx: Context, process_key: str) -> list[dict[str, Any]]:
    """Return the migrations of a process that were asked for, the last one first."""
    ids = ctx.connection.execute(
        select(Migration.id).where(Migration.process_key == process_key).order_by(Migration.id.desc())
    ).scalars()
    return [get_migration(ctx, migration_id) for migration_id in ids.all()]
