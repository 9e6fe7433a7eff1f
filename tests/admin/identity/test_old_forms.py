"""A form that was open for too long."""


def test_whoever_is_no_longer_signed_in_is_led_back_to_the_page_they_were_on(make_person, enter, token_of):
    make_person("mei", "agent", locale="zh_Hant")
    mei = enter("mei")
    token = token_of(mei)
    for cookie in list(mei._cookies.values()):
        mei.delete_cookie(cookie.key, domain=cookie.domain, path=cookie.path)
    answer = mei.post(
        "/account/password",
        data={"csrf_token": token},
        headers={"Referer": "http://localhost/account", "Accept-Language": "zh-HK"},
    )
    assert answer.status_code == 401
    assert "內容未儲存：你已登出" in answer.text
    assert "/login/?next=/account" in answer.text


def test_whoever_is_signed_in_hears_that_the_page_was_too_old(make_person, enter):
    make_person("mei", "agent")
    answer = enter("mei").post("/account/password", data={"csrf_token": "old"})
    assert answer.status_code == 400
    assert "the page was too old" in answer.text
