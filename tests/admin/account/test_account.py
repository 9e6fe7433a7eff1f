from __future__ import annotations

import pytest

from admin.identity.sessions import sessions_of
from engine.parameters import set_parameter
from engine.people import get_person

PASSWORD = "correct horse battery staple"
NEW = "tram 14 stops at noon"


def save(browser, token, **said):
    fields = {"locale": "en", "time_zone": "", "preferred_channel": "", "phone": "", "email": ""}
    return browser.post("/account", data={**fields, **said, "csrf_token": token})


def test_somebody_changes_how_they_read(ctx, make_person, enter, token_of):
    make_person("mei")
    browser = enter("mei")
    answer = save(browser, token_of(browser), locale="zh_Hant", time_zone="Asia/Tokyo")
    assert answer.status_code == 303, answer.text
    person = get_person(ctx, "mei")
    assert (person.locale, person.time_zone) == ("zh_Hant", "Asia/Tokyo")
    assert '<html lang="zh-Hant"' in browser.get("/account").text


def test_a_new_number_needs_the_password(ctx, make_person, enter, token_of):
    make_person("mei")
    browser = enter("mei")
    token = token_of(browser)
    refused = save(browser, token, phone="51234567")
    assert refused.status_code == 422
    assert "The password is wrong." in refused.text
    assert get_person(ctx, "mei").phone is None
    assert save(browser, token, phone="51234567", password=PASSWORD).status_code == 303
    assert get_person(ctx, "mei").phone == "+85251234567"


def test_what_cannot_be_is_said_at_its_field(make_person, enter, token_of):
    make_person("mei")
    browser = enter("mei")
    answer = save(browser, token_of(browser), time_zone="Mars/Base")
    assert answer.status_code == 422
    assert 'aria-describedby="time_zone-error' in answer.text
    assert "Mars/Base is no time zone" in answer.text


def test_the_password_is_changed_with_the_old_one(app, make_person, enter, token_of):
    make_person("mei")
    browser, elsewhere = enter("mei"), enter("mei")
    said = {"old": PASSWORD, "new": NEW, "again": NEW, "csrf_token": token_of(browser)}
    for wrong in ({"old": "no"}, {"again": "no"}, {"new": "short", "again": "short"}):
        assert browser.post("/account/password", data={**said, **wrong}).status_code == 422
    assert browser.post("/account/password", data=said).status_code == 303
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert enter("mei", NEW).get("/account").status_code == 200


def test_sessions_are_listed_and_ended(ctx, make_person, enter, token_of):
    make_person("mei")
    browser, elsewhere = enter("mei"), enter("mei")
    assert len(sessions_of(ctx, person_key="mei")) == 2
    browser.post("/account/sessions/end", data={"csrf_token": token_of(browser)})
    assert len(sessions_of(ctx, person_key="mei")) == 1
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("zh-HK,zh;q=0.9", "zh-Hant"), ("zh-TW", "zh-Hant"), ("zh-Hant-HK", "zh-Hant"), ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"), ("yue", "zh-Hant"), ("fr,de", "en"), ("fr,zh-SG;q=0.5", "zh-Hans"), ("", "en"),
    ],
)  # fmt: skip
def test_the_door_speaks_the_browsers_language(client, asked, lang):
    answer = client.get("/login/", headers={"Accept-Language": asked})
    assert f'<html lang="{lang}"' in answer.text


def test_where_the_browser_asks_for_nothing_of_ours_the_centres_language_is_spoken(ctx, client):
    set_parameter(ctx, key="centre.locale", value="zh_Hant")
    for asked in ("", "fr,de", "*"):
        assert '<html lang="zh-Hant"' in client.get("/login/", headers={"Accept-Language": asked}).text
    assert '<html lang="en"' in client.get("/login/", headers={"Accept-Language": "fr,en;q=0.5"}).text
    assert "不存在" in client.get("/api/v1/nothing").json["error"]["message"]
    assert "Twilio 帳戶" in client.post("/webhooks/twilio/sms").json["error"]["message"]


def test_a_chosen_language_stays_with_the_browser_and_with_the_person(ctx, client, make_person, enter):
    answer = client.get("/language/zh_Hans?next=/login/")
    assert answer.headers["Location"] == "/login/"
    assert '<html lang="zh-Hans"' in client.get("/login/").text
    assert client.get("/language/zh_CN").status_code == 404
    make_person("mei", locale="en")
    browser = enter("mei")
    browser.get("/language/zh_Hant?next=//evil.com")
    assert get_person(ctx, "mei").locale == "zh_Hant"
    assert '<html lang="zh-Hant"' in enter("mei").get("/account").text


def test_times_are_shown_in_the_persons_zone(app, make_person, enter):
    from datetime import UTC, datetime

    from admin.kit.current import Web
    from admin.kit.formats import instant

    make_person("mei", time_zone="Asia/Tokyo")
    web: Web = app.extensions["callwright"]
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    with app.test_request_context("/"):
        assert web.signed_in is None
        assert "9:00" in instant(at, "short")
    browser = enter("mei")
    with browser:
        browser.get("/account")
        assert "10:00" in instant(at, "short")
