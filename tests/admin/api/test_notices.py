"""Who hears of what, by the interface."""

import pytest

from engine.definition import deploy
from engine.testing import system
from engine.testing.sketch import sketch

DRAWN = """
    start begin
    user check approval="" asks='person:["mei"]'
    user file assignee=initiator
    end over
    begin -> check -> file -> over
"""


@pytest.fixture
def drawn(centre):
    deploy(system(centre), files={"p.bpmn": sketch(DRAWN)})
    return "/process-definitions/p/notices"


def at(rows, event, element_id=None):
    return next(row for row in rows if (row["element_id"], row["event"]) == (element_id, event))


def test_the_matrix_is_read_changed_and_put_back(caller, drawn):
    designer = caller("dan", "designer")
    rows = designer.get(drawn, page_size=100)["result"]
    assert at(rows, "urged")["source"] == "product"
    assert [one["to"] for one in at(rows, "created", "check")["notices"]] == ["candidates"]
    assert at(rows, "created", "file")["source"] == "nobody"
    assert at(rows, "approved", "check")["source"] == "nobody"
    with pytest.raises(StopIteration):
        at(rows, "approved", "file")
    words = {"en": {"title": "Decide", "text": "{{ title }} waits. {{ link }}"}}
    said = {"event": "created", "element_id": "check", "notices": [{"to": "person:dan", "words": words}]}
    made = designer.post(drawn, said)
    assert (made["source"], made["set_here"], made["changed_by"]) == ("rule", True, "dan")
    assert made["notices"][0]["words"] == words
    assert [one["to"] for one in made["drawn"]] == ["candidates"]
    assert [row["event"] for row in designer.get(drawn, source="rule")["result"]] == ["created"]
    place = {"event": "created", "element_id": "check"}
    assert designer.post(f"{drawn}/reset", place)["source"] == "product"
    designer.post(f"{drawn}/reset", place, 404)


def test_what_cannot_be_is_refused_at_its_field(caller, drawn):
    designer = caller("dan", "designer")

    def paths(said):
        refused = designer.post(drawn, {"event": "created", **said}, 422)
        return [detail["path"] for detail in refused["error"]["details"]]

    gap = {"en": {"title": "Decide", "text": "{{ title"}}
    assert paths({"notices": [{"to": "person:dan", "words": gap}]}) == ["notices.0.words.en.text"]
    assert paths({"notices": [{"to": "friends"}]}) == ["notices.0.to"]
    assert paths({"notices": [{"to": "concerned", "channel": "pigeon"}]}) == ["notices.0.channel"]
    assert paths({"notices": [{"to": "concerned"}], "element_id": "nowhere"}) == ["element_id"]
    designer.post(
        "/process-definitions/none/notices", {"event": "created", "notices": [{"to": "nobody"}]}, 404
    )


def test_only_who_may_sees_and_changes_it(caller, drawn):
    agent = caller("mei", "agent")
    agent.get(drawn, 403)
    agent.post(drawn, {"event": "created", "notices": [{"to": "nobody"}]}, 403)
