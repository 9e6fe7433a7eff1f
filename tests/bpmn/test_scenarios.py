import importlib
from pathlib import Path

import pytest

from engine.definition import read_folder
from engine.testing import play, read_scenario

BPMN = Path(__file__).parents[2] / "bpmn"
FOLDERS = sorted(path.parent for path in BPMN.glob("*/process.toml"))
SCENARIOS = [(folder.name, path) for folder in FOLDERS for path in sorted(folder.glob("scenarios/*.toml"))]


@pytest.mark.parametrize(("key", "path"), SCENARIOS, ids=[f"{key}-{path.stem}" for key, path in SCENARIOS])
def test_a_process_goes_as_its_scenario_says(key, path):
    forms = importlib.import_module("forms")
    scenario = read_scenario(path.name, path.read_bytes())
    wrong = play(
        scenario,
        key=key,
        packages=[read_folder(folder) for folder in FOLDERS],
        plugins=("plugins",),
        floors=(forms.register,),
    )
    assert wrong == []
