"""The pages on which an administrator says who hears of what."""

import pytest

from engine.definition import deploy
from engine.definition.notices import list_rules
from engine.testing import system
from engine.testing.sketch import sketch

DRAWN = """
    start begin
    user check approval="" asks='person:["mei"]'
    user file assignee=initiator
    end over
    begin -> check -> file -> over
"""
MESSAGE = b'title = "Ready"\n[sms]\ntext = "{{ business_key }} is ready, {{ customer.name }}. {{ link }}"\n'
EDIT = "/notices/p/edit?step=check&event=created"
LINE = {"lines": "1", "to-0": "initiator", "channel-0": "email", "words-0": "", "act": "save"}
WRITTEN = {
    "words-0": "written here",
    "title-en-0": "Look",
    "text-en-0": "{{ by }} waits: {{ customer.name }}",
}


@pytest.fixture
def browser(centre, make_person, enter):
    deploy(system(centre), files={"p.bpmn": sketch(DRAWN), "messages/ready.toml": MESSAGE})
    make_person("dan", "designer", locale="en")
    return enter("dan")


@pytest.fixture
def send(browser, token_of):
    def post(address=EDIT, **said):
        token = token_of(browser, EDIT)
        return browser.post(address, data={"csrf_token": token, **LINE, **said})

    return post


def test_who_hears_of_it_is_set_for_a_step_shown_and_put_back(centre, browser, send):
    assert "p" in browser.get("/notices/").text
    assert "Who may take the task" in browser.get("/notices/p").text
    assert send().status_code == 303
    (rule,) = list_rules(system(centre), "p")
    assert (rule.element_id, rule.event, rule.changed_by) == ("check", "created", "dan")
    assert [(one.to, one.channel, one.message) for one in rule.notices] == [("initiator", "email", "")]
    shown = browser.get("/notices/p").text
    assert "Set here" in shown
    assert "Dan" in shown or "dan" in shown
    assert send("/notices/p/reset", step="check", event="created").status_code == 303
    assert list_rules(system(centre), "p") == []
    assert "what is drawn holds again" in browser.get("/notices/p").text
    assert "Set here" not in browser.get("/notices/p").text


def test_what_they_would_read_is_shown_in_every_language_before_it_is_saved(centre, send):
    shown = send(**WRITTEN, act="preview").text
    assert "Chan Siu Ming waits: [name]" in shown
    assert "陈小明 waits: [name]" in shown
    assert list_rules(system(centre), "p") == []
    assert "A-0001 is ready, [name]." in send(**{"words-0": "ready"}, act="preview").text


def test_somebody_else_is_added_and_who_is_left_empty_is_left_out(centre, send):
    assert 'name="to-1"' in send(act="more").text
    two = {"lines": "2", "to-1": "", "channel-1": "preferred", "words-1": ""}
    assert send(**two).status_code == 303
    (rule,) = list_rules(system(centre), "p")
    assert len(rule.notices) == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"to-0": "person", "person-0": "nobody_here"}, "to-0"),
        ({"words-0": "written here"}, "words-0"),
        ({**WRITTEN, "text-en-0": "{{ by"}, "text-en-0"),
        ({**WRITTEN, "title-zh_Hant-0": "請看"}, "text-zh_Hant-0"),
        ({"next_minutes-0": "10"}, "next_minutes-0"),
        ({"to-0": "candidates", "next_minutes-0": "soon"}, "next_minutes-0"),
        ({"to-0": ""}, "to-0"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_stays_to_be_mended(centre, send, said, field):
    refused = send(**said)
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    for text in said.values():
        assert text.replace("{{", "{{") in refused.text
    assert list_rules(system(centre), "p") == []


def test_only_who_may_comes_here(make_person, enter, browser):
    make_person("mei", "agent", locale="en")
    other = enter("mei")
    assert other.get("/notices/").status_code == 403
    assert other.get(EDIT).status_code == 403
    assert browser.get("/notices/p/edit?step=nowhere&event=created").status_code == 404


@pytest.mark.parametrize(("locale", "heading"), [("zh_Hans", "通知"), ("zh_Hant", "通知")])
def test_it_is_there_in_chinese(browser, make_person, enter, locale, heading):
    make_person("yi", "designer", locale=locale)
    text = enter("yi").get("/notices/p").text
    assert heading in text
    assert "Who hears" not in text
    assert "Set here" not in text
