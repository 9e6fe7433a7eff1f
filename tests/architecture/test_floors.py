"""Every package is on a floor, has one owner, and imports only downwards."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

NOT_SHIPPED = {"tests", "benchmarks"}
DATA = {"bpmn"}


@pytest.fixture(scope="module")
def settings(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]


def shipped(settings):
    return set(settings["hatch"]["build"]["targets"]["wheel"]["packages"])


def test_every_contract_on_imports_is_kept(root):
    # In its own process: the linter's set-up of logging turns off every logger that is there already.
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_every_top_level_package_is_on_a_floor(root, settings):
    packages = {path.parent.name for path in root.glob("*/__init__.py")} - NOT_SHIPPED
    floors = next(
        contract["layers"]
        for contract in settings["importlinter"]["contracts"]
        if contract["name"] == "The floors of the house"
    )
    assert packages == set(floors) == set(settings["importlinter"]["root_packages"])
    assert shipped(settings) == packages | DATA


def test_data_packages_hold_no_python(root):
    assert [path for package in DATA for path in (root / package).rglob("*.py")] == []


def test_every_package_name_has_one_owner(root, settings):
    owners = packages_distributions()
    for name in shipped(settings):
        assert set(owners.get(name, ())) <= {"callwright"}, name
        spec = find_spec(name)
        assert {str(path) for path in spec.submodule_search_locations} == {str(root / name)}
        assert name not in sys.stdlib_module_names


def test_nobody_imports_what_another_module_keeps_to_itself(modules):
    private = [
        f"{path}:{node.lineno} {node.module}.{alias.name}"
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in modules_of(modules)
        for alias in node.names
        if alias.name.startswith("_") and alias.name != "_"
    ]
    assert private == []


def modules_of(modules):
    return {path.split("/")[0] for path in modules}


def test_imports_name_the_whole_way(modules):
    relative = [
        f"{path}:{node.lineno}"
        for path, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_what_a_module_exports_is_there(modules):
    for path, module in modules.items():
        named = next((node.value for node in module.body if _assigns(node, "__all__")), None)
        if named is None:
            continue
        exported = ast.literal_eval(named)
        known = {name for node in module.body for name in _binds(node)}
        assert sorted(set(exported)) == sorted(exported), path
        assert set(exported) <= known, path


def _assigns(node, name):
    return isinstance(node, ast.Assign) and any(ast.unparse(target) == name for target in node.targets)


def _binds(node):
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    if isinstance(node, ast.AnnAssign):
        return [ast.unparse(node.target)]
    return []


def test_no_module_says_only_what_kind_of_thing_it_is(modules):
    parts = {part for path in modules for part in path.removesuffix(".py").split("/")}
    assert parts.isdisjoint({"utils", "util", "helpers", "helper", "misc", "managers", "common_utils"})
    classes = {
        node.name
        for module in modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    assert [name for name in classes if re.search(r"(Manager|Helper|Utils?)$", name)] == []
