import re
from pathlib import Path

import pytest

import plugins.tickets
from engine.i18n import read_catalogue
from engine.plugin import Registry
from engine.plugin.manifest import read_manifest
from engine.plugin.registry import WORKER_ROOMS, Plugin, load_rooms
from plugins.tickets import rules

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


def test_the_manifest_lists_what_the_code_offers(registry):
    offered = {name.removeprefix("tickets.") for name in registry.service_tasks}
    assert offered == set(registry.plugins["tickets"].manifest.service_tasks)


def test_every_service_task_is_part_of_its_step(registry):
    assert {task.mode for task in registry.service_tasks.values()} == {"inline"}


def test_the_readme_tells_what_each_service_task_takes_and_gives(registry):
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, task in registry.service_tasks.items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}` |"))
        _, _, takes, gives, _ = row.split("|")
        for said, meant in ((takes, task.inputs), (gives, task.outputs)):
            named = [word.strip() for word in re.sub(r"\(.*?\)", "", said).split(",")]
            assert [word for word in named if word] == [parameter.name for parameter in meant], name


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_a_chinese_designer_reads_everything_in_chinese(registry, locale):
    said = read_catalogue((FOLDER / "locale" / locale / "LC_MESSAGES" / "messages.po").read_bytes())
    manifest = registry.plugins["tickets"].manifest
    texts = {manifest.title, manifest.summary, *manifest.permissions.values(), *rules.STATES.values()}
    for task in registry.service_tasks.values():
        texts |= {task.title, task.help}
        for parameter in (*task.inputs, *task.outputs):
            texts |= {parameter.label, parameter.help} - {""}
    assert sorted(texts - said.keys()) == []


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
