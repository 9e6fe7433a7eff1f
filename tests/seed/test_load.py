"""A loaded world: its history really happened, nothing of it left the building, all of it is in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from admin.cli.up import DEMO_PEOPLE
from admin.identity.logins import may_enter, roles_of, sign_in
from engine.context import SYSTEM, Centre, Context
from engine.errors import CallwrightError, ConfigurationError
from engine.history import ElementVisit
from engine.instance import ProcessInstance
from engine.jobs import Incident, Job
from engine.notify import InboundMessage, Notification
from engine.people import Person, centre_locale, manager_of, members_of, unit_tree
from engine.testing import RecordingGateway
from engine.work import UserTask, list_tasks
from engine.worker import look_for_forgotten
from engine.worktime import is_working, load_calendar
from plugins.tickets.models import Ticket
from seed.load import load, load_world
from seed.world import World, read_world

PASSWORD = "seven blue kettles sing"
# A Wednesday, half past ten in Hong Kong.
PRESENT = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)


def _centre(app: Flask) -> Centre:
    centre: Centre = app.extensions["callwright"].centre
    return centre


def _context(app: Flask) -> Context:
    return Context(centre=_centre(app), actor=SYSTEM)


def _small(**history: Any) -> World:
    world = read_world("city_hotline")
    return replace(world, history=replace(world.history, **history))


@dataclass(frozen=True, kw_only=True)
class Loaded:
    app: Flask
    gateway: RecordingGateway


@pytest.fixture(scope="module")
def loaded(prepare: Any) -> Loaded:
    gateway = RecordingGateway()
    app = prepare(PRESENT, gateways=[gateway])
    load_world(app, "city_hotline", password=PASSWORD)
    return Loaded(app=app, gateway=gateway)


@pytest.fixture
def ctx(loaded: Loaded) -> Iterator[Context]:
    with _context(loaded.app).read() as ctx:
        yield ctx


def _all(ctx: Context, column: Any) -> list[Any]:
    return list(ctx.connection.execute(select(column)).scalars())


def test_there_are_two_hundred_reports_of_which_twenty_are_on_their_way(ctx: Context) -> None:
    of_tickets = ProcessInstance.process_key == "ticket_routing"
    states = Counter(ctx.connection.execute(select(ProcessInstance.state).where(of_tickets)).scalars())
    assert states == {"completed": 180, "active": 20}
    tickets = Counter(_all(ctx, Ticket.state))
    assert tickets.total() == 200
    over = tickets["closed"], tickets["not_accepted"], tickets["withdrawn"]
    assert sum(over) == 180
    assert min(over) >= 2


def test_what_is_on_its_way_stands_at_every_step(ctx: Context) -> None:
    steps = Counter(task.element_id for task in list_tasks(ctx, page_size=100)[1])
    assert steps == {"handle": 12, "dispatch": 3, "review": 2, "decide_extension": 1}
    asked = Counter(
        ctx.connection.execute(
            select(ProcessInstance.process_key).where(ProcessInstance.state == "active")
        ).scalars()
    )
    assert asked["follow_up"] == 2
    assert list_tasks(ctx, assignee="handler_water")[0] >= 1
    assert list_tasks(ctx, assignee="handler_roads")[0] >= 1


def test_two_open_tasks_are_late_and_were_urged_and_some_are_due_soon(ctx: Context) -> None:
    due = {task.business_key: task.due_at for task in list_tasks(ctx, page_size=100)[1] if task.due_at}
    late = {key for key, due_at in due.items() if due_at < PRESENT}
    assert len(late) == 2
    assert len([key for key, due_at in due.items() if PRESENT <= due_at < PRESENT + timedelta(hours=2)]) >= 3
    for key in late:
        urged = select(func.count()).where(
            Notification.instance_id == ProcessInstance.id,
            ProcessInstance.business_key == key,
            Notification.message_key.in_(("urge", "supervisor_overdue")),
        )
        assert ctx.connection.execute(urged).scalar_one() >= 2


def test_everything_that_can_happen_to_a_report_has_happened(ctx: Context) -> None:
    visits = Counter(_all(ctx, ElementVisit.element_id))
    for element in (
        "reported", "reported_by_sms", "dispatch", "overdue", "support_asked", "withdrawn_by_reporter",
        "decide_extension", "extend", "reject", "tell_low_rating", "rated", "not_rated", "closed",
    ):  # fmt: skip
        assert visits[element] >= 2, element
    outcomes = Counter(
        tuple(row) for row in ctx.connection.execute(select(UserTask.element_id, UserTask.outcome))
    )
    for done in (("handle", "not_ours"), ("review", "returned"), ("decide_extension", "rejected")):
        assert outcomes[done] >= 2, done
    assert {"web", "sms", "link"} <= set(_all(ctx, UserTask.ended_through))
    assert set(_all(ctx, Ticket.channel)) == {"web", "sms", "phone", "email", "counter", "letter"}
    assert set(_all(ctx, Ticket.rating)) == {None, 1, 2, 3, 4, 5}
    assert {"water", "roads", "parks", "sanitation", "housing", "transport"} <= set(
        _all(ctx, Ticket.unit_key)
    )
    assert {"en", "zh_Hans", "zh_Hant"} <= set(_all(ctx, Notification.locale))
    assert centre_locale(ctx) == "zh_Hant"
    assert set(_all(ctx, InboundMessage.state)) == {"matched"}


def test_most_answers_came_in_time_and_some_late(ctx: Context) -> None:
    answered = ctx.connection.execute(
        select(Ticket.answered_at, Ticket.due_at).where(Ticket.answered_at.is_not(None))
    ).all()
    late = sum(row.answered_at > row.due_at for row in answered)
    assert 0.05 < late / len(answered) < 0.3


def test_nothing_that_was_said_left_the_building(loaded: Loaded, ctx: Context) -> None:
    assert loaded.gateway.taken == []
    assert set(_all(ctx, Notification.gateway)) == {"console", "in_app"}
    assert set(_all(ctx, Notification.state)) == {"sent", "delivered"}


def test_whatever_is_open_waits_for_something_and_nothing_is_due_already(loaded: Loaded) -> None:
    ctx = _context(loaded.app)
    assert look_for_forgotten(ctx) == 0
    with ctx.read():
        assert _all(ctx, Incident.id) == []
        waiting = ctx.connection.execute(select(Job.kind, Job.due_at).where(Job.state != "done")).all()
    assert {job.kind for job in waiting} == {"timer"}
    assert min(job.due_at for job in waiting) > PRESENT


def test_a_report_is_opened_assigned_answered_and_closed_in_this_order_before_the_present(
    ctx: Context,
) -> None:
    tickets = ctx.connection.execute(select(Ticket.__table__)).all()
    for ticket in tickets:
        times = [
            at
            for at in (ticket.opened_at, ticket.assigned_at, ticket.answered_at, ticket.closed_at, PRESENT)
            if at is not None
        ]
        assert times == sorted(times), ticket.number
    assert min(ticket.opened_at for ticket in tickets) > PRESENT - timedelta(days=61)
    keys = [ticket.number for ticket in sorted(tickets, key=lambda one: one.opened_at)]
    assert keys == sorted(keys)


def test_departments_work_while_they_are_open(ctx: Context) -> None:
    calendar = load_calendar(ctx.session)
    acted = ctx.connection.scalars(
        select(UserTask.ended_at).where(UserTask.ended_by.is_not(None), UserTask.state == "completed")
    )
    assert [at for at in acted if not is_working(calendar, at - timedelta(milliseconds=1))] == []


def test_the_organisation_is_there(ctx: Context) -> None:
    assert max(node.depth for node in unit_tree(ctx)) >= 3
    assert all(node.head for node in unit_tree(ctx))
    assert [person.key for person in members_of(ctx, "reviewers")] != []
    above = manager_of(ctx, "agent")
    assert above is not None
    assert above.key == "cheung.wy"
    assert _all(ctx, func.count(Person.key)) == [44]


def test_the_demo_people_sign_in_and_nobody_else_does(loaded: Loaded) -> None:
    ctx = _context(loaded.app)
    for key in DEMO_PEOPLE:
        assert sign_in(ctx, name=key, password=PASSWORD, address="192.0.2.1", agent="test", channel="web")
    assert roles_of(ctx, person_key="admin") == ["administrator"]
    with ctx.read():
        logins = {name for name in _all(ctx, User.username) if may_enter(ctx, person_key=name)}
    assert logins == set(DEMO_PEOPLE)


def test_a_world_goes_only_into_an_empty_database(loaded: Loaded) -> None:
    with pytest.raises(ConfigurationError, match="somebody works here already"):
        load_world(loaded.app, "city_hotline", password=PASSWORD)
    with _context(loaded.app).read() as ctx:
        assert _all(ctx, func.count(Ticket.id)) == [200]


@pytest.mark.parametrize(
    "present",
    [
        datetime(2026, 2, 28, 19, 0, tzinfo=UTC),  # Sunday, three in the morning
        datetime(2027, 2, 7, 4, 0, tzinfo=UTC),  # in the middle of the Spring Festival
    ],
)
def test_at_any_present_as_much_is_on_its_way(prepare: Any, present: datetime) -> None:
    app = prepare(present)
    load(_centre(app), _small(finished_count=1), password=PASSWORD)
    with _context(app).read() as ctx:
        steps = Counter(task.element_id for task in list_tasks(ctx, page_size=100)[1])
        assert steps == {"handle": 12, "dispatch": 3, "review": 2, "decide_extension": 1}
        assert (
            sum(bool(task.due_at and task.due_at < present) for task in list_tasks(ctx, page_size=100)[1])
            == 2
        )


def test_the_same_present_makes_the_same_history(prepare: Any) -> None:
    told = []
    for _time in range(2):
        app = prepare(PRESENT)
        load(_centre(app), _small(finished_count=8, unfinished=()), password=PASSWORD)
        with _context(app).read() as ctx:
            columns = (Ticket.number, Ticket.summary, Ticket.state, Ticket.closed_at, Ticket.reporter_phone)
            told.append(ctx.connection.execute(select(*columns).order_by(Ticket.number)).all())
    assert told[0] == told[1]
    assert len(told[0]) == 8


def test_a_load_that_fails_leaves_nothing(prepare: Any) -> None:
    world = _small(finished_count=2)
    (first, *others) = world.speech["zh_Hant"].cases
    unheard = {**world.speech, "zh_Hant": replace(world.speech["zh_Hant"], cases=others)}
    assert first.summary == world.history.unfinished[0].summary
    app = prepare(PRESENT)
    with pytest.raises(CallwrightError, match="no case"):
        load(_centre(app), replace(world, speech=unheard), password=PASSWORD)
    with _context(app).read() as ctx:
        assert _all(ctx, func.count(Person.key)) == [0]
        assert _all(ctx, func.count(ProcessInstance.id)) == [0]
