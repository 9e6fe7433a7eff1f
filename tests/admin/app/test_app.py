from __future__ import annotations


def test_the_sign_in_page_opens(client):
    answer = client.get("/login/")
    assert answer.status_code == 200, answer.text
    assert "Sign in" in answer.text


def test_somebody_signs_in_and_sees_their_account(make_person, enter):
    make_person("mei", "agent")
    browser = enter("mei")
    answer = browser.get("/account")
    assert answer.status_code == 200
    assert "My account" in answer.text
