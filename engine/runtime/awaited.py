"""What a telephone number may answer: tasks of whoever has it, questions to somebody outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from engine.context import Context
from engine.instance import MessageSubscription, ProcessInstance
from engine.people import Person
from engine.work import Task, list_tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that a number may answer: a task of a person, or a question to somebody outside.

    Args:
        number: The business key that people see; empty where there is none.
        title: What it is about.
        instance_id: The instance that waits.
        task, person: Of a task.
        message: Of a question: the name of the message that it waits for.
    """

    number: str
    title: str
    instance_id: str
    task: Task | None = None
    person: Person | None = None
    message: str | None = None

    def is_named(self, ticket: str) -> bool:
        """Whether somebody means this one: its whole number, or the end of it."""
        return is_named(self.number, ticket)


def is_named(number: str, ticket: str) -> bool:
    """Whether what somebody wrote is a business key, or the end of it."""
    tail = number.rpartition("-")[2]
    return ticket == number.upper() or (ticket.isdigit() and tail.isdigit() and int(ticket) == int(tail))


def open_tasks(ctx: Context, people: Sequence[Person]) -> list[Waiting]:
    """Return the open tasks of people whose drawing says what an answer means, by number."""
    found: dict[str, Waiting] = {}
    for person in people:
        for task in list_tasks(ctx, mine=person.key, page_size=100)[1]:
            if task.options.get("replies"):
                found.setdefault(
                    task.id,
                    Waiting(
                        number=task.business_key or "",
                        title=task.title,
                        instance_id=task.instance_id,
                        task=task,
                        person=person,
                    ),
                )
    return sorted(found.values(), key=lambda one: one.number)


def open_questions(ctx: Context, phone: str) -> list[Waiting]:
    """Return the messages that are waited for with a number as their key, oldest first."""
    root = ProcessInstance.__table__.alias("root")
    rows = ctx.connection.execute(
        select(MessageSubscription.name, MessageSubscription.instance_id, root.c.business_key, root.c.title)
        .join(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
        .join(root, root.c.id == ProcessInstance.root_id)
        .where(
            MessageSubscription.kind == "message",
            MessageSubscription.correlation == phone,
            ProcessInstance.state == "active",
        )
        .order_by(MessageSubscription.id)
    )
    return [
        Waiting(number=row.business_key or "", title=row.title, instance_id=row.instance_id, message=row.name)
        for row in rows
    ]
