from pathlib import Path

import pytest

import plugins.tickets
from engine.plugin import Registry
from engine.plugin.manifest import read_manifest
from engine.plugin.registry import WORKER_ROOMS, Plugin, load_rooms

FOLDER = Path(plugins.tickets.__file__).parent


@pytest.fixture(scope="module")
def registry():
    manifest = read_manifest(FOLDER / "plugin.toml")
    registry = Registry()
    registry.add_plugin(
        Plugin(
            manifest=manifest,
            package="plugins.tickets",
            rooms=load_rooms("plugins.tickets", manifest, WORKER_ROOMS),
        )
    )
    return registry


def test_what_a_drawing_hands_in_arrives_in_the_ticket(registry, ctx):
    tasks = registry.service_tasks
    with ctx.write():
        opened = tasks["tickets.open"].function(
            ctx, number="T-1", description="Pipe burst. Hurry!", channel=None, category="water"
        )
        assigned = tasks["tickets.assign"].function(
            ctx, number="T-1", unit_key="water", due_at=ctx.now, urgency="urgent", summary=opened["summary"]
        )
    assert opened["summary"] == "Pipe burst"
    assert set(opened) == {output.name for output in tasks["tickets.open"].outputs}
    assert set(assigned) == {output.name for output in tasks["tickets.assign"].outputs}
    assert (assigned["unit_key"], assigned["urgency"]) == ("water", "urgent")
