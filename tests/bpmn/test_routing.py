"""The routing table sends every report somewhere, by when, and never to nobody."""

import json
import re
from pathlib import Path

import pytest

from engine import decision

FOLDER = Path(__file__).parents[2] / "bpmn" / "ticket_routing"
MODEL = decision.parse((FOLDER / "routing.dmn").read_bytes())
DEPARTMENTS = {"water", "roads", "parks", "sanitation", "housing", "transport"}


def route(category=None, urgency=None, department=None):
    context = {"category": category, "urgency": urgency, "department": department}
    return MODEL.evaluate("routing", context).value


def offered(form, key):
    components = json.loads((FOLDER / "forms" / f"{form}.form").read_text(encoding="utf-8"))["components"]
    field = next(component for component in components if component.get("key") == key)
    return [value["value"] for value in field["values"]]


@pytest.mark.parametrize(
    ("category", "urgency", "department", "said", "limit"),
    [
        ("water", None, "water", "urgent", "PT4H"),
        ("water", "normal", "water", "normal", "P1D"),
        ("drainage", "urgent", "water", "urgent", "PT4H"),
        ("roads", None, "roads", "normal", "P3D"),
        ("roads", "urgent", "roads", "urgent", "PT4H"),
        ("street_lights", None, "roads", "normal", "P3D"),
        ("trees", "urgent", "parks", "urgent", "PT4H"),
        ("parks", "urgent", "parks", "normal", "P5D"),
        ("waste", None, "sanitation", "normal", "P2D"),
        ("pests", None, "sanitation", "normal", "P3D"),
        ("lifts", None, "housing", "urgent", "PT2H"),
        ("housing", None, "housing", "normal", "P5D"),
        ("transport", "urgent", "transport", "urgent", "PT8H"),
        ("parking", None, "transport", "normal", "PT8H"),
    ],
)
def test_category_and_urgency_decide_department_and_time(category, urgency, department, said, limit):
    routed = route(category, urgency)
    assert (routed["department"], routed["urgency"], routed["limit"]) == (department, said, limit)
    assert routed["handlers"] == f"{department}_handlers"


@pytest.mark.parametrize("form", ["report", "report_staff", "dispatch"])
def test_every_category_of_a_form_but_the_last_has_a_department(form):
    *known, other = offered(form, "category")
    assert other == "other"
    assert {route(category)["department"] for category in known} == DEPARTMENTS


@pytest.mark.parametrize("category", [None, "other", "spaceships"])
@pytest.mark.parametrize("urgency", [None, "normal", "urgent"])
def test_an_unknown_category_has_no_department(category, urgency):
    routed = route(category, urgency)
    assert (routed["department"], routed["handlers"]) == (None, None)
    assert routed["urgency"] == (urgency or "normal")


@pytest.mark.parametrize("category", [None, "water", "other"])
def test_a_dispatcher_comes_before_the_table(category):
    for department in offered("dispatch", "department"):
        routed = route(category, "urgent", department)
        assert (routed["department"], routed["handlers"]) == (department, f"{department}_handlers")
        assert (routed["limit"], route(category, None, department)["limit"]) == ("PT4H", "P3D")


def test_urgent_things_go_first_and_sooner():
    for category in offered("report_staff", "category")[:-1]:
        urgent, normal = route(category, "urgent"), route(category, "normal")
        assert urgent["priority"] >= normal["priority"], category
        assert 0 <= normal["priority"] <= 100
        assert re.fullmatch(r"P(\d+D|T\d+H)", urgent["limit"])
