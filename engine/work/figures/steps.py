"""How the steps of a process fared, counted by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import CTE, RowMapping, and_, case, cast, func, or_, select

from engine.context import TIMER, Context
from engine.db import Id, SecondsBetween
from engine.definition import get_definition_by_id
from engine.history import ElementVisit
from engine.instance import ProcessInstance
from engine.machine.nodes.watchers import BoundaryEvent
from engine.work.figures.counting import Counted, instant, number, ranked, taken, took
from engine.work.figures.nouns import OutcomeFigure, StepFigures
from engine.work.handled import RETURNED
from engine.work.models import UserTask

_PEOPLE = "userTask"
# What may take time without people; what lies around other elements would count their time again.
_MACHINES = (
    "callActivity", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "task",
    "intermediateCatchEvent", "eventBasedGateway",
)  # fmt: skip
# A step of machines alone that took less altogether is of no interest to anybody.
_SHORTEST_S = 1.0


def step_figures(counted: Counted) -> tuple[StepFigures, ...]:
    """Return the figures of every step that people do, or that took time, the most time first."""
    rows = _visits(counted)
    sums = {
        "visit_count": func.sum(rows.c.begun),
        "ended_count": func.count(rows.c.seconds),
        "waiting_count": func.sum(rows.c.waiting),
        "late_count": func.sum(rows.c.late),
        "in_time_count": func.sum(rows.c.in_time),
        "returned_count": func.sum(rows.c.returned),
    }
    by_element = (
        select(
            rows.c.element_id,
            func.max(rows.c.seq).label("last"),
            func.max(rows.c.asked).label("asked"),
            func.min(case((rows.c.waiting == 1, rows.c.started_at))).label("waiting_since"),
            func.sum(rows.c.spent).label("spent_s"),
            func.sum(rows.c.timed_out).label("timed_out"),
            *(column.label(name) for name, column in sums.items()),
            *took(rows),
        )
        .group_by(rows.c.element_id)
        .subquery()
    )
    found = counted.ctx.connection.execute(
        select(
            by_element,
            ElementVisit.element_name,
            ElementVisit.type,
            ProcessInstance.definition_id,
        )
        .join(ElementVisit, ElementVisit.seq == by_element.c.last)
        .join(ProcessInstance, ProcessInstance.id == ElementVisit.instance_id)
        .order_by(by_element.c.spent_s.desc(), by_element.c.element_id)
    )
    shown = [
        row
        for row in found.mappings()
        if row["asked"] or row["spent_s"] >= _SHORTEST_S or row["waiting_count"]
    ]
    spent_s = sum(row["spent_s"] for row in shown)
    decided, left = _decided(counted), _left_by_time(counted)
    return tuple(
        StepFigures(
            element_id=row["element_id"],
            name=row["element_name"] or row["element_id"],
            definition_id=row["definition_id"],
            type=row["type"],
            by_people=bool(row["asked"]),
            waiting_since=row["waiting_since"],
            took=taken(row),
            spent_s=round(row["spent_s"], 3),
            share_rate=row["spent_s"] / spent_s if spent_s else 0.0,
            outcomes=_outcomes(counted.ctx, row, decided),
            timed_out_count=int(row["timed_out"]) + left[row["element_id"]],
            **{name: int(row[name]) for name in sums},
        )
        for row in shown
    )


def _visits(counted: Counted) -> CTE:
    """Return a row for each visit of a step that falls into the span, or waits now."""
    visit, asked = ElementVisit, _asked(counted)
    open_ = visit.ended_at.is_(None)
    ended = counted.within(visit.ended_at)
    # Sent back, or decided in a part of the process that was left with it, a visit counts as cancelled.
    done = and_(ended, or_(visit.state == "completed", asked.c.done_at == visit.ended_at))
    seconds = case((done, SecondsBetween(visit.started_at, visit.ended_at)))
    late = func.coalesce(asked.c.late, 0) == 1
    began = case((visit.started_at > counted.since, visit.started_at), else_=instant(counted.since))
    over_at = func.coalesce(visit.ended_at, counted.now)
    over = case((over_at < counted.until, over_at), else_=instant(counted.until))
    return (
        select(
            visit.seq,
            visit.element_id,
            visit.started_at,
            number(asked.c.visit.is_not(None)).label("asked"),
            number(counted.within(visit.started_at)).label("begun"),
            number(open_).label("waiting"),
            seconds.label("seconds"),
            *ranked(seconds, visit.element_id),
            number(and_(late, or_(ended, and_(open_, visit.started_at < counted.until)))).label("late"),
            number(and_(done, ~late, asked.c.timed == 1)).label("in_time"),
            number(and_(ended, asked.c.visit.is_not(None), visit.actor == TIMER.name)).label("timed_out"),
            number(and_(ended, asked.c.returned == 1)).label("returned"),
            case((began < over, SecondsBetween(began, over)), else_=0.0).label("spent"),
        )
        .join(ProcessInstance, ProcessInstance.id == visit.instance_id)
        .outerjoin(asked, asked.c.visit == visit.id)
        .where(
            *counted.instances,
            or_(open_, and_(visit.ended_at >= counted.since, visit.started_at < counted.until)),
            or_(and_(visit.type == _PEOPLE, asked.c.visit.is_not(None)), visit.type.in_(_MACHINES)),
        )
        .cte("visits")
    )


def _asked(counted: Counted) -> Any:
    """Return what is known of the tasks of each visit at which somebody was asked."""
    task = UserTask
    still = func.coalesce(task.ended_at, ProcessInstance.suspended_at, counted.now)
    completed = task.state == "completed"
    # As what it is: else SQLite would look through all of them for each visit.
    at = cast(func.coalesce(task.visit_id, task.id), Id)
    return (
        select(
            at.label("visit"),
            func.max(number(task.due_at.is_not(None))).label("timed"),
            func.max(number(and_(task.due_at.is_not(None), task.due_at <= still))).label("late"),
            func.max(number(and_(completed, task.outcome == RETURNED))).label("returned"),
            func.max(case((completed, task.ended_at))).label("done_at"),
        )
        .join(ProcessInstance, ProcessInstance.id == task.instance_id)
        .where(*counted.instances)
        .group_by(at)
        .subquery("asked")
    )


def _left_by_time(counted: Counted) -> Counter[str]:
    """Return how often elements were left by an interrupting timer at their border."""
    visit = ElementVisit
    rows = counted.ctx.connection.execute(
        select(ProcessInstance.definition_id, visit.element_id, func.count().label("many"))
        .join(ProcessInstance, ProcessInstance.id == visit.instance_id)
        .where(*counted.instances, visit.type == "boundaryEvent", counted.within(visit.started_at))
        .group_by(ProcessInstance.definition_id, visit.element_id)
    )
    left: Counter[str] = Counter()
    for row in rows:
        node = _node(counted.ctx, row.definition_id, row.element_id)
        border = isinstance(node, BoundaryEvent) and node.interrupting
        if border and "timer" in {one.kind for one in node.triggers}:
            left[node.attached_to] += row.many
    return left


def _decided(counted: Counted) -> dict[str, dict[str, int]]:
    """Return how often people decided in which way, by element."""
    task = UserTask
    rows = counted.ctx.connection.execute(
        select(task.element_id, task.outcome, func.count().label("many"))
        .join(ProcessInstance, ProcessInstance.id == task.instance_id)
        .where(
            *counted.instances,
            task.state == "completed",
            counted.within(task.ended_at),
            task.outcome != RETURNED,
        )
        .group_by(task.element_id, task.outcome)
        .order_by(func.count().desc(), task.outcome)
    )
    decided: dict[str, dict[str, int]] = {}
    for row in rows:
        decided.setdefault(row.element_id, {})[row.outcome] = row.many
    return decided


def _outcomes(
    ctx: Context, row: RowMapping, decided: Mapping[str, Mapping[str, int]]
) -> tuple[OutcomeFigure, ...]:
    """Say a step's outcomes by the words of its buttons; a step that has none has nothing to tell."""
    counts = decided.get(row["element_id"], {})
    node = _node(ctx, row["definition_id"], row["element_id"]) if counts else None
    labels = {one.name: one.label for one in node.settings.task.outcomes} if node is not None else {}
    return tuple(
        OutcomeFigure(name=name, label=labels.get(name, name), count=count)
        for name, count in counts.items()
        if labels
    )


def _node(ctx: Context, definition_id: str, element_id: str) -> Any:
    """Return an element as a version has it; None where it has none."""
    return get_definition_by_id(ctx, definition_id).spec.task_specs.get(element_id)
