"""Shifts that planners write and processes move, on both databases."""

import threading
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from engine.definition import deploy
from engine.errors import BpmnError, Conflict, InvalidSubmission
from engine.history import ElementVisit
from engine.parameters import set_parameter
from engine.people import close_person, create_person, grade_skill, join_group, put_group, put_skill
from engine.runtime import preview_start, start_process, variables_of
from engine.testing import system, work_off
from engine.testing.sketch import sketch
from plugins.records import services
from plugins.records.models import Shift
from plugins.records.rules import Span
from plugins.records.services import Agreed

# The centre's clock stands on today; these days are far enough ahead.
MONDAY = date(2036, 3, 3)
TUESDAY = date(2036, 3, 4)
WEDNESDAY = date(2036, 3, 5)
INSTANCE = "0195d3a0-0000-7000-8000-000000000001"

SWAP = """
    start begin
    service look service=records.check_swap input='person:initiator;day:day;colleague:colleague;colleague_day:colleague_day' output='gives:gives;takes:takes;hindrance:hindrance;hindered:hindered'
    xor possible
    service swap service=records.swap_shifts input='person:initiator;colleague:colleague;gives:gives;takes:takes;instance_id:instance_id' output='moved:moved'
    boundary changed on=swap error=changed
    end swapped
    end not_possible
    end too_late
    begin -> look -> possible
    possible -> swap [hindrance = null]
    possible -> not_possible *
    swap -> swapped
    changed -> too_late
"""  # noqa: E501


def call(ctx, verb, **said):
    with ctx.write():
        return ctx.registry.service_tasks[f"records.{verb}"].function(ctx, **said)


def put(ctx, person, day, starts="09:00", ends="17:00", kind="day"):
    return call(ctx, "put_shift", person=person, day=day, starts=starts, ends=ends, kind=kind)["shift_id"]


def look(ctx, day=MONDAY, colleague_day=TUESDAY, **said):
    given = {"person": "ann", "colleague": "bob", **said}
    return call(ctx, "check_swap", day=day, colleague_day=colleague_day, **given)


def plain(shifts):
    """Shifts as a process keeps them: with texts for instants."""
    return [
        {**one, "starts_at": one["starts_at"].isoformat(), "ends_at": one["ends_at"].isoformat()}
        for one in shifts
    ]


def swap(ctx, found, **said):
    agreed = {"gives": plain(found["gives"]), "takes": plain(found["takes"])}
    return call(ctx, "swap_shifts", person="ann", colleague="bob", **{**agreed, **said})


def roster(ctx, first_on=MONDAY, last_on=WEDNESDAY):
    found = call(ctx, "shifts", first_on=first_on, last_on=last_on)
    return [(one["person"], one["text"]) for one in found]


@pytest.fixture
def two(ctx):
    """Ann works on Monday, Bob on Tuesday."""
    return put(ctx, "ann", MONDAY), put(ctx, "bob", TUESDAY)


def test_a_night_shift_belongs_to_the_day_on_which_it_begins(ctx):
    put(ctx, "ann", MONDAY, "22:00", "06:00", "night")
    (shift,) = call(ctx, "shifts", first_on=MONDAY, last_on=MONDAY)
    assert (shift["day"], shift["kind"], shift["text"]) == (MONDAY, "night", "2036-03-03 22:00-06:00")
    assert shift["ends_at"] == datetime(2036, 3, 3, 22, tzinfo=UTC)
    assert call(ctx, "shifts", first_on=TUESDAY, last_on=TUESDAY) == []


def test_nobody_works_twice_at_once(ctx):
    first = put(ctx, "ann", MONDAY)
    with pytest.raises(BpmnError, match="at that time already") as error:
        put(ctx, "ann", MONDAY, "16:00", "20:00", "late")
    assert error.value.code == "overlaps"
    assert put(ctx, "ann", MONDAY) == first
    put(ctx, "ann", MONDAY, "17:00", "20:00", "late")
    put(ctx, "bob", MONDAY)
    assert len(roster(ctx)) == 3


def test_a_shift_is_changed_and_removed(ctx):
    shift_id = put(ctx, "ann", MONDAY)
    services.put_shift(
        ctx, person_key="bob", day=TUESDAY, starts=time(8), ends=time(16), kind="early", shift_id=shift_id
    )
    assert roster(ctx) == [("bob", "2036-03-04 08:00-16:00")]
    services.remove_shift(ctx, shift_id=shift_id)
    assert roster(ctx) == []
    with pytest.raises(services.NoShift):
        services.remove_shift(ctx, shift_id=shift_id)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ({"person": "nobody"}, "person_key"),
        ({"kind": ""}, "kind"),
        ({"starts": "nine"}, "starts"),
        ({"day": None}, "day"),
        ({"starts": "09:00", "ends": "08:00"}, "ends"),
    ],
)
def test_a_shift_that_cannot_be_is_refused(ctx, said, path):
    given = {"person": "ann", "day": MONDAY, "starts": "09:00", "ends": "17:00", "kind": "day", **said}
    with pytest.raises(InvalidSubmission) as error:
        call(ctx, "put_shift", **given)
    assert [problem.path for problem in error.value.problems] == [path]


def test_two_people_swap_their_shifts(ctx, two):
    found = look(ctx)
    assert (found["hindrance"], found["hindered"]) == (None, None)
    assert (found["gives_text"], found["takes_text"]) == ("2036-03-03 09:00-17:00", "2036-03-04 09:00-17:00")
    assert found["first_at"] == datetime(2036, 3, 3, 1, tzinfo=UTC)
    assert roster(ctx) == [("ann", "2036-03-03 09:00-17:00"), ("bob", "2036-03-04 09:00-17:00")]
    assert swap(ctx, found) == {"moved": 2}
    assert roster(ctx) == [("bob", "2036-03-03 09:00-17:00"), ("ann", "2036-03-04 09:00-17:00")]


def test_an_early_and_a_late_shift_of_one_day_are_swapped(ctx):
    put(ctx, "ann", MONDAY, "07:00", "15:00")
    put(ctx, "bob", MONDAY, "14:00", "22:00")
    swap(ctx, look(ctx, colleague_day=MONDAY))
    assert roster(ctx) == [("bob", "2036-03-03 07:00-15:00"), ("ann", "2036-03-03 14:00-22:00")]


def test_both_parts_of_a_split_shift_go_together(ctx):
    put(ctx, "ann", MONDAY, "08:00", "12:00")
    put(ctx, "ann", MONDAY, "17:00", "21:00")
    found = look(ctx, colleague_day=None)
    assert found["gives_text"] == "2036-03-03 08:00-12:00, 17:00-21:00"
    assert (found["takes"], found["takes_text"]) == ([], None)
    assert swap(ctx, found) == {"moved": 2}
    assert {person for person, _ in roster(ctx)} == {"bob"}


def hindrance(found):
    return found["hindrance"], found["hindered"]


def test_who_has_no_shift_that_day_is_named(ctx, two):
    assert hindrance(look(ctx, day=WEDNESDAY)) == ("no_shift", "Ann")
    assert hindrance(look(ctx, colleague_day=WEDNESDAY)) == ("no_shift", "Bob")
    assert hindrance(look(ctx, colleague="ann")) == ("oneself", "Ann")


def test_what_has_begun_is_not_swapped(ctx, two):
    put(ctx, "ann", date(2020, 3, 2))
    assert hindrance(look(ctx, day=date(2020, 3, 2))) == ("too_late", "Ann")


def test_nobody_is_booked_twice_by_a_swap(ctx, two):
    put(ctx, "bob", MONDAY, "12:00", "20:00")
    assert hindrance(look(ctx)) == ("overlaps", "Bob")


@pytest.mark.parametrize(("starts", "code"), [("04:00", None), ("03:59", "no_rest")])
def test_eleven_hours_of_rest_lie_between_the_shifts_of_two_days(ctx, two, starts, code):
    put(ctx, "ann", WEDNESDAY, starts, "12:00")
    assert look(ctx)["hindrance"] == code
    set_parameter(ctx, key="records.least_rest_hours", value="12")
    assert hindrance(look(ctx)) == ("no_rest", "Ann")


def test_rest_is_looked_at_before_the_shift_too(ctx, two):
    put(ctx, "bob", date(2036, 3, 2), "15:00", "23:00")
    assert hindrance(look(ctx)) == ("no_rest", "Bob")


def leave(ctx, **said):
    span = Span(**{"first_on": TUESDAY, "last_on": TUESDAY, **said})
    services.book_leave(ctx, person_key="ann", kind="annual", span=span)


def test_nobody_on_leave_gets_a_shift(ctx, two):
    leave(ctx)
    assert hindrance(look(ctx)) == ("away", "Ann")


def test_half_a_day_of_leave_leaves_the_other_half(ctx):
    put(ctx, "ann", MONDAY)
    put(ctx, "bob", TUESDAY, "13:00", "21:00")
    leave(ctx, half_last=True)
    assert look(ctx)["hindrance"] is None
    leave(ctx, half_first=True)
    assert hindrance(look(ctx)) == ("away", "Ann")


def test_leave_on_the_morning_after_does_not_end_a_night_shift(ctx):
    put(ctx, "ann", date(2036, 2, 25))
    put(ctx, "bob", MONDAY, "22:00", "06:00")
    leave(ctx)
    assert look(ctx, day=date(2036, 2, 25), colleague_day=MONDAY)["hindrance"] is None


def test_skills_and_groups_count_where_they_are_asked_for(ctx, two):
    put_skill(ctx, key="english", name="English")
    grade_skill(ctx, skill_key="english", person_key="ann", level=3)
    assert look(ctx)["hindrance"] is None
    assert hindrance(look(ctx, same_skills=True)) == ("unlike", "Bob")
    grade_skill(ctx, skill_key="english", person_key="bob", level=5)
    assert look(ctx, same_skills=True)["hindrance"] is None
    put_group(ctx, key="agents", name="Agents")
    join_group(ctx, group_key="agents", person_key="bob")
    assert hindrance(look(ctx, same_groups=True)) == ("unlike", "Bob")


def test_who_has_left_swaps_no_more(ctx, two):
    found = look(ctx)
    close_person(ctx, key="bob")
    assert hindrance(look(ctx)) == ("gone", "Bob")
    with pytest.raises(BpmnError) as error:
        swap(ctx, found)
    assert error.value.code == "gone"


@pytest.mark.parametrize("change", ["moved", "removed", "given"])
def test_what_was_changed_meanwhile_is_not_swapped(ctx, two, change):
    found = look(ctx)
    _, of_bob = two
    if change == "moved":
        services.put_shift(
            ctx, person_key="bob", day=TUESDAY, starts=time(10), ends=time(18), kind="day", shift_id=of_bob
        )
    elif change == "removed":
        services.remove_shift(ctx, shift_id=of_bob)
    else:
        create_person(ctx, key="cat", name="Cat")
        services.put_shift(
            ctx, person_key="cat", day=TUESDAY, starts=time(9), ends=time(17), kind="day", shift_id=of_bob
        )
    with pytest.raises(BpmnError, match="Bob on 2036-03-04 were changed meanwhile") as error:
        swap(ctx, found)
    assert error.value.code == "changed"
    assert roster(ctx, MONDAY, MONDAY) == [("ann", "2036-03-03 09:00-17:00")]


def test_what_has_come_in_between_is_looked_at_again(ctx, two):
    found = look(ctx)
    leave(ctx)
    with pytest.raises(BpmnError, match="Ann is absent on 2036-03-04") as error:
        swap(ctx, found)
    assert error.value.code == "away"


def test_an_instance_swaps_once_however_often_it_is_asked(ctx, two):
    found = look(ctx)
    for _time in range(2):
        swap(ctx, found, instance_id=INSTANCE)
        assert roster(ctx) == [("bob", "2036-03-03 09:00-17:00"), ("ann", "2036-03-04 09:00-17:00")]
    with pytest.raises(Conflict, match="moved other shifts"):
        swap(ctx, found, takes=[], instance_id=INSTANCE)
    with pytest.raises(InvalidSubmission, match="at least one"):
        swap(ctx, found, gives=[])
    with pytest.raises(InvalidSubmission, match="shift_id"):
        swap(ctx, found, gives=["Monday"])


def test_of_two_swaps_at_once_of_one_shift_one_wins(centre, ctx):
    create_person(ctx, key="cat", name="Cat")
    put(ctx, "ann", MONDAY)
    before = {}
    for person in ("bob", "cat"):
        put(ctx, person, TUESDAY)
        found = look(ctx, colleague=person)
        assert found["hindrance"] is None
        before[person] = found
    together, said = threading.Barrier(2), {}

    def exchange(person):
        own = system(centre)
        together.wait()
        try:
            agreed = [
                [Agreed(**{name: one[name] for name in ("shift_id", "starts_at", "ends_at")}) for one in some]
                for some in (before[person]["gives"], before[person]["takes"])
            ]
            services.swap_shifts(
                own, person_key="ann", colleague_key=person, gives=agreed[0], takes=agreed[1]
            )
            said[person] = "swapped"
        except services.Hindered as error:
            said[person] = error.hindrance.code

    threads = [threading.Thread(target=exchange, args=(person,)) for person in before]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said.values()) == ["changed", "swapped"]
    (winner,) = [person for person, what in said.items() if what == "swapped"]
    with ctx.read():
        kept = {(one.person_key, one.day) for one in ctx.session.scalars(select(Shift))}
    (loser,) = {"bob", "cat"} - {winner}
    assert kept == {(winner, MONDAY), ("ann", TUESDAY), (loser, TUESDAY)}


def test_a_drawing_swaps_and_catches_that_it_cannot(ctx, two):
    deploy(ctx, files={"p.bpmn": sketch(SWAP)})

    def start(day, colleague_day="2036-03-04"):
        said = {"day": day, "colleague": "bob", "colleague_day": colleague_day}
        instance = start_process(ctx, process_key="p", variables=said, initiator="ann")
        # A step that takes long goes on in a job.
        work_off(ctx.centre)
        with ctx.read():
            visits = select(ElementVisit.element_id).where(ElementVisit.instance_id == instance.id)
            return variables_of(ctx, instance.id), set(ctx.connection.scalars(visits))

    known, visited = start("2036-03-05")
    assert "not_possible" in visited
    assert (known["hindrance"], known["hindered"]) == ("no_shift", "Ann")
    known, visited = start("2036-03-03")
    assert "swapped" in visited
    assert known["moved"] == 2
    assert roster(ctx)[0] == ("bob", "2036-03-03 09:00-17:00")


def change(ctx, **said):
    given = {"person": "ann", "to_day": TUESDAY, "starts": "10:00", "ends": "18:00", **said}
    return call(ctx, "check_change", **{"day": MONDAY, **given}), given


def test_a_shift_is_moved_to_another_time(ctx):
    shift_id = put(ctx, "ann", MONDAY)
    put(ctx, "ann", MONDAY, "18:00", "20:00")
    found, given = change(ctx)
    assert (found["hindrance"], found["wanted_text"]) == (None, "2036-03-04 10:00-18:00")
    agreed = plain(found["shifts"])
    for _time in range(2):
        made = call(ctx, "change_shift", shifts=agreed, kind="late", instance_id=INSTANCE, **given)
        assert made == {"shift_id": shift_id}
        assert roster(ctx) == [("ann", "2036-03-04 10:00-18:00")]
    with pytest.raises(BpmnError) as error:
        call(ctx, "change_shift", shifts=agreed, **given)
    assert error.value.code == "changed"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"day": WEDNESDAY}, "no_shift"),
        ({"to_day": date(2020, 3, 2)}, "too_late"),
        ({"to_day": MONDAY}, None),
        ({"to_day": TUESDAY, "starts": "03:00", "ends": "09:00"}, None),
        ({"to_day": date(2036, 3, 6), "starts": "12:00", "ends": "16:00"}, "overlaps"),
        ({"to_day": date(2036, 3, 7), "starts": "04:59", "ends": "12:00"}, "no_rest"),
    ],
)
def test_a_change_is_held_against_the_other_shifts(ctx, said, code):
    put(ctx, "ann", MONDAY)
    put(ctx, "ann", date(2036, 3, 6), "10:00", "18:00")
    assert change(ctx, **said)[0]["hindrance"] == code


ASKED = """
    start begin
    service look service=records.check_swap input='person:initiator;day:day;colleague:"bob"' output='hindrance:hindrance'
    xor possible
    user change name="Change it" assignee=initiator
    user approve name="Approve" approval="" asks='person:"bob"'
    end over
    begin -> look -> possible
    possible -> change [hindrance != null]
    possible -> approve *
    change -> look
    approve -> over
"""  # noqa: E501


@pytest.mark.parametrize(
    ("day", "steps", "unknown"), [(MONDAY, ["approve"], None), (WEDNESDAY, ["change"], "Change it")]
)
def test_a_preview_asks_whether_shifts_can_be_swapped(ctx, two, day, steps, unknown):
    deploy(ctx, files={"p.bpmn": sketch(ASKED)})
    with ctx.read():
        found = preview_start(ctx, process_key="p", variables={"day": day.isoformat()}, initiator="ann")
    assert ([one.element_id for one in found.steps], found.unknown) == (steps, unknown)
