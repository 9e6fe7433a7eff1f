"""Every page in three languages, wide and narrow: no error, no outside request, no sideways scroll."""

from __future__ import annotations

import pytest

from admin.centre import open_centre
from engine.chinese import foreign_characters
from engine.definition import deploy
from engine.runtime import add_signer, complete_task, return_task, start_process
from engine.settings import read_settings
from engine.testing import system
from engine.testing.sketch import sketch
from engine.work import list_tasks
from tests.stories.product import environment, until

ANY_ORDER = """
start begin
adhoc work name="Whatever is needed" groups='["agents"]'
  user call name="Call the guest"
  user note name="Write it down"
begin -> work
"""

APPROVERS = ("supervisor", "qa", "agent")
APPROVAL = """
start begin
user apply name="Fill it in"
user check name="Check it" approval="inTurn=true" asks='person:["{0}","admin","{1}"]'
end over name="Over"
begin -> apply -> check -> over
"""

TIMED = """
start begin
user apply name="Fill it in" assignee='"{0}"' due='now() - duration("PT1H")'
    limits="then=decide outcome=completed after=PT1M"
user check name="Check it" assignee='"admin"' due='duration("PT1H")' warn=PT2H limits="then=remind"
end over name="Over"
begin -> apply -> check -> over
""".replace("\n    limits", " limits")
TIMED_MANIFEST = b"""
key = "timed"
title = "Timed"
[deadlines.answer]
title = "Answer"
within = "PT4H"
warn = "PT6H"
"""

PAGES = (
    "/", "/tasks/", "/tasks/?view=done", "/tasks/?view=all", "/instances/", "/messages/",
    "/messages/?view=inbound", "/incidents/", "/incidents/jobs", "/start/", "/parameters/", "/account",
    "/account/cover/", "/account/signature/", "/organisation/people",
    "/organisation/units", "/organisation/groups", "/leave-balances", "/leave-balances/set", "/staff",
    "/staff/set", "/figures/", "/report", "/report/state", "/processes/", "/processes/leave_request",
)  # fmt: skip
# What a finger presses is 44 px high.
PRESSED = ".btn, .form-control, .form-select, .cw-icon-btn, .cw-tabs a, .cw-pages a"
TOO_LOW = """pressed => [...document.querySelectorAll(pressed)]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
    .map((one) => one.outerHTML.slice(0, 90))"""
LANGUAGES = {"en": "en", "zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant"}


def look_at(window, locale, paths, who="admin"):
    """Open pages in a language, and see that each is whole in a wide window and in one made narrow."""
    admin = window(who)
    admin.open(f"/language/{locale}?next=/")
    for path in paths:
        admin.page.set_viewport_size({"width": 1280, "height": 850})
        answer = admin.page.goto(admin.product.url + path)
        assert answer.status == 200, f"{path}: {answer.status}"
        assert admin.page.get_attribute("html", "lang") == LANGUAGES[locale], path
        assert admin.page.locator("h1").count() == 1, f"{path} needs one first heading"
        said = admin.page.inner_text("body")
        for told in admin.page.locator("#said").all_inner_texts():
            # What people were told stands there in their own language.
            said = said.replace(told, "")
        if locale != "en":
            assert any("\u4e00" <= letter <= "\u9fff" for letter in said), f"{path} says nothing in Chinese"
            titles = said.replace("简体中文", "").replace("繁體中文", "")
            wrong = foreign_characters(locale, titles)
            assert not wrong, f"{path}: {wrong}"
        name = path.strip("/").replace("/", "_").replace("?", "_") or "home"
        for width in (1280, 390):
            admin.page.set_viewport_size({"width": width, "height": 850})
            assert admin.overflow() <= 0, f"{path} scrolls sideways at {width}"
            admin.shoot(f"{locale}-{width}-{name}")
        assert admin.page.evaluate(TOO_LOW, PRESSED) == [], path
    assert admin.errors == []


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_every_page_is_whole_in_every_language_and_width(window, locale):
    look_at(window, locale, PAGES)


@pytest.fixture(scope="module")
def any_order(product) -> list[str]:
    """Begin a process in which people choose what is done next; return the pages that show it."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    try:
        deploy(system(centre), files={"any_order.bpmn": sketch(ANY_ORDER, key="any_order")})
        begun = start_process(system(centre), process_key="any_order")
        reading = system(centre)
        with reading.read():
            [task] = list_tasks(reading, instance_id=begun.id)[1]
    finally:
        centre.database.dispose()
    return [f"/tasks/{task.id}", f"/instances/{begun.id}", "/processes/any_order"]


@pytest.fixture(scope="module")
def approval(product) -> list[str]:
    """Begin an approval that somebody has approved and others will; return the pages that show it."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    try:
        drawn = APPROVAL.format(*APPROVERS)
        deploy(system(centre), files={"approval.bpmn": sketch(drawn, key="approval")})
        begun = start_process(system(centre), process_key="approval")

        def waiting():
            reading = system(centre)
            with reading.read():
                return list_tasks(reading, instance_id=begun.id)[1][0].id

        complete_task(system(centre), task_id=waiting())
        return_task(system(centre), task_id=waiting(), to="apply", opinion="Which day?")
        complete_task(system(centre), task_id=waiting())
        complete_task(system(centre), task_id=waiting(), outcome="approved", opinion="Fine with me.")
        add_signer(system(centre), task_id=waiting(), person_key=APPROVERS[2], where="after")
        return [f"/tasks/{waiting()}", f"/instances/{begun.id}"]
    finally:
        centre.database.dispose()


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_an_approval_is_whole_too(window, approval, locale):
    look_at(window, locale, approval)


@pytest.fixture(scope="module")
def timed(product) -> list[str]:
    """Begin a process whose first step is decided by time-out; return the pages that show it."""
    centre = open_centre(read_settings(environment(product.data_dir, product.port, product.settings)))
    try:
        drawn = sketch(TIMED.format(APPROVERS[0]), key="timed")
        deploy(system(centre), files={"timed.bpmn": drawn, "process.toml": TIMED_MANIFEST})
        begun = start_process(system(centre), process_key="timed")

        def waiting():
            reading = system(centre)
            with reading.read():
                return [
                    one.id
                    for one in list_tasks(reading, instance_id=begun.id)[1]
                    if one.element_id == "check"
                ]

        until(waiting, "the first step was decided by time-out")
        return [f"/tasks/{waiting()[0]}", f"/instances/{begun.id}"]
    finally:
        centre.database.dispose()


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_limits_of_time_and_deadlines_are_whole_too(window, timed, locale):
    look_at(window, locale, timed)


def test_what_is_late_and_what_the_clock_did_are_told(window, timed):
    admin = window("admin")
    admin.open("/language/en?next=/")
    page = admin.open(timed[1])
    assert "Time-out" in page.inner_text("#timeline")
    assert page.locator("#who [data-due='soon']").count() == 1
    assert page.locator("#deadlines [data-due='soon']").count() == 1
    assert admin.errors == []


def test_a_step_is_sent_back_by_its_page(window, approval):
    admin = window("admin")
    admin.open("/language/en?next=/")
    page = admin.open(approval[0])
    page.get_by_text("Send it back").first.click()
    page.fill("#return_opinion", "The day is a holiday.")
    page.locator("form[action$='/return'] button").click()
    page.wait_for_url("**/tasks/")
    said = admin.open(approval[1]).inner_text("#timeline")
    assert "sent back to Fill it in" in said
    assert "The day is a holiday." in said
    assert admin.errors == []


@pytest.mark.parametrize("locale", list(LANGUAGES))
def test_choosing_what_is_next_and_pausing_a_version_are_whole_too(window, any_order, locale):
    look_at(window, locale, any_order)
