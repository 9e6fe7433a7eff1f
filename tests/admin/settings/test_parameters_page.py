"""The page on which an administrator changes parameters."""

import pytest


@pytest.mark.parametrize(
    ("locale", "heading", "choice"),
    [("en", "Public reports", "Sensitive"), ("zh_Hant", "市民反映", "敏感內容")],
)
def test_parameters_and_their_choices_are_said_in_words(make_person, enter, locale, heading, choice):
    make_person("boss", "administrator", locale=locale)
    text = enter("boss").get("/parameters/").text
    assert heading in text
    assert f'<option value="sensitive" selected>{choice}</option>' in text


def test_the_language_of_the_centre_is_chosen_by_its_own_name(make_person, enter, token_of, client):
    make_person("boss", "administrator", locale="en")
    browser = enter("boss")
    text = browser.get("/parameters/").text
    assert '<option value="zh_Hant">繁體中文</option>' in text
    token = token_of(browser, "/parameters/")
    said = {"csrf_token": token, "key": "centre.locale", "value": "zh_Hant"}
    assert browser.post("/parameters/", data=said).status_code in (302, 303)
    assert '<html lang="zh-Hant"' in client.get("/login/").text


def test_a_provider_is_described_in_several_lines_and_what_is_wrong_stays_to_be_mended(
    make_person, enter, token_of
):
    make_person("boss", "administrator", locale="zh_Hant")
    browser = enter("boss")
    key = "http_sms_gateway.provider"
    text = 'url = "https://a.example/send"\r\n[countries]\r\n86 = "%s"\r\n[json]\r\nto = "{{ number }}"\r\n'
    said = {"csrf_token": token_of(browser, "/parameters/"), "key": key, "value": text % "sometimes"}
    refused = browser.post("/parameters/", data=said)
    assert refused.status_code == 422
    assert "countries.86 必須是以下之一：two_way" in refused.text
    assert "86 = &#34;sometimes&#34;" in refused.text
    assert browser.post("/parameters/", data={**said, "value": text % "two_way"}).status_code in (302, 303)
    assert "會簽章的短訊供應商" in browser.post("/webhooks/http_sms/sms").json["error"]["message"]
    shown = browser.get("/parameters/").text
    assert "<textarea" in shown
    assert "86 = &#34;two_way&#34;\n[json]" in shown
