"""Codes that the engine keeps are said in words."""

import pytest
from sqlalchemy import insert

from admin.web.outbox.results import taken_for
from engine.ids import new_id
from engine.notify.models import InboundMessage

PROCESSES = {"ticket_routing": "Public report"}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("on_it", "On it"),
        ("start: ticket_routing", "New: Public report"),
        ("not_mine: no reason", "Not ours: without a reason"),
        ("support: not here", "Asks for support: not possible at this step"),
        ("refused: already_ended", "Refused"),
        ("answer_of_the_drawing", "answer_of_the_drawing"),
        (None, ""),
    ],
)
def test_what_a_message_was_taken_for_is_said_in_words(app, result, words):
    with app.test_request_context("/"):
        assert taken_for(result, PROCESSES) == words


def test_the_list_of_what_came_in_speaks_the_readers_language(ctx, make_person, enter):
    make_person("boss", "administrator", locale="zh_Hant")
    with ctx.write():
        ctx.connection.execute(
            insert(InboundMessage).values(
                id=new_id(), channel="sms", gateway="console", provider_id="1", sender="+85251230001",
                recipient="", body="1", state="matched", result="on_it", received_at=ctx.now,
            )
        )  # fmt: skip
    assert "開始處理" in enter("boss").get("/messages/?view=inbound").text


def test_an_error_page_has_its_own_first_heading(client):
    assert "<h1>There is no such page</h1>" in client.get("/nowhere").text
