"""A handler acts by the link of an SMS, without a login."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from engine import runtime
from engine.clock import MovableClock
from engine.context import Context
from engine.files import StoredFile
from engine.history import AuditEntry
from engine.jobs import list_incidents, run_due
from engine.machine import Budget
from engine.notify import sms_size, store_inbound
from engine.parameters import set_parameter
from engine.people import put_person, set_groups
from engine.work import LinkAct, list_comments, list_tasks
from tests.admin.public.conftest import value

ROOT = Path(__file__).parents[3]
PHONE = "+85251230001"
HANDLER = "+85251230009"
PNG = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d4948445200000001000000010802000000907753de") + b"x" * 40


@pytest.fixture
def set_otp(hotline: Context) -> Callable[[str], object]:
    """Change when links ask for a code."""

    return lambda when: set_parameter(hotline, key="handler_link.otp", value=when)


def photo(more_bytes: int = 0) -> Any:
    return FileStorage(BytesIO(PNG + b"x" * more_bytes), filename="valve.png")


def numbers(text: str) -> list[str]:
    return re.findall(r'name="number" value="([^"]*)"', text)


def act(client: FlaskClient, link: str, verb: str, *, number: str | None = None, **said: Any) -> Any:
    number = number or numbers(client.get(link).text)[0]
    # Encoded here: the client would leave a large body's temporary file open.
    boundary, body = encode_multipart({"verb": verb, "number": number, **said})
    return client.post(link, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def finish(client: FlaskClient, link: str, outcome: str = "done", **said: Any) -> Any:
    part = said.pop("part", "finish")
    fields = " ".join(f"{part}-{name}" for name in ("note", "photos"))
    return act(client, link, "finish", outcome=outcome, part=part, fields=fields, **said)


def task(ctx: Context, element_id: str = "handle") -> Any:
    with ctx.read():
        states = ("open", "claimed", "completed", "cancelled")
        found = list_tasks(ctx, state=states, sort="created_at")[1]
        return [one for one in found if one.element_id == element_id][-1]


def prove(client: FlaskClient, link: str, said_to: Any, **wanted: str) -> Any:
    page = client.post(f"{link}/code", query_string=wanted)
    held = re.search(r'name="held" value="([^"]*)"', page.text)
    assert held is not None, page.text
    code = said_to(HANDLER)[-1].split("#")[-1]
    return client.post(f"{link}/code", data={"held": held[1], "code": code, "step": "confirm"})


def test_looking_never_acts(hotline: Context, client: FlaskClient, link: str) -> None:
    before = task(hotline)
    for _time in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert task(hotline) == before


def test_the_page_says_state_and_time_first_and_offers_big_buttons(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    text = client.get(link).text.split("<main", 1)[1]
    places = [
        text.index(words) for words in ("cw-chip", "Burst pipe", "On it", "Done", "Can't do", "Call the desk")
    ]
    assert places == sorted(places)


def test_on_it_takes_the_task(hotline: Context, client: FlaskClient, link: str) -> None:
    answer = act(client, link, "on_it")
    assert answer.status_code == 303
    assert "You are on it" in client.get(answer.location).text
    taken = task(hotline)
    assert taken.state == "claimed"
    assert taken.assignee == taken.acknowledged_by == "handler_water"
    assert "On it" not in client.get(link).text


def test_the_link_leads_to_a_task_that_was_taken_back(
    hotline: Context, client: FlaskClient, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, no step leaves its rest to another transaction.
    monkeypatch.setattr("engine.definition.environment.BUDGET", Budget(step_s=3_600.0))
    write(hotline, "2 valve replaced")
    run_due(hotline)
    assert "This task is over" in client.get(link).text
    write(hotline, "undo")
    run_due(hotline)
    assert "This task is over" not in client.get(link).text
    assert act(client, link, "on_it").status_code == 303
    assert task(hotline).assignee == "handler_water"
    write(hotline, "2 gasket replaced")
    run_due(hotline)
    assert "This task is over" in client.get(link).text
    with hotline.read():
        assert list_incidents(hotline)[0] == 0


def write(ctx: Context, body: str) -> None:
    store_inbound(
        ctx,
        gateway="console",
        provider_id=body,
        channel="sms",
        sender=HANDLER,
        recipient="+85230000000",
        body=body,
    )


@pytest.mark.parametrize(
    ("number", "locale", "words"),
    [
        ("+8613800138000", "zh_Hans", "经办人页面"),
        ("+886912345678", "zh_Hant", "經辦人頁面"),
        ("+886912345678", "en", "handlers' page"),
    ],
)
def test_where_no_link_is_delivered_a_typed_code_leads_to_the_task(
    hotline: Context, client: FlaskClient, report: Any, said_to: Any, number: str, locale: str, words: str
) -> None:
    with hotline.write():
        put_person(hotline, key="handler_water", name="Ho Siu Ming", phone=number, locale=locale)
    report()
    text = said_to(number)[-1]
    assert words in text
    assert "http" not in text
    assert sms_size(text).segment_count == 1
    code = re.search(r"(?:Code |代[码碼])([0-9A-Z]{6})", text)
    assert code is not None
    page = client.get("/code").text
    typed = f" {code[1][:3].lower()}-{code[1][3:]} ".replace("1", "l").replace("0", "ｏ")
    sent = client.post("/code", data={"csrf_token": value(page, "csrf_token"), "code": typed})
    assert sent.status_code == 303
    assert act(client, sent.location, "on_it").status_code == 303
    assert task(hotline).acknowledged_by == "handler_water"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Type your code"), ("zh_Hans", "输入代码"), ("zh_Hant", "輸入代碼")]
)
def test_guessing_codes_is_stopped_as_guessing_links_is(
    hotline: Context, client: FlaskClient, link: str, lang: str, words: str
) -> None:
    page = client.get(f"/code?lang={lang}").text
    assert words in page
    assert len(gzip.compress(page.encode())) < 30_000
    said = {"csrf_token": value(page, "csrf_token"), "code": "7K3M2Q"}
    answers = [client.post("/code", data=said).status_code for _time in range(21)]
    assert answers == [422] * 20 + [429]
    assert client.get("/t/7K3M2Q").status_code == 429


def test_done_with_a_note_and_a_photo_goes_through_the_form(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    answer = finish(
        client,
        link,
        **{"finish-note": "Valve replaced", "finish-photos": photo()},
    )
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location).text
    assert "Recorded" in page
    assert "This task is over" in page
    done = task(hotline)
    assert (done.outcome, done.ended_by, done.ended_through) == ("done", "handler_water", "link")
    with hotline.read():
        variables = runtime.variables_of(hotline, done.instance_id)
        file = hotline.session.get(StoredFile, variables["photos"][0]["$file"])
    assert variables["note"] == "Valve replaced"
    assert file is not None
    assert (file.owner_kind, file.owner_id, file.type) == ("instance", done.instance_id, "image/png")


def test_pressing_twice_acts_once(hotline: Context, client: FlaskClient, link: str) -> None:
    number = numbers(client.get(link).text)[0]
    first = act(client, link, "note", number=number, note_text="On my way")
    second = act(client, link, "note", number=number, note_text="On my way")
    assert "done=note" in first.location
    assert "done=again" in second.location
    with hotline.read():
        assert len(list_comments(hotline, task(hotline).instance_id)) == 1


def test_a_page_replayed_after_the_end_does_nothing(hotline: Context, client: FlaskClient, link: str) -> None:
    number = numbers(client.get(link).text)[0]
    finish(client, link, **{"number": number, "finish-note": "a"})
    answer = finish(client, link, **{"number": number, "finish-note": "b"})
    assert "done=again" in answer.location
    with hotline.read():
        assert runtime.variables_of(hotline, task(hotline).instance_id)["note"] == "a"


def test_not_ours_needs_a_reason(hotline: Context, client: FlaskClient, link: str) -> None:
    answer = finish(client, link, "not_ours", part="reason", opinion=" ")
    assert answer.status_code == 422
    assert 'id="opinion-error"' in answer.text
    assert task(hotline).state == "open"
    answer = finish(client, link, "not_ours", part="reason", opinion="The road is private")
    assert answer.status_code == 303
    assert task(hotline).opinion == "The road is private"
    assert task(hotline, "dispatch").state == "open"


def test_a_refused_page_can_be_sent_again_with_its_number(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    number = numbers(client.get(link).text)[0]
    finish(client, link, "not_ours", part="reason", opinion="", number=number)
    assert (
        finish(client, link, "not_ours", part="reason", opinion="Private", number=number).status_code == 303
    )


def test_more_time_takes_its_date_in_the_person_s_zone(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    page = client.get(link).text
    assert 'name="reason-extension_until"' in page
    assert 'name="finish-extension_until"' not in page
    said = {"reason-extension_until": "2026-03-09T12:00", "opinion": "Parts are missing"}
    answer = act(
        client, link, "finish", outcome="extension", part="reason", fields="reason-extension_until", **said
    )
    assert answer.status_code == 303, answer.text
    with hotline.read():
        variables = runtime.variables_of(hotline, task(hotline).instance_id)
    assert datetime.fromisoformat(variables["extension_until"]) == datetime(2026, 3, 9, 4, 0, tzinfo=UTC)


def test_calling_the_desk_keeps_the_task(
    hotline: Context, client: FlaskClient, link: str, said_to: Any
) -> None:
    answer = act(client, link, "support", support_text="Send a second van")
    assert "done=support" in answer.location
    assert task(hotline).state == "open"
    with hotline.read():
        assert runtime.variables_of(hotline, task(hotline).instance_id)["support_text"] == "Send a second van"


def test_a_note_needs_something_in_it(hotline: Context, client: FlaskClient, link: str) -> None:
    assert act(client, link, "note", note_text="  ").status_code == 422


def test_a_file_that_is_too_large_is_refused_and_nothing_is_half_done(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    large = photo(10 << 20)
    answer = act(client, link, "note", note_text="See the photo", files=large)
    assert answer.status_code == 422
    assert "larger than 10 MB" in answer.text
    assert "See the photo" in answer.text
    large = photo(10 << 20)
    answer = finish(client, link, **{"finish-note": "Repaired", "finish-photos": large})
    assert answer.status_code == 422
    assert 'id="finish-photos-error"' in answer.text
    with hotline.read():
        assert list_comments(hotline, task(hotline).instance_id) == []
        used = hotline.connection.execute(select(func.count()).select_from(LinkAct)).scalar_one()
    assert used == 0


# Links that lead nowhere.


def test_an_unknown_link_leads_nowhere_and_guessing_is_stopped(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    statuses = [client.get(f"/t/{guess:017}").status_code for guess in range(21)]
    assert statuses == [404] * 20 + [429]
    # A guess that is right is no way out.
    assert client.get(link).status_code == 429
    assert client.get(link, environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 200


def test_a_link_is_over_after_seven_days(
    hotline: Context, client: FlaskClient, clock: MovableClock, link: str
) -> None:
    clock.advance(timedelta(days=8))
    answer = client.get(link)
    assert answer.status_code == 410
    assert "too old" in answer.text
    assert act(client, link, "on_it", number="0" * 32).status_code == 410


def test_a_link_is_over_a_day_after_the_task(
    hotline: Context, client: FlaskClient, clock: MovableClock, link: str
) -> None:
    finish(client, link, **{"finish-note": "Repaired"})
    clock.advance(timedelta(hours=23))
    assert client.get(link).status_code == 200
    clock.advance(timedelta(hours=2))
    assert client.get(link).status_code == 410


def test_who_has_left_has_no_link(hotline: Context, client: FlaskClient, link: str) -> None:
    from engine.people import close_person

    close_person(hotline, key="handler_water")
    assert client.get(link).status_code == 410


def test_another_s_link_ends_when_somebody_takes_the_task(
    hotline: Context, client: FlaskClient, report: Any, said_to: Any
) -> None:
    with hotline.write():
        put_person(hotline, key="handler_two", name="Lee", phone="+85251230019", locale="zh_Hant")
        set_groups(hotline, person_key="handler_two", group_keys=["water_handlers"])
    report()
    links = []
    for phone in (HANDLER, "+85251230019"):
        found = re.search(r"http://localhost:8080(/t/\w+)", said_to(phone)[-1])
        assert found is not None
        links.append(found[1])
    act(client, links[0], "on_it")
    assert client.get(links[1]).status_code == 410
    assert client.get(links[0]).status_code == 200


# Languages.


def test_the_page_speaks_the_person_s_language_and_any_other(
    hotline: Context, client: FlaskClient, link: str
) -> None:
    with hotline.write():
        put_person(hotline, key="handler_water", name="Ho Siu Ming", phone=HANDLER, locale="zh_Hant")
    assert '<html lang="zh-Hant"' in client.get(link).text
    page = client.get(f"{link}?lang=en")
    assert '<html lang="en"' in page.text
    assert f'action="{link}?lang=en"' in page.text
    assert '<html lang="zh-Hant"' in client.get(link).text


# Personal data.


def test_personal_data_are_hidden_until_a_code_was_told(
    hotline: Context, client: FlaskClient, link: str, said_to: Any
) -> None:
    page = client.get(link).text
    for personal in ("Nathan Road", "Chan Tai Man", PHONE):
        assert personal not in page
    assert "••01" in page
    answer = prove(client, link, said_to)
    assert answer.status_code == 303
    page = client.get(link).text
    for personal in ("Nathan Road", "Chan Tai Man", "5123 0001"):
        assert personal in page


def test_another_device_has_told_no_code(
    hotline: Context, app: Flask, client: FlaskClient, link: str, said_to: Any
) -> None:
    prove(client, link, said_to)
    assert "Nathan Road" not in app.test_client().get(link).text


def test_the_proof_lasts_twelve_hours(
    hotline: Context, client: FlaskClient, clock: MovableClock, link: str, said_to: Any
) -> None:
    prove(client, link, said_to)
    clock.advance(timedelta(hours=13))
    assert "Nathan Road" not in client.get(link).text


def test_asking_for_the_page_of_the_code_sends_none(
    hotline: Context, client: FlaskClient, link: str, said_to: Any
) -> None:
    before = len(said_to(HANDLER))
    assert client.get(f"{link}/code").status_code == 200
    assert len(said_to(HANDLER)) == before


def test_a_wrong_code_shows_nothing(hotline: Context, client: FlaskClient, link: str, said_to: Any) -> None:
    page = client.post(f"{link}/code")
    held = re.search(r'name="held" value="([^"]*)"', page.text)
    assert held is not None
    answer = client.post(f"{link}/code", data={"held": held[1], "code": "nothing", "step": "confirm"})
    assert answer.status_code == 422
    assert "Nathan Road" not in client.get(link).text


def test_with_never_nothing_is_hidden_and_with_always_nothing_is_shown(
    hotline: Context, client: FlaskClient, link: str, said_to: Any, set_otp: Any
) -> None:
    number = numbers(client.get(link).text)[0]
    set_otp("never")
    assert "Nathan Road" in client.get(link).text
    set_otp("always")
    shut = client.get(link)
    assert "Burst pipe" not in shut.text
    assert "Send me the code" in shut.text
    act(client, link, "on_it", number=number)
    assert task(hotline).state == "open"
    prove(client, link, said_to)
    assert "Burst pipe" in client.get(link).text


def test_a_stored_file_is_handed_out_after_a_code_only_and_written_down(
    hotline: Context, client: FlaskClient, link: str, said_to: Any
) -> None:
    act(client, link, "note", note_text="", files=photo())
    with hotline.read():
        file_id = hotline.connection.execute(select(StoredFile.id)).scalar_one()
    asked = client.get(f"{link}/files/{file_id}")
    assert asked.status_code == 302
    assert "/code?file=" in asked.location
    led = prove(client, link, said_to, file=file_id)
    with client.get(led.location) as answer:
        assert answer.data == PNG
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with hotline.read():
        read = select(func.count()).where(
            AuditEntry.action == "file.read", AuditEntry.actor == "handler_water"
        )
        assert hotline.connection.execute(read).scalar_one() == 1


def test_a_link_opens_no_file_of_another_ticket(
    hotline: Context, client: FlaskClient, link: str, said_to: Any, set_otp: Any
) -> None:
    act(client, link, "note", note_text="", files=photo())
    with hotline.write():
        file_id = hotline.connection.execute(select(StoredFile.id)).scalar_one()
        other = runtime.start_process(
            hotline, process_key="ticket_routing", variables={"category": "water", "summary": "Leak"}
        )
        hotline.session.get_one(StoredFile, file_id).owner_id = other.id
    set_otp("never")
    assert client.get(f"{link}/files/{file_id}").status_code == 404


# What the page is.


def test_the_page_is_small_kept_nowhere_and_told_to_nobody(client: FlaskClient, link: str) -> None:
    answer = client.get(link)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    bundles = ROOT / "admin" / "static" / "bundles"
    names = ("public.css", "public.js", "icons.svg", "mark.svg")
    parts = [answer.data, *((bundles / name).read_bytes() for name in names)]
    assert sum(len(gzip.compress(part)) for part in parts) < 30 * 1024


def test_a_browser_that_lost_its_session_can_still_act(
    hotline: Context, app: Flask, client: FlaskClient, link: str
) -> None:
    number = numbers(client.get(link).text)[0]
    assert act(app.test_client(), link, "on_it", number=number).status_code == 303
    assert task(hotline).state == "claimed"
