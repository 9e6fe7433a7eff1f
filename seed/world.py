"""A world as its TOML files tell it: who works where, what the public reports, how people go about it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from engine.errors import ConfigurationError

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A place in the organisation tree; units above stand before it.

    Args:
        key: Its key; a department's is the word of the routing table.
        name: What people call it.
        parent: The unit above.
        head: The person who leads it.
    """

    key: str
    name: str
    parent: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A group or a skill."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A position and who holds it."""

    key: str
    name: str
    unit: str
    holders: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works there.

    Args:
        key: The person's key, and the user name where they have a login.
        name: As people write it.
        unit: Where they work.
        phone: E.164.
        email: Mail address.
        locale: Their language.
        preferred_channel: The channel that is tried first.
        groups: The groups they are in.
        skills: Level, 1 to 5, by skill.
        roles: The roles of their login; who has none has no login.
    """

    key: str
    name: str
    unit: str
    phone: str
    email: str
    locale: str
    preferred_channel: str | None = None
    groups: Sequence[str] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What somebody from the public may report.

    Args:
        category: The word of the routing table under which they report it.
        summary: A few words, without names and places.
        description: What they say.
        answers: What its department may say in the end.
        urgent: Whether an agent who hears of it calls it urgent.
        department: The unit that does it, where the routing table would not find it from the category.
        refused: Why it is no matter for the city, where it is none.
    """

    category: str
    summary: str
    description: str
    answers: Sequence[str] = ()
    urgent: bool = False
    department: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What is said in one language.

    Args:
        reporters: Names of people who report.
        places: Where things happen.
        phrases: What people write on the way, by occasion.
        cases: What is reported.
    """

    reporters: Sequence[str]
    places: Sequence[str]
    phrases: Mapping[str, Sequence[str]]
    cases: Sequence[Case]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What somebody does at a step of the process instead of the usual.

    Args:
        task: The step: an element of the drawing.
        does: One of its outcomes, or ``on_it``, ``note``, ``support``, ``weak`` (an answer that says
            nothing), ``withdraw``.
        late: Only after the time limit.
        by: Who does it; anybody who may where omitted.
    """

    task: str
    does: str
    late: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A way that a report may go.

    Args:
        weight: How often, beside the others.
        turns: What is not as usual, in order.
    """

    weight: int
    turns: Sequence[Turn] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A report that is still on its way at present.

    Args:
        began: How much working time ago, ISO 8601.
        stands_at: The step at which it waits; ``rating`` for the reporter's answer.
        locale: Its reporter's language.
        summary: The case of that language that has this summary.
        channel: How it came.
        turns: What is not as usual, in order.
        pace: Working time from step to step, ISO 8601.
    """

    began: str
    stands_at: str
    locale: str
    summary: str
    channel: str = "web"
    turns: Sequence[Turn] = ()
    pace: str = "PT12M"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened before the world was loaded.

    Args:
        seed: Where chance begins: the same seed and the same present, the same history.
        days: How far back it goes.
        finished_count: Reports that are over.
        by_hour: How many reports come in each hour of the day, beside the others.
        weekend_rate: How many come on a day of the weekend beside another day, 0 to 1.
        channels, locales, categories: How often which, beside the others.
        answered_by: How often handlers answer by ``web``, ``sms`` or ``link``.
        ratings: How often which rating, 1 to 5.
        rated_rate: How many reporters answer the question for a rating, 0 to 1.
        on_it_rate: How many handlers say so before they are done, 0 to 1.
        note_rate: How many of them write a note then, 0 to 1.
        takes: From and to by step, ISO 8601: working time; of a rating, time on the clock; ``late``, beyond
            the time limit.
        handled_within: From and to: the part of the time limit that handling takes, 0 to 1.
        courses: The ways that reports go.
        unfinished: Reports that are still on their way.
    """

    seed: int
    days: int
    finished_count: int
    by_hour: Sequence[int]
    weekend_rate: float
    channels: Mapping[str, int]
    locales: Mapping[str, int]
    categories: Mapping[str, int]
    answered_by: Mapping[str, int]
    ratings: Mapping[str, int]
    rated_rate: float
    on_it_rate: float
    note_rate: float
    takes: Mapping[str, Sequence[str]]
    handled_within: Sequence[float]
    courses: Sequence[Course]
    unfinished: Sequence[Unfinished]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A believable place to try the product in.

    Args:
        name: Its folder's.
        locale: The language of the centre.
        phone: The number that the public writes to.
        reporter_phone: The numbers of the public; each ``#`` stands for a digit.
        units, groups, skills, posts, people: Its organisation.
        speech: What is said, by language.
        history: What happened before.
    """

    name: str
    locale: str
    phone: str
    reporter_phone: str
    units: Sequence[Unit]
    groups: Sequence[Named]
    skills: Sequence[Named]
    posts: Sequence[Post]
    people: Sequence[Person]
    speech: Mapping[str, Speech]
    history: History


def known_worlds() -> list[str]:
    """Return the names of the worlds there are."""
    return sorted(folder.name for folder in _worlds().iterdir() if (folder / "world.toml").is_file())


def read_world(name: str) -> World:
    """Read a world.

    Args:
        name: Its folder's.

    Raises:
        ConfigurationError: There is none of this name, or a file of it cannot be read.
    """
    if name not in known_worlds():
        raise ConfigurationError(
            "There is no demo world %(name)s. Name one of: %(known)s.",
            name=name,
            known=", ".join(known_worlds()),
        )
    folder = _worlds() / name
    told = {**_read(folder / "world.toml"), **_read(folder / "people.toml")}
    speech = {
        path.name.removeprefix("speech.").removesuffix(".toml"): _speech(_read(path), path.name)
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.startswith("speech.")
    }
    return World(
        name=name,
        locale=told["locale"],
        phone=told["phone"],
        reporter_phone=told["reporter_phone"],
        units=_all(Unit, told["unit"], "world.toml, unit"),
        groups=_all(Named, told["group"], "world.toml, group"),
        skills=_all(Named, told["skill"], "world.toml, skill"),
        posts=_all(Post, told["post"], "world.toml, post"),
        people=_all(Person, told["person"], "people.toml, person"),
        speech=speech,
        history=_history(_read(folder / "history.toml")),
    )


def _worlds() -> Traversable:
    return files("seed") / "worlds"


def _read(path: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            "%(path)s cannot be read: %(reason)s", path=path.name, reason=error
        ) from error


def _speech(told: dict[str, Any], path: str) -> Speech:
    cases = _all(Case, told.pop("case", ()), f"{path}, case")
    return _one(Speech, {**told, "cases": cases}, path)


def _history(told: dict[str, Any]) -> History:
    path = "history.toml"
    courses = [_turned(Course, one, f"{path}, course") for one in told.pop("course", ())]
    unfinished = [_turned(Unfinished, one, f"{path}, unfinished") for one in told.pop("unfinished", ())]
    return _one(History, {**told, "courses": courses, "unfinished": unfinished}, path)


def _turned(kind: type[Made], told: dict[str, Any], where: str) -> Made:
    return _one(kind, {**told, "turns": _all(Turn, told.get("turns", ()), f"{where}, turns")}, where)


def _all(kind: type[Made], tables: Sequence[dict[str, Any]], where: str) -> tuple[Made, ...]:
    return tuple(_one(kind, table, where) for table in tables)


def _one(kind: type[Made], table: dict[str, Any], where: str) -> Made:
    """Make a value of a table, and refuse what it does not know or lacks."""
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - set(known))
    missing = sorted(
        name
        for name, one in known.items()
        if name not in table and one.default is MISSING and one.default_factory is MISSING
    )
    if unknown or missing:
        raise ConfigurationError(
            "%(where)s: there is no key %(unknown)s, and %(missing)s is missing in %(table)s.",
            where=where,
            unknown=", ".join(unknown) or "-",
            missing=", ".join(missing) or "-",
            table=table.get("key") or table.get("summary") or "it",
        )
    return kind(**table)
