"""What deploying would refuse, and what a reviewer would, the checker says of a process folder."""

import pytest

from admin.centre import installed
from admin.check import check
from admin.check.processes import check_process
from admin.scaffold import new_process
from engine.settings import Settings


@pytest.fixture(scope="module")
def registry():
    return installed(Settings())


@pytest.fixture
def folder(tmp_path):
    return new_process(tmp_path, "chair_request")


@pytest.fixture
def said(registry, tmp_path, folder):
    return lambda: [str(problem) for problem in check_process(folder, registry, tmp_path)]


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_sound_folder_has_no_problem(said):
    assert said() == []


def test_what_deploying_refuses_is_said_with_file_and_element(folder, said):
    change(folder / "chair_request.bpmn", 'form="handle"', 'form="handel"')
    (problem,) = said()
    assert problem.startswith("bpmn/chair_request/chair_request.bpmn#handle: There is no form handel")


def test_every_broken_file_is_named_at_once(folder, said):
    (folder / "forms" / "ask.form").write_text("{")
    (folder / "messages" / "urge.toml").write_text("title =")
    assert {problem.split(":")[0] for problem in said()} == {
        "bpmn/chair_request/forms/ask.form",
        "bpmn/chair_request/messages/urge.toml",
    }


def test_folder_file_key_and_process_have_one_name(folder, said):
    change(folder / "process.toml", 'key = "chair_request"', 'key = "chairs"')
    assert any("No drawing has a process of the id chairs" in problem for problem in said())
    change(folder / "chair_request.bpmn", 'process id="chair_request"', 'process id="chairs"')
    assert said() == [
        "bpmn/chair_request/process.toml#key: It is chairs in the folder chair_request. Give both one name.",
        "bpmn/chair_request/chair_request.bpmn: This file must have the process chair_request.",
    ]


def test_a_drawing_is_called_like_its_folder(folder, said):
    (folder / "chair_request.bpmn").rename(folder / "drawing.bpmn")
    assert said() == ["bpmn/chair_request/chair_request.bpmn: This file must have the process chair_request."]


def test_an_end_that_no_scenario_reaches_is_named(folder, said):
    (folder / "scenarios" / "declined.toml").unlink()
    assert said() == [
        "bpmn/chair_request/chair_request.bpmn#declined: "
        "No scenario comes by here. Write one, and name it in its then."
    ]


def test_a_boundary_event_that_no_scenario_comes_by_is_named(folder, said):
    change(folder / "scenarios" / "overdue.toml", '"overdue", "urge", "urged", ', "")
    assert [problem.split(":")[0] for problem in said()] == [
        "bpmn/chair_request/chair_request.bpmn#overdue",
        "bpmn/chair_request/chair_request.bpmn#urged",
    ]


def test_a_scenario_that_is_none_is_named(folder, said):
    (folder / "scenarios" / "done.toml").write_text('title = "Nothing happens"\n')
    assert any(problem.startswith("bpmn/chair_request/scenarios/done.toml: ") for problem in said())


def test_a_scenario_speaks_of_what_is_drawn(folder, said):
    change(folder / "scenarios" / "done.toml", '"tell"', '"shout"')
    assert said() == ["bpmn/chair_request/scenarios/done.toml: There is no element shout in the drawing."]


def test_a_file_that_nothing_uses_is_named(folder, said):
    for name in ("forms/ask.form", "messages/urge.toml"):
        path = folder / name
        path.with_stem("spare").write_text(path.read_text().replace('"id": "ask"', '"id": "spare"'))
    assert said() == [
        "bpmn/chair_request/forms/spare.form: Nothing uses this file. Use it, or take it away.",
        "bpmn/chair_request/messages/spare.toml: Nothing uses this file. Use it, or take it away.",
    ]


def test_a_called_process_is_listed_and_there(folder, said, tmp_path):
    drawing = folder / "chair_request.bpmn"
    change(drawing, '<bpmn:sendTask id="tell" ', '<bpmn:callActivity calledElement="follow_up" id="tell" ')
    text = drawing.read_text()
    notify = '<callwright:notify to="initiator" channel="in_app" message="result" />'
    before, _tag, after = text.partition(notify)
    drawing.write_text(before + after.replace("</bpmn:sendTask>", "</bpmn:callActivity>", 1))
    (folder / "messages" / "result.toml").unlink()
    assert said() == [
        "bpmn/chair_request/process.toml#calls: The drawing calls follow_up. List it here.",
        "bpmn/chair_request/process.toml#calls: There is no process folder follow_up beside this one.",
    ]
    change(folder / "process.toml", "[business_key]", 'calls = ["follow_up", "survey"]\n\n[business_key]')
    new_process(tmp_path, "follow_up")
    assert said() == ["bpmn/chair_request/process.toml#calls: The drawing does not call survey."]


def test_a_missing_readme_is_named(folder, said):
    (folder / "README.md").unlink()
    assert said() == [
        "bpmn/chair_request/README.md: There is no README.md. Say who starts it and who decides."
    ]


def test_one_folder_can_be_checked_alone(folder):
    change(folder / "process.toml", "Subject", "Matter")
    assert [str(problem) for problem in check(folder)] == [
        f"bpmn/chair_request/locale/{locale}/LC_MESSAGES/messages.po: No translation of: Matter"
        for locale in ("zh_Hans", "zh_Hant")
    ]


def test_plugins_of_another_checkout_are_not_mistaken_for_the_installed_ones(tmp_path):
    (tmp_path / "plugins" / "chairs").mkdir(parents=True)
    (tmp_path / "plugins" / "chairs" / "plugin.toml").write_text('title = "T"\nsummary = "T."\n')
    (problem,) = check(tmp_path)
    assert "are not the installed ones" in str(problem)
