"""The pages of a process and of a task offer its prints."""

import pytest

from engine.definition import deploy
from engine.runtime import start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import list_tasks


@pytest.fixture
def begun(ctx, centre, make_person):
    deploy(ctx, files={"p.bpmn": sketch("start begin\nuser ask\nend over\nbegin -> ask -> over")})
    for key in ("mei", "lee"):
        make_person(key, "agent", locale="zh_Hant")
    return start_process(person(centre, "mei"), process_key="p")


def test_the_page_of_a_process_offers_its_prints_in_the_readers_language(begun, enter):
    text = enter("mei").get(f"/instances/{begun.id}").text
    assert f'href="/instances/{begun.id}/prints/standard"' in text
    assert f'href="/instances/{begun.id}/prints/standard?format=html"' in text
    assert "表單及意見（PDF）" in text
    assert "列印" in text


def test_the_page_of_a_task_offers_the_prints_of_its_process(ctx, begun, make_person, enter):
    make_person("boss", "administrator")
    with ctx.read():
        task = list_tasks(ctx, instance_id=begun.id)[1][0]
    assert f"/instances/{begun.id}/prints/standard" in enter("boss").get(f"/tasks/{task.id}").text


def test_a_print_opens_as_pdf_or_as_a_page(begun, enter):
    mei = enter("mei")
    pdf = mei.get(f"/instances/{begun.id}/prints/standard")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert pdf.data.startswith(b"%PDF")
    page = mei.get(f"/instances/{begun.id}/prints/standard?format=html")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "<script" not in page.text


def test_who_may_not_see_the_process_finds_no_print(begun, enter):
    assert enter("lee").get(f"/instances/{begun.id}/prints/standard").status_code == 404
