"""How tasks and processes stand in time, as programs read it."""

import pytest

from engine.testing.sketch import sketch

DRAWN = """
    start begin
    user check assignee='"boss"' due='{due}' {more}
    end over
    begin -> check -> over
"""
MANIFEST = b"""
key = "p"
title = "P"
[deadlines.answer]
title = "Answer the reporter"
within = "PT8H"
"""


@pytest.mark.parametrize(
    ("due", "more", "clock"),
    [
        ('duration("P1D")', "", "on_time"),
        ('duration("PT1H")', "warn=PT2H", "warning"),
        ('now() - duration("PT1H")', "", "overdue"),
        ("null", "", None),
    ],
)
def test_a_task_says_how_it_stands_in_time(boss, deploy, due, more, clock):
    deploy({"p.bpmn": sketch(DRAWN.format(due=due, more=more))})
    boss.post("/process-definitions/p/start", {}, status=201)
    (task,) = boss.get("/tasks", mine="me")["result"]
    assert task["clock"] == clock
    assert boss.get(f"/tasks/{task['id']}")["clock"] == clock


def test_an_instance_lists_its_deadlines_to_whoever_may_see_it(boss, deploy, caller):
    deploy({"p.bpmn": sketch(DRAWN.format(due="null", more="")), "process.toml": MANIFEST})
    begun = boss.post("/process-definitions/p/start", {}, status=201)
    (deadline,) = boss.get(f"/process-instances/{begun['id']}/deadlines")["result"]
    assert (deadline["name"], deadline["title"]) == ("answer", "Answer the reporter")
    assert (deadline["clock"], deadline["still_since"]) == ("on_time", None)
    boss.post(f"/process-instances/{begun['id']}/suspend", {})
    (held,) = boss.get(f"/process-instances/{begun['id']}/deadlines")["result"]
    assert (held["due_at"], held["still_since"] is None) == (None, False)
    caller("eve", "handler").get(f"/process-instances/{begun['id']}/deadlines", 404)
