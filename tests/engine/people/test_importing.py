from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from engine import people
from engine.errors import InvalidSubmission
from engine.parameters import set_parameter
from engine.people import apply_import, plan_import, read_tables

UNITS = [
    ["Key", "Name", "Parent", "Head", "Position"],
    ["crew", "Repair crew", "water", None, 0],
    ["water", "Water", "city", "wu", 1],
    ["city", "City", None, "director", 0],
]
PEOPLE = [
    ["Key", "Name", "Phone", "E-mail", "Language", "Unit", "Groups"],
    ["director", "Dora Director", None, "dora@example.org", "English", "city", None],
    ["wu", "吳主任", 51230001, None, "繁體中文", "water", "dispatch; water_handlers"],
    ["chan", "陳大文", "+852 5123 0002", None, "zh_Hant", "crew", "water_handlers"],
]


def book(**sheets):
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def comma(rows):
    return "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows).encode()


@pytest.fixture
def groups(ctx):
    for key in ("dispatch", "water_handlers"):
        people.put_group(ctx, key=key, name=key.title())
    return ctx


def tables(**sheets):
    return read_tables({"staff.xlsx": book(**sheets)})


def said(plan):
    return [str(problem) for problem in plan.problems]


def test_units_and_people_are_taken_in_whatever_the_order_of_their_rows(groups):
    plan = apply_import(groups, tables=tables(Units=UNITS, People=PEOPLE))
    assert len(plan.new) == 6
    tree = [(node.unit.key, node.depth) for node in people.unit_tree(groups)]
    assert tree == [("city", 0), ("water", 1), ("crew", 2)]
    wu = people.get_person(groups, "wu")
    assert (wu.name, wu.phone, wu.locale) == ("吳主任", "+85251230001", "zh_Hant")
    assert people.groups_of(groups, "wu") == ["dispatch", "water_handlers"]
    assert people.manager_of(groups, "chan").key == "wu"


def test_whose_language_is_not_said_gets_the_centres(groups):
    set_parameter(groups, key="centre.locale", value="zh_Hans")
    rows = [["key", "name", "locale"], ["lee", "李", None], ["ho", "何", "-"], ["wu", "吳", "en"]]
    apply_import(groups, tables=tables(People=rows))
    assert [people.get_person(groups, key).locale for key in ("lee", "ho", "wu")] == [
        "zh_Hans",
        "zh_Hans",
        "en",
    ]


def test_the_same_table_a_second_time_changes_nothing(groups):
    from sqlalchemy import func, select

    from engine.history import AuditEntry

    apply_import(groups, tables=tables(Units=UNITS, People=PEOPLE))
    with groups.read():
        before = groups.session.scalars(select(func.count()).select_from(AuditEntry)).one()
    plan = apply_import(groups, tables=tables(Units=UNITS, People=PEOPLE))
    assert plan.new == frozenset()
    with groups.read():
        after = groups.session.scalars(select(func.count()).select_from(AuditEntry)).one()
    assert after == before + 1


@pytest.mark.parametrize(
    "headers",
    [
        ["用户名", "姓名", "手机号", "邮箱", "语言", "部门", "小组"],
        ["用戶名", "姓名", "手機", "電郵", "語言", "部門", "小組"],
        [" KEY ", "Name*", "Telephone", "Mail", "locale", "Department", "Group"],
    ],
)
def test_headers_are_understood_in_three_languages(groups, headers):
    apply_import(groups, tables=tables(Units=UNITS, People=[*PEOPLE]))
    rows = [headers, ["lee", "李小姐", "51230003", None, None, "crew", "dispatch"]]
    apply_import(groups, tables=read_tables({"人员.csv": comma(rows)}))
    lee = people.get_person(groups, "lee")
    assert (lee.phone, people.units_of(groups, "lee")) == ("+85251230003", ["crew"])


def test_csv_files_of_excel_are_read(groups):
    units, persons = comma(UNITS), comma(PEOPLE).replace(b";", b"/")
    persons = comma([row[:6] for row in PEOPLE]).decode()
    files = {
        "units.csv": b"\xef\xbb\xbf" + units.replace(b",", b";"),
        "people.csv": persons.replace(",", "\t").encode("utf-16"),
    }
    apply_import(groups, tables=read_tables(files))
    assert people.get_person(groups, "wu").name == "吳主任"


def test_a_dry_run_lists_everything_that_is_wrong_by_cell_and_changes_nothing(groups):
    units = [*UNITS, ["Bad Key", "X", "nowhere", None, None], ["crew", "Twice", None, "nobody", "first"]]
    persons = [
        *PEOPLE,
        ["lee", "Lee", "12", "lee@home", "Klingon", "nowhere", "nogroup"],
        ["ho", None, None, None, None, None, None],
    ]
    plan = plan_import(groups, tables=tables(Units=units, People=persons))
    paths = {problem.path for problem in plan.problems}
    assert paths == {
        "Units!A5", "Units!C5", "Units!A6", "Units!D6", "Units!E6",
        "People!C5", "People!D5", "People!E5", "People!F5", "People!G5", "People!B6",
    }  # fmt: skip
    assert all(problem.line in (5, 6) for problem in plan.problems)
    with pytest.raises(InvalidSubmission) as refused:
        apply_import(groups, tables=tables(Units=units, People=persons))
    assert refused.value.problems == plan.problems
    assert people.find_person(groups, "wu") is None
    assert people.unit_tree(groups) == []


def test_a_blank_cell_leaves_what_is_known_and_a_dash_empties_it(groups):
    apply_import(groups, tables=tables(Units=UNITS, People=PEOPLE))
    rows = [["key", "name", "phone", "groups"], ["wu", "Wu", None, None], ["chan", "Chan", "-", "-"]]
    apply_import(groups, tables=tables(People=rows))
    wu, chan = people.get_person(groups, "wu"), people.get_person(groups, "chan")
    assert (wu.name, wu.phone) == ("Wu", "+85251230001")
    assert people.groups_of(groups, "wu") == ["dispatch", "water_handlers"]
    assert (chan.phone, people.groups_of(groups, "chan")) == (None, [])


def test_units_may_change_places_in_one_table(groups):
    apply_import(groups, tables=tables(Units=UNITS, People=PEOPLE))
    rows = [["key", "name", "parent"], ["water", "Water", "crew"], ["crew", "Crew", "city"]]
    apply_import(groups, tables=tables(Units=rows))
    tree = [(node.unit.key, node.depth) for node in people.unit_tree(groups)]
    assert tree == [("city", 0), ("crew", 1), ("water", 2)]


def test_a_ring_of_units_is_refused(groups):
    rows = [["key", "name", "parent"], ["a1", "A", "b1"], ["b1", "B", "a1"]]
    assert "below itself" in said(plan_import(groups, tables=tables(Units=rows)))[0]


def test_somebody_who_left_is_not_brought_back_by_a_table(groups):
    people.create_person(groups, key="wu", name="Wu")
    people.close_person(groups, key="wu")
    rows = [["key", "name"], ["wu", "Another Wu"]]
    assert "has left" in said(plan_import(groups, tables=tables(People=rows)))[0]


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://evil.example","x")', "=cmd|' /C calc'!A0"])
def test_a_formula_is_not_taken_for_a_value(groups, formula):
    rows = [["key", "name"], ["wu", formula]]
    plan = plan_import(groups, tables=tables(People=rows))
    assert plan.problems[0].path == "People!B2"
    assert "formula" in str(plan.problems[0])
    plan = plan_import(groups, tables=read_tables({"people.csv": f"key\tname\nwu\t{formula}".encode()}))
    assert "formula" in str(plan.problems[0])


@pytest.mark.parametrize("rows", [[], [["key", "name"]], [["color", "size"], ["red", "L"]]])
def test_a_table_of_something_else_is_said_to_be_none(groups, rows):
    assert plan_import(groups, tables=tables(People=rows)).problems


def bomb():
    """A workbook whose sheet is small and unpacks to far more."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return out.getvalue()


def entities():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(People=PEOPLE))) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.infolist():
            content = source.read(member)
            if member.filename.endswith("sheet1.xml"):
                content = content.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet', 1)
            target.writestr(member.filename, content)
    return out.getvalue()


def nested():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner.zip", b"PK")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"not a workbook"),
        ("a.xlsx", book(People=PEOPLE)[:-200]),
        ("a.xlsx", bomb()),
        ("a.xlsx", entities()),
        ("a.xlsx", nested()),
        ("a.xlsx", b"\0" * (5 * 1024 * 1024 + 1)),
        ("a.xls", b"\xd0\xcf\x11\xe0"),
        ("a.exe", b"MZ"),
        ("a.csv", "用户名,姓名\nwu,吴".encode("gb18030")),
        ("a.csv", b"key,name\n" + b"wu,Wu\n" * 10_001),
    ],
)
def test_a_file_that_cannot_be_read_safely_is_refused_with_a_remedy(name, content):
    with pytest.raises(InvalidSubmission) as refused:
        read_tables({name: content})
    assert len(str(refused.value)) > 20
