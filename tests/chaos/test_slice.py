"""A slice of the chaos tests for every run of the tests; ``make chaos`` runs them at their full size."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from tests.chaos.report import Report, Skipped

SEED = 20_261_122


def held(name: str, *, count: int, fewest_kills: int = 0, **options: Any) -> None:
    """Run a test with so many of what it counts; every bar must hold, and there must be so many kills."""
    report = Report(name=name, seed=SEED, fewest_kills=fewest_kills)
    try:
        import_module(f"tests.chaos.{name.lower()}").run(report, count, **options)
    except Skipped as reason:
        pytest.skip(str(reason))
    assert report.end(), report.missed


def test_everything_is_done_once_while_workers_are_killed() -> None:
    # Fewer kills than a full run must have: each costs a start, and the last leases must run out.
    # As many as two workers cannot finish before the first of them may be killed.
    held("A1", count=400, fewest_kills=1, most_kills=4)


def test_one_of_many_who_finish_a_task_at_once_does() -> None:
    held("A4", count=9)


def test_a_call_that_comes_many_times_at_once_has_one_effect_and_one_answer() -> None:
    held("A5", count=4)


def test_receipts_in_any_order_end_as_those_in_order() -> None:
    held("A8", count=500)


def test_runs_that_this_and_earlier_releases_saved_go_on_as_they_did() -> None:
    held("A10", count=12)


def test_hostile_expressions_in_conditions_reach_nothing_and_hold_nobody_up() -> None:
    # Patient with a busy machine: ``make chaos`` holds each to three seconds.
    held("B1", count=8, places=("condition",), patience=10.0, alone_s=10.0)


def test_a_run_that_held_nothing_against_a_bar_is_void() -> None:
    report = Report(name="A0", seed=SEED)
    assert not report.end()
    assert report.verdict == "void"
