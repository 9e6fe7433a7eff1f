"""The table that one may fill in, and what is said of a table that does not fit."""

import io

import pytest
from openpyxl import load_workbook

from engine.people import read_tables


@pytest.mark.parametrize(("locale", "header"), [("en", "Key"), ("zh_Hans", "用户名"), ("zh_Hant", "用戶名")])
def test_a_blank_table_has_headers_that_the_import_knows(make_person, enter, locale, header):
    make_person("boss", "administrator", locale=locale)
    with enter("boss").get("/organisation/import/blank.xlsx") as answer:
        content = answer.data
    tables = read_tables({"blank.xlsx": content})
    assert [problem.message for problem in tables.problems] == [
        "There is no row of a person or a unit in it."
    ]
    people, units = load_workbook(io.BytesIO(content)).worksheets
    assert people["A1"].value == header
    assert units.max_column == 5


def test_the_headers_of_the_list_of_people_are_known_too():
    tables = read_tables(
        {"people.csv": b"User name,Full name,Telephone,E-mail,Reached first by\nmei,Mei,,,sms\n"}
    )
    assert tables.problems == ()
    assert tables.people[0].said == {"key": "mei", "name": "Mei", "preferred_channel": "sms"}


def test_a_missing_column_is_named_as_people_call_it(make_person, enter, token_of):
    make_person("boss", "administrator", locale="zh_Hant")
    boss = enter("boss")
    sent = boss.post(
        "/organisation/import",
        data={"csrf_token": token_of(boss), "files": (io.BytesIO("用戶名\nmei\n".encode()), "people.csv")},
    )
    assert sent.status_code == 422
    assert "缺少一欄。表頭可以是：Name, Full name, 姓名, 名字。" in sent.text


def test_a_person_without_a_key_is_asked_for_one(make_person, enter, token_of):
    make_person("boss", "administrator")
    boss = enter("boss")
    sent = boss.post(
        "/organisation/people/new", data={"csrf_token": token_of(boss), "name": "Mei", "locale": "en"}
    )
    assert sent.status_code == 422
    assert "This is needed." in sent.text
