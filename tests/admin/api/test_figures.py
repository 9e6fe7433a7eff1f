"""Figures about a process over the interface: who may read them, of which days."""

from __future__ import annotations

import pytest

from engine.testing.sketch import sketch

DRAWN = """
    start begin
    user look name="Look at it" due='duration("PT2H")' assignee='"boss"' outcomes=yes,no
    end over
    begin -> look -> over
"""
MANIFEST = b"""
key = "p"
title = "Request"
supervisors = ["person:mei"]
[[start]]
event = "begin"
who = ["person:wong"]
"""
ZERO = {"median_s": None, "p90_s": None, "mean_s": None}


@pytest.fixture
def ran(boss, deploy):
    """Three instances: one decided, one waiting, one cancelled."""
    deploy({"p.bpmn": sketch(DRAWN), "process.toml": MANIFEST})
    first, _second, third = (boss.post("/process-definitions/p/start", {}, 201)["id"] for _ in range(3))
    [task] = boss.get("/tasks", instance_id=first, assignee="boss")["result"]
    boss.post(f"/tasks/{task['id']}/complete", {"outcome": "yes"})
    boss.post(f"/process-instances/{third}/cancel", {"reason": "not needed"})
    return "/process-definitions/p/figures"


def test_a_process_tells_its_figures_step_by_step(boss, ran):
    told = boss.get(ran)
    assert told["process_key"] == "p"
    assert told["version"] is None
    counts = ("started_count", "completed_count", "cancelled_count", "failed_count", "running_count")
    assert [told[name] for name in counts] == [3, 1, 1, 0, 1]
    assert told["smooth_rate"] == 1
    [step] = told["steps"]
    assert (step["element_id"], step["name"], step["by_people"]) == ("look", "Look at it", True)
    assert (step["visit_count"], step["ended_count"], step["waiting_count"]) == (3, 1, 1)
    assert (step["in_time_rate"], step["share_rate"]) == (1, 1)
    assert step["outcomes"] == [{"name": "yes", "label": "yes", "count": 1}]
    assert step["waiting_since"].endswith("Z")


def test_a_span_in_which_nothing_happened_has_nulls_and_no_nonsense(boss, ran):
    told = boss.get(ran, first_on="2020-01-01", last_on="2020-01-31", version=1)
    assert (told["first_on"], told["last_on"], told["version"]) == ("2020-01-01", "2020-01-31", 1)
    assert (told["started_count"], told["took"], told["smooth_rate"]) == (0, ZERO, None)


def test_who_sees_everything_and_who_supervises_reads_them_and_nobody_else(caller, ran):
    assert caller("des", "designer").get(ran)["started_count"] == 3
    assert caller("mei", "agent").get(ran)["started_count"] == 3
    # Who may start it gets no figures either.
    caller("wong", "agent").get(ran, 404)
    stranger = caller("eve", "agent")
    stranger.get(ran, 404)
    stranger.get("/process-definitions/nothing/figures", 404)
    assert stranger.client.get(f"/api/v1{ran}").status_code == 401


def test_an_unknown_process_or_version_is_not_there(boss, ran):
    boss.get("/process-definitions/nothing/figures", 404)
    boss.get(ran, 404, version=2)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"first_on": "2026-03-02", "last_on": "2026-03-01"}, "last_on"),
        ({"first_on": "2024-01-01", "last_on": "2025-01-01"}, "first_on"),
        ({"first_on": "2 March"}, "first_on"),
        ({"version": "0"}, "version"),
        ({"until": "2026-03-02"}, "until"),
    ],
)
def test_a_span_that_cannot_be_is_refused_by_its_name(boss, ran, asked, path):
    error = boss.get(ran, 400, **asked)["error"]
    assert [one["path"] for one in error["details"]] == [path]
    assert error["details"][0]["message"]
