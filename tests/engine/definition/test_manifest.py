"""``process.toml``: whatever stands in it, everything that is wrong is said at once, by its key."""

import pytest

from engine.definition.manifest import read_process_manifest
from engine.errors import DefinitionError

WHOLE = """
key = "leave"
title = "Leave"
needs = ["tickets"]

[business_key]
pattern = "L-{{ number }}"
digits = 3

[[start]]
event = "asked"
who = ["group:agents"]

[groups]
agents = "Agents"

[variables.days]
type = "number"
sensitive = true

[worklist]
columns = ["days"]
"""


def wrong(text: str) -> dict[str, str]:
    """Read a manifest that cannot be; return what is said by key."""
    with pytest.raises(DefinitionError) as refused:
        read_process_manifest(text.encode())
    return {problem.path.partition("#")[2]: str(problem) for problem in refused.value.problems}


def test_a_manifest_is_read_whole():
    manifest = read_process_manifest(WHOLE.encode())
    assert (manifest.key, manifest.title, manifest.needs, manifest.listed) == (
        "leave", "Leave", ("tickets",), ("days",),
    )  # fmt: skip
    assert (manifest.business_key.pattern, manifest.business_key.digits) == ("L-{{ number }}", 3)
    [start] = manifest.starts
    assert (start.event, start.who, start.public) == ("asked", ("group:agents",), False)
    assert manifest.types == {"days": "number"}
    assert manifest.sensitive == {"days"}


def test_what_is_missing_and_what_nobody_knows_is_said_by_key():
    said = wrong('kye = "leave"')
    assert set(said) == {"kye", "key", "title"}
    assert "There is no key kye" in said["kye"]
    assert "key is missing" in said["key"]


@pytest.mark.parametrize(
    ("as_it_is", "as_it_cannot_be", "at"),
    [
        ('title = "Leave"', "title = 7", "title"),
        ('needs = ["tickets"]', 'needs = "tickets"', "needs"),
        ('needs = ["tickets"]', "needs = [1]", "needs"),
        ("[[start]]", "[start]", "start"),
        ('event = "asked"', "event = 7", "start[1].event"),
        ('event = "asked"', 'event = "asked"\nwhen = "now"', "start[1].when"),
        ('event = "asked"', 'event = "asked"\npublic = "yes"', "start[1].public"),
        ('who = ["group:agents"]', 'who = "group:agents"', "start[1].who"),
        ('who = ["group:agents"]', 'who = ["agents"]', "start[1]"),
        ('agents = "Agents"', "agents = 7", "groups"),
        ("[variables.days]", "[variables]", "variables.type"),
        ('type = "number"', "type = 7", "variables.days.type"),
        ('type = "number"', 'kind = "shoe size"', "variables.days"),
        ("sensitive = true", 'sensitive = "yes"', "variables.days.sensitive"),
        ("sensitive = true", "colour = 7", "variables.days.colour"),
        ('columns = ["days"]', "columns = 7", "worklist.columns"),
        ('columns = ["days"]', 'rows = ["days"]', "worklist.rows"),
        ("digits = 3", "digits = 300", "business_key.digits"),
        ('pattern = "L-{{ number }}"', 'pattern = "L"', "business_key"),
        ('pattern = "L-{{ number }}"', "pattern = 7", "business_key.pattern"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(as_it_is, as_it_cannot_be, at):
    assert as_it_is in WHOLE
    assert at in wrong(WHOLE.replace(as_it_is, as_it_cannot_be))


FACTS = """
[[fact]]
label = "Days"
text = "{{ days }}"
"""


def test_lists_say_at_most_five_facts_each_with_label_and_text():
    manifest = read_process_manifest((WHOLE + FACTS * 5).encode())
    assert [(fact.label, fact.text) for fact in manifest.facts] == [("Days", "{{ days }}")] * 5
    assert "Days" in manifest.texts
    assert "more than 5" in wrong(WHOLE + FACTS * 6)["fact"]
    assert "label and text" in wrong(WHOLE + "[[fact]]\nlabel = 'Days'")["fact[1]"]
    assert "cannot be read" in wrong(WHOLE + FACTS.replace("days", "days +"))["fact[1]"]


@pytest.mark.parametrize(
    ("pattern", "reset", "missing"),
    [
        ("L-{{ number }}", "year", "year"),
        ("L-{{ yy }}-{{ number }}", "month", "month"),
        ("L-{{ mm }}-{{ number }}", "day", "year, day"),
    ],
)
def test_a_number_that_starts_anew_needs_the_date_in_its_key(pattern, reset, missing):
    said = WHOLE.replace('"L-{{ number }}"', f'"{pattern}"\nreset = "{reset}"')
    assert f"put the {missing} into the pattern" in wrong(said)["business_key.reset"]


def test_when_a_number_starts_anew_is_one_of_the_known_words():
    said = WHOLE.replace('"L-{{ number }}"', '"{{ yyyy }}-{{ number }}"\nreset = "week"')
    assert "never, year, month, day" in wrong(said)["business_key.reset"]
