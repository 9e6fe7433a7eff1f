"""The page on which an administrator changes parameters."""

import pytest


@pytest.mark.parametrize(
    ("locale", "heading", "choice"),
    [("en", "Public reports", "sensitive"), ("zh_Hant", "市民反映", "敏感內容")],
)
def test_parameters_and_their_choices_are_said_in_words(make_person, enter, locale, heading, choice):
    make_person("boss", "administrator", locale=locale)
    text = enter("boss").get("/parameters/").text
    assert heading in text
    assert f'<option value="sensitive" selected>{choice}</option>' in text
