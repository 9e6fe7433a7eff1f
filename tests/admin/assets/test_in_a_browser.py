"""The shell and its islands in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SCHEMA = {
    "type": "default",
    "components": [
        {
            "type": "textfield",
            "id": "f1",
            "key": "summary",
            "label": "Search",
            "validate": {"required": True},
        },
        {
            "type": "textfield",
            "id": "f2",
            "key": "phone",
            "label": "Phone",
            "validate": {"validationType": "phone"},
        },
        {
            "type": "select",
            "id": "f3",
            "key": "kind",
            "label": "Kind",
            "values": [{"label": "Water", "value": "w"}],
        },
        {"type": "filepicker", "id": "f4", "key": "photo", "label": "Photo", "validate": {"required": True}},
        {"type": "filepicker", "id": "f5", "key": "proof", "label": "Proof", "readonly": True},
    ],
}
FORM = """{% extends "page.html" %}{% from "kit/islands.html" import form_island, island_css, island_js %}
{% block head_css %}{{ super() }}{{ island_css("form") }}{% endblock %}
{% block head_js %}{{ super() }}{{ island_js("form") }}{% endblock %}
{% block heading %}Form{% endblock %}
{% block page %}{% call form_island(schema, data, action="/post", errors=errors, readonly=readonly) %}
<button class="btn btn-primary" name="outcome" value="approved">Send</button>
<button class="btn" name="outcome" value="draft" formnovalidate>Draft</button>{% endcall %}{% endblock %}"""
STORED = {"$file": "abc", "name": "pipe.jpg", "type": "image/jpeg", "size": 10}


@pytest.fixture
def form(shell: Flask, pages: dict[str, str], tab: Page) -> Any:
    def show(data: Any = None, errors: Any = None, readonly: bool = False, query: str = "") -> None:
        pages["form"] = FORM
        shell.config["SAID"] = {"schema": SCHEMA, "data": data, "errors": errors, "readonly": readonly}
        tab.goto(f"/page/form{query}")
        tab.wait_for_selector("[data-form-island][data-ready]")

    return show


def error_of(tab: Page, key: str) -> Any:
    return tab.locator(f".fjs-form-field:has([id*={key}]) .fjs-form-field-error").first


def test_a_missing_answer_stops_the_form_in_the_persons_language(
    form: Any, tab: Page, posted: list[Any]
) -> None:
    form(query="?lang=zh_Hant")
    tab.click("text=Send")
    expect(error_of(tab, "f1")).to_have_text("必須填寫。")
    assert posted == []


def test_a_label_that_equals_a_word_of_the_form_library_stays_as_written(form: Any, tab: Page) -> None:
    form(query="?lang=zh_Hant")
    expect(tab.locator("label[for*=f1]").first).to_contain_text("Search")
    expect(tab.locator(".fjs-select-display")).to_have_text("請選擇")


def test_answers_arrive_as_json_and_new_files_beside_them(form: Any, tab: Page, posted: list[Any]) -> None:
    form({"summary": "Burst pipe", "phone": "+852 5123 0007"})
    tab.set_input_files("input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    tab.click("text=Send")
    tab.wait_for_selector("#taken")
    [(fields, files)] = posted
    assert json.loads(fields["data"]) == {"summary": "Burst pipe", "phone": "+852 5123 0007", "kind": None}
    assert fields["outcome"] == "approved"
    assert fields["csrf_token"] == "the-token"
    assert files == {"file:photo": ["a.txt"]}


@pytest.mark.parametrize("written", ["5123 0007", "００８５２ ５１２３ ０００７", "+852 5123-0007"])
def test_a_telephone_number_is_sent_as_people_write_it(
    form: Any, tab: Page, posted: list[Any], written: str
) -> None:
    form({"summary": "Burst pipe", "phone": written, "photo": [STORED]})
    tab.click("text=Send")
    tab.wait_for_selector("#taken")
    assert json.loads(posted[0][0]["data"])["phone"] == written


def test_what_is_no_telephone_number_is_told_with_one_of_the_centres_country(
    form: Any, tab: Page, posted: list[Any]
) -> None:
    form({"summary": "Burst pipe", "phone": "call me", "photo": [STORED]})
    tab.click("text=Send")
    expect(error_of(tab, "f2")).to_contain_text("5123 4567")
    assert posted == []


def test_a_stored_file_stays_and_counts_as_given(form: Any, tab: Page, posted: list[Any]) -> None:
    form({"summary": "Burst pipe", "photo": [STORED], "proof": [STORED]})
    expect(tab.locator(".cw-files")).to_have_text(["pipe.jpg", "pipe.jpg"])
    # What is only read offers nothing to choose.
    expect(tab.locator(".fjs-filepicker-button:visible")).to_have_count(1)
    tab.click("text=Send")
    tab.wait_for_selector("#taken")
    assert json.loads(posted[0][0]["data"])["photo"] == [STORED]


def test_a_draft_is_sent_unfinished(form: Any, tab: Page, posted: list[Any]) -> None:
    form()
    tab.click("text=Draft")
    tab.wait_for_selector("#taken")
    assert posted[0][0]["outcome"] == "draft"


def test_what_the_server_found_stands_beside_its_field_until_the_answer_changes(form: Any, tab: Page) -> None:
    form({"phone": "+85251230007"}, {"phone": ["Not one of ours."], "nowhere": "The case is closed."})
    expect(error_of(tab, "f2")).to_have_text("Not one of ours.")
    expect(tab.locator("[data-loose]")).to_contain_text("The case is closed.")
    tab.fill("input[id*=f2]", "+85251230008")
    expect(tab.locator(".fjs-form-field:has([id*=f2]) .fjs-form-field-error")).to_have_count(0)


def test_a_form_for_reading_has_nothing_to_send(form: Any, tab: Page) -> None:
    form({"summary": "Burst pipe"}, readonly=True)
    assert tab.locator("input[id*=f1]").get_attribute("readonly") is not None
    expect(tab.locator("text=Send")).to_have_count(0)


def test_on_a_telephone_fields_are_44_pixels_high_and_nothing_scrolls_sideways(form: Any, tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    form({"summary": "Burst pipe"})
    for field in tab.locator("main :is(.fjs-input-group, .btn):visible").all():
        box = field.bounding_box()
        assert box
        assert box["height"] >= 44
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


DIAGRAM = """{% extends "page.html" %}{% from "kit/islands.html" import diagram, island_css, island_js %}
{% block head_css %}{{ super() }}{{ island_css("viewer") }}{% endblock %}
{% block head_js %}{{ super() }}{{ island_js("viewer") }}{% endblock %}
{% block heading %}Ticket{% endblock %}
{% block page %}{{ diagram(xml, states=states) }}{% endblock %}"""
XML = (Path(__file__).parent / "two_steps.bpmn").read_text()


def test_a_drawing_shows_what_is_done_and_where_it_stands(
    shell: Flask, pages: dict[str, str], tab: Page
) -> None:
    pages["drawing"] = DIAGRAM
    states = {"Take": {"state": "done", "count": 2}, "Repair": {"state": "active"}, "gone": {"state": "done"}}
    shell.config["SAID"] = {"xml": XML, "states": states}
    tab.goto("/page/drawing")
    tab.wait_for_selector("[data-diagram][data-ready]")
    expect(tab.locator("[data-element-id=Take].cw-done")).to_have_count(1)
    expect(tab.locator("[data-element-id=Repair].cw-active")).to_have_count(1)
    expect(tab.locator(".cw-count")).to_have_text("2")
    expect(tab.locator(".bjs-powered-by")).to_be_visible()


def test_a_broken_drawing_says_so(shell: Flask, pages: dict[str, str], tab: Page) -> None:
    pages["drawing"] = DIAGRAM
    shell.config["SAID"] = {"xml": "<not bpmn", "states": {}}
    tab.goto("/page/drawing")
    expect(tab.locator("[data-failed]")).to_be_visible()


def test_the_form_librarys_watermark_stays_visible(form: Any, tab: Page) -> None:
    form()
    expect(tab.locator(".fjs-powered-by-link")).to_be_visible()


BUTTON = """{% extends "page.html" %}{% from "kit/actions.html" import confirm_button, post_button %}
{% block heading %}One{% endblock %}{% block page %}
{{ confirm_button("/post", "Drop", "Really?") }}{{ post_button("/post", "Keep") }}{% endblock %}"""


def test_a_question_comes_before_the_deed(pages: dict[str, str], tab: Page, posted: list[Any]) -> None:
    pages["button"] = BUTTON
    tab.goto("/page/button")
    tab.click("text=Drop")
    expect(tab.locator("dialog[open]")).to_contain_text("Really?")
    tab.click("dialog [value=no]")
    assert posted == []
    tab.click("text=Drop")
    tab.click("dialog [value=yes]")
    tab.wait_for_selector("#taken")
    assert len(posted) == 1


def test_a_double_press_posts_once(pages: dict[str, str], tab: Page, posted: list[Any]) -> None:
    pages["button"] = BUTTON
    tab.goto("/page/button")
    tab.dblclick("text=Keep")
    tab.wait_for_selector("#taken")
    assert len(posted) == 1


LIVE = """{% extends "page.html" %}{% block heading %}Live{% endblock %}{% block page %}
<p id="list" data-live="task" hx-get="/page/after" hx-trigger="refresh" hx-target="this">before</p>
<p id="other" data-live="ticket" hx-get="/page/after" hx-trigger="refresh" hx-target="this">before</p>
{% endblock %}"""


def test_a_list_follows_the_events_of_its_topic(pages: dict[str, str], tab: Page) -> None:
    pages.update({"live": LIVE, "after": "after"})
    tab.goto("/page/live")
    expect(tab.locator("#list")).to_have_text("after")
    expect(tab.locator("#other")).to_have_text("before")


def test_the_theme_is_remembered(pages: dict[str, str], tab: Page) -> None:
    pages["button"] = BUTTON
    tab.goto("/page/button")
    tab.click("[aria-label=Appearance]")
    tab.click("[data-theme-choice=dark]")
    tab.goto("/page/button")
    assert tab.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
