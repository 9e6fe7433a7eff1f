from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import people
from engine.errors import Conflict, InvalidSubmission, NotFound
from engine.history import AuditEntry
from engine.people import Group, GroupMember, Person, PersonSkill, UnitMember


def keys(found):
    return [person.key for person in found]


@pytest.fixture
def house(ctx):
    """A small organisation: the director over water and roads, a crew below water."""
    for key in ("director", "wu", "chan", "lee", "roads_boss", "temp"):
        people.create_person(ctx, key=key, name=key.title())
    people.put_unit(ctx, key="city", name="City", head_key="director")
    people.put_unit(ctx, key="water", name="Water", parent_key="city", head_key="wu", position=1)
    people.put_unit(ctx, key="crew", name="Crew", parent_key="water")
    people.put_unit(ctx, key="roads", name="Roads", parent_key="city", head_key="roads_boss", position=2)
    for person, unit in (("director", "city"), ("wu", "water"), ("chan", "crew"), ("lee", "crew")):
        people.join_unit(ctx, unit_key=unit, person_key=person)
    people.join_unit(ctx, unit_key="roads", person_key="roads_boss")
    return ctx


def test_a_number_is_kept_as_e164_whichever_way_it_is_written(ctx):
    for written in ("5123 4567", "+852 5123-4567", "(852)51234567", "51234567"):
        person = people.put_person(ctx, key="mei", name="Mei", phone=written)
        assert person.phone == "+85251234567"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"phone": "12"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"email": "mei@home"}, "email"),
        ({"locale": "fr"}, "locale"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"preferred_channel": "pigeon"}, "preferred_channel"),
        ({"name": " "}, "name"),
        ({"key": "Mei"}, "key"),
        ({"key": "m"}, "key"),
        ({"key": "mei chan"}, "key"),
        ({"key": "陳美"}, "key"),
        ({"key": "m" * 65}, "key"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(ctx, given, path):
    with pytest.raises(InvalidSubmission) as refused:
        people.put_person(ctx, **{"key": "mei", "name": "Mei", **given})
    assert [problem.path for problem in refused.value.problems] == [path]
    assert people.find_person(ctx, "mei") is None


def test_what_is_not_said_stays_as_it_is(ctx):
    people.create_person(ctx, key="mei", name="Mei", phone="51234567", locale="zh_Hant")
    person = people.put_person(ctx, key="mei", name="Mei Chan", email="mei@example.org")
    assert (person.phone, person.locale, person.name) == ("+85251234567", "zh_Hant", "Mei Chan")


def test_a_new_number_is_free_of_the_old_ones_trouble(ctx):
    with ctx.write():
        people.create_person(ctx, key="mei", name="Mei", phone="51234567").phone_trouble = "opted out"
    assert people.put_person(ctx, key="mei", name="Mei", phone="51234567").phone_trouble == "opted out"
    assert people.put_person(ctx, key="mei", name="Mei", phone="51234568").phone_trouble is None


def test_a_key_is_never_given_twice(ctx):
    people.create_person(ctx, key="mei", name="Mei")
    people.close_person(ctx, key="mei")
    with pytest.raises(Conflict):
        people.create_person(ctx, key="mei", name="Another Mei")
    with pytest.raises(Conflict, match="has left"):
        people.put_person(ctx, key="mei", name="Another Mei")
    assert people.reopen_person(ctx, key="mei").closed_at is None


def test_several_people_may_share_a_number(ctx):
    for key in ("mei", "lee", "gone"):
        people.create_person(ctx, key=key, name=key.title(), phone="51234567")
    people.close_person(ctx, key="gone")
    assert keys(people.person_by_phone(ctx, "+85251234567")) == ["lee", "mei"]
    assert people.person_by_phone(ctx, "+85251234568") == []


def test_who_leaves_ends_everywhere_and_keeps_their_history(house, clock):
    ctx = house
    people.put_group(ctx, key="dispatch", name="Dispatch")
    people.join_group(ctx, group_key="dispatch", person_key="chan")
    clock.advance(timedelta(days=1))
    people.close_person(ctx, key="chan")
    assert people.groups_of(ctx, "chan") == []
    assert people.units_of(ctx, "chan") == []
    with ctx.read():
        row = ctx.session.scalars(select(GroupMember)).one()
        assert (row.valid_to - row.valid_from) == timedelta(days=1)
        assert ctx.session.get(Person, "chan").closed_at == clock.now()


def test_a_group_holds_who_joined_and_lost_who_left(ctx, clock):
    people.put_group(ctx, key="dispatch", name="Dispatch")
    for key in ("mei", "lee"):
        people.create_person(ctx, key=key, name=key.title())
        people.set_groups(ctx, person_key=key, group_keys=["dispatch"])
        people.set_groups(ctx, person_key=key, group_keys=["dispatch"])
    assert keys(people.members_of(ctx, "dispatch")) == ["lee", "mei"]
    clock.advance(timedelta(hours=1))
    people.set_groups(ctx, person_key="lee", group_keys=[])
    assert keys(people.members_of(ctx, "dispatch")) == ["mei"]
    clock.advance(timedelta(hours=1))
    people.join_group(ctx, group_key="dispatch", person_key="lee")
    with ctx.read():
        rows = ctx.session.scalars(select(GroupMember).where(GroupMember.person_key == "lee")).all()
    assert len(rows) == 2
    assert [(group.key, count) for group, count in people.group_counts(ctx)] == [("dispatch", 2)]


def test_a_group_that_ended_has_nobody_and_may_hold_again(ctx):
    people.put_group(ctx, key="dispatch", name="Dispatch")
    people.create_person(ctx, key="mei", name="Mei")
    people.join_group(ctx, group_key="dispatch", person_key="mei")
    people.close_group(ctx, key="dispatch")
    assert people.members_of(ctx, "dispatch") == []
    assert people.groups_of(ctx, "mei") == []
    with pytest.raises(NotFound):
        people.join_group(ctx, group_key="dispatch", person_key="mei")
    people.put_group(ctx, key="dispatch", name="Dispatch")
    assert people.members_of(ctx, "dispatch") == []


def test_nobody_joins_what_is_not_there(ctx):
    people.create_person(ctx, key="mei", name="Mei")
    people.put_group(ctx, key="dispatch", name="Dispatch")
    with pytest.raises(NotFound, match="no group"):
        people.join_group(ctx, group_key="nowhere", person_key="mei")
    with pytest.raises(NotFound, match="no person"):
        people.join_group(ctx, group_key="dispatch", person_key="nobody")


def test_the_tree_lists_each_unit_before_those_below_it(house):
    nodes = [(node.unit.key, node.depth, node.member_count) for node in people.unit_tree(house)]
    assert nodes == [("city", 0, 1), ("water", 1, 1), ("crew", 2, 2), ("roads", 1, 1)]


def test_moving_to_another_main_unit_ends_the_work_in_the_old_one(house, clock):
    clock.advance(timedelta(days=1))
    people.join_unit(house, unit_key="roads", person_key="chan")
    assert people.units_of(house, "chan") == ["roads"]
    with house.read():
        rows = house.session.scalars(
            select(UnitMember).where(UnitMember.person_key == "chan").order_by(UnitMember.valid_from)
        ).all()
    assert [(row.unit_key, row.valid_to is None) for row in rows] == [("crew", False), ("roads", True)]
    assert rows[0].valid_to == rows[1].valid_from


def test_helping_in_another_unit_keeps_the_main_one(house):
    people.join_unit(house, unit_key="roads", person_key="chan", main=False)
    assert people.units_of(house, "chan") == ["crew", "roads"]
    people.leave_unit(house, unit_key="roads", person_key="chan")
    assert people.units_of(house, "chan") == ["crew"]


def test_a_unit_cannot_stand_below_itself(house):
    for parent in ("water", "crew"):
        with pytest.raises(Conflict, match="below"):
            people.move_unit(house, key="water", parent_key=parent)
    people.move_unit(house, key="crew", parent_key="roads")
    assert people.manager_of(house, "chan").key == "roads_boss"


def test_a_unit_with_people_or_units_does_not_end(house):
    with pytest.raises(Conflict, match="Crew stands below"):
        people.close_unit(house, key="water")
    with pytest.raises(Conflict, match="People work in it"):
        people.close_unit(house, key="crew")
    people.join_unit(house, unit_key="water", person_key="chan")
    people.join_unit(house, unit_key="water", person_key="lee")
    people.close_unit(house, key="crew")
    assert "crew" not in [node.unit.key for node in people.unit_tree(house)]


def test_a_manager_is_the_next_head_above_who_is_somebody_else(house):
    assert people.manager_of(house, "chan").key == "wu"
    assert people.manager_of(house, "chan", 2).key == "director"
    assert people.manager_of(house, "chan", 3) is None
    assert people.manager_of(house, "wu").key == "director"
    assert people.manager_of(house, "director") is None
    assert people.manager_of(house, "temp") is None
    with pytest.raises(NotFound):
        people.manager_of(house, "nobody")


def test_a_head_who_left_leads_nobody(house):
    people.close_person(house, key="wu")
    assert people.head_of(house, "water") is None
    assert people.manager_of(house, "chan").key == "director"


def test_who_leads_two_units_in_a_row_counts_once(house):
    people.set_head(house, key="crew", head_key="wu")
    assert people.manager_of(house, "chan", 2).key == "director"


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("person:chan", ["chan"]),
        ("unit:water", ["chan", "lee", "wu"]),
        ("unit:crew", ["chan", "lee"]),
        ("head:water", ["wu"]),
        ("head:crew", []),
        ("manager:chan", ["wu"]),
    ],
)
def test_a_word_of_a_drawing_means_people(house, spec, meant):
    assert keys(people.people_of(house, spec)) == meant


@pytest.mark.parametrize("spec", ["group:nowhere", "unit:nowhere", "person:nobody", "post:none"])
def test_a_word_that_names_nothing_is_said_to_be_missing(house, spec):
    with pytest.raises(NotFound):
        people.people_of(house, spec)


@pytest.mark.parametrize("spec", ["wu", "crowd:x", "group:", ""])
def test_a_word_of_no_kind_is_refused(house, spec):
    with pytest.raises(InvalidSubmission):
        people.people_of(house, spec)


def test_a_post_passes_from_hand_to_hand(house, clock):
    people.put_post(house, key="duty_officer", name="Duty officer", unit_key="water")
    people.set_post_holders(house, key="duty_officer", person_keys=["chan"])
    clock.advance(timedelta(days=1))
    people.set_post_holders(house, key="duty_officer", person_keys=["lee"])
    assert keys(people.holders_of(house, "duty_officer")) == ["lee"]
    assert keys(people.people_of(house, "post:duty_officer")) == ["lee"]
    people.close_post(house, key="duty_officer")
    assert people.holders_of(house, "duty_officer") == []


def test_a_new_grade_ends_the_old_one(house, clock):
    people.put_skill(house, key="valves", name="Valves")
    people.grade_skill(house, person_key="chan", skill_key="valves", level=2)
    people.grade_skill(house, person_key="lee", skill_key="valves", level=3)
    clock.advance(timedelta(days=30))
    people.grade_skill(house, person_key="chan", skill_key="valves", level=5)
    graded = people.people_with_skill(house, "valves", least=3)
    assert [(person.key, level) for person, level in graded] == [("chan", 5), ("lee", 3)]
    people.grade_skill(house, person_key="chan", skill_key="valves", level=None)
    assert keys(person for person, _ in people.people_with_skill(house, "valves")) == ["lee"]
    with house.read():
        assert len(house.session.scalars(select(PersonSkill)).all()) == 3
    with pytest.raises(InvalidSubmission):
        people.grade_skill(house, person_key="chan", skill_key="valves", level=6)


def test_every_change_is_written_down_and_doing_nothing_is_not(ctx):
    def actions():
        with ctx.read():
            return [row.action for row in ctx.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]

    people.put_person(ctx, key="mei", name="Mei")
    people.put_group(ctx, key="dispatch", name="Dispatch")
    people.put_unit(ctx, key="water", name="Water")
    people.join_unit(ctx, unit_key="water", person_key="mei")
    before = actions()
    assert {"person.put", "group.put", "unit.put", "unit.join"} <= set(before)
    people.put_person(ctx, key="mei", name="Mei")
    people.put_group(ctx, key="dispatch", name="Dispatch")
    people.join_unit(ctx, unit_key="water", person_key="mei")
    people.leave_group(ctx, group_key="dispatch", person_key="mei")
    assert actions() == before


def test_expressions_of_a_drawing_ask_about_people(house):
    from engine import feel

    functions = people.feel_functions(house)
    people.put_group(house, key="dispatch", name="Dispatch")
    people.join_group(house, group_key="dispatch", person_key="lee")

    def said(text):
        return feel.evaluate(text, {}, functions=functions).value

    with house.read():
        assert said('manager of("chan")') == "wu"
        assert said('manager of("chan", 2)') == "director"
        assert said('manager of("director")') is None
        assert said('head of("roads")') == "roads_boss"
        assert said('people of("group:dispatch")') == ["lee"]
        assert said('person("chan").name') == "Chan"
        assert said('person("nobody")') is None
        assert said('list contains(groups of("lee"), "dispatch")') is True
        for odd in ("people of", "[1]", "null", "12", '"a\\u0000b"', '@"P1D"', "{a: 1}"):
            assert said(f"people of({odd})") is None
            assert said(f"person({odd})") is None


def test_the_verbs_of_one_transaction_stand_or_fall_together(ctx):
    def several():
        with ctx.write():
            people.put_group(ctx, key="dispatch", name="Dispatch")
            people.put_person(ctx, key="mei", name="Mei", phone="no number")

    with pytest.raises(InvalidSubmission):
        several()
    with ctx.read():
        assert ctx.session.get(Group, "dispatch") is None
