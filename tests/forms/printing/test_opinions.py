"""Opinions as a print says them: who, in whose place, what, with which signature."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from engine.work import Task
from forms.printing.answers import Reader
from forms.printing.opinions import opinions

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
APPROVE = [{"name": "approved", "label": "Approve"}, {"name": "rejected", "label": "Reject"}]
READER = Reader(
    locale="en",
    now=AT,
    names={"ann": "Ann", "ben": "Ben"},
    picture=lambda file: f"picture:{file['$file']}",
)


def task(task_id, **said):
    given = dict.fromkeys(Task.__dataclass_fields__) | {
        "options": {"outcomes": APPROVE},
        "state": "completed",
    }
    named = {"id": task_id, "name": "Check", "element_id": "check", "definition_id": "d", "ended_at": AT}
    return Task(**{**given, **named, **said})


def action(action, task_id, minute, **said):
    given = {"outcome": None, "opinion": None, "actor": "ann"}
    return SimpleNamespace(action=action, task_id=task_id, at=AT + timedelta(minutes=minute), **given | said)


@pytest.fixture
def said():
    return lambda tasks, actions, decisions=None: opinions(
        tasks, actions, decisions, lambda _definition, text: text or "", READER
    )


def test_a_step_of_one_person_tells_the_button_and_the_words(said):
    (one,) = said([task("1", ended_by="ann", outcome="rejected", opinion="Too dear")], [])
    assert (one["person"], one["decision"], one["opinion"]) == ("Ann", "Reject", "Too dear")
    assert one["when"] == "Mar 2, 2026, 01:00"


def test_a_step_in_which_nothing_was_decided_is_no_opinion(said):
    assert said([task("1", options={}, ended_by="ann", outcome="completed")], []) == []
    assert said([task("1", state="open", ended_at=None)], []) == []


def test_who_decides_in_anothers_place_says_so_and_signs(said):
    votes = [{"task": "1", "by": "ann", "instead_of": "ben", "signature": {"$file": "s"}}]
    (one,) = said([task("1")], [action("decide", "1", 1, outcome="approved")], {"check": {"list": votes}})
    assert (one["person"], one["instead_of"], one["signature"]) == ("Ann", "Ben", "picture:s")


def test_the_signature_of_a_step_of_one_person_stands_at_its_decision(said):
    decided = {"check": {"outcome": "approved", "by": "ann", "signature": {"$file": "s"}}}
    (one,) = said([task("1", ended_by="ann", outcome="approved")], [], decided)
    assert one["signature"] == "picture:s"


def test_a_return_stays_and_what_was_taken_back_goes(said):
    actions = [
        action("decide", "1", 1, outcome="approved", opinion="first"),
        action("take_back", "1", 2),
        action("decide", "1", 3, outcome="rejected", opinion="second"),
        action("transfer", "2", 4, opinion="yours"),
        action("return", "2", 5, actor="ben", outcome="apply", opinion="dates?"),
    ]
    found = said([task("1"), task("2", outcome="returned")], actions)
    assert [(one["decision"], one["opinion"]) for one in found] == [
        ("Reject", "second"),
        ("Sent back", "dates?"),
    ]
