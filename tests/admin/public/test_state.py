"""Whoever reported something asks how it stands."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient

from engine.clock import MovableClock
from engine.context import Context

PHONE = "+85251230001"


def send(client: FlaskClient, number: str, phone: str, **more: str) -> Any:
    page = client.get("/report/state").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token is not None
    said = {"csrf_token": token[1], "number": number, "phone": phone, **more}
    return client.post("/report/state", data=said)


def ask(client: FlaskClient, number: str, phone: str) -> Any:
    answer = send(client, number, phone)
    return client.get(answer.location) if answer.status_code == 303 else answer


def test_number_and_telephone_together_tell_the_state_in_plain_words(
    hotline: Context, client: FlaskClient, report: Any, said_to: Any
) -> None:
    number = report()
    said = said_to(PHONE)
    for phone in (PHONE, "0001", "5123 0001"):
        answer = ask(client, number.lower(), phone)
        assert answer.status_code == 200
        assert "Handle the report" in answer.text
        assert "In work" in answer.text
    # What the reporter was told stands there; the code is not part of it.
    assert len(said) == 2
    assert "Chan Tai Man" not in answer.text
    assert said[0].split("#")[-1] not in answer.text


def test_a_wrong_number_and_a_wrong_telephone_are_answered_alike(
    hotline: Context, client: FlaskClient, report: Any
) -> None:
    number = report()
    wrong_phone = ask(client, number, "9999")
    wrong_number = ask(client, "T-990101-0001", "0001")
    assert wrong_phone.status_code == wrong_number.status_code == 404
    assert wrong_phone.text.count("There is no report") == wrong_number.text.count("There is no report") == 1


def test_the_state_is_said_in_the_page_s_language(hotline: Context, client: FlaskClient, report: Any) -> None:
    number = report()
    client.get("/report/state?lang=zh_Hans")
    assert "Handle the report" not in ask(client, number, PHONE).text


def test_guessing_a_telephone_number_is_stopped(hotline: Context, client: FlaskClient, report: Any) -> None:
    number = report()
    statuses = [ask(client, number, f"{guess:04}").status_code for guess in range(5000, 5011)]
    assert statuses == [404] * 10 + [429]
    assert ask(client, number, "0001").status_code == 429


def test_the_answer_can_be_looked_at_again_for_a_quarter_of_an_hour(
    hotline: Context, client: FlaskClient, clock: MovableClock, report: Any
) -> None:
    address = send(client, report(), PHONE).location
    assert "0001" not in address
    for language, words in (("en", "In work"), ("zh_Hant", "處理中")):
        assert words in client.get(f"{address}&lang={language}").text
    clock.advance(timedelta(minutes=16))
    late = client.get(address)
    assert late.status_code == 410
    assert 'name="phone"' in late.text


def test_an_address_that_was_made_up_opens_nothing(
    hotline: Context, client: FlaskClient, report: Any
) -> None:
    address = send(client, report(), PHONE).location
    assert "Handle the report" not in client.get(f"{address}x").text
    assert client.get("/report/state?seen=1").status_code == 410


def test_another_language_keeps_what_was_typed_and_asks_nothing(
    hotline: Context, client: FlaskClient
) -> None:
    shown = send(client, "T-260302-0017", "5123 00", lang="zh_Hant")
    assert shown.status_code == 200
    assert '<html lang="zh-Hant"' in shown.text
    assert 'value="T-260302-0017"' in shown.text
    assert 'value="5123 00"' in shown.text
