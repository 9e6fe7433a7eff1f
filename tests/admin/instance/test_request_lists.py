"""The lists of one's requests, drafts and what one supervises: whose they are, and what they offer."""

import io
import json
from re import search

import pytest

import forms
from engine.definition import deploy
from engine.people import put_group, set_groups
from engine.runtime import cancel_request, list_instances, start_process
from engine.testing import person
from engine.testing.sketch import sketch
from engine.work import list_comments, list_tasks

DRAWN = """
    start begin
    user apply name="Fill it in" task="assignee=initiator startCounts=true"
    user check name="Check it" approval="" asks='person:["ben","mei"]'
    end over
    begin -> apply -> check -> over
"""
MANIFEST = b"""
key = "p"
title = "Request"
summary = "Ask for a lamp"
category = "Office"
supervisors = ["group:watch"]
instance_title = "{{ why }}"
initiator_may = ["urge", "withdraw", "cancel"]
[[start]]
event = "begin"
form = "apply"
[variables.why]
label = "Why"
[variables.handler]
label = "Who does it"


"""
FORM = json.dumps(
    {
        "schemaVersion": 19,
        "type": "default",
        "components": [
            {"type": "textfield", "key": "why", "label": "Why", "id": "F1"},
            {
                "type": "select",
                "key": "handler",
                "label": "Who",
                "id": "F2",
                "properties": {"options": "persons"},
            },
        ],
    }
).encode()
START = "/start/p/begin?form=apply"


@pytest.fixture
def office(ctx, centre, make_person, enter):
    for key in ("ben", "mei", "li", "zoe"):
        make_person(key, "handler", locale="en")
    with ctx.write():
        put_group(ctx, key="watch", name="Watch")
        set_groups(ctx, person_key="zoe", group_keys=["watch"])
    deploy(ctx, files={"p.bpmn": sketch(DRAWN), "process.toml": MANIFEST, "forms/apply.form": FORM})
    return enter


@pytest.fixture
def asked(centre, office):
    return forms.start_with_form(
        person(centre, "li"), process_key="p", data={"why": "A dark corner", "handler": "mei"}
    ).id


@pytest.fixture
def send(token_of):
    def post(browser, page, path=None, **said):
        said = {**said, "csrf_token": token_of(browser, page)}
        answer = browser.post(path or page, data=said, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text[:500]
        return browser.get(answer.headers["Location"]).text

    return post


def shown(browser, page):
    answer = browser.get(page)
    assert answer.status_code == 200
    return answer.text.split("<main", 1)[1]


def test_my_requests_say_where_they_stand_and_offer_what_i_may_do(asked, office):
    text = shown(office("li"), "/requests/")
    assert "Check it" in text
    assert "Ben" in text
    assert "Mei" in text
    assert f"/instances/{asked}/urge" in text
    assert "Take back" in text
    assert "Start again" not in text
    assert "Asked for by" not in text
    assert "Nothing here" in shown(office("li"), "/requests/?q=zebra")


def test_a_stranger_sees_none_of_it_and_a_supervisor_all_of_it(ctx, asked, office):
    for page in ("/requests/", "/requests/?view=supervised", "/requests/?view=drafts"):
        assert asked not in shown(office("ben"), page)
    assert "I supervise" not in shown(office("ben"), "/requests/")
    assert office("ben").get("/requests/?view=all").status_code == 403
    zoe = office("zoe")
    text = shown(zoe, "/requests/?view=supervised")
    assert f"/instances/{asked}" in text
    assert "Asked for by: Li" in text
    assert "Take back" not in text
    assert "Ask them to hurry" in shown(zoe, f"/instances/{asked}")
    with ctx.write():
        set_groups(ctx, person_key="zoe", group_keys=[])
    assert zoe.get(f"/instances/{asked}").status_code == 404


def test_a_request_that_is_over_is_started_again_by_its_own_form(ctx, centre, asked, office, send):
    li = office("li")
    cancel_request(person(centre, "li"), instance_id=asked, reason="no")
    assert f"/start/again/{asked}" in shown(li, "/requests/")
    assert office("ben").get(f"/start/again/{asked}").status_code == 303
    form = li.get(f"/start/again/{asked}", follow_redirects=True).text
    assert "A dark corner" in form
    assert f'name="again" value="{asked}"' in form
    with ctx.read():
        assert list_tasks(ctx)[0] == 0
    send(li, START, data='{"why": "Two lamps"}', form="apply", again=asked)
    with ctx.read():
        titles = [one["title"] for one in list_instances(ctx)[1]]
    assert titles == ["Two lamps", "A dark corner"]
    assert office("ben").get(f"{START}&again={asked}").status_code == 403


def test_a_draft_is_kept_continued_and_thrown_away(ctx, office, send):
    li = office("li")
    assert "No drafts" in shown(li, "/requests/?view=drafts")
    text = send(li, START, data='{"why": "Half a thou"}', form="apply", save="1")
    assert "New request" in text
    (draft,) = set(search(r"/start/drafts/([0-9a-f-]{36})", text).groups())
    assert "1 draft of yours" in shown(li, "/start/")
    page = li.get(f"/start/drafts/{draft}", follow_redirects=True).text
    assert "Half a thou" in page
    assert office("ben").get(f"/start/drafts/{draft}").status_code == 404
    with ctx.read():
        assert list_tasks(ctx)[0] == 0
    text = send(li, "/requests/?view=drafts", f"/instances/drafts/{draft}/discard")
    assert "No drafts" in text


def test_what_can_be_started_is_searched_in_title_and_category(office):
    li = office("li")
    for word in ("request", "LAMP", "office"):
        assert "/start/p/begin" in shown(li, f"/start/?q={word}")
    text = shown(li, "/start/?q=zebra")
    assert "/start/p/begin" not in text
    assert "Nothing fits" in text


def test_the_page_of_an_instance_names_people_and_not_their_keys(centre, asked, office):
    text = shown(office("li"), f"/instances/{asked}")
    states = json.loads(search(r"data-states>(.*?)</script>", text, 16)[1])
    assert states["check"]["who"] == ["Ben", "Mei"]
    assert "Fill it in: done by the start" in text
    assert search(r"Who does it</dt><dd>Mei</dd>", text)


def test_a_note_on_an_instance_carries_files_that_only_its_people_read(ctx, asked, office, send):
    ben = office("ben")
    page = f"/instances/{asked}"
    text = send(
        ben, page, f"{page}/comments", text="Look, @Mei", attachments=(io.BytesIO(b"plan"), "plan.txt")
    )
    assert "Look, @Mei" in text
    assert "plan.txt" in text
    with ctx.read():
        (note,) = list_comments(ctx, asked)
        (file,) = note["files"]
    with office("li").get(f"/files/{file['$file']}", buffered=True) as answer:
        assert answer.data == b"plan"
    put_away = office("zoe")
    with ctx.write():
        set_groups(ctx, person_key="zoe", group_keys=[])
    assert put_away.get(f"/files/{file['$file']}").status_code == 404
    assert "Look, @Mei" in shown(office("mei"), "/parts/?unread=1")
    assert "Look, @Mei" not in shown(office("mei"), "/parts/?q=zebra")


def test_a_start_without_a_form_is_a_request_too(ctx, centre, office):
    begun = start_process(person(centre, "li"), process_key="p").id
    cancel_request(person(centre, "li"), instance_id=begun, reason="no")
    answer = office("li").get(f"/start/again/{begun}", follow_redirects=True)
    assert answer.status_code == 200
