"""What a process knows, as its pages say it."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import MovableClock
from engine.definition import deploy, read_folder
from engine.jobs import run_due
from engine.machine import Budget
from engine.notify import store_inbound
from engine.people import join_group, put_group, put_person
from engine.runtime import start_process
from engine.work import list_tasks

BPMN = Path(__file__).parents[3] / "bpmn"
SAID = {"category": "trees", "summary": "倒下的樹", "description": "-", "reporter_phone": "+85251230001"}


@pytest.fixture
def begin(ctx):
    """Deploy the hotline's processes; ``begin()`` reports a fallen tree, ``begin(summary=…)`` another."""
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")
    with ctx.write():
        for key in ("water_handlers", "parks_handlers", "dispatchers", "reviewers", "duty_supervisors"):
            put_group(ctx, key=key, name=key)
    return lambda **said: start_process(ctx, process_key="ticket_routing", variables={**SAID, **said})


def only_task(ctx, begun):
    with ctx.read():
        return list_tasks(ctx, instance_id=begun.id)[1][0]


def test_what_was_chosen_in_a_form_is_said_in_the_words_of_its_option(begin, make_person, enter):
    begun = begin()
    make_person("boss", "administrator", locale="zh_Hant")
    text = enter("boss").get(f"/instances/{begun.id}").text
    assert "樹木" in text
    assert ">trees<" not in text
    assert "園林" in text


def test_a_report_by_sms_says_so_in_words(begin, make_person, enter):
    make_person("boss", "administrator", locale="zh_Hans")
    text = enter("boss").get(f"/instances/{begin(channel='sms').id}").text
    assert "<dd>短信</dd>" in text


def test_a_task_does_not_repeat_beside_its_form_what_the_form_shows(ctx, begin, make_person, enter):
    task = only_task(ctx, begin(address="上海街 12 號"))
    make_person("mei", "handler")
    with ctx.write():
        join_group(ctx, group_key="parks_handlers", person_key="mei")
    page = enter("mei").get(f"/tasks/{task.id}").text
    assert "上海街 12 號" in page.replace("\\u4e0a\\u6d77\\u8857 12 \\u865f", "上海街 12 號")
    known = page.partition("What is known")[2]
    assert "Trees" in known
    assert "Place" not in known
    assert "•••" not in known


def test_a_task_says_which_of_its_buttons_need_an_opinion(ctx, begin, make_person, enter):
    task = only_task(ctx, begin())
    make_person("mei", "handler")
    with ctx.write():
        join_group(ctx, group_key="parks_handlers", person_key="mei")
    page = enter("mei").get(f"/tasks/{task.id}").text
    assert "Needed for: Not ours, Ask for more time" in page


def test_photos_of_a_finished_step_stay_at_hand_on_the_page_of_its_process(
    ctx, begin, make_person, enter, token_of
):
    begun = begin()
    task = only_task(ctx, begun)
    make_person("mei", "handler")
    make_person("boss", "administrator")
    with ctx.write():
        join_group(ctx, group_key="parks_handlers", person_key="mei")
    mei = enter("mei")
    sent = mei.post(
        f"/tasks/{task.id}/complete",
        data={
            "csrf_token": token_of(mei),
            "outcome": "done",
            "data": '{"note": "Cleared"}',
            "file:photos": (io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"0" * 64), "cleared.png"),
        },
    )
    assert sent.status_code == 303, sent.text
    page = enter("boss").get(f"/instances/{begun.id}").text
    link = re.search(r'href="(/files/[\w-]+)">.*?cleared\.png</a>', page)
    assert link
    with enter("boss").get(link[1]) as file:
        assert file.status_code == 200


def test_the_home_page_counts_every_overdue_task_also_those_it_does_not_list(ctx, begin, make_person, enter):
    for number in range(10):
        begin(summary=f"Tree {number}")
    make_person("mei", "handler")
    with ctx.write():
        join_group(ctx, group_key="parks_handlers", person_key="mei")
    object.__setattr__(ctx.centre, "clock", MovableClock(datetime.now(UTC) + timedelta(days=60)))
    assert '<span class="value">10</span>' in enter("mei").get("/").text.partition("Overdue")[2][:80]


def test_the_way_of_a_process_is_told_by_its_steps_not_by_its_gateways(begin, make_person, enter):
    make_person("boss", "administrator")
    page = enter("boss").get(f"/instances/{begin().id}").text
    # Operators may move a token to a gateway: only what is told counts here, not what is offered.
    told = re.sub(r"<select.*?</select>", "", page, flags=re.DOTALL)
    assert "Handle the report" in told
    assert "Department known?" not in told


@pytest.mark.parametrize(
    ("locale", "undone", "not_needed"),
    [
        ("en", "Handle the report: the answer was taken back", "Review the answer: not needed any more"),
        ("zh_Hans", "已撤销回复", "已不再需要"),
        ("zh_Hant", "已撤銷回覆", "已不再需要"),
    ],
)
def test_what_was_taken_back_is_told_among_what_happened(
    ctx, begin, make_person, enter, monkeypatch, locale, undone, not_needed
):
    # However slow the machine is, no step leaves its rest to another transaction.
    monkeypatch.setattr("engine.definition.environment.BUDGET", Budget(step_s=3_600.0))
    begun = begin()
    make_person("boss", "administrator", locale=locale)
    make_person("mei", "handler")
    with ctx.write():
        put_person(ctx, key="mei", name="Mei", phone="+85251230002")
        join_group(ctx, group_key="parks_handlers", person_key="mei")
    for said in ("2 tree cut", "undo"):
        store_inbound(
            ctx,
            gateway="console",
            provider_id=said,
            channel="sms",
            sender="+85251230002",
            recipient="+85230000000",
            body=said,
        )
        run_due(ctx)
    text = enter("boss").get(f"/instances/{begun.id}").text
    assert undone in text
    assert not_needed in text
    assert only_task(ctx, begun).element_id == "handle"
