"""Somebody from the public reports something, without a login and without script."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import runtime
from engine.clock import MovableClock
from engine.context import Context
from engine.parameters import set_parameter

ROOT = Path(__file__).parents[3]
PHONE = "+85251230001"


def value(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found is not None, (name, text)
    return found[1]


def fill(browser: FlaskClient, clock: MovableClock, *, wait_s: int = 60, **said: Any) -> Any:
    page = browser.get("/report").text
    clock.advance(timedelta(seconds=wait_s))
    sent = {
        "category": "water",
        "summary": "Burst pipe",
        "description": "Water comes out of the road.",
        "address": "Nathan Road 1",
        "reporter_name": "Chan Tai Man",
        "reporter_phone": PHONE,
        "reporter_locale": "en",
        **said,
    }
    data = {name if name in ("website", "lang") else f"field-{name}": text for name, text in sent.items()}
    hidden = {name: value(page, name) for name in ("csrf_token", "page")}
    return browser.post("/report", data={**hidden, **data})


def confirm(browser: FlaskClient, page: Any, code: str, step: str = "confirm") -> Any:
    hidden = {name: value(page.text, name) for name in ("csrf_token", "held")}
    return browser.post("/report", data={**hidden, "code": code, "step": step})


def instances(ctx: Context) -> int:
    with ctx.read():
        return runtime.list_instances(ctx, key="ticket_routing")[0]


def test_a_report_starts_a_process_once_the_number_is_confirmed(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    assert page.status_code == 200
    assert instances(hotline) == 0
    code = said_to(PHONE)[-1].split("#")[-1]
    sent = confirm(client, page, code)
    assert sent.status_code == 303
    shown = client.get(sent.location).text
    number = re.search(r'class="big-number">([^<]+)<', shown)
    assert number is not None
    with hotline.read():
        instance = runtime.find_instance(hotline, business_key=number[1])
        variables = runtime.variables_of(hotline, instance["id"])
    assert variables["reporter_phone"] == PHONE
    assert variables["summary"] == "Burst pipe"
    assert number[1] in said_to(PHONE)[-1]


def test_a_local_number_is_confirmed_and_kept_as_it_is_called(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock, reporter_phone="5123 0001")
    assert confirm(client, page, said_to(PHONE)[-1].split("#")[-1]).status_code == 303
    with hotline.read():
        (begun,) = runtime.list_instances(hotline, key="ticket_routing")[1]
        assert runtime.variables_of(hotline, begun["id"])["reporter_phone"] == PHONE


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", "is no telephone number"), ("zh_Hant", "不是電話號碼"), ("zh_Hans", "不是电话号码")],
)
def test_a_number_that_cannot_be_called_is_refused_with_a_local_example(
    hotline: Context, client: FlaskClient, clock: MovableClock, locale: str, said: str
) -> None:
    client.get(f"/report?lang={locale}")
    text = fill(client, clock, reporter_phone="5123").text
    error = re.search(r'id="field-reporter_phone-error".*?<span>([^<]+)<', text)
    assert error is not None
    assert said in error[1]
    assert "5123 4567" in error[1]
    assert 'placeholder="5123 4567"' in text


def test_the_form_has_every_field_with_its_label_in_the_person_s_language(
    hotline: Context, client: FlaskClient
) -> None:
    shown = client.get("/report?lang=zh_Hant").text
    assert '<html lang="zh-Hant"' in shown
    assert "What has happened?" not in shown
    for name in ("category", "summary", "description", "address", "reporter_name", "reporter_phone"):
        assert f'name="field-{name}"' in shown
    # The language stays for the next page.
    assert '<html lang="zh-Hant"' in client.get("/report").text
    assert '<option value="zh_Hant" selected>' in shown


def test_another_language_comes_with_what_was_typed_and_nothing_checked(
    hotline: Context, client: FlaskClient, clock: MovableClock
) -> None:
    shown = fill(client, clock, summary="Pipe", reporter_phone="5123", lang="zh_Hant")
    assert shown.status_code == 200
    assert '<html lang="zh-Hant"' in shown.text
    assert 'value="Pipe"' in shown.text
    assert 'value="5123"' in shown.text
    assert "aria-invalid" not in shown.text
    # Messages come in the language that was chosen.
    assert '<option value="zh_Hant" selected>' in shown.text
    assert instances(hotline) == 0


def test_the_code_is_asked_for_in_another_language_without_another_message(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    code = said_to(PHONE)[-1].split("#")[-1]
    hidden = {name: value(page.text, name) for name in ("csrf_token", "held")}
    shown = client.post("/report", data={**hidden, "lang": "zh_Hans"})
    assert '<html lang="zh-Hans"' in shown.text
    assert len(said_to(PHONE)) == 1
    assert confirm(client, shown, code).status_code == 303


def test_the_language_of_the_first_address_does_not_come_back(hotline: Context, client: FlaskClient) -> None:
    page = client.get("/report?lang=zh_Hans").text
    assert 'action="/report"' in page


def test_a_confirmed_number_is_remembered_for_half_a_day(
    hotline: Context, client: FlaskClient, clock: MovableClock, report: Any
) -> None:
    report(client)
    again = fill(client, clock)
    assert again.status_code == 303
    clock.advance(timedelta(hours=13))
    assert fill(client, clock).status_code == 200
    assert instances(hotline) == 2


def test_another_browser_has_not_confirmed_the_number(
    hotline: Context, app: Flask, client: FlaskClient, clock: MovableClock, report: Any
) -> None:
    report(client)
    assert fill(app.test_client(), clock).status_code == 200
    assert instances(hotline) == 1


def test_a_wrong_code_starts_nothing_and_ends_after_five_tries(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    code = said_to(PHONE)[-1].split("#")[-1]
    wrong = "000000" if code != "000000" else "111111"
    for _number in range(5):
        answer = confirm(client, page, wrong)
        assert answer.status_code == 422
    assert confirm(client, page, code).status_code == 422
    assert instances(hotline) == 0


def test_a_code_ends_after_five_minutes(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    code = said_to(PHONE)[-1].split("#")[-1]
    clock.advance(timedelta(minutes=6))
    assert confirm(client, page, code).status_code == 422
    fresh = confirm(client, page, "", step="again")
    assert fresh.status_code == 200
    assert confirm(client, fresh, said_to(PHONE)[-1].split("#")[-1]).status_code == 303


def test_another_code_is_sent_after_thirty_seconds_only(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    assert confirm(client, page, "", step="again").status_code == 429
    clock.advance(timedelta(seconds=31))
    assert confirm(client, page, "", step="again").status_code == 200
    assert len(said_to(PHONE)) == 2


def test_full_width_digits_are_digits(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    code = said_to(PHONE)[-1].split("#")[-1]
    wide = "".join(chr(ord("０") + int(digit)) for digit in code)
    assert confirm(client, page, wide).status_code == 303


def test_sending_the_same_page_twice_starts_one_process(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    code = said_to(PHONE)[-1].split("#")[-1]
    assert confirm(client, page, code).status_code == 303
    assert confirm(client, page, code).status_code == 303
    assert instances(hotline) == 1


def test_what_was_typed_is_still_there_after_going_back(
    hotline: Context, client: FlaskClient, clock: MovableClock
) -> None:
    page = fill(client, clock, address="Nathan Road 77")
    assert "Nathan Road 77" in confirm(client, page, "", step="back").text


def test_a_changed_page_is_no_answer(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    page = fill(client, clock)
    held = value(page.text, "held")
    answer = client.post(
        "/report",
        data={"csrf_token": value(page.text, "csrf_token"), "held": "x" + held, "step": "confirm"},
    )
    assert answer.status_code == 422
    assert instances(hotline) == 0


def test_errors_stand_beside_their_fields_and_nothing_is_lost(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    answer = fill(client, clock, summary="", reporter_phone="12", address="Here <b>")
    assert answer.status_code == 422
    assert 'id="field-summary-error"' in answer.text
    assert 'id="field-reporter_phone-error"' in answer.text
    assert 'href="#field-summary"' in answer.text
    assert "Here &lt;b&gt;" in answer.text
    assert said_to(PHONE) == []


def test_a_program_that_fills_in_what_nobody_sees_starts_nothing_and_hears_why(
    hotline: Context, client: FlaskClient, clock: MovableClock, said_to: Any
) -> None:
    answer = fill(client, clock, website="http://spam.example")
    assert answer.status_code == 422
    assert "people do not see" in answer.text
    assert said_to(PHONE) == []


def test_a_form_that_is_sent_within_three_seconds_is_asked_for_again(
    hotline: Context, client: FlaskClient, clock: MovableClock
) -> None:
    answer = fill(client, clock, wait_s=1)
    assert answer.status_code == 422
    assert "very quick" in answer.text
    hidden = {name: value(answer.text, name) for name in ("csrf_token", "page")}
    fields = {
        "field-category": "water",
        "field-summary": "a",
        "field-description": "b",
        "field-address": "c",
        "field-reporter_phone": PHONE,
    }
    clock.advance(timedelta(seconds=5))
    assert client.post("/report", data={**hidden, **fields}).status_code == 200


def test_too_many_reports_from_one_address_are_refused_and_keep_their_words(
    hotline: Context, client: FlaskClient, clock: MovableClock
) -> None:
    for _number in range(30):
        fill(client, clock, wait_s=5, summary="")
    answer = fill(client, clock, address="Nathan Road 77")
    assert answer.status_code == 429
    assert "Nathan Road 77" in answer.text


def test_too_many_reports_from_one_number_are_refused(
    hotline: Context, client: FlaskClient, clock: MovableClock, report: Any
) -> None:
    # Nobody works here: what is due would be late before the last report.
    set_parameter(hotline, key="jobs.behind_s", value="0")
    report(client)
    statuses = [fill(client, clock).status_code for _number in range(5)]
    assert statuses == [303, 303, 303, 303, 429]
    assert instances(hotline) == 5


def test_without_a_form_token_nothing_happens(hotline: Context, client: FlaskClient) -> None:
    answer = client.post("/report", data={"field-summary": "x"})
    assert answer.status_code == 400
    assert "public.css" in answer.text


def test_confirmation_can_be_switched_off(
    hotline: Context, app: Flask, client: FlaskClient, clock: MovableClock
) -> None:
    set_parameter(hotline, key="report.confirm_number", value="false")
    assert fill(client, clock).status_code == 303


def test_the_page_is_small_told_to_nobody_and_needs_no_script(hotline: Context, client: FlaskClient) -> None:
    answer = client.get("/report")
    assert "<script" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    bundles = ROOT / "admin" / "static" / "bundles"
    parts = [(bundles / name).read_bytes() for name in ("public.css", "icons.svg", "mark.svg")]
    assert sum(len(gzip.compress(part)) for part in (answer.data, *parts)) < 30 * 1024


def test_where_nothing_can_be_reported_the_page_says_so(client: FlaskClient) -> None:
    assert "Nothing can be reported here" in client.get("/report").text


def test_only_what_the_public_may_start_is_there(hotline: Context, client: FlaskClient) -> None:
    assert client.get("/report/ticket_routing/report").status_code == 200
    assert client.get("/report/ticket_routing/report_staff").status_code == 404
    assert client.get("/report/follow_up/start").status_code == 404
