"""Whoever reported something asks how it stands."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from engine.context import Context

PHONE = "+85251230001"


def ask(client: FlaskClient, number: str, phone: str) -> Any:
    page = client.get("/report/state").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token is not None
    return client.post("/report/state", data={"csrf_token": token[1], "number": number, "phone": phone})


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
