"""Scores on their pages: those of everybody for whoever manages them, one's own for oneself."""

from datetime import UTC, datetime
from decimal import Decimal

from engine.definition import deploy
from engine.testing.sketch import sketch
from plugins.records import services

SUBJECT = {"person_key": "mei", "kind": "qa", "reference": "Call 8047"}
SCORE = {**SUBJECT, "value": "", "parts": "Greeting; 1; 100\nSolution\t3\t62,5", "last_on": "2999-12-31"}
MANIFEST = b"""
key = "qa_appeal"
title = "Appeal"
[[start]]
event = "begin"
form = "which"
"""
FORM = b"""
{"type": "default", "id": "which", "schemaVersion": 18,
 "components": [{"type": "textfield", "id": "f", "key": "reference", "label": "Call"}]}
"""


def publish(ctx, **said):
    until = datetime(2999, 12, 31, tzinfo=UTC)
    return services.publish_score(ctx, **{**SUBJECT, "value": Decimal(70), "appeal_until": until, **said})


def versions(ctx):
    with ctx.read():
        return [(row["value"], row["reason"]) for row in services.list_scores(ctx, sort="version")[1]]


def test_hr_publishes_a_score_by_its_parts_and_corrects_it_with_a_reason(ctx, make_person, enter, token_of):
    make_person("mei", "agent", name="Mei Chan")
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    assert "No score fits" in browser.get("/scores").text
    assert browser.get("/scores/publish").status_code == 200
    made = browser.post("/scores/publish", data={**token, **SCORE})
    assert made.status_code == 303
    text = browser.get(made.headers["Location"]).text
    assert [part in text for part in ("Mei Chan", "Call 8047", "71.88", "Quality score")] == [True] * 4
    with ctx.read():
        (score,) = services.list_scores(ctx)[1]
    assert (score["published_by"], score["appeal_until"]) == (
        "kit",
        datetime(2999, 12, 31, 15, 59, 59, tzinfo=UTC),
    )
    form = browser.get(f"/scores/{score['id']}").text
    assert "Greeting; 1; 100\nSolution; 3; 62.5" in form
    change = {
        **token,
        "value": "",
        "parts": "Greeting; 1; 100\nSolution; 3; 80",
        "last_on": "",
        "reason": "a slip",
    }
    assert browser.post(f"/scores/{score['id']}", data=change).status_code == 303
    assert versions(ctx) == [(Decimal("71.88"), None), (85, "a slip")]
    assert "a slip" in browser.get(f"/scores/{score['id']}").text


def test_what_cannot_be_a_score_is_said_at_its_field(ctx, make_person, enter, token_of):
    make_person("mei", "agent")
    make_person("kit", "hr")
    browser = enter("kit")
    token = {"csrf_token": token_of(browser)}
    for wrong, said in (
        ({"person_key": "nobody"}, "There is no person nobody."),
        ({"parts": "Greeting; many; 100"}, "Each part has a name"),
        ({"parts": "Greeting"}, "Each part has a name"),
        ({"parts": "", "value": "lots"}, "Write a number such as 14 or 7.5."),
        ({"last_on": "soon"}, "Write a day such as 2026-03-02."),
        ({"reference": ""}, "Say what the score is of"),
    ):
        answer = browser.post("/scores/publish", data={**token, **SCORE, **wrong})
        assert (answer.status_code, said in answer.text) == (422, True), wrong
    score = publish(ctx)
    taken = browser.post("/scores/publish", data={**token, **SCORE})
    assert (taken.status_code, "Another score is published" in taken.text) == (422, True)
    unsaid = browser.post(f"/scores/{score.id}", data={**token, "value": "80", "parts": "", "reason": ""})
    assert (unsaid.status_code, "Say why the score changes." in unsaid.text) == (422, True)


def test_people_see_their_own_scores_and_nobody_elses(ctx, make_person, enter, token_of):
    for key in ("mei", "siu"):
        make_person(key, "agent")
    mine = publish(ctx, value=None, parts=[{"name": "Greeting", "weight": 1, "value": Decimal("70.5")}])
    services.rescore(ctx, **SUBJECT, value=Decimal(75), reason="heard again")
    theirs = publish(ctx, person_key="siu", reference="Call 9")
    browser = enter("mei")
    listed = browser.get("/my-scores").text
    assert ("Call 8047" in listed, "Call 9" in listed) == (True, False)
    shown = browser.get(f"/my-scores/{mine.id}").text
    assert [part in shown for part in ("75", "70.5", "heard again")] == [True] * 3
    assert browser.get(f"/my-scores/{theirs.id}").status_code == 404
    assert browser.get("/scores").status_code == 403
    assert browser.get(f"/scores/{mine.id}").status_code == 403
    token = {"csrf_token": token_of(browser)}
    assert browser.post("/scores/publish", data={**token, **SCORE}).status_code == 403
    assert browser.post(f"/scores/{mine.id}", data={**token, "value": "99", "reason": "x"}).status_code == 403
    assert versions(ctx) == [(Decimal("70.5"), None), (Decimal(70), None), (75, "heard again")]


def test_an_appeal_begins_at_the_score_with_its_form_filled_in_while_it_is_open(ctx, make_person, enter):
    make_person("mei", "agent")
    publish(ctx)
    publish(ctx, reference="Call 9", appeal_until=None)
    publish(ctx, reference="2026-02", kind="kpi")
    browser = enter("mei")
    assert "/start/qa_appeal" not in browser.get("/my-scores").text
    drawn = sketch("start begin form=which\nuser look\nbegin -> look", key="qa_appeal")
    files = {"process.toml": MANIFEST, "qa_appeal.bpmn": drawn, "forms/which.form": FORM}
    deploy(ctx, files=files)
    listed = browser.get("/my-scores").text
    where = "/start/qa_appeal/begin?form=which&amp;reference=Call+8047"
    assert (listed.count("/start/qa_appeal"), where in listed) == (1, True)
    form = browser.get(where.replace("&amp;", "&"))
    assert (form.status_code, '"Call 8047"' in form.text) == (200, True)
    services.appeal_score(ctx, **SUBJECT)
    listed = browser.get("/my-scores").text
    assert ("/start/qa_appeal" in listed, "Appealed" in listed) == (False, True)
