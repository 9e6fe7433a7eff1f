from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.errors import DefinitionError
from engine.i18n import translate
from engine.notify.sms_plan import MESSAGES
from engine.notify.sms_text import sms_size
from engine.notify.templates import (
    MessageTemplate,
    check,
    read_template,
    render,
    short_instant,
    source_texts,
)
from engine.plugin import Registry

DISPATCH = b"""
title = "Dispatch"
[sms]
text = "{{ business_key }} {{ summary }}, due {{ task.due }}. Reply 1 on it, 2 done."
[email]
subject = "{{ business_key }} {{ summary }}"
text = \"\"\"
Due {{ task.due }}.

{{ link }}
\"\"\"
"""
PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "{{ business_key }} {{ summary }}, due {{ task.due }}. Reply 1 on it, 2 done."
msgstr "%s"
"""
SCOPE = {
    "business_key": "T-260302-0017",
    "summary": "水管爆裂",
    "task": {"due": "3月2日 16:00"},
    "link": "https://desk.example.org/t/abc",
}


@dataclass
class Deployment:
    files: dict[str, bytes] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)
    key: str = "ticket_routing"


@pytest.fixture
def dispatch() -> MessageTemplate:
    return read_template("dispatch", DISPATCH)


def test_the_translation_is_filled_and_not_the_filled_text_translated(dispatch: MessageTemplate) -> None:
    chinese = {
        dispatch.texts["sms"].text: "{{ business_key }} {{ summary }}，{{ task.due }}前。回1接單，2完成。"
    }
    said = render(
        dispatch, "sms", locale="zh_Hant", say=lambda _locale, text: chinese.get(text, text), scope=SCOPE
    )
    assert said.text == "T-260302-0017 水管爆裂，3月2日 16:00前。回1接單，2完成。"
    assert said.subject == ""


def test_a_channel_without_a_text_of_its_own_says_the_shortest_there_is(dispatch: MessageTemplate) -> None:
    said = render(dispatch, "in_app", locale="en", say=translate, scope=SCOPE)
    assert said.text.endswith("Reply 1 on it, 2 done.")
    assert said.subject == "Dispatch"
    mail = render(dispatch, "email", locale="en", say=translate, scope=SCOPE)
    assert mail.subject == "T-260302-0017 水管爆裂"
    assert mail.text == "Due 3月2日 16:00.\n\nhttps://desk.example.org/t/abc"


def test_a_subject_stays_on_one_line(dispatch: MessageTemplate) -> None:
    said = render(dispatch, "email", locale="en", say=translate, scope={**SCOPE, "summary": "a\r\nBcc: b"})
    assert said.subject == "T-260302-0017 a Bcc: b"


def test_a_translation_with_a_broken_hole_is_said_in_english(dispatch: MessageTemplate) -> None:
    said = render(dispatch, "sms", locale="zh_Hans", say=lambda *_: "{{ oh no", scope=SCOPE)
    assert said.text.startswith("T-260302-0017 水管爆裂, due")


@pytest.mark.parametrize("locale", ["en", "zh_Hans", "zh_Hant"])
def test_times_cost_no_segment_by_their_spaces(locale: str) -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Hong_Kong"))
    template = read_template("x", b'title = "x"\n[sms]\ntext = "Due {{ due }}, {{ 1234.5 }}"')
    due = datetime(2026, 3, 2, 8, tzinfo=UTC)
    said = render(template, "sms", locale=locale, say=translate, scope={"due": due}, now=now)
    assert not set(said.text) & {"\u202f", "\u00a0"}
    if locale == "en":
        assert sms_size(said.text).encoding == "GSM-7"


def test_an_instant_is_written_short_in_the_readers_language_and_zone() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Hong_Kong"))
    due = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert short_instant(due, locale="en", now=now) == "Mar 2 16:00"
    assert short_instant(due, locale="zh_Hant", now=now) == "3月2日 16:00"
    assert "2027" in short_instant(due.replace(year=2027), locale="en", now=now)


def test_every_text_is_listed_for_the_catalogue(dispatch: MessageTemplate) -> None:
    assert source_texts(dispatch) == [
        "Dispatch",
        "{{ business_key }} {{ summary }}, due {{ task.due }}. Reply 1 on it, 2 done.",
        "{{ business_key }} {{ summary }}",
        "Due {{ task.due }}.\n\n{{ link }}",
    ]


def test_a_good_message_has_no_problems() -> None:
    assert MESSAGES.pattern == "messages/*.toml"
    assert list(check("messages/dispatch.toml", DISPATCH, Deployment())) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"title =", "no TOML"),
        (b"\xff", "no TOML"),
        (b'[sms]\ntext = "x"', "title"),
        (b'title = "x"', "at least one channel"),
        (b'title = "x"\n[fax]\ntext = "x"', "fax is no channel"),
        (b'title = "x"\nsms = "x"', "sms is no channel"),
        (b'title = "x"\n[email]\ntext = "x"\nsubject = 7', "subject must be a text"),
        (b'title = "x"\n[sms]\ntext = " "', "Write the text"),
        (b'title = "x"\n[sms]\nbody = "x"', "Unknown key body"),
        (b'title = "x"\n[sms]\ntext = "x"\nsubject = "x"', "Unknown key subject"),
        (b'title = "x"\n[sms]\ntext = "x {{ 1 + }}"', "x {{ 1 + }}"),
        (b'title = "x"\n[email]\nsubject = "{{ a"\ntext = "x"', "not closed"),
    ],
)
def test_what_is_wrong_with_a_message_is_said_before_it_is_deployed(content: bytes, said: str) -> None:
    problems = check("messages/x.toml", content, Deployment())
    assert any(said in str(problem) for problem in problems), [str(problem) for problem in problems]
    with pytest.raises(DefinitionError):
        read_template("x", content)


def test_a_translation_with_a_broken_hole_is_found_before_it_is_deployed() -> None:
    path = "locale/zh_Hant/LC_MESSAGES/messages.po"
    good = Deployment(files={path: (PO % "{{ business_key }}，{{ task.due }}").encode()})
    assert not check("messages/dispatch.toml", DISPATCH, good)
    [problem] = check(
        "messages/dispatch.toml", DISPATCH, Deployment(files={path: (PO % "{{ business_key").encode()})
    )
    assert problem.path == path
