from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

import bpmn
from admin.identity.logins import roles_of
from engine import people
from engine.definition import deploy, read_folder
from engine.notify import Notification

BPMN = Path(next(iter(bpmn.__path__)))
PASSWORD = "correct horse battery staple"


@pytest.fixture
def hr(ctx, make_person, enter):
    """Somebody who manages people, signed in, over a small organisation."""
    make_person("hr", "hr")
    people.put_unit(ctx, key="city", name="City", head_key="hr")
    people.put_unit(ctx, key="water", name="Water", parent_key="city")
    people.put_group(ctx, key="dispatch", name="Dispatch")
    return enter("hr")


@pytest.fixture
def boss(make_person, enter):
    make_person("boss", "administrator")
    return enter("boss")


@pytest.fixture
def post(token_of):
    def send(browser, path, **said):
        return browser.post(path, data={**said, "csrf_token": token_of(browser)})

    return send


NEW = {"name": "Mei Chan", "phone": "5123 4567", "locale": "zh_Hant", "unit": "water", "groups": ["dispatch"]}


def messages(ctx):
    with ctx.read():
        return list(ctx.session.scalars(select(Notification)))


def test_somebody_is_taken_in_and_invited(ctx, hr, post):
    answer = post(hr, "/organisation/people/new", key="mei", invite="1", **NEW)
    assert answer.headers["Location"] == "/organisation/people/mei"
    mei = people.get_person(ctx, "mei")
    assert (mei.phone, mei.locale) == ("+85251234567", "zh_Hant")
    assert people.units_of(ctx, "mei") == ["water"]
    assert people.groups_of(ctx, "mei") == ["dispatch"]
    assert roles_of(ctx, person_key="mei") == []
    (message,) = messages(ctx)
    assert message.address == "+85251234567"
    assert "/enter/" in message.body
    assert "has not chosen a password yet" in hr.get("/organisation/people/mei").text


def test_nobody_is_taken_in_where_the_invitation_cannot_be_sent(ctx, hr, post):
    answer = post(hr, "/organisation/people/new", key="mei", invite="1", **{**NEW, "phone": ""})
    assert answer.status_code == 409
    assert "neither a telephone number nor a mail address" in answer.text
    assert people.find_person(ctx, "mei") is None


def test_what_cannot_be_is_said_at_its_field_and_what_was_written_stays(ctx, hr, post):
    answer = post(hr, "/organisation/people/new", key="Mei!", **{**NEW, "phone": "12"})
    assert answer.status_code == 422
    assert 'id="key-error"' in answer.text
    answer = post(hr, "/organisation/people/new", key="mei", **{**NEW, "phone": "12"})
    assert 'id="phone-error"' in answer.text
    assert 'value="Mei Chan"' in answer.text
    assert re.search(r'value="dispatch" checked', answer.text)


def test_the_list_is_searched_filtered_sorted_and_paged(ctx, hr):
    for number in range(30):
        people.create_person(ctx, key=f"p{number:02}", name=f"Person {number:02}", phone=f"512300{number:02}")
        people.join_unit(ctx, unit_key="water" if number % 2 else "city", person_key=f"p{number:02}")
    people.join_group(ctx, group_key="dispatch", person_key="p07")
    people.close_person(ctx, key="p29")

    def shown(query):
        return re.findall(r'/organisation/people/(p\d\d)"', hr.get(f"/organisation/people?{query}").text)

    assert len(shown("")) == 24
    assert shown("page=2") == ["p24", "p25", "p26", "p27", "p28"]
    assert shown("sort=-key&q=person")[0] == "p28"
    assert shown("q=person+07") == ["p07"]
    assert shown("q=51230012") == ["p12"]
    assert shown("group=dispatch") == ["p07"]
    assert len(shown("unit=water")) == 14
    assert shown("state=left") == ["p29"]
    assert shown("q=100%25") == []
    for wrong in ("sort=password", "page=0", "page_size=1000", "page=x"):
        assert hr.get(f"/organisation/people?{wrong}").status_code == 422


def test_who_is_let_go_is_signed_out_and_may_be_taken_back(ctx, hr, make_person, enter, post):
    make_person("mei")
    browser = enter("mei")
    post(hr, "/organisation/people/mei/close")
    assert browser.get("/account").status_code == 302
    assert people.get_person(ctx, "mei").closed_at is not None
    assert "Take back" in hr.get("/organisation/people/mei").text
    post(hr, "/organisation/people/mei/reopen")
    assert people.get_person(ctx, "mei").closed_at is None
    assert enter("mei").get("/account").status_code == 200


def test_roles_are_given_by_those_who_manage_them_and_lately_proved_themselves(
    ctx, hr, boss, make_person, post, token_of
):
    make_person("mei", "agent")
    said = {"name": "Mei", "locale": "en", "roles": ["administrator"], "roles_shown": "1"}
    post(hr, "/organisation/people/mei", **said)
    assert roles_of(ctx, person_key="mei") == ["agent"]
    assert "roles_shown" not in hr.get("/organisation/people/mei").text
    from datetime import timedelta

    from engine.clock import MovableClock

    with ctx.read():
        clock = MovableClock(ctx.now + timedelta(minutes=31))
    object.__setattr__(ctx.centre, "clock", clock)
    assert "Confirm that it is you" in boss.get("/organisation/people/mei").text
    post(boss, "/organisation/people/mei", **said)
    assert roles_of(ctx, person_key="mei") == ["agent"]
    assert post(boss, "/account/prove?next=/organisation/people/mei", password="no").status_code == 422
    answer = post(boss, "/account/prove?next=/organisation/people/mei", password=PASSWORD)
    assert answer.headers["Location"] == "/organisation/people/mei"
    post(boss, "/organisation/people/mei", **said)
    assert roles_of(ctx, person_key="mei") == ["administrator"]


@pytest.mark.parametrize("act", ["", "/close", "/reset", "/invite", "/end"])
def test_a_manager_of_people_cannot_take_over_an_administrator(ctx, hr, make_person, post, act):
    make_person("boss", "administrator", phone="+85251230000")
    answer = post(hr, f"/organisation/people/boss{act}", name="Boss", phone="51239999", locale="en")
    assert answer.status_code == 403
    assert people.get_person(ctx, "boss").phone == "+85251230000"
    assert messages(ctx) == []


def test_somebody_who_does_not_manage_people_sees_none_of_it(make_person, enter):
    make_person("mei", "agent")
    browser = enter("mei")
    for path in ("people", "people/new", "people/mei", "units", "units/new", "groups", "import"):
        assert browser.get(f"/organisation/{path}").status_code == 403
    assert "/organisation/" not in browser.get("/account").text


@pytest.fixture
def brought(ctx):
    """The groups that the public report's process brings."""
    for folder in ("follow_up", "ticket_routing"):
        deploy(ctx, files=read_folder(BPMN / folder), source="folder")


def test_a_group_that_a_process_brought_is_called_as_the_process_says_it_in_each_language(
    ctx, make_person, enter, post, brought
):
    make_person("mei", "hr", locale="zh_Hans")
    make_person("wong", "hr", locale="zh_Hant")
    people.join_group(ctx, group_key="water_handlers", person_key="mei")
    mei, wong = enter("mei"), enter("wong")
    for path in ("groups", "groups/water_handlers", "people", "people/mei"):
        assert "水务经办人" in mei.get(f"/organisation/{path}").text
        assert "水務經辦人" in wong.get(f"/organisation/{path}").text
    assert "水务经办人" in mei.get("/account").text
    # Saved as it was shown, it stays the process's own.
    post(mei, "/organisation/groups/water_handlers", name="水务经办人")
    assert "水務經辦人" in wong.get("/organisation/groups").text


def test_a_group_that_an_administrator_renamed_is_called_so_in_every_language(
    make_person, enter, post, brought
):
    make_person("mei", "hr", locale="zh_Hans")
    make_person("wong", "hr", locale="zh_Hant")
    mei, wong = enter("mei"), enter("wong")
    post(mei, "/organisation/groups/water_handlers", name="Waterworks")
    for browser in (mei, wong):
        text = browser.get("/organisation/groups").text
        assert "Waterworks" in text
        assert "水務經辦人" not in text
        assert "水务经办人" not in text


def test_units_are_made_moved_and_ended(ctx, hr, post):
    assert post(hr, "/organisation/units/new", key="crew", name="Crew", parent="water").status_code == 303
    assert post(hr, "/organisation/units/new", key="crew", name="Crew").status_code == 409
    assert "Crew" in hr.get("/organisation/units").text
    answer = post(hr, "/organisation/units/water", name="Water", parent="crew")
    assert answer.status_code == 409
    assert "stands below" in answer.text
    answer = post(hr, "/organisation/units/water", name="Water", parent="city", head="nobody")
    assert answer.status_code == 422
    assert 'id="head-error"' in answer.text
    answer = post(hr, "/organisation/units/water", name="Waterworks", parent="", head="hr", position="2")
    assert answer.status_code == 303
    tree = [(node.unit.key, node.depth) for node in people.unit_tree(ctx)]
    assert tree == [("city", 0), ("water", 0), ("crew", 1)]
    assert post(hr, "/organisation/units/water/close").headers["Location"] == "/organisation/units/water"
    post(hr, "/organisation/units/crew/close")
    post(hr, "/organisation/units/water/close")
    assert [node.unit.key for node in people.unit_tree(ctx)] == ["city"]


def test_a_group_takes_people_in_and_out(ctx, hr, make_person, post):
    make_person("mei")
    assert post(hr, "/organisation/groups/new", key="night", name="Night shift").status_code == 303
    post(hr, "/organisation/groups/night/join", person="mei")
    assert [person.key for person in people.members_of(ctx, "night")] == ["mei"]
    answer = post(hr, "/organisation/groups/night/join", person="nobody")
    assert answer.status_code == 422
    assert 'id="person-error"' in answer.text
    post(hr, "/organisation/groups/night/leave", person="mei")
    assert people.members_of(ctx, "night") == []
    post(hr, "/organisation/groups/night/close")
    assert hr.get("/organisation/groups/night").status_code == 404


def table(*rows):
    book = Workbook()
    book.active.title = "People"
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(browser, token, content, name="staff.xlsx"):
    data = {"files": (io.BytesIO(content), name), "csrf_token": token}
    return browser.post("/organisation/import", data=data, content_type="multipart/form-data")


def test_a_table_is_checked_first_and_taken_in_after(ctx, hr, post, token_of):
    rows = [["key", "name", "phone", "unit"], ["mei", "Mei", "51234567", "water"], ["lee", "Lee", None, None]]
    answer = upload(hr, token_of(hr), table(*rows))
    assert answer.status_code == 200
    assert people.find_person(ctx, "mei") is None
    file_id = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    answer = post(hr, "/organisation/import/apply", file=file_id)
    assert answer.status_code == 303
    assert people.units_of(ctx, "mei") == ["water"]
    assert "has not chosen a password yet" in hr.get("/organisation/people/mei").text
    assert post(hr, "/organisation/import/apply", file=file_id).status_code == 404


def test_a_table_with_problems_names_them_and_is_not_taken_in(ctx, hr, post, token_of):
    answer = upload(
        hr, token_of(hr), table(["key", "name", "phone"], ["mei", "Mei", "12"], ["L ee", "Lee", ""])
    )
    assert answer.status_code == 422
    assert "People · C2" in answer.text
    assert "People · A3" in answer.text
    assert 'name="file"' not in answer.text


def test_a_file_that_is_no_table_is_refused(hr, token_of):
    assert upload(hr, token_of(hr), b"MZ", "setup.exe").status_code == 422
    assert "neither .xlsx nor .csv" in upload(hr, token_of(hr), b"MZ", "setup.exe").text


def test_a_table_does_not_change_an_administrator(ctx, hr, make_person, post, token_of):
    make_person("boss", "administrator", phone="+85251230000")
    answer = upload(hr, token_of(hr), table(["key", "name", "phone"], ["boss", "Boss", "51239999"]))
    file_id = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    assert post(hr, "/organisation/import/apply", file=file_id).status_code == 403
    assert people.get_person(ctx, "boss").phone == "+85251230000"


def test_pages_of_an_unknown_key_are_not_found(hr):
    for path in ("people/nobody", "units/nowhere", "groups/none"):
        assert hr.get(f"/organisation/{path}").status_code == 404
