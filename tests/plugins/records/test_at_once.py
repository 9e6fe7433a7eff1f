"""Two act at the same moment, on both databases: one wins, the other is told why, nothing is doubled."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest

from engine.errors import BpmnError
from engine.testing import START, system
from plugins.records import services

SUBJECT = {"person": "ann", "kind": "qa", "reference": "call-17"}
ONE, OTHER = "0195d3a0-0000-7000-8000-000000000001", "0195d3a0-0000-7000-8000-000000000002"
MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)
NEXT_MONDAY, NEXT_FRIDAY = date(2026, 3, 9), date(2026, 3, 13)
WEEK = {"person": "ann", "kind": "annual", "first_on": MONDAY, "last_on": FRIDAY}
NEXT_WEEK = {**WEEK, "first_on": NEXT_MONDAY, "last_on": NEXT_FRIDAY}


@pytest.fixture
def at_once(centre):
    """Call a service task several times at once, each in a transaction of its own; what came of each."""

    def calls(verb, *said):
        together = Barrier(len(said))

        def call(inputs):
            ctx = system(centre)
            together.wait()
            try:
                with ctx.write():
                    return ctx.registry.service_tasks[f"records.{verb}"].function(ctx, **inputs)
            except BpmnError as error:
                return error.code

        with ThreadPoolExecutor(len(said)) as threads:
            return list(threads.map(call, said))

    return calls


def won(results):
    """Return how many calls were done, and what the others were told."""
    return Counter("done" if isinstance(one, dict) else one for one in results)


def versions(ctx):
    with ctx.read():
        return [(row["version"], row["value"]) for row in services.list_scores(ctx, sort="version")[1]]


def taken(ctx):
    with ctx.read():
        return services.read_balance(ctx, person_key="ann", kind="annual", year=2026).taken_days


def test_the_last_days_of_a_balance_are_booked_once(ctx, at_once):
    services.set_balance(ctx, person_key="ann", kind="annual", year=2026, days=Decimal(7))
    assert won(at_once("book_leave", WEEK, NEXT_WEEK)) == {"done": 1, "not_enough": 1}
    assert taken(ctx) == 5


def test_the_same_days_are_booked_once(ctx, at_once):
    services.set_balance(ctx, person_key="ann", kind="annual", year=2026, days=Decimal(14))
    assert won(at_once("book_leave", WEEK, WEEK)) == {"done": 1, "overlaps": 1}
    assert taken(ctx) == 5


def test_the_same_booking_of_an_instance_is_one_booking(ctx, at_once):
    booking = {**WEEK, "instance_id": ONE}
    one, other = at_once("book_leave", booking, booking)
    assert one == other
    assert taken(ctx) == 5


def test_a_score_is_appealed_once(ctx, at_once):
    services.publish_score(
        ctx,
        person_key="ann",
        kind="qa",
        reference="call-17",
        value=Decimal(70),
        appeal_until=START + timedelta(days=3),
    )
    appeals = ({**SUBJECT, "instance_id": ONE}, {**SUBJECT, "instance_id": OTHER})
    assert won(at_once("appeal", *appeals)) == {"done": 1, "appeal_closed": 1}
    with ctx.read():
        (score,) = services.list_scores(ctx)[1]
    assert score["appeal_instance_id"] in (ONE, OTHER)


def test_of_two_values_published_at_once_one_is_the_score(ctx, at_once):
    results = at_once("publish_score", {**SUBJECT, "value": Decimal(70)}, {**SUBJECT, "value": Decimal(80)})
    assert won(results) == {"done": 1, "score_exists": 1}
    ((version, _value),) = versions(ctx)
    assert version == 1


def test_two_who_change_a_score_make_two_versions_and_the_same_instance_one(ctx, at_once):
    services.publish_score(ctx, person_key="ann", kind="qa", reference="call-17", value=Decimal(70))
    change = {**SUBJECT, "value": Decimal(80), "reason": "heard again"}
    assert won(at_once("rescore", {**change, "instance_id": ONE}, {**change, "instance_id": ONE})) == {
        "done": 2
    }
    assert versions(ctx) == [(1, 70), (2, 80)]
    at_once("rescore", {**change, "value": Decimal(85)}, {**change, "value": Decimal(90)})
    assert [version for version, _value in versions(ctx)] == [1, 2, 3, 4]
