from pathlib import Path

import pytest

import plugins.records
from engine.i18n import read_catalogue
from engine.plugin import Registry
from engine.plugin.manifest import read_manifest
from engine.plugin.registry import WORKER_ROOMS, Plugin, load_rooms
from plugins.records import rules

FOLDER = Path(plugins.records.__file__).parent


@pytest.fixture(scope="module")
def registry():
    manifest = read_manifest(FOLDER / "plugin.toml")
    registry = Registry()
    rooms = load_rooms("plugins.records", manifest, WORKER_ROOMS)
    registry.add_plugin(Plugin(manifest=manifest, package="plugins.records", rooms=rooms))
    return registry


def test_every_service_task_is_part_of_its_step(registry):
    offered = {name.removeprefix("records.") for name in registry.service_tasks}
    assert offered == set(registry.plugins["records"].manifest.service_tasks)
    assert {task.mode for task in registry.service_tasks.values()} == {"inline"}


def test_the_readme_tells_what_each_service_task_takes_and_gives(registry):
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, task in registry.service_tasks.items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}` |"))
        _, _, takes, gives, _ = row.split("|")
        for said, meant in ((takes, task.inputs), (gives, task.outputs)):
            named = [word.strip() for word in said.split(",")]
            assert [word for word in named if word] == [parameter.name for parameter in meant], name


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_a_chinese_designer_reads_everything_in_chinese(registry, locale):
    said = read_catalogue((FOLDER / "locale" / locale / "LC_MESSAGES" / "messages.po").read_bytes())
    manifest = registry.plugins["records"].manifest
    texts = {manifest.title, manifest.summary, *manifest.permissions.values(), *rules.KIND_TITLES.values()}
    for task in registry.service_tasks.values():
        texts |= {task.title, task.help}
        for parameter in (*task.inputs, *task.outputs):
            texts |= {parameter.label, parameter.help} - {""}
    assert sorted(texts - said.keys()) == []
