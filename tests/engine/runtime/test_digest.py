"""What can wait is said in one message, when whoever reads it wants it; what hurries is said at once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine import runtime
from engine.definition import deploy
from engine.errors import InvalidSubmission
from engine.jobs import Job
from engine.notify import list_notifications
from engine.people import next_digest, put_person
from engine.testing import person, system, work_off
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = """
    start begin
    user check approval="" asks='person:["ann"]' due='duration("PT5H")' limits='then=remind before=PT4H'
    end over
    begin -> check -> over
"""
MANIFEST = b'key = "p"\ntitle = "Request"\ninitiator_may = ["urge", "cancel"]\n'
HONG_KONG = ZoneInfo("Asia/Hong_Kong")


@pytest.fixture
def begin(centre):
    """Begin a request that Ann decides, who wants to be told of what can wait as is said."""

    def make(count=1, digest="hourly", drawn=None, **settings):
        with system(centre).write() as ctx:
            settings = {"email": "ann@example.org", "preferred_channel": "email", **settings}
            put_person(ctx, key="ann", name="Ann", digest=digest, **settings)
        deploy(system(centre), files={"p.bpmn": drawn or sketch(DRAWN), "process.toml": MANIFEST})
        return [runtime.start_process(person(centre, "eve"), process_key="p").id for _one in range(count)]

    return make


def wait(centre, **span):
    centre.clock.advance(timedelta(**span))
    work_off(centre)


def states(centre, who="ann"):
    with system(centre).read() as ctx:
        rows = list_notifications(ctx, person_key=who, sort="created_at", page_size=100)[1]
    return [(row["event"], row["state"]) for row in rows]


def news(gateway):
    return [one for one in gateway.taken if one.subject.startswith("News") or one.body.startswith("News")]


def task_of(centre, instance_id):
    with system(centre).read() as ctx:
        return list_tasks(ctx, instance_id=instance_id)[1][0].id


@pytest.mark.parametrize(
    ("digest", "now", "then"),
    [
        ("hourly", "2026-03-02T09:00", "2026-03-02T10:00"),
        ("hourly", "2026-03-02T23:59", "2026-03-03T00:00"),
        ("08:00", "2026-03-02T07:59", "2026-03-02T08:00"),
        ("08:00", "2026-03-02T08:00", "2026-03-03T08:00"),
        ("00:00", "2026-03-31T12:00", "2026-04-01T00:00"),
    ],
)
def test_it_comes_at_the_next_full_hour_or_at_the_hour_of_the_day(digest, now, then):
    at = [datetime.fromisoformat(text).replace(tzinfo=HONG_KONG) for text in (now, then)]
    assert next_digest(digest, at[0]) == at[1]


@pytest.mark.parametrize("digest", ["weekly", "8:00", "08:30", "24:00"])
def test_another_time_is_refused_and_the_field_is_named(centre, digest):
    with pytest.raises(InvalidSubmission) as refused:
        put_person(system(centre), key="ann", name="Ann", digest=digest)
    assert [problem.path for problem in refused.value.problems] == ["digest"]


def test_what_can_wait_comes_in_one_message_that_lists_it(centre, gateway, begin):
    ids = begin(3)
    work_off(centre)
    assert gateway.taken == []
    assert states(centre) == [("created", "held")] * 3
    wait(centre, hours=1)
    (sent,) = news(gateway)
    assert (sent.address, sent.subject) == ("ann@example.org", "News for you: 3")
    assert all(f"/tasks/{task_of(centre, one)}" in sent.body for one in ids)
    assert [said for said in states(centre) if said[0] != "limit_remind"] == [
        *[("created", "gathered")] * 3,
        ("digest", "sent"),
    ]
    wait(centre, hours=2)
    assert len(news(gateway)) == 1


def test_one_job_waits_for_a_person_and_a_time_however_much_there_is_to_say(centre, begin):
    begin(3)
    with system(centre).read() as ctx:
        found = select(Job.due_at).where(Job.kind == "digest", Job.state == "waiting")
        assert ctx.connection.execute(found).scalars().all() == [datetime(2026, 3, 2, 2, tzinfo=UTC)]


def test_what_is_done_already_is_left_out_and_nothing_is_said_of_nothing(centre, gateway, begin):
    one, other = begin(2, digest="18:00")
    runtime.complete_task(person(centre, "ann"), task_id=task_of(centre, one), outcome="approved")
    runtime.cancel_request(person(centre, "eve"), instance_id=other, reason="over")
    wait(centre, hours=9)
    created = [state for event, state in states(centre) if event == "created"]
    assert created == ["failed", "failed"]
    # That it was cancelled is news all the same.
    assert [sent.body.count("- ") for sent in news(gateway)] == [1]
    begin(0)
    gateway.taken.clear()
    (last,) = begin(digest="18:00")
    runtime.complete_task(person(centre, "ann"), task_id=task_of(centre, last), outcome="approved")
    wait(centre, days=1)
    assert news(gateway) == []


def test_what_hurries_is_said_at_once(centre, gateway, begin):
    (one,) = begin(digest="18:00")
    runtime.urge(person(centre, "eve"), instance_id=one)
    work_off(centre)
    assert ("urged", "sent") in states(centre)
    wait(centre, hours=1)
    assert ("limit_remind", "sent") in states(centre)
    assert ("created", "held") in states(centre)


def test_what_is_answered_by_a_link_and_who_is_told_in_turn_never_wait(centre, begin):
    drawn = sketch(DRAWN).replace(b"<callwright:task ", b'<callwright:task link="true" ', 1)
    assert b'link="true"' in drawn
    begin(drawn=drawn)
    work_off(centre)
    assert states(centre) == [("created", "sent")]


def test_in_the_product_everything_is_said_at_once(centre, begin):
    begin(preferred_channel="in_app")
    assert states(centre) == [("created", "delivered")]


def test_who_rests_is_told_when_they_do_not_any_more(centre, gateway, begin):
    begin(quiet_hours="09:30-12:30")
    wait(centre, hours=1)
    assert news(gateway) == []
    wait(centre, hours=2, minutes=30)
    assert [one.subject for one in news(gateway)] == ["News for you: 1"]


def test_by_sms_it_names_a_few_and_where_the_rest_is(centre, gateway, begin):
    begin(5, preferred_channel="sms", email=None)
    wait(centre, hours=1)
    (sent,) = [one for one in gateway.taken if one.body.startswith("News for you: 5.")]
    assert "And 2 more." in sent.body
    assert sent.body.count("http") == 1
