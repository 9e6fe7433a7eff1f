import importlib
from pathlib import Path

import pytest

from engine.definition import read_folder
from engine.testing import play, read_scenario
from engine.testing.sketch import sketch

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


def test_people_of_a_scenario_have_roles_that_an_approval_asks():
    drawn = sketch(
        """
        start begin
        user check approval="rule=any" asks='role:"hr"'
        end over
        begin -> check -> over
        """
    )
    said = b"""
        title = "Whoever is of human resources decides"
        start = { event = "begin", by = "eve" }
        people = { hana = { roles = ["hr"] }, hugo = { roles = ["hr"] } }
        [[step]]
        task = "check"
        by = "hugo"
        outcome = "approved"
        [then]
        end = "over"
    """
    scenario = read_scenario("s.toml", said)
    packages = [{"p.bpmn": drawn, "process.toml": b'key = "p"\ntitle = "P"\n'}]
    assert play(scenario, key="p", packages=packages) == []
    nobody = read_scenario("s.toml", said.replace(b'"hr"', b'"it"'))
    assert play(nobody, key="p", packages=packages) != []
