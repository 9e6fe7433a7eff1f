"""The page of figures, and its table to save."""

import csv
import io
import re

import pytest

from engine import runtime
from engine.context import Actor
from engine.definition import deploy
from engine.testing.sketch import sketch
from engine.work import tasks_of_instance

DRAWN = """
    start begin
    user look name="=Look at it" due='duration("PT2H")' assignee='"mei"' outcomes=yes,no
    user file name=File assignee='"mei"'
    end over
    begin -> look -> file -> over
"""
MANIFEST = b'key = "p"\ntitle = "Request"\nsupervisors = ["person:mei"]\n'


@pytest.fixture
def ran(ctx, make_person):
    """One instance that waits at its second step, and another process of which Mei knows nothing."""
    make_person("mei", "agent", locale="en")
    deploy(ctx, files={"p.bpmn": sketch(DRAWN), "process.toml": MANIFEST})
    deploy(ctx, files={"q.bpmn": sketch(DRAWN, key="q")})
    begun = runtime.start_process(ctx, process_key="p").id
    with ctx.read():
        [task] = tasks_of_instance(ctx, begun)
    mei = ctx.as_actor(Actor(key="mei", kind="person"))
    runtime.complete_task(mei, task_id=task.id, outcome="yes")
    return "/figures/?process=p"


@pytest.fixture
def des(make_person, enter):
    make_person("des", "designer", locale="en")
    return enter("des")


def test_a_designer_finds_the_figures_from_the_library(ran, des):
    assert 'href="/figures/?process=p"' in des.get("/processes/p").text
    page = des.get(ran).text
    assert "=Look at it" in page
    assert re.search(r"Running now.*?>1<", page, re.S)
    assert re.search(r"yes: <span class=\"num\">1</span>", page)
    assert '<option value="q"' in page


def test_a_supervisor_finds_those_of_their_processes_alone(ran, enter, make_person):
    mei = enter("mei")
    assert 'href="/figures/"' in mei.get("/requests/?view=supervised").text
    page = mei.get(ran).text
    assert '<option value="q"' not in page
    assert "/processes/p" not in page
    assert mei.get("/figures/?process=q").status_code == 404
    assert mei.get("/figures/table.csv?process=q").status_code == 404
    make_person("wen", "agent", locale="en")
    wen = enter("wen")
    for path in (ran, "/figures/", "/figures/table.csv?process=p"):
        assert wen.get(path).status_code == 403


def test_without_a_process_one_is_asked_for_and_an_unknown_one_is_not_there(ran, des):
    assert "Choose a process" in des.get("/figures/").text
    assert des.get("/figures/?process=nothing").status_code == 404
    assert des.get("/figures/table.csv").status_code == 400
    assert "There is no version 9" in des.get(f"{ran}&version=9").text
    assert des.get("/figures/table.csv?process=p&version=9").status_code == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("first_on=2026-03-02&last_on=2026-03-01", "Choose a later day."),
        ("first_on=2024-01-01&last_on=2025-01-01", "Choose at most 366 days."),
        ("first_on=yesterday", "Write a day such as 2026-03-02."),
        ("version=one", "Must be a whole number."),
    ],
)
def test_what_cannot_be_counted_is_said_beside_its_field(ran, des, asked, said):
    answer = des.get(f"{ran}&{asked}")
    assert answer.status_code == 400
    assert said in answer.text
    assert des.get(f"/figures/table.csv?process=p&{asked}").status_code == 400


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", ("Process figures", "Share of all time", "Waiting now")),
        ("zh_Hans", ("流程统计", "耗时占比", "当前等待")),
        ("zh_Hant", ("流程統計", "耗時占比", "目前等待")),
    ],
)
def test_the_page_speaks_three_languages(ran, make_person, enter, locale, words):
    make_person("boss", "administrator", locale=locale)
    page = enter("boss").get(ran).text
    for word in words:
        assert word in page


def test_the_table_to_save_has_every_step_and_no_formula(ran, des):
    answer = des.get("/figures/table.csv?process=p")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''p%20")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {row["Step"] for row in rows} == {"Request", "'=Look at it", "File"}
    look = next(row for row in rows if row["Element"] == "look")
    assert (look["Reached"], look["Done"], look["In time"], look["Share in time"]) == ("1", "1", "1", "1.0")
    assert look["Decisions"] == "yes: 1"
    whole = rows[0]
    assert (whole["Reached"], whole["Waiting now"], whole["Median, in seconds"]) == ("1", "1", "")
