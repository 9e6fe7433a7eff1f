from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.context import PUBLIC, Actor
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound
from plugins.tickets import public, services

NUMBER = "T-260302-0001"
DUE_AT = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def opened(ctx, number=NUMBER, **given):
    given = {"description": "Water on the road. Hurry!", "reporter_phone": "+85251234567", **given}
    return services.open_ticket(ctx, number=number, category="water", **given)


def assigned(ctx, **given):
    opened(ctx)
    return services.assign_ticket(
        ctx, number=NUMBER, **{"unit_key": "water", "due_at": DUE_AT, "urgency": "urgent", **given}
    )


def thread(ctx, kind):
    return [entry.text for entry in public.read_thread(ctx, number=NUMBER) if entry.kind == kind]


def test_a_new_ticket_knows_when_and_what(ctx, clock):
    opened(ctx, address="12 Nathan Road", reporter_name="Chan Tai Man", channel="sms")
    ticket = public.read_ticket(ctx, number=NUMBER)
    assert (ticket.state, ticket.summary, ticket.channel) == ("new", "Water on the road", "sms")
    assert ticket.opened_at == clock.now()


def test_a_number_is_given_once(ctx):
    opened(ctx)
    with pytest.raises(Conflict, match=NUMBER):
        opened(ctx)


def test_a_ticket_goes_from_the_first_word_to_the_last(ctx, clock):
    assigned(ctx)
    clock.advance(timedelta(hours=2))
    services.answer_ticket(ctx, number=NUMBER, answer="valve replaced", handler="handler_water")
    answered_at = clock.now()
    clock.advance(timedelta(days=1))
    services.close_ticket(ctx, number=NUMBER, rating=Decimal(5))
    ticket = public.read_ticket(ctx, number=NUMBER)
    assert (ticket.state, ticket.rating, ticket.unit_key) == ("closed", 5, "water")
    assert (ticket.answered_at, ticket.closed_at) == (answered_at, clock.now())
    assert thread(ctx, "status") == ["new", "dispatched", "answered", "closed"]
    assert thread(ctx, "answer") == ["valve replaced"]
    answer = next(entry for entry in public.read_thread(ctx, number=NUMBER) if entry.kind == "answer")
    assert answer.author == "handler_water"


def test_a_ticket_is_closed_without_a_rating_too(ctx):
    assigned(ctx)
    services.answer_ticket(ctx, number=NUMBER)
    assert services.close_ticket(ctx, number=NUMBER).rating is None


def test_what_the_dispatcher_corrected_is_kept_and_the_rest_left(ctx):
    opened(ctx, address="12 Nathan Road")
    ticket = services.assign_ticket(
        ctx, number=NUMBER, unit_key="roads", due_at=DUE_AT, category="roads", summary="Hole in the road"
    )
    assert (ticket.category, ticket.summary, ticket.address) == (
        "roads",
        "Hole in the road",
        "12 Nathan Road",
    )


def test_an_answer_that_came_back_is_none(ctx, clock):
    first_at = clock.now()
    assigned(ctx)
    services.answer_ticket(ctx, number=NUMBER)
    clock.advance(timedelta(hours=1))
    ticket = services.assign_ticket(ctx, number=NUMBER, unit_key="water", due_at=DUE_AT + timedelta(days=1))
    assert ticket.answered_at is None
    assert ticket.assigned_at == first_at
    assert ticket.first_response_at == first_at


def test_asking_for_support_is_a_first_response(ctx, clock):
    assigned(ctx)
    clock.advance(timedelta(minutes=20))
    services.note_ticket(ctx, number=NUMBER, text="need a second crew", kind="support")
    services.note_ticket(ctx, number=NUMBER, text="they are here")
    clock.advance(timedelta(minutes=20))
    ticket = services.answer_ticket(ctx, number=NUMBER)
    assert ticket.first_response_at == clock.now() - timedelta(minutes=20)
    assert thread(ctx, "status") == ["new", "dispatched", "in_progress", "answered"]
    assert thread(ctx, "support") == ["need a second crew"]
    assert thread(ctx, "note") == ["they are here"]


def test_more_time_moves_the_due_time_and_keeps_the_reason(ctx):
    assigned(ctx)
    later = DUE_AT + timedelta(days=3)
    ticket = services.extend_ticket(ctx, number=NUMBER, due_at=later, reason="parts are missing")
    assert (ticket.due_at, ticket.state) == (later, "in_progress")
    assert thread(ctx, "reason") == ["parts are missing"]


def test_more_time_lies_ahead(ctx, clock):
    assigned(ctx)
    with pytest.raises(InvalidSubmission, match="later one"):
        services.extend_ticket(ctx, number=NUMBER, due_at=clock.now())
    assert public.read_ticket(ctx, number=NUMBER).due_at == DUE_AT


@pytest.mark.parametrize("end", [services.reject_ticket, services.withdraw_ticket])
def test_an_ended_ticket_stays_ended(ctx, end, clock):
    assigned(ctx)
    ended = end(ctx, number=NUMBER, reason="reported twice")
    assert ended.closed_at == clock.now()
    with pytest.raises(Conflict, match="is over"):
        services.assign_ticket(ctx, number=NUMBER, unit_key="water", due_at=DUE_AT)
    assert thread(ctx, "reason") == ["reported twice"]


def test_what_has_not_been_answered_is_not_closed(ctx):
    assigned(ctx)
    with pytest.raises(Conflict, match="has not come that far"):
        services.close_ticket(ctx, number=NUMBER, rating=3)
    # One transaction: the refused rating left nothing.
    assert public.read_ticket(ctx, number=NUMBER).rating is None


@pytest.mark.parametrize("rating", [0, 6, Decimal("2.5")])
def test_a_rating_beyond_one_to_five_is_refused(ctx, rating):
    assigned(ctx)
    services.answer_ticket(ctx, number=NUMBER)
    with pytest.raises(InvalidSubmission, match="1 to 5"):
        services.close_ticket(ctx, number=NUMBER, rating=rating)


def test_an_unknown_number_is_not_found(ctx):
    with pytest.raises(NotFound, match="T-0"):
        services.withdraw_ticket(ctx, number="T-0")


def test_personal_data_are_hidden_from_those_without_the_right(ctx):
    opened(ctx, address="12 Nathan Road", reporter_name="Chan Tai Man")
    manager = ctx.as_actor(Actor(key="manager", kind="person", permissions=frozenset({"tickets.read"})))
    seen = public.read_ticket(manager, number=NUMBER)
    assert (seen.reporter_name, seen.reporter_phone, seen.address) == ("C•••", "••••••••567", "•••")
    assert seen.masked
    rights = frozenset({"tickets.read", "tickets.read_personal"})
    seen = public.read_ticket(manager.as_actor(replace(manager.actor, permissions=rights)), number=NUMBER)
    assert (seen.reporter_name, seen.reporter_phone) == ("Chan Tai Man", "+85251234567")
    assert not seen.masked


def test_tickets_are_closed_to_those_who_may_not_see_them(ctx):
    opened(ctx)
    for read in (public.read_ticket, public.read_thread):
        with pytest.raises(Forbidden):
            read(ctx.as_actor(PUBLIC), number=NUMBER)
    with pytest.raises(Forbidden):
        public.tickets_of_phone(ctx.as_actor(PUBLIC), phone="+85251234567")


def test_a_caller_is_shown_with_all_their_tickets_newest_first(ctx, clock):
    opened(ctx, number="T-1")
    clock.advance(timedelta(hours=1))
    opened(ctx, number="T-2")
    opened(ctx, number="T-3", reporter_phone="+85251230000")
    assert [seen.number for seen in public.tickets_of_phone(ctx, phone="+85251234567")] == ["T-2", "T-1"]


def test_a_reporter_asks_with_number_and_telephone(ctx):
    opened(ctx)
    public_ctx = ctx.as_actor(PUBLIC)
    assert public.ticket_status(public_ctx, number=NUMBER, phone="+85251234567").state == "new"
    with pytest.raises(NotFound):
        public.ticket_status(public_ctx, number=NUMBER, phone="+85251230000")


def test_an_overdue_ticket_goes_first(ctx, clock):
    assigned(ctx)
    before = public.read_ticket(ctx, number=NUMBER).priority
    clock.set(DUE_AT)
    assert public.read_ticket(ctx, number=NUMBER).priority > before
