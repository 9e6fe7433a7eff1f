"""Scores, their appeals, and notes, on both databases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from engine.definition import deploy
from engine.errors import BpmnError, InvalidSubmission
from engine.history import ElementVisit
from engine.people import close_person
from engine.runtime import start_process, variables_of
from engine.testing import START, work_off
from engine.testing.sketch import sketch

SUBJECT = {"person": "ann", "kind": "qa", "reference": "call-17"}
UNTIL = START + timedelta(days=3)
ONE, OTHER = "0195d3a0-0000-7000-8000-000000000001", "0195d3a0-0000-7000-8000-000000000002"
PARTS = [
    {"name": "greeting", "weight": Decimal(1), "value": Decimal(100)},
    {"name": "solution", "weight": Decimal(3), "value": Decimal("62.5")},
]
APPEAL = """
    start begin
    service appeal service=records.appeal input='person:initiator;kind:"qa";reference:call;instance_id:instance_id' output='was:value'
    boundary late on=appeal error=appeal_closed
    boundary unknown on=appeal error=no_score
    service change service=records.rescore input='person:initiator;kind:"qa";reference:call;value:90;reason:"heard again";by:"bob"' output='now_is:value;version:version'
    end over
    end closed
    end nothing
    begin -> appeal -> change -> over
    late -> closed
    unknown -> nothing
"""  # noqa: E501


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"records.{verb}"].function(ctx, **said)


def refused(ctx, verb, **said):
    with pytest.raises(BpmnError) as error:
        call(ctx, verb, **said)
    return error.value.code


def publish(ctx, **said):
    return call(ctx, "publish_score", **{**SUBJECT, "value": Decimal("71.9"), "appeal_until": UNTIL, **said})


@pytest.fixture
def appeal(ctx):
    """Appeal by a drawn process; its variables and where it came by."""
    deploy(ctx, files={"p.bpmn": sketch(APPEAL)})

    def start(call="call-17"):
        begun = start_process(ctx, process_key="p", variables={"call": call}, initiator="ann")
        # A step that takes long goes on in a job.
        work_off(ctx.centre)
        with ctx.read():
            visits = select(ElementVisit.element_id).where(ElementVisit.instance_id == begun.id)
            return variables_of(ctx, begun.id), set(ctx.connection.scalars(visits))

    return start


def test_a_drawing_appeals_a_score_once(ctx, appeal):
    publish(ctx)
    known, visited = appeal()
    assert "over" in visited
    assert (known["was"], known["now_is"], known["version"]) == (Decimal("71.9"), 90, 2)
    _, visited = appeal()
    assert "closed" in visited
    _, visited = appeal("call-18")
    assert "nothing" in visited


def test_both_versions_stay_with_who_changed_it_and_why(ctx, appeal):
    publish(ctx, value=None, parts=PARTS)
    appeal()
    now = call(ctx, "score", **SUBJECT)
    assert (now["value"], now["version"], now["reason"], now["parts"]) == (90, 2, "heard again", [])
    assert now["appeal_until"] == UNTIL
    was = call(ctx, "score", **SUBJECT, version=1)
    assert (was["value"], was["version"], was["reason"], was["parts"]) == (Decimal("71.88"), 1, None, PARTS)
    assert was["appealed"]
    assert refused(ctx, "score", **SUBJECT, version=3) == "no_score"


def test_an_appeal_is_open_up_to_the_last_moment(ctx, centre):
    publish(ctx)
    centre.clock.set(UNTIL)
    assert call(ctx, "check_appeal", **SUBJECT)["value"] == Decimal("71.9")
    centre.clock.advance(timedelta(seconds=1))
    assert refused(ctx, "check_appeal", **SUBJECT) == "appeal_closed"
    assert refused(ctx, "appeal", **SUBJECT) == "appeal_closed"


def test_looking_whether_it_can_be_appealed_appeals_nothing(ctx):
    publish(ctx)
    for _time in range(2):
        assert not call(ctx, "check_appeal", **SUBJECT)["appealed"]


def test_an_appeal_does_not_stand_in_its_own_way(ctx, centre):
    publish(ctx)
    for _time in range(2):
        assert call(ctx, "appeal", **SUBJECT, instance_id=ONE)["appealed"]
    centre.clock.set(UNTIL + timedelta(days=1))
    assert call(ctx, "check_appeal", **SUBJECT, instance_id=ONE)["appealed"]
    assert refused(ctx, "check_appeal", **SUBJECT, instance_id=OTHER) == "appeal_closed"


def test_a_new_version_can_be_appealed_only_if_none_was(ctx):
    publish(ctx)
    call(ctx, "rescore", **SUBJECT, value=Decimal(75), reason="a slip of the pen")
    call(ctx, "appeal", **SUBJECT, instance_id=ONE)
    call(ctx, "rescore", **SUBJECT, value=Decimal(80), reason="heard again", instance_id=ONE)
    assert refused(ctx, "appeal", **SUBJECT, instance_id=OTHER) == "appeal_closed"


def test_a_score_without_a_window_cannot_be_appealed(ctx):
    publish(ctx, appeal_until=None)
    assert refused(ctx, "check_appeal", **SUBJECT) == "appeal_closed"


def test_a_score_is_published_once(ctx):
    assert publish(ctx) == publish(ctx)
    assert refused(ctx, "publish_score", **SUBJECT, value=Decimal(72)) == "score_exists"
    assert publish(ctx, person="bob", value=Decimal(72))["version"] == 1


def test_the_same_instance_changes_a_score_once(ctx):
    publish(ctx)
    said = {**SUBJECT, "value": Decimal(80), "reason": "heard again", "instance_id": ONE}
    assert call(ctx, "rescore", **said) == call(ctx, "rescore", **said)
    assert call(ctx, "score", **SUBJECT)["version"] == 2


def test_only_what_can_be_appealed_now_is_offered_in_the_version_that_holds(ctx, centre):
    publish(ctx, by="bob")
    call(ctx, "rescore", **SUBJECT, value=Decimal(75), reason="a slip of the pen")
    publish(ctx, reference="call-18", appeal_until=None)
    publish(ctx, reference="call-19")
    publish(ctx, person="bob", reference="call-17")
    publish(ctx, kind="kpi", reference="2026-02")
    call(ctx, "appeal", **{**SUBJECT, "reference": "call-19"})
    call(ctx, "rescore", **{**SUBJECT, "reference": "call-19"}, value=Decimal(80), reason="heard again")

    def offered(**said):
        found = call(ctx, "open_scores", kind="qa", **said)
        return [(one["person"], one["reference"], one["value"]) for one in found]

    assert offered(person="ann") == [("ann", "call-17", 75)]
    assert sorted(offered(reference="call-17")) == [
        ("ann", "call-17", 75),
        ("bob", "call-17", Decimal("71.9")),
    ]
    centre.clock.set(UNTIL + timedelta(seconds=1))
    assert offered() == []


def test_who_decided_is_known_where_it_was_a_person(ctx):
    assert publish(ctx)["by"] is None
    assert publish(ctx, reference="call-18", by="bob")["by"] == "bob"
    (one, other) = call(ctx, "open_scores", kind="qa")
    assert {one["by"], other["by"]} == {None, "bob"}


def test_the_average_is_of_what_holds_by_the_day_of_first_publishing(ctx, centre):
    assert call(ctx, "average_score", person="ann", kind="qa") == {"value": None, "count": 0}
    publish(ctx, value=60)
    publish(ctx, value=0, kind="kpi")
    publish(ctx, value=0, person="bob")
    centre.clock.advance(timedelta(days=2))
    publish(ctx, value=Decimal("90.5"), reference="call-18")
    call(ctx, "rescore", **SUBJECT, value=70, reason="heard again")
    first, second = (START + timedelta(days=days, hours=8) for days in (0, 2))
    for window, found in (
        ({}, (Decimal("80.25"), 2)),
        ({"last_on": first.date()}, (Decimal(70), 1)),
        ({"first_on": second.date(), "last_on": second.date()}, (Decimal("90.5"), 1)),
        ({"first_on": second.date() + timedelta(days=1)}, (None, 0)),
    ):
        average = call(ctx, "average_score", person="ann", kind="qa", **window)
        assert (average["value"], average["count"]) == found


def test_what_was_never_published_is_not_rescored(ctx):
    assert refused(ctx, "rescore", **SUBJECT, value=Decimal(80), reason="heard again") == "no_score"


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"value": None}, "value"),
        ({"value": Decimal("1E+12")}, "value"),
        ({"parts": [{"name": "greeting", "weight": Decimal(0), "value": Decimal(1)}]}, "parts"),
        ({"parts": ["greeting"]}, "parts"),
        ({"reference": ""}, "reference"),
        ({"person": None}, "person_key"),
        ({"kind": "k" * 65}, "kind"),
    ],
)
def test_a_score_that_cannot_be_is_refused(ctx, said, path):
    with pytest.raises(InvalidSubmission) as error:
        publish(ctx, **said)
    assert [problem.path for problem in error.value.problems] == [path]


def test_a_score_of_nobody_is_nobodys(ctx):
    publish(ctx)
    assert refused(ctx, "score", **{**SUBJECT, "person": None}) == "no_score"


def test_a_note_is_kept_of_the_day_of_the_centre(ctx, centre):
    # Half past midnight in Hong Kong.
    centre.clock.set(datetime(2026, 3, 2, 16, 30, tzinfo=UTC))
    with ctx.write():
        close_person(ctx, key="ann")
    said = {"person": "ann", "kind": "exit_interview", "reason": "better_pay", "instance_id": ONE}
    note_id = call(ctx, "note", **said, fields={"would_return": True, "mark": Decimal("7.50")})["note_id"]
    (note,) = call(ctx, "notes", person="ann")
    assert note == {
        "note_id": note_id,
        "person": "ann",
        "kind": "exit_interview",
        "reason": "better_pay",
        "noted_on": date(2026, 3, 3),
        "fields": {"would_return": True, "mark": Decimal("7.50")},
        "written_by": "system",
    }
    centre.clock.advance(timedelta(days=1))
    assert call(ctx, "note", **said, fields=note["fields"])["note_id"] == note_id
    assert call(ctx, "note", **said, fields={})["note_id"] != note_id


def test_notes_are_listed_by_person_kind_and_time_the_latest_first(ctx):
    for person, kind, day in (("ann", "training", 2), ("ann", "probation", 9), ("bob", "training", 5)):
        call(ctx, "note", person=person, kind=kind, noted_on=date(2026, 3, day))

    def days(**said):
        return [note["noted_on"].day for note in call(ctx, "notes", **said)]

    assert days() == [9, 5, 2]
    assert days(person="ann") == [9, 2]
    assert days(kind="training") == [5, 2]
    assert days(first_on=date(2026, 3, 5), last_on=date(2026, 3, 9)) == [9, 5]
    assert days(last_on=date(2026, 3, 2)) == [2]
