"""What lists say of instances: their numbers and, as they stand, a few facts."""

from datetime import timedelta

import pytest

from engine import runtime
from engine.definition import deploy
from engine.testing import person, system
from engine.testing.sketch import sketch
from engine.work import list_tasks

DRAWN = sketch(
    """
    start begin
    user ask
    user ask_again
    end over
    begin -> ask -> ask_again -> over
    """
)


def manifest(said):
    return f'key = "p"\ntitle = "Leave"\n{said}'.encode()


@pytest.fixture
def begin(centre):
    def begin(said, **variables):
        deploy(system(centre), files={"p.bpmn": DRAWN, "process.toml": manifest(said)})
        return runtime.start_process(system(centre), process_key="p", variables=variables)

    return begin


def keys(centre, begin, said, *waits):
    found = [begin(said).business_key]
    for days in waits:
        centre.clock.advance(timedelta(days=days))
        found.append(begin(said).business_key)
    return found


def test_a_number_starts_anew_whenever_the_rest_of_the_key_changes(centre, begin):
    said = '[business_key]\npattern = "L{{ yyyy }}{{ mm }}-{{ number }}/HR"\ndigits = 3'
    assert keys(centre, begin, said, 1, 31) == ["L202603-001/HR", "L202603-002/HR", "L202604-001/HR"]


def test_a_number_goes_on_through_the_year_though_its_key_names_the_day(centre, begin):
    said = '[business_key]\npattern = "{{ yyyy }}{{ mm }}{{ dd }}-{{ number }}"\nreset = "year"'
    assert keys(centre, begin, said, 1, 40, 365) == [
        "20260302-0001",
        "20260303-0002",
        "20260412-0003",
        "20270412-0001",
    ]


def test_a_number_never_starts_anew_where_that_is_said(centre, begin):
    said = '[business_key]\npattern = "{{ yyyy }}-{{ number }}"\nreset = "never"'
    assert keys(centre, begin, said, 400) == ["2026-0001", "2027-0002"]


FACTS = """
instance_title = "{{ name }} asks for {{ days }} days"
[[fact]]
label = "Days"
text = "{{ days }}"
[[fact]]
label = "Decided by"
text = "{{ decisions.ask.by }}"
"""


def test_lists_say_facts_as_they_stand_and_the_title_as_it_began(centre, begin):
    begun = begin(FACTS, name="Ann", days=3)
    with system(centre).read() as ctx:
        (row,) = runtime.list_instances(ctx)[1]
        (waiting,) = list_tasks(ctx)[1]
    assert (row["title"], row["facts"]) == ("Ann asks for 3 days", [{"label": "Days", "text": "3"}])
    eve = person(centre, "eve", permissions=["instances.operate"])
    runtime.complete_task(eve, task_id=waiting.id, data={"days": 5})
    with system(centre).read() as ctx:
        assert runtime.facts_of(ctx, [begun.id]) == {
            begun.id: [{"label": "Days", "text": "5"}, {"label": "Decided by", "text": "eve"}]
        }
        assert runtime.get_instance(ctx, begun.id)["title"] == "Ann asks for 3 days"


def test_a_process_without_facts_has_none(centre, begin):
    begun = begin("", days=3)
    with system(centre).read() as ctx:
        assert runtime.facts_of(ctx, [begun.id]) == {begun.id: []}
