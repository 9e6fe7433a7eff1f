"""Models that would never end are refused or stopped with the limit named; everything else goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.clock import DatabaseClock
from engine.definition import deploy
from engine.errors import DefinitionError
from engine.jobs import list_incidents, run_due
from engine.runtime import instances, list_instances, start_process
from engine.testing import make_centre, system
from engine.testing.sketch import sketch
from tests.chaos.b4 import BOMBS, is_held, set_off

# What takes seconds on a machine of its own is left to ``make chaos``.
SLOW = {
    "1,000 rounds of 1,000 rounds",
    "1,000 rounds of 1,000 rounds, one after another",
    "1,000 scripts that never end",
    "a signal that starts two of its throwers",
    "5,000 tasks in a row",
    "link that jumps back",
    "loop of an error that is caught",
    "loop of scripts",
    "loop over a sub-process",
    "loop that doubles its data",
    "loop that lengthens a list",
    "loop that makes ever more tokens",
    "loop that opens ever more tasks",
}

# Patient with a busy machine: ``make chaos ARGS=B4`` holds them to six seconds.
PATIENCE_S = 60.0


@pytest.mark.parametrize(
    "name", [name for name, bomb in BOMBS.items() if not bomb.waits and name not in SLOW]
)
def test_a_bomb_does_no_harm(name: str, tmp_path: Path) -> None:
    centre = make_centre(tmp_path, clock=DatabaseClock())
    try:
        outcome = set_off(centre, BOMBS[name], within_s=PATIENCE_S)
    finally:
        centre.database.dispose()
    assert is_held(BOMBS[name], outcome), outcome


def test_a_call_that_leads_back_is_refused_at_each_element_on_its_way(centre: Any, put: Any) -> None:
    def calling(key: str, called: str) -> bytes:
        return sketch(f"start begin\ncall c calls={called}\nbegin -> c", key=key)

    with pytest.raises(DefinitionError) as refused:
        put(a=calling("a", "b"), b=calling("b", "c"), c=calling("c", "b"))
    assert [problem.path for problem in refused.value.problems] == ["b.bpmn#c", "c.bpmn#c"]
    put(a=calling("a", "b"), b=calling("b", "elsewhere"))


def test_processes_of_several_deployments_that_call_each_other_stop_at_a_depth(centre: Any) -> None:
    ctx = system(centre)
    for key, called in (("a", "b"), ("b", "a")):
        drawn = sketch(f"start begin\ncall c calls={called}\nbegin -> c", key=key)
        deploy(ctx, files={f"{key}.bpmn": drawn})
    start_process(ctx, process_key="a")
    run_due(ctx)
    with ctx.read():
        (incident,) = list_incidents(ctx)[1]
        assert list_instances(ctx)[0] == instances.MAXIMUM_DEPTH + 1
    assert incident["code"] == "budget_exceeded"
    assert incident["params"]["limit"] == str(instances.MAXIMUM_DEPTH)


def test_only_so_many_called_processes_are_open_below_one(
    centre: Any, put: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instances, "MAXIMUM_CALLED", 4)
    put(
        a=sketch("start begin\ncall c calls=b parallel=6\nbegin -> c", key="a"),
        b=sketch("start begin\nuser u\nbegin -> u", key="b"),
    )
    ctx = system(centre)
    start_process(ctx, process_key="a")
    run_due(ctx)
    with ctx.read():
        assert list_instances(ctx)[0] == 5
        assert {one["params"]["limit"] for one in list_incidents(ctx)[1]} == {"4"}


def test_a_signal_that_begins_its_own_thrower_stops_but_not_where_the_thrower_waits(
    centre: Any, put: Any
) -> None:
    ctx = system(centre)
    put(
        sketch(
            "start begin\nstart woken signal=s\nend over signal=s\nbegin -> over\nwoken -> over", key="storm"
        )
    )
    start_process(ctx, process_key="storm")
    run_due(ctx)
    with ctx.read():
        assert list_instances(ctx)[0] == instances.MAXIMUM_CASCADE + 1
        (incident,) = list_incidents(ctx)[1]
    assert incident["params"]["limit"] == str(instances.MAXIMUM_CASCADE)
    put(
        sketch(
            "start begin\nstart woken signal=w\ncatch wait timer=PT1H\nend over signal=w\n"
            "begin -> wait\nwoken -> wait\nwait -> over",
            key="calm",
        )
    )
    start_process(ctx, process_key="calm")
    for _hour in range(2 * instances.MAXIMUM_CASCADE):
        centre.clock.advance(timedelta(hours=1))
        run_due(ctx)
    with ctx.read():
        assert len(list_incidents(ctx)[1]) == 1
