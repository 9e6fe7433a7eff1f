"""Taking in people and units from tables: a dry run that says everything that is wrong, then all or nothing.

A blank cell leaves what is known as it is; a dash empties it. Rows are told apart by their key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from engine.context import Context, verb
from engine.errors import InvalidSubmission, Problem
from engine.history import audit
from engine.i18n import LOCALES, _
from engine.people.groups import set_groups
from engine.people.keys import is_key, key_problem, valid
from engine.people.models import Group, Person, Unit
from engine.people.persons import KEEP, Keep, check_person, put_person
from engine.people.sheets import Row, Sheet, read_sheets
from engine.people.units import join_unit, move_unit, put_unit, set_head

_EMPTIED = "-"
_SEPARATORS = re.compile(r"[,;、，；]")

# What a column may be called, in any of the three languages; spaces and case do not matter.
PEOPLE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": (
        "key",
        "user name",
        "username",
        "person",
        "用户名",
        "帐号",
        "账号",
        "用戶名",
        "使用者名稱",
        "帳號",
    ),
    "name": ("name", "姓名", "名字"),
    "phone": ("phone", "telephone", "mobile", "手机", "手机号", "电话", "手機", "手機號碼", "電話"),
    "email": ("email", "e-mail", "mail", "邮箱", "电子邮件", "電郵", "電子郵件"),
    "locale": ("language", "locale", "语言", "語言"),
    "time_zone": ("time zone", "timezone", "时区", "時區"),
    "preferred_channel": ("preferred channel", "channel", "首选渠道", "渠道", "首選渠道"),
    "unit": ("unit", "department", "部门", "单位", "部門", "單位"),
    "groups": ("groups", "group", "组", "小组", "群组", "組", "小組", "群組"),
}
UNIT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("key", "unit", "code", "代码", "编号", "部门代码", "代碼", "編號", "部門代碼"),
    "name": ("name", "名称", "部门名称", "名稱", "部門名稱"),
    "parent": ("parent", "above", "上级", "上级部门", "上級", "上級部門"),
    "head": ("head", "leader", "负责人", "主管", "負責人"),
    "position": ("position", "order", "顺序", "排序", "順序"),
}
_UNIT_SHEETS = ("unit", "units", "department", "departments", "部门", "单位", "部門", "單位")
_LANGUAGES = {
    "english": "en", "en": "en", "英文": "en", "英语": "en", "英語": "en",
    "zh_hans": "zh_Hans", "zh-hans": "zh_Hans", "zh-cn": "zh_Hans", "简体中文": "zh_Hans", "简体": "zh_Hans",
    "簡體中文": "zh_Hans", "簡體": "zh_Hans",
    "zh_hant": "zh_Hant", "zh-hant": "zh_Hant", "zh-hk": "zh_Hant", "zh-tw": "zh_Hant", "繁體中文": "zh_Hant",
    "繁體": "zh_Hant", "繁体中文": "zh_Hant", "繁体": "zh_Hant",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row that would be taken in.

    Args:
        sheet: The table's name.
        row: The row.
        columns: Our name of a column to its header.
        said: What its cells say, by our names; only those that say something.
    """

    sheet: str
    row: Row
    columns: Mapping[str, str]
    said: Mapping[str, str]

    @property
    def key(self) -> str:
        """Which person or unit it is about."""
        return self.said.get("key", "")

    def problem(self, column: str, message: str, **params: object) -> Problem:
        """Say what is wrong in one of its cells."""
        place = self.row.places.get(self.columns.get(column, ""), str(self.row.number))
        return Problem(
            path=f"{self.sheet}!{place}", message=message, params=dict(params), line=self.row.number
        )

    def value(self, column: str) -> str | Keep | None:
        """Return what a cell asks for: text, None to empty it, or KEEP."""
        said = self.said.get(column)
        return KEEP if said is None else None if said == _EMPTIED else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What was read from the files, before anybody looked into the database.

    Args:
        units: Rows of units.
        people: Rows of people.
        problems: What is wrong with the tables themselves.
    """

    units: tuple[Line, ...]
    people: tuple[Line, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import does, or would do.

    Args:
        tables: What it takes in.
        new: The keys of units and people that are not there yet.
        problems: Everything that is wrong; while there is one, nothing is taken in.
    """

    tables: Tables
    new: frozenset[str]
    problems: tuple[Problem, ...]


@dataclass
class _Known:
    """What is there already, and what the tables bring."""

    people: dict[str, bool]
    units: dict[str, str | None]
    groups: set[str]
    new_units: dict[str, str | None] = field(default_factory=dict)


def read_tables(files: Mapping[str, bytes]) -> Tables:
    """Read the tables of an import. Slow for large ones: never inside a write transaction.

    Args:
        files: Tables by file name: one ``.xlsx`` with a sheet for units and one for people, or ``.csv``
            files with one of them each.

    Raises:
        InvalidSubmission: A file is no table.
    """
    units: list[Line] = []
    people: list[Line] = []
    problems: list[Problem] = []
    for name, content in files.items():
        for sheet in read_sheets(name, content):
            if sheet.headers:
                problems += sheet.problems
                _sort_in(sheet, units, people, problems)
    if not units and not people and not problems:
        problems.append(Problem(path="", message=_("There is no row of a person or a unit in it.")))
    return Tables(units=tuple(units), people=tuple(people), problems=tuple(problems))


def plan_import(ctx: Context, *, tables: Tables) -> Plan:
    """Say what an import would do and everything that is wrong with it. Changes nothing."""
    with ctx.read():
        known = _known(ctx)
        problems = [*tables.problems, *_check_units(tables.units, tables.people, known)]
        problems += _check_people(ctx, tables.people, known)
    new = {f"unit:{line.key}" for line in tables.units if line.key not in known.units}
    new |= {f"person:{line.key}" for line in tables.people if line.key not in known.people}
    return Plan(tables=tables, new=frozenset(new), problems=tuple(problems))


def _sort_in(sheet: Sheet, units: list[Line], people: list[Line], problems: list[Problem]) -> None:
    """Read a table's rows as units or as people, whichever its headers fit."""
    as_people, as_units = _columns(sheet, PEOPLE_COLUMNS), _columns(sheet, UNIT_COLUMNS)
    named = sheet.name.strip().lower() in _UNIT_SHEETS
    of_units = named or len(as_units) > len(as_people) or "parent" in as_units or "head" in as_units
    columns = as_units if of_units else as_people
    for column in ("key", "name"):
        if column not in columns:
            known = (UNIT_COLUMNS if of_units else PEOPLE_COLUMNS)[column]
            problems.append(
                Problem(
                    path=f"{sheet.name}!1",
                    message=_("There is no column %(column)s. Its header may be one of: %(known)s."),
                    params={"column": column, "known": ", ".join(known)},
                    line=1,
                )
            )
    if "key" not in columns or "name" not in columns:
        return
    seen: dict[str, int] = {}
    for row in sheet.rows:
        said = {name: row.cells[header] for name, header in columns.items() if row.cells.get(header)}
        line = Line(sheet=sheet.name, row=row, columns=columns, said=said)
        (units if of_units else people).append(line)
        if not is_key(line.key):
            wrong = key_problem(line.key)
            problems.append(line.problem("key", wrong.message, **wrong.params))
        elif line.key in seen:
            problems.append(
                line.problem("key", _("%(key)s stands in row %(row)s too."), key=line.key, row=seen[line.key])
            )
        seen.setdefault(line.key, row.number)


def _columns(sheet: Sheet, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    def plain(text: str) -> str:
        return re.sub(r"[\s_*]+", " ", text).strip().lower()

    headers = {plain(header): header for header in reversed(sheet.headers) if header}
    found = {}
    for column, names in known.items():
        for name in (column.replace("_", " "), *names):
            if name in headers:
                found[column] = headers[name]
                break
    return found


def _known(ctx: Context) -> _Known:
    people = ctx.session.execute(select(Person.key, Person.closed_at)).all()
    units = ctx.session.execute(select(Unit.key, Unit.parent_key).where(valid(Unit, ctx.now))).all()
    return _Known(
        people={key: closed_at is None for key, closed_at in people},
        units={key: parent for key, parent in units},
        groups=set(ctx.session.scalars(select(Group.key).where(valid(Group, ctx.now)))),
    )


def _check_units(units: Sequence[Line], people: Sequence[Line], known: _Known) -> list[Problem]:
    problems = []
    here = {key for key, still in known.people.items() if still} | {line.key for line in people}
    parents = dict(known.units)
    for line in units:
        parent = line.value("parent")
        parents[line.key] = parents.get(line.key) if isinstance(parent, Keep) else parent
    known.new_units = parents
    for line in units:
        parent, head = line.value("parent"), line.value("head")
        if line.key not in known.units and "name" not in line.said:
            problems.append(line.problem("name", _("Write a name.")))
        if isinstance(parent, str) and parent not in parents:
            problems.append(
                line.problem(
                    "parent", _("There is no unit %(key)s. Add a row for it or correct the key."), key=parent
                )
            )
        elif _in_ring(line.key, parents):
            problems.append(line.problem("parent", _("This unit would stand below itself.")))
        if isinstance(head, str) and head not in here:
            problems.append(
                line.problem(
                    "head", _("There is no person %(key)s. Add a row for them or correct the key."), key=head
                )
            )
        position = line.value("position")
        if isinstance(position, str) and not (
            position.isascii() and position.isdigit() and len(position) < 7
        ):
            problems.append(line.problem("position", _("Write a whole number, from 0.")))
    return problems


def _in_ring(key: str, parents: Mapping[str, str | None]) -> bool:
    above, steps = parents.get(key), 0
    while above is not None and steps <= len(parents):
        if above == key:
            return True
        above, steps = parents.get(above), steps + 1
    return False


def _check_people(ctx: Context, people: Sequence[Line], known: _Known) -> list[Problem]:
    problems = []
    for line in people:
        if line.key not in known.people and "name" not in line.said:
            problems.append(line.problem("name", _("Write a name.")))
        if known.people.get(line.key) is False:
            problems.append(
                line.problem(
                    "key", _("%(key)s has left. Take them back first or choose another key."), key=line.key
                )
            )
        for wrong in check_person(ctx, name=line.said.get("name", "x"), given=dict(_given(line))):
            problems.append(line.problem(wrong.path, wrong.message, **wrong.params))
        unit = line.value("unit")
        if isinstance(unit, str) and unit not in known.new_units:
            problems.append(
                line.problem(
                    "unit", _("There is no unit %(key)s. Add a row for it or correct the key."), key=unit
                )
            )
        for group in _listed(line.value("groups")):
            if group not in known.groups:
                problems.append(
                    line.problem(
                        "groups", _("There is no group %(key)s. Make it first or correct the key."), key=group
                    )
                )
    return problems


def _given(line: Line) -> Mapping[str, str | None]:
    """Return what is said of a person, in the words that ``put_person`` takes."""
    given = {}
    for column in ("phone", "email", "locale", "time_zone", "preferred_channel"):
        value = line.value(column)
        if not isinstance(value, Keep):
            given[column] = value
    locale = given.get("locale")
    if locale is not None:
        given["locale"] = _LANGUAGES.get(locale.lower(), locale)
    elif "locale" in given:
        given["locale"] = next(iter(LOCALES))
    channel = given.get("preferred_channel")
    if channel is not None:
        given["preferred_channel"] = channel.lower().replace("-", "").replace(" ", "_")
    return given


def _listed(value: str | Keep | None) -> list[str]:
    if not isinstance(value, str):
        return []
    return [part.strip() for part in _SEPARATORS.split(value) if part.strip()]


@verb
def apply_import(ctx: Context, *, tables: Tables) -> Plan:
    """Take in people and units: all of them, or nothing where anything is wrong.

    Returns:
        What was taken in.

    Raises:
        InvalidSubmission: Something is wrong; the problems say what and where.
    """
    plan = plan_import(ctx, tables=tables)
    if plan.problems:
        raise InvalidSubmission(_("Nothing was taken in."), problems=plan.problems)
    for line in tables.units:
        position = line.value("position")
        put_unit(
            ctx,
            key=line.key,
            name=line.said.get("name") or ctx.session.get_one(Unit, line.key).name,
            position=int(position) if isinstance(position, str) else KEEP,
        )
    for line in tables.people:
        _put_person(ctx, line)
    _raise_tree(ctx, tables.units)
    audit(ctx, "people.import", "import", "", {"units": len(tables.units), "people": len(tables.people)})
    return plan


def _put_person(ctx: Context, line: Line) -> None:
    name = line.said.get("name") or ctx.session.get_one(Person, line.key).name
    put_person(ctx, key=line.key, name=name, **_given(line))  # type: ignore[arg-type]
    unit = line.value("unit")
    if isinstance(unit, str):
        join_unit(ctx, unit_key=unit, person_key=line.key)
    groups = line.value("groups")
    if not isinstance(groups, Keep):
        set_groups(ctx, person_key=line.key, group_keys=_listed(groups))


def _raise_tree(ctx: Context, units: Sequence[Line]) -> None:
    """Put units under their parents: by way of the top, so that no order of rows makes a ring."""
    moving: dict[str, str | None] = {}
    for line in units:
        parent = line.value("parent")
        if not isinstance(parent, Keep) and ctx.session.get_one(Unit, line.key).parent_key != parent:
            moving[line.key] = parent
    for key in moving:
        move_unit(ctx, key=key, parent_key=None)
    for key, parent in moving.items():
        move_unit(ctx, key=key, parent_key=parent)
    for line in units:
        head = line.value("head")
        if not isinstance(head, Keep):
            set_head(ctx, key=line.key, head_key=head)
