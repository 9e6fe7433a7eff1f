"""What somebody did with the tasks they had: decided them, sent them back, handed them over for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, desc, func, literal, null, select, union_all

from engine.context import Context
from engine.instance import ProcessInstance
from engine.work.models import TaskAction, UserTask
from engine.work.tasks import searched

HOW = ("decided", "returned", "transferred")
RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """A task that somebody is done with.

    Args:
        id: The task's id; a task that came back to them is there once for each time.
        how: One of ``HOW``.
        at: When they were done with it.
        outcome: What they decided.
        opinion: What they said about it.
        to: Who has it since, where they handed it over.
        covers_for: In whose place they decided.
        instance_state: How its instance stands now.
    """

    id: str
    how: str
    at: datetime
    outcome: str | None
    opinion: str | None
    to: str | None
    covers_for: str | None
    instance_id: str
    instance_state: str
    process_key: str
    definition_id: str
    business_key: str | None
    element_id: str
    name: str
    title: str
    options: Any


def list_handled(
    ctx: Context,
    person_key: str,
    *,
    how: Sequence[str] = HOW,
    process_key: str | None = None,
    search: str | None = None,
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[Handled]]:
    """Return how many tasks somebody is done with, and one page of them, the last first.

    Args:
        ctx: Any open transaction.
        person_key: Who.
        how: In these ways.
        process_key: Of this process.
        search: In title, business key or name.
        page: From 1.
        page_size: At most 100.
    """
    wanted: list[ColumnElement[bool]] = [] if process_key is None else [UserTask.process_key == process_key]
    if search:
        wanted.append(searched(search))
    parts = [part.where(*wanted) for part in _parts(person_key, how)]
    # Each part is read as far as the page reaches: its index has its order.
    reach = page * page_size
    read = [part.order_by(desc("at"), desc("id")).limit(reach).subquery() for part in parts]
    done = union_all(*(select(part) for part in read)).subquery()
    rows = ctx.connection.execute(
        select(done, ProcessInstance.state.label("instance_state"))
        .join(ProcessInstance, ProcessInstance.id == done.c.instance_id)
        .order_by(done.c.at.desc(), done.c.id.desc())
        .limit(page_size)
        .offset(reach - page_size)
    )
    count = sum(
        ctx.connection.execute(part.with_only_columns(func.count(), maintain_column_froms=True)).scalar_one()
        for part in parts
    )
    return count, [Handled(**row) for row in rows.mappings()]


def _parts(person_key: str, how: Sequence[str]) -> list[Select[Any]]:
    parts = []
    sent_back = UserTask.outcome == RETURNED
    ways = {one for one in how if one != "transferred"}
    if ways:
        said = case((sent_back, "returned"), else_="decided")
        ended = _done(said, UserTask.ended_at, UserTask.outcome, UserTask.opinion, null())
        ended = ended.where(UserTask.ended_by == person_key, UserTask.state == "completed")
        if ways == {"returned"}:
            ended = ended.where(sent_back)
        elif ways == {"decided"}:
            ended = ended.where(UserTask.outcome.is_distinct_from(RETURNED))
        parts.append(ended)
    if "transferred" in how:
        handed = _done(
            literal("transferred"), TaskAction.at, null(), TaskAction.opinion, TaskAction.person
        ).join(TaskAction, TaskAction.task_id == UserTask.id)
        parts.append(handed.where(TaskAction.actor == person_key, TaskAction.action == "transfer"))
    return parts


_OF_TASK = (
    "id", "covers_for", "instance_id", "process_key", "definition_id", "business_key", "element_id", "name",
    "title", "options",
)  # fmt: skip


def _done(how: Any, at: Any, outcome: Any, opinion: Any, to: Any) -> Select[Any]:
    # PostgreSQL asks for the same types of all that is put together: a NULL is said to be text.
    said = {"how": how, "outcome": outcome, "opinion": opinion, "to": to}
    texts = (cast(column, Text).label(name) for name, column in said.items())
    return select(at.label("at"), *texts, *(getattr(UserTask, name) for name in _OF_TASK))
