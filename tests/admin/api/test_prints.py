"""Prints by REST: for whoever may see the instance, as PDF or as a page."""

import io

import pytest
from pypdf import PdfReader

from engine.definition import deploy
from engine.runtime import start_process
from engine.testing import person
from engine.testing.sketch import sketch

MANIFEST = 'key = "p"\ntitle = "Purchase"\n[prints.letter]\ntitle = "Letter"\n'
FILES = {
    "p.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over"),
    "process.toml": MANIFEST.encode(),
    "prints/letter.html": "<p>{{ case.initiator }} 電費單</p>".encode(),
}


@pytest.fixture
def path(ctx, centre, make_person):
    """The address of the prints of an instance that Mei began."""
    deploy(ctx, files=FILES)
    make_person("mei", "agent", name="陳美")
    return f"/process-instances/{start_process(person(centre, 'mei'), process_key='p').id}/prints"


def test_the_prints_of_an_instance_are_listed(boss, path):
    assert boss.get(path) == {
        "count": 2,
        "result": [
            {"name": "letter", "title": "Letter"},
            {"name": "standard", "title": "Form and opinions"},
        ],
    }


def test_a_print_is_handed_out_as_pdf(boss, path):
    answer = boss.get(f"{path}/letter")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "陳美 電費單" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()


def test_a_print_is_handed_out_as_a_page_in_which_nothing_runs(boss, path):
    answer = boss.get(f"{path}/letter", format="html")
    assert answer.mimetype == "text/html"
    assert "陳美 電費單" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_format_that_nobody_knows_is_refused(boss, path):
    said = boss.get(f"{path}/letter", 400, format="docx")
    assert "pdf, html" in str(said)


def test_there_is_no_print_of_another_name(boss, path):
    boss.get(f"{path}/other", 404)


def test_who_may_not_see_the_instance_gets_no_print_of_it(caller, path):
    other = caller("other", "agent")
    for at in (path, f"{path}/letter", f"{path}/standard"):
        other.get(at, 404)
