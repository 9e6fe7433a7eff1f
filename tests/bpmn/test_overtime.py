"""Who decides on overtime: the rows of the table, on either side of each limit."""

from pathlib import Path

import pytest

from engine import decision

MODEL = decision.parse((Path(__file__).parents[2] / "bpmn" / "overtime" / "chain.dmn").read_bytes())
PLAIN = {
    "day_kind": "workday",
    "compensation": "pay",
    "hours": 2,
    "month_hours": 10,
    "over_month": 0,
    "over_day": 0,
}


@pytest.mark.parametrize(
    ("said", "answer", "levels", "officers"),
    [
        ({}, "go", 1, False),
        ({"hours": 3, "month_hours": 24}, "go", 1, False),
        ({"day_kind": "rest_day", "hours": 4}, "go", 2, False),
        ({"month_hours": 25}, "go", 2, False),
        ({"day_kind": "holiday"}, "go", 2, False),
        ({"day_kind": "rest_day", "compensation": "time_off"}, "go", 1, False),
        ({"day_kind": "holiday", "compensation": "time_off"}, "paid_only", 0, False),
        ({"over_day": 1}, "go", 2, True),
        ({"month_hours": 48, "over_month": 12}, "go", 2, True),
        ({"month_hours": 49, "over_month": 13}, "refused", 0, False),
        ({"day_kind": "holiday", "over_month": 1}, "go", 2, True),
    ],
)
def test_hours_day_and_month_say_who_decides(said, answer, levels, officers):
    found = MODEL.evaluate("chain", {**PLAIN, **said}).value
    assert (found["answer"], found["levels"], found["officers"]) == (answer, levels, officers)
