"""Leave as drawings book it, on both databases."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from engine.definition import deploy
from engine.errors import BpmnError, Conflict, InvalidSubmission
from engine.history import ElementVisit
from engine.ids import new_id
from engine.jobs import Incident
from engine.runtime import preview_start, start_process, variables_of
from engine.testing import work_off
from engine.testing.sketch import sketch
from engine.worktime import DayKind, mark_day
from plugins.records import services
from plugins.records.rules import Span

MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)

LEAVE = """
    start begin
    service count service=records.leave_days input='first_on:first_on;last_on:last_on;half_last:half_last' output='days:days'
    service book service=records.book_leave input='{given}' output='absence_id:absence_id'
    service look service=records.leave_balance input='person:initiator;kind:kind;year:2026' output='left:left'
    service list service=records.absences input='first_on:first_on;last_on:last_on' output='absent:result'
    boundary short on=book error=not_enough
    boundary taken on=book error=overlaps
    end over
    end too_long
    end away_already
    begin -> count -> book -> look -> list -> over
    short -> too_long
    taken -> away_already
"""  # noqa: E501
GIVEN = (
    "person:initiator;kind:kind;first_on:first_on;last_on:last_on;half_last:half_last;instance_id:instance_id"
)


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"records.{verb}"].function(ctx, **said)


def grant(ctx, days, person="ann", kind="annual", year=2026):
    services.set_balance(ctx, person_key=person, kind=kind, year=year, days=Decimal(days))


def left(ctx, person="ann", kind="annual", year=2026):
    return call(ctx, "leave_balance", person=person, kind=kind, year=year)["left"]


def book(ctx, first_on=MONDAY, last_on=FRIDAY, person="ann", kind="annual", **said):
    return call(ctx, "book_leave", person=person, kind=kind, first_on=first_on, last_on=last_on, **said)


@pytest.fixture
def ask(ctx):
    """Ask for leave by a drawn process; its variables and where it ended."""
    deploy(ctx, files={"p.bpmn": sketch(LEAVE.format(given=GIVEN))})

    def start(**said):
        given = {"kind": "annual", "first_on": "2026-03-02", "last_on": "2026-03-06", "half_last": False}
        instance = start_process(ctx, process_key="p", variables={**given, **said}, initiator="ann")
        # A step that takes long goes on in a job.
        work_off(ctx.centre)
        with ctx.read():
            visits = select(ElementVisit.element_id).where(ElementVisit.instance_id == instance.id)
            return variables_of(ctx, instance.id), set(ctx.connection.scalars(visits))

    return start


def test_a_drawing_counts_books_and_reads_leave(ctx, ask):
    grant(ctx, "14")
    known, visited = ask(half_last=True)
    assert "over" in visited
    assert (known["days"], known["left"]) == (Decimal("4.5"), Decimal("9.5"))
    (absent,) = known["absent"]
    assert (absent["absence_id"], absent["person"], absent["kind"]) == (known["absence_id"], "ann", "annual")
    assert (absent["first_on"], absent["last_on"], absent["days"]) == (
        "2026-03-02",
        "2026-03-06",
        Decimal("4.5"),
    )
    assert (absent["half_first"], absent["half_last"]) == (False, True)


def test_a_drawing_catches_that_not_enough_is_left(ctx, ask):
    grant(ctx, "4.5")
    _, visited = ask()
    assert "too_long" in visited
    assert left(ctx) == Decimal("4.5")


def test_a_drawing_catches_that_somebody_is_away_already(ctx, ask):
    book(ctx, last_on=MONDAY, kind="sick")
    _, visited = ask()
    assert "away_already" in visited
    assert left(ctx) is None


def test_leave_for_nobody_is_an_incident_and_books_nothing(ctx):
    drawn = sketch(LEAVE.format(given=GIVEN.replace("person:initiator", 'person:"nobody"')))
    deploy(ctx, files={"p.bpmn": drawn})
    dates = {"first_on": "2026-03-02", "last_on": "2026-03-06"}
    start_process(ctx, process_key="p", variables={"kind": "annual", **dates}, initiator="ann")
    # A step that takes long goes on in a job.
    work_off(ctx.centre)
    with ctx.read():
        assert ctx.connection.scalars(select(Incident.code)).all() == ["invalid_submission"]
        assert services.list_absences(ctx)[0] == 0


def test_the_message_says_what_is_left_and_what_it_takes(ctx):
    grant(ctx, "2.5")
    with pytest.raises(BpmnError, match=r"2\.5 days .* takes 5") as error:
        book(ctx)
    assert error.value.code == "not_enough"


def test_public_holidays_are_free_and_make_up_days_are_worked(ctx):
    # Good Friday on the third; Ching Ming and Easter Monday have their days off on the sixth and seventh.
    free = call(ctx, "leave_days", first_on=date(2026, 4, 2), last_on=date(2026, 4, 8))["days"]
    assert free == 2
    mark_day(ctx, key="default", day=date(2026, 4, 4), kind=DayKind.WORKDAY, name="Make-up day")
    assert call(ctx, "leave_days", first_on=date(2026, 4, 2), last_on=date(2026, 4, 8))["days"] == 3


def test_cancelling_gives_the_days_back_once(ctx):
    grant(ctx, "14")
    absence_id = book(ctx)["absence_id"]
    assert left(ctx) == 9
    for _time in range(2):
        assert call(ctx, "cancel_leave", absence_id=absence_id)["days"] == 5
        assert left(ctx) == 14
    assert call(ctx, "absences", first_on=MONDAY, last_on=FRIDAY) == []
    assert book(ctx)["absence_id"] != absence_id


def test_a_changed_calendar_does_not_change_what_was_booked(ctx):
    grant(ctx, "14")
    absence_id = book(ctx)["absence_id"]
    mark_day(ctx, key="default", day=MONDAY, kind=DayKind.HOLIDAY, name="Typhoon")
    assert left(ctx) == 9
    call(ctx, "cancel_leave", absence_id=absence_id)
    assert left(ctx) == 14


def test_leave_over_new_year_takes_from_both_balances(ctx):
    grant(ctx, "14")
    grant(ctx, "2", year=2027)
    book(ctx, first_on=date(2026, 12, 30), last_on=date(2027, 1, 5))
    # New Year's Day is free.
    assert (left(ctx), left(ctx, year=2027)) == (12, 0)


def test_kinds_without_a_balance_are_not_counted(ctx):
    grant(ctx, "1")
    book(ctx, kind="sick")
    assert call(ctx, "leave_balance", person="ann", kind="sick") == {
        "left": None,
        "granted": None,
        "taken": 5,
    }
    assert left(ctx) == 1


def test_an_instance_books_once_however_often_it_is_asked(ctx):
    grant(ctx, "14")
    instance = "0195d3a0-0000-7000-8000-000000000001"
    first = book(ctx, instance_id=instance)
    assert book(ctx, instance_id=instance) == first
    assert left(ctx) == 9
    with pytest.raises(Conflict, match="2026-03-02 to 2026-03-06"):
        book(ctx, first_on=FRIDAY, instance_id=instance)
    other = book(ctx, date(2026, 3, 9), date(2026, 3, 9), instance_id=instance, booking="second")
    assert other["absence_id"] != first["absence_id"]
    call(ctx, "cancel_leave", absence_id=first["absence_id"])
    assert book(ctx, first_on=FRIDAY, instance_id=instance)["days"] == 1


def test_the_other_half_of_a_day_is_free_to_book(ctx):
    book(ctx, last_on=MONDAY, half_last=True)
    book(ctx, last_on=MONDAY, half_first=True, kind="personal")
    with pytest.raises(BpmnError, match="ann is absent") as error:
        book(ctx, last_on=MONDAY)
    assert error.value.code == "overlaps"
    book(ctx, last_on=MONDAY, person="bob")


def test_whoever_is_absent_in_a_time_is_listed_as_they_begin(ctx):
    book(ctx, person="bob", first_on=FRIDAY, last_on=date(2026, 3, 9))
    book(ctx, first_on=MONDAY, last_on=MONDAY)
    listed = call(ctx, "absences", first_on=MONDAY, last_on=FRIDAY)
    assert [one["person"] for one in listed] == ["ann", "bob"]
    assert [one["person"] for one in call(ctx, "absences", first_on=FRIDAY, last_on=FRIDAY)] == ["bob"]
    assert call(ctx, "absences", first_on=FRIDAY, last_on=FRIDAY, person="ann") == []


def test_an_unknown_absence_is_an_outcome(ctx):
    with pytest.raises(BpmnError) as error:
        call(ctx, "cancel_leave", absence_id="0195d3a0-0000-7000-8000-00000000dead")
    assert error.value.code == "no_absence"


@pytest.mark.parametrize(
    ("first_on", "last_on", "path"),
    [(FRIDAY, MONDAY, "last_on"), (MONDAY, date(2036, 3, 2), "last_on"), (None, MONDAY, "first_on")],
)
def test_a_time_that_cannot_be_is_refused(ctx, first_on, last_on, path):
    with pytest.raises(InvalidSubmission) as error:
        call(ctx, "leave_days", first_on=first_on, last_on=last_on)
    assert [problem.path for problem in error.value.problems] == [path]


def test_no_fewer_days_are_granted_than_are_taken(ctx):
    grant(ctx, "14")
    book(ctx)
    with pytest.raises(InvalidSubmission, match="5 days of that year are taken"):
        grant(ctx, "4.5")
    grant(ctx, "5")
    assert left(ctx) == 0


@pytest.mark.parametrize(
    "said", [{"days": "0.3"}, {"days": "-1"}, {"year": 1026}, {"person": "nobody"}, {"kind": ""}]
)
def test_a_balance_that_cannot_be_is_refused(ctx, said):
    with pytest.raises(InvalidSubmission):
        grant(ctx, **{"days": "14", **said})
    with ctx.read():
        assert services.list_balances(ctx)[0] == 0


def test_a_removed_balance_is_not_counted_any_more(ctx):
    grant(ctx, "14")
    with ctx.read():
        _, (balance,) = services.list_balances(ctx, person_key="ann")
    services.remove_balance(ctx, balance_id=balance["id"])
    assert left(ctx) is None


def test_a_list_of_balances_says_what_is_taken_and_left(ctx):
    grant(ctx, "14")
    grant(ctx, "3.5", kind="personal")
    grant(ctx, "7", person="bob")
    services.book_leave(ctx, person_key="ann", kind="annual", span=Span(first_on=MONDAY, last_on=FRIDAY))
    with ctx.read():
        count, rows = services.list_balances(ctx)
    found = [(row["person_key"], row["kind"], row["taken_days"], row["left_days"]) for row in rows]
    assert found == [("ann", "annual", 5, 9), ("ann", "personal", 0, Decimal("3.5")), ("bob", "annual", 0, 7)]
    assert count == 3


ASKED = """
    start begin
    service count service=records.check_leave input='{given}' output='days:days;left:left;problem:problem'
    xor possible
    user change name="Change it" assignee=initiator
    user approve name="Approve" approval="" asks='person:"bob"'
    end over
    begin -> count -> possible
    possible -> change [problem != null]
    possible -> approve *
    change -> count
    approve -> over
"""


def check(ctx, first_on=MONDAY, last_on=FRIDAY, kind="annual", **said):
    return call(ctx, "check_leave", person="ann", kind=kind, first_on=first_on, last_on=last_on, **said)


def test_what_is_in_the_way_of_leave_is_known_before_it_is_asked_for(ctx):
    grant(ctx, "5")
    assert check(ctx) == {
        "days": Decimal(5),
        "problem": None,
        "year": 2026,
        "year_days": Decimal(5),
        "left": Decimal(5),
    }
    assert check(ctx, last_on=date(2026, 3, 9))["problem"] == "short"
    assert check(ctx, first_on=date(2026, 3, 7), last_on=date(2026, 3, 8))["problem"] == "free"
    book(ctx, person="bob", kind="other", first_on=FRIDAY)
    assert check(ctx, cover="bob")["problem"] == "cover_away"
    assert check(ctx, last_on=date(2026, 3, 5), cover="bob")["problem"] is None
    instance_id = new_id()
    own = book(ctx, kind="other", first_on=FRIDAY, half_first=True, instance_id=instance_id)
    assert own["days"] == Decimal("0.5")
    assert check(ctx)["problem"] == "away"
    assert check(ctx, half_last=True)["problem"] is None
    assert check(ctx, instance_id=instance_id)["problem"] is None


def test_over_new_year_each_years_days_are_held_against_its_own_balance(ctx):
    grant(ctx, "2", year=2026)
    grant(ctx, "1", year=2027)
    over = {"first_on": date(2026, 12, 30), "last_on": date(2027, 1, 4)}
    found = check(ctx, **over)
    assert (found["days"], found["problem"]) == (Decimal(3), None)
    assert (found["year"], found["year_days"], found["left"]) == (2026, Decimal(2), Decimal(2))
    short = check(ctx, **{**over, "last_on": date(2027, 1, 5)})
    assert (short["problem"], short["year"], short["year_days"], short["left"]) == (
        "short",
        2027,
        Decimal(2),
        Decimal(1),
    )


def test_leave_is_asked_for_and_booked_afterwards_too(ctx, centre):
    past = {"first_on": date(2025, 3, 3), "last_on": date(2025, 3, 4)}
    assert check(ctx, **past)["problem"] is None
    assert book(ctx, **past)["days"] == Decimal(2)


@pytest.mark.parametrize(
    ("granted", "steps", "unknown"), [("5", ["approve"], None), ("4", ["change"], "Change it")]
)
def test_a_preview_asks_what_only_looks_things_up(ctx, granted, steps, unknown):
    grant(ctx, granted)
    given = "person:initiator;kind:kind;first_on:first_on;last_on:last_on"
    deploy(ctx, files={"p.bpmn": sketch(ASKED.format(given=given))})
    asked = {"kind": "annual", "first_on": "2026-03-02", "last_on": "2026-03-06"}
    with ctx.read():
        found = preview_start(ctx, process_key="p", variables=asked, initiator="ann")
    assert ([one.element_id for one in found.steps], found.unknown) == (steps, unknown)
