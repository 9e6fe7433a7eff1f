"""The wheel holds the whole product: every module and every data file, built ones too."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import PurePosixPath

import pytest

wheel = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel: install it")

# What the front end is bundled from stays in the repository; what it is bundled to goes along.
LEFT_OUT = ("admin/assets/", "admin/static/bundles/")
SCRAPS = {"__pycache__", "node_modules", ".DS_Store"}


@pytest.fixture(scope="module")
def wanted(root):
    """Every file below the shipped packages that is part of the source."""
    settings = tomllib.loads((root / "pyproject.toml").read_text())
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = {
        path.relative_to(root).as_posix()
        for package in packages
        for path in (root / package).rglob("*")
        if path.is_file() and not SCRAPS.intersection(path.parts) and path.suffix not in (".pyc", ".mo")
    }
    return {path for path in files if not path.startswith(LEFT_OUT)}


def built(wanted):
    """Return the catalogues that a build makes from the source."""
    return {
        str(PurePosixPath(path).with_suffix(".mo"))
        for path in wanted
        if path.endswith(".po") and not path.startswith("bpmn/")
    }


@pytest.fixture(scope="module")
def packed(root):
    """Every file of the checkout that goes into the wheel, whether it is built or not."""
    included = wheel.WheelBuilder(str(root)).recurse_included_files()
    return {os.path.relpath(one.path, root).replace(os.sep, "/") for one in included}


def test_every_file_of_the_product_goes_into_the_wheel(wanted, packed):
    assert sorted(wanted - packed) == []


def test_nothing_else_goes_into_the_wheel(packed):
    strangers = ("tests/", "benchmarks/", "admin/assets/")
    assert [path for path in packed if path.startswith(strangers)] == []


@pytest.mark.skipif(
    not (os.environ.get("CI") or os.environ.get("CALLWRIGHT_TEST_WHEEL")),
    reason="builds a wheel: set CALLWRIGHT_TEST_WHEEL=1",
)
def test_a_built_wheel_holds_what_the_source_has_and_what_is_made_from_it(root, wanted, tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path)]
    done = subprocess.run([*command, str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(made).namelist())
    assert sorted((wanted | built(wanted)) - packed) == []
    bundles = {path for path in packed if path.startswith("admin/static/bundles/")}
    assert {f"admin/static/bundles/{name}" for name in ("shell.js", "shell.css", "icons.svg")} <= bundles
