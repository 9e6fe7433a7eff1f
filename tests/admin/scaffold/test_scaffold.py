"""What the scaffold makes runs, passes its own tests and is clean for the checker."""

import subprocess
import sys
from pathlib import Path

import pytest

import forms
from admin.check import check
from admin.scaffold import new_plugin, new_process
from engine.context import SYSTEM, Context
from engine.definition import deploy, read_folder
from engine.errors import Conflict, InvalidSubmission
from engine.runtime import start_process
from engine.testing import make_centre, play, read_scenario, system
from engine.work import list_tasks
from forms.printing import print_page

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def process(tmp_path):
    return new_process(tmp_path, "chair_request")


@pytest.fixture(scope="module")
def root_with_plugin(tmp_path_factory):
    """A package of its own, so that nothing of it stays behind in this process."""
    root = tmp_path_factory.mktemp("made")
    new_plugin(root, "chairs", package="made_plugins")
    (root / "made_plugins" / "__init__.py").touch()
    return root


def run(root, *command):
    return subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_process_is_clean(process, tmp_path):
    assert [str(problem) for problem in check(tmp_path)] == []
    assert [str(problem) for problem in check(process)] == []


def test_a_new_process_deploys(process, tmp_path):
    centre = make_centre(tmp_path)
    deployed = deploy(system(centre), files=read_folder(process))
    assert [(found.key, found.version, found.title) for found in deployed.definitions] == [
        ("chair_request", 1, "Chair request")
    ]
    assert deployed.warnings == []
    centre.database.dispose()


@pytest.mark.parametrize("name", ["done", "declined", "overdue"])
def test_the_scenarios_of_a_new_process_pass(process, name):
    path = process / "scenarios" / f"{name}.toml"
    differs = play(
        read_scenario(path.name, path.read_bytes()),
        key=process.name,
        packages=[read_folder(process)],
        floors=(forms.register,),
    )
    assert differs == []


def test_the_letter_of_a_new_process_is_printed(process, tmp_path):
    centre = make_centre(tmp_path, floors=(forms.register,), centre_name="水務署")
    ctx = system(centre)
    deploy(ctx, files=read_folder(process))
    begun = start_process(ctx, process_key="chair_request", variables={"subject": "一張椅子"})
    with ctx.read():
        (task,) = list_tasks(ctx)[1]
    forms.submit_form(ctx, task_id=task.id, data={"note": "星期五送到"}, outcome="done")
    reader = Context(centre=centre, actor=SYSTEM, locale="zh_Hant")
    said = print_page(reader, instance_id=begun.id, name="letter")
    for text in (
        "水務署",
        "260302-0001",
        "一張椅子",
        "經研究後，現答覆如下。",
        "星期五送到",
        "二〇二六年三月二日",
    ):
        assert text in said
    centre.database.dispose()


def test_a_new_plugin_is_clean(root_with_plugin):
    code = "from pathlib import Path; from admin.check import check; print(*check(Path()), sep='\\n')"
    done = run(root_with_plugin, "-c", code)
    assert (done.stdout.strip(), done.stderr) == ("", "")


MIGRATE = """
from pathlib import Path
from sqlalchemy import inspect
from admin.centre import open_centre
from admin.cli.tables import owners
from engine.db.migrations import differences, migrate
from engine.settings import Settings
from engine.testing import system

centre = open_centre(Settings(data_dir=Path("var"), secret_key="k"), packages=("made_plugins",))
migrate(centre.database, owners(centre))
with system(centre).read() as ctx:
    print([table for table in inspect(ctx.connection).get_table_names() if table.startswith("chairs_")])
    print([one for one in differences(ctx.connection) if "chairs_" in str(one)])
"""


def test_the_migration_of_a_new_plugin_makes_what_its_models_say(root_with_plugin):
    done = run(root_with_plugin, "-c", MIGRATE)
    assert (done.stdout, done.stderr) == ("['chairs_entry']\n[]\n", "")


def test_the_tests_of_a_new_plugin_pass(root_with_plugin):
    options = ("-q", "-p", "no:cacheprovider", "-W", "error", "--import-mode=importlib")
    done = run(root_with_plugin, "-m", "pytest", *options, "tests")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_what_is_new_is_in_good_style(process, root_with_plugin):
    folders = [str(process), str(root_with_plugin)]
    settings = ("--config", str(REPOSITORY / "pyproject.toml"), "--no-cache")
    assert run(REPOSITORY, "-m", "ruff", "format", "--check", *settings, *folders).returncode == 0
    done = run(REPOSITORY, "-m", "ruff", "check", "--ignore", "I001,D", *settings, *folders)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name", ["", "Leave", "1st", "leave-request", "a__b", "class", "../up", "é", 41 * "x"]
)
@pytest.mark.parametrize("make", [new_process, new_plugin])
def test_a_name_that_cannot_be_one_is_refused(make, name, tmp_path):
    with pytest.raises(InvalidSubmission, match="cannot be a name"):
        make(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_plugin_is_not_called_like_a_floor(tmp_path):
    with pytest.raises(InvalidSubmission, match="engine is a floor"):
        new_plugin(tmp_path, "engine")


def test_what_is_there_already_is_left_alone(process, tmp_path):
    (process / "README.md").write_text("mine")
    with pytest.raises(Conflict, match="there already"):
        new_process(tmp_path, "chair_request")
    assert (process / "README.md").read_text() == "mine"
    (tmp_path / "tests" / "plugins" / "chairs").mkdir(parents=True)
    with pytest.raises(Conflict, match="there already"):
        new_plugin(tmp_path, "chairs")
    assert not (tmp_path / "plugins").exists()
