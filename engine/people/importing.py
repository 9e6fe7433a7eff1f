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
from engine.i18n import _
from engine.people.groups import set_groups
from engine.people.keys import is_key, key_problem, valid
from engine.people.languages import centre_locale
from engine.people.models import Group, Person, Unit
from engine.people.persons import KEEP, Keep, check_person, put_person
from engine.people.sheets import Row, Sheet, read_sheets, write_blank
from engine.people.units import join_unit, move_unit, put_unit, set_head

_EMPTIED = "-"
_SEPARATORS = re.compile(r"[,;、，；]")

# What a column may be called in each language; spaces, stars and case do not matter. The first is the usual.
Names = Mapping[str, tuple[str, ...]]
PEOPLE_COLUMNS: Mapping[str, Names] = {
    "key": {
        "en": ("Key", "User name", "Username", "Person"),
        "zh_Hans": ("用户名", "账号", "帐号", "工号"),
        "zh_Hant": ("用戶名", "使用者名稱", "帳號", "工號"),
    },
    "name": {"en": ("Name", "Full name"), "zh_Hans": ("姓名", "名字"), "zh_Hant": ("姓名", "名字")},
    "phone": {
        "en": ("Phone", "Telephone", "Mobile"),
        "zh_Hans": ("手机", "手机号", "手机号码", "电话"),
        "zh_Hant": ("手機", "手機號碼", "電話"),
    },
    "email": {
        "en": ("E-mail", "Email", "Mail"),
        "zh_Hans": ("邮箱", "电子邮件"),
        "zh_Hant": ("電郵", "電子郵件"),
    },
    "locale": {"en": ("Language", "Locale"), "zh_Hans": ("语言",), "zh_Hant": ("語言",)},
    "time_zone": {"en": ("Time zone", "Timezone"), "zh_Hans": ("时区",), "zh_Hant": ("時區",)},
    "preferred_channel": {
        "en": ("Preferred channel", "Channel", "Reached first by"),
        "zh_Hans": ("首选渠道", "渠道", "首选联系方式"),
        "zh_Hant": ("首選渠道", "渠道", "首選聯絡方式"),
    },
    "unit": {
        "en": ("Unit", "Department"),
        "zh_Hans": ("部门", "单位"),
        "zh_Hant": ("部門", "單位"),
    },
    "groups": {
        "en": ("Groups", "Group"),
        "zh_Hans": ("小组", "群组", "组"),
        "zh_Hant": ("小組", "群組", "組"),
    },
}
UNIT_COLUMNS: Mapping[str, Names] = {
    "key": {
        "en": ("Key", "Unit", "Code"),
        "zh_Hans": ("代码", "部门代码", "编号"),
        "zh_Hant": ("代碼", "部門代碼", "編號"),
    },
    "name": {"en": ("Name",), "zh_Hans": ("名称", "部门名称"), "zh_Hant": ("名稱", "部門名稱")},
    "parent": {"en": ("Parent", "Above"), "zh_Hans": ("上级", "上级部门"), "zh_Hant": ("上級", "上級部門")},
    "head": {"en": ("Head", "Leader"), "zh_Hans": ("负责人", "主管"), "zh_Hant": ("負責人", "主管")},
    "position": {"en": ("Position", "Order"), "zh_Hans": ("顺序", "排序"), "zh_Hant": ("順序", "排序")},
}
_SHEETS = {"en": ("People", "Units"), "zh_Hans": ("人员", "单位"), "zh_Hant": ("人員", "單位")}
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


def blank_tables(locale: str) -> bytes:
    """Return an ``.xlsx`` to fill in: a sheet for people, one for units, headers in a language."""
    return write_blank(
        {
            _SHEETS[locale][0]: [names[locale][0] for names in PEOPLE_COLUMNS.values()],
            _SHEETS[locale][1]: [names[locale][0] for names in UNIT_COLUMNS.values()],
        }
    )


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
                    message=_("A column is missing. Its header may be one of: %(known)s."),
                    params={"known": ", ".join(_all_names(known))},
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


def _columns(sheet: Sheet, known: Mapping[str, Names]) -> dict[str, str]:
    headers = {_plain(header): header for header in reversed(sheet.headers) if header}
    found = {}
    for column, names in known.items():
        for name in (column, *_all_names(names)):
            if _plain(name) in headers:
                found[column] = headers[_plain(name)]
                break
    return found


def _plain(header: str) -> str:
    return re.sub(r"[\s_*]+", " ", header).strip().lower()


def _all_names(names: Names) -> list[str]:
    return list(dict.fromkeys(name for of_language in names.values() for name in of_language))


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
        for wrong in check_person(ctx, name=line.said.get("name", "x"), given=dict(_given(ctx, line))):
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


def _given(ctx: Context, line: Line) -> Mapping[str, str | None]:
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
        given["locale"] = centre_locale(ctx)
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
    put_person(ctx, key=line.key, name=name, **_given(ctx, line))  # type: ignore[arg-type]
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
