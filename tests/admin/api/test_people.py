"""People, units and groups are read."""

from __future__ import annotations

from pathlib import Path

import pytest

import bpmn
from engine.definition import deploy, read_folder
from engine.people import close_person, join_group, join_unit, put_group, put_person, put_unit

BPMN = Path(next(iter(bpmn.__path__)))


@pytest.fixture
def city(ctx):
    with ctx.write():
        put_person(ctx, key="wong", name="Wong", phone="+85251230001", email="wong@example.org")
        put_person(ctx, key="chan", name="Chan", phone="+85251230002")
        put_person(ctx, key="lee", name="Lee")
        put_unit(ctx, key="city", name="City")
        put_unit(ctx, key="water", name="Water Department", parent_key="city", head_key="wong")
        join_unit(ctx, unit_key="water", person_key="wong")
        join_unit(ctx, unit_key="water", person_key="chan")
        put_group(ctx, key="water_handlers", name="Water handlers")
        join_group(ctx, group_key="water_handlers", person_key="chan")
        close_person(ctx, key="lee")


def test_people_are_listed_with_where_they_stand(city, caller):
    mei = caller("mei", "handler")
    rows = {row["key"]: row for row in mei.get("/people")["result"]}
    assert {"chan", "wong", "mei"} <= set(rows)
    assert "lee" not in rows
    assert (rows["chan"]["units"], rows["chan"]["groups"]) == (["water"], ["water_handlers"])
    assert [row["key"] for row in mei.get("/people", unit="water", sort="-name")["result"]] == [
        "wong",
        "chan",
    ]
    assert [row["key"] for row in mei.get("/people", group="water_handlers")["result"]] == ["chan"]
    assert [row["key"] for row in mei.get("/people", search="wo")["result"]] == ["wong"]


def test_how_people_are_reached_is_masked_for_those_without_the_right(city, caller):
    handler = caller("mei", "handler", phone="+85251230009")
    row = handler.get("/people/wong")
    assert (row["phone"], row["email"]) == ("+*********01", "***@***")
    assert handler.get("/people/me")["phone"] == "+85251230009"
    for one in (caller("hal", "hr"), caller("ann", "agent")):
        assert one.get("/people/wong")["phone"] == "+85251230001"


def test_nobody_is_found_by_a_number_they_may_not_see(city, caller):
    assert caller("mei", "handler").get("/people", search="51230001")["count"] == 0


def test_those_who_left_are_seen_by_who_manages_people(city, caller):
    hr, handler = caller("hal", "hr"), caller("mei", "handler")
    assert [row["key"] for row in hr.get("/people", closed="true")["result"]] == ["lee"]
    assert hr.get("/people/lee")["closed_at"].endswith("Z")
    handler.get("/people/lee", 404)
    assert "lee" not in [row["key"] for row in handler.get("/people", closed="true")["result"]]


def test_units_are_listed_as_they_stand_in_the_tree(city, caller):
    mei = caller("mei", "handler")
    rows = mei.get("/units")["result"]
    assert [(row["key"], row["depth"], row["member_count"]) for row in rows] == [
        ("city", 0, 0),
        ("water", 1, 2),
    ]
    water = mei.get("/units/water")
    assert (water["parent_key"], water["head_key"]) == ("city", "wong")
    assert water["members"] == [{"key": "chan", "name": "Chan"}, {"key": "wong", "name": "Wong"}]
    mei.get("/units/nothing", 404)


def test_groups_are_listed_with_their_members(city, caller):
    mei = caller("mei", "handler")
    (row,) = mei.get("/groups")["result"]
    assert row == {"key": "water_handlers", "name": "Water handlers", "member_count": 1}
    assert mei.get("/groups/water_handlers")["members"] == [{"key": "chan", "name": "Chan"}]
    mei.get("/groups/nothing", 404)
    mei.get("/people/nothing", 404)


def test_a_group_that_a_process_brought_is_named_in_the_callers_language(ctx, caller):
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")
    wong = caller("wong", "handler", locale="zh_Hant")
    assert wong.get("/groups/water_handlers")["name"] == "水務經辦人"
    assert "水務經辦人" in [row["name"] for row in wong.get("/groups")["result"]]
