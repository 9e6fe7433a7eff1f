"""``process.toml``: what a process is called, who starts it, its keys and variables, what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine import feel
from engine.errors import DefinitionError, Problem
from engine.i18n import _
from engine.values import read_toml
from engine.worktime import WorkDuration

FILE = "process.toml"
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
TOLD = ("group", "person", "unit", "head", "manager", "post", "role")
"""What words that mean people begin with."""
TELEPHONE = "telephone"
INITIATOR_MAY = ("urge", "withdraw", "cancel")
"""What a process can let its initiator do: hurry people, take it back to change it, cancel it."""
MOST_FACTS = 5
# The parts of a date that tell a period from the next one of its kind, and the holes that write them.
_RESETS: Mapping[str, tuple[str, ...]] = {
    "never": (),
    "year": ("year",),
    "month": ("year", "month"),
    "day": ("year", "month", "day"),
}
_PARTS: Mapping[str, set[str]] = {"year": {"yy", "yyyy"}, "month": {"mm"}, "day": {"dd"}}
_HOLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r"\w+")
INBOUND_PARTS = ("body", "sender", "recipient", "channel", "subject", "locale")
"""What a start can take from a message that came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessKeyRule:
    """How people-readable keys are made.

    Args:
        pattern: Text with holes over ``yy yyyy mm dd number``.
        digits: The number is padded to so many.
        reset: When the number starts anew: each ``year``, ``month`` or ``day``, or ``never``; where it is
            not said, whenever the rest of the key changes.
    """

    pattern: str
    digits: int = 4
    reset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStart:
    """A way to start the process.

    Args:
        event: A start event of the drawing.
        title: What the catalogue calls it; the process's title where empty.
        summary: What comes of it, for whoever is about to start it; the process's summary where empty.
        form: The form that is filled in.
        who: ``person:KEY``, ``group:KEY``, ``unit:KEY``; empty for everyone who can sign in.
        public: Whether it is offered without a login.
        inbound: The channel whose unawaited messages start it: ``sms`` or ``email``.
        into: For an inbound start: variable to part of the message (``INBOUND_PARTS``); ``locale`` is the
            language in which its sender is answered.
    """

    event: str
    title: str = ""
    summary: str = ""
    form: str | None = None
    who: tuple[str, ...] = ()
    public: bool = False
    inbound: str | None = None
    into: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableSpec:
    """What is known of a variable.

    Args:
        type: Its FEEL type.
        kind: ``telephone`` where the text is a telephone number; empty for any text.
        label: What people call it.
        sensitive: Whether it is personal.
    """

    type: str = "any"
    kind: str = ""
    label: str = ""
    sensitive: bool = False

    @property
    def is_telephone(self) -> bool:
        """Whether it is a telephone number: kept as E.164, shown as people know it."""
        return self.kind == TELEPHONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What lists say of an instance beside its title.

    Args:
        label: What people call it.
        text: Text with holes over the instance's variables.
    """

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRule:
    """By when something of the whole process is to be done, counted from its start.

    Args:
        title: What people call it.
        within: ISO 8601 duration of days, hours, minutes and seconds.
        calendar: The working-time calendar that counts it; every hour counts where it is None.
        warn: How long before it warns, such a duration too; the last quarter where it is None.
        pauses: User tasks while which it stands still.
        tell: Who is told at its warning and when it is over: ``initiator``, ``group:KEY``, ``person:KEY``,
            ``unit:KEY``, ``head:KEY``, ``manager:KEY``, ``post:KEY``, ``role:NAME``.
        message: In which words; a text of the product's where it is None.
    """

    title: str
    within: str
    calendar: str | None = None
    warn: str | None = None
    pauses: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessManifest:
    """A process's manifest.

    Args:
        supervisors: Who may urge on every instance, and see it and the figures: words such as
            ``group:quality``.
        administrators: Who deploys its next version, and sees and operates every instance: such words too.
        initiator_may: What an initiator may do with a request under way: words of ``INITIATOR_MAY``.
    """

    key: str
    title: str
    summary: str = ""
    category: str = ""
    needs: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    instance_title: str = ""
    business_key: BusinessKeyRule | None = None
    starts: tuple[ProcessStart, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    supervisors: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()
    initiator_may: tuple[str, ...] = ()
    variables: Mapping[str, VariableSpec] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    # By name: what a print is called. ``prints/NAME.html`` is its template.
    prints: Mapping[str, str] = field(default_factory=dict)
    deadlines: Mapping[str, DeadlineRule] = field(default_factory=dict)

    @property
    def types(self) -> dict[str, str]:
        """The FEEL types of its declared variables."""
        return {name: spec.type for name, spec in self.variables.items() if spec.type != "any"}

    @property
    def telephones(self) -> frozenset[str]:
        """The names of its telephone numbers."""
        return frozenset(name for name, spec in self.variables.items() if spec.is_telephone)

    @property
    def sensitive(self) -> frozenset[str]:
        """The names of its personal variables."""
        return frozenset(name for name, spec in self.variables.items() if spec.sensitive)

    @property
    def texts(self) -> list[str]:
        """Everything in it that people read, for the catalogue."""
        said = [self.title, self.summary, self.category, *self.groups.values(), *self.prints.values()]
        said += [text for start in self.starts for text in (start.title, start.summary)]
        said += [spec.label for spec in self.variables.values()]
        said += [fact.label for fact in self.facts]
        said += [rule.title for rule in self.deadlines.values()]
        return [text for text in said if text]


def read_process_manifest(content: bytes) -> ProcessManifest:
    """Read ``process.toml``.

    Raises:
        DefinitionError: ``problems`` lists everything that is wrong, with its key.
    """
    try:
        said = read_toml(content)
    except ValueError as error:
        raise DefinitionError(
            problems=[
                Problem(path=FILE, message=_("This is no TOML: %(reason)s"), params={"reason": str(error)})
            ]
        ) from None
    problems: list[Problem] = []

    def wrong(at: str, message: str, /, **params: Any) -> None:
        problems.append(Problem(path=f"{FILE}#{at}", message=message, params=params))

    told = _fitting(said, _KEYS, "", wrong)
    for key in ("key", "title"):
        if not str(told.get(key, "")).strip():
            wrong(key, _("%(key)s is missing. Write it as a text."), key=key)
    starts = _starts(told.get("start", []), wrong)
    variables = _variables(told.get("variables", {}), wrong)
    rule = _fitting(told.get("business_key", {}), _BUSINESS_KEY_KEYS, "business_key", wrong)
    if "business_key" in told and "number" not in rule.get("pattern", ""):
        wrong("business_key", _("business_key.pattern must have {{ number }} in it."))
    for word in sorted(set(told.get("initiator_may", ())) - set(INITIATOR_MAY)):
        known = ", ".join(INITIATOR_MAY)
        wrong("initiator_may", _("There is no %(word)s. Known are: %(known)s."), word=word, known=known)
    _check_reset(rule, wrong)
    facts = _facts(told.get("fact", []), wrong)
    worklist = _fitting(told.get("worklist", {}), _WORKLIST_KEYS, "worklist", wrong)
    prints = _prints(told.get("prints", {}), wrong)
    deadlines = _deadlines(told.get("deadlines", {}), wrong)
    if problems:
        raise DefinitionError(problems=problems)
    return ProcessManifest(
        key=told["key"],
        title=told["title"],
        summary=told.get("summary", ""),
        category=told.get("category", ""),
        needs=tuple(told.get("needs", ())),
        calls=tuple(told.get("calls", ())),
        instance_title=told.get("instance_title", ""),
        business_key=BusinessKeyRule(**rule) if rule else None,
        starts=tuple(starts),
        groups=dict(told.get("groups", {})),
        supervisors=tuple(told.get("supervisors", ())),
        administrators=tuple(told.get("administrators", ())),
        initiator_may=tuple(told.get("initiator_may", ())),
        variables=variables,
        listed=tuple(worklist.get("columns", ())),
        facts=facts,
        prints=prints,
        deadlines=deadlines,
    )


def _check_reset(rule: Mapping[str, Any], wrong: Any) -> None:
    reset = rule.get("reset")
    if reset is None:
        return
    if reset not in _RESETS:
        known = ", ".join(_RESETS)
        wrong("business_key.reset", _("reset must be one of: %(known)s."), known=known)
        return
    holes = set(_WORD.findall(" ".join(_HOLE.findall(rule.get("pattern", "")))))
    missing = [part for part, names in _PARTS.items() if part in _RESETS[reset] and not names & holes]
    if missing:
        wrong(
            "business_key.reset",
            _("The number starts anew each %(reset)s: put the %(parts)s into the pattern, or keys repeat."),
            reset=reset,
            parts=", ".join(missing),
        )


def _facts(said: list[dict[str, Any]], wrong: Any) -> tuple[Fact, ...]:
    if len(said) > MOST_FACTS:
        wrong("fact", _("There are more than %(most)s facts. Keep what lists must say."), most=MOST_FACTS)
    facts: list[Fact] = []
    for number, one in enumerate(said, 1):
        at = f"fact[{number}]"
        told = _fitting(one, _FACT_KEYS, at, wrong)
        if not told.get("label") or not told.get("text"):
            wrong(at, _("A fact needs label and text."))
        else:
            facts.append(Fact(**told))
            for hole in _HOLE.findall(told["text"]):
                try:
                    feel.compile(hole.strip())
                except feel.FeelSyntaxError as error:
                    wrong(
                        at, _("%(text)s cannot be read: %(reason)s"), text=hole.strip(), reason=error.placed
                    )
    return tuple(facts)


def _starts(said: list[dict[str, Any]], wrong: Any) -> list[ProcessStart]:
    starts: list[ProcessStart] = []
    for number, start in enumerate(said, 1):
        at = f"start[{number}]"
        told = _fitting(start, _START_KEYS, at, wrong)
        if not told.get("event"):
            wrong(at, _("event is missing: name a start event of the drawing."))
            continue
        if told.get("inbound") not in (None, "sms", "email"):
            wrong(at, _("inbound must be sms or email."))
        for who in told.get("who", ()):
            if who.split(":")[0] not in ("person", "group", "unit") or ":" not in who:
                wrong(at, _("who: %(who)s must be person:KEY, group:KEY or unit:KEY."), who=who)
        starts.append(ProcessStart(**{**told, "who": tuple(told.get("who", ()))}))
    return starts


def _variables(said: dict[str, Any], wrong: Any) -> dict[str, VariableSpec]:
    variables: dict[str, VariableSpec] = {}
    for name, spec in said.items():
        at = f"variables.{name}"
        if " " in name:
            wrong(at, _("A variable's name has no blanks."))
        told = _fitting(spec, _VARIABLE_KEYS, at, wrong)
        if told.get("kind", "") not in ("", TELEPHONE):
            wrong(at, _("kind must be telephone, or left out."))
        variables[name] = VariableSpec(**told)
    return variables


def _prints(said: dict[str, Any], wrong: Any) -> dict[str, str]:
    prints: dict[str, str] = {}
    for name, spec in said.items():
        at = f"prints.{name}"
        if not _PRINT_NAME.fullmatch(name):
            wrong(at, _("A print's name is 1 to 64 small letters, digits and underscores."))
        title = _fitting(spec, _PRINT_KEYS, at, wrong).get("title", "")
        if not title.strip():
            wrong(at, _("title is missing: what people call this print."))
        prints[name] = title
    return prints


def _deadlines(said: dict[str, Any], wrong: Any) -> dict[str, DeadlineRule]:
    deadlines: dict[str, DeadlineRule] = {}
    for name, rule in said.items():
        at = f"deadlines.{name}"
        told = _fitting(rule, _DEADLINE_KEYS, at, wrong)
        if not _NAME.fullmatch(name):
            wrong(at, _("A deadline's name is 1 to 64 letters, digits, _ or -."))
        for key in ("title", "within"):
            if not told.get(key, "").strip():
                wrong(at, _("%(key)s is missing. Write it as a text."), key=key)
        for key in ("within", "warn"):
            if told.get(key) and not _is_length(told[key]):
                wrong(at, _("%(key)s must be a duration such as P5D or PT4H."), key=key)
        for who in told.get("tell", ()):
            if who != "initiator" and not (who.split(":")[0] in TOLD and ":" in who):
                known = ", ".join(("initiator", *(f"{word}:KEY" for word in TOLD)))
                wrong(at, _("tell: %(who)s means nobody. Write one of %(known)s."), who=who, known=known)
        lists = {key: tuple(told.get(key, ())) for key in ("pauses", "tell")}
        deadlines[name] = DeadlineRule(**{"title": "", "within": "", **told, **lists})
    return deadlines


def _is_length(text: str) -> bool:
    try:
        length = WorkDuration.of(text)
    except ValueError:
        return False
    return length.days >= 0 and length.time >= timedelta() and (length.days, length.time) != (0, timedelta())


def _fitting(said: object, keys: Mapping[str, _Kind], at: str, wrong: Any) -> dict[str, Any]:
    """Return what of a table is as it must be; the rest is wrong.

    Args:
        said: The table.
        keys: What may be in it.
        at: Where it stands; empty for the whole file.
        wrong: Reports a problem.
    """
    if not isinstance(said, dict):
        wrong(at, _("%(key)s must be a table."), key=at)
        return {}
    fitting: dict[str, Any] = {}
    for key, value in said.items():
        here = f"{at}.{key}" if at else key
        kind = keys.get(key)
        if kind is None:
            known = ", ".join(sorted(keys))
            wrong(here, _("There is no key %(key)s. Known are: %(known)s."), key=key, known=known)
        elif not kind.fits(value):
            wrong(here, kind.message, key=key)
        else:
            fitting[key] = value
    return fitting


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a key may hold, and what is said where it does not."""

    fits: Callable[[object], bool]
    message: str


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(table, dict) for table in value)


_TEXT = _Kind(lambda value: isinstance(value, str), _("%(key)s must be a text."))
_FLAG = _Kind(lambda value: isinstance(value, bool), _("%(key)s must be true or false."))
_DIGITS = _Kind(lambda value: type(value) is int and 1 <= value <= 18, _("%(key)s must be 1 to 18."))
_NAMES = _Kind(_is_names, _("%(key)s must be a list of names."))
_TABLE = _Kind(lambda value: isinstance(value, dict), _("%(key)s must be a table."))
_TABLES = _Kind(_is_tables, _("%(key)s must be one table or several, each begun by [[%(key)s]]."))
_TEXTS = _Kind(_is_texts, _("%(key)s must be a table of texts."))

_KEYS = {
    "key": _TEXT, "title": _TEXT, "summary": _TEXT, "category": _TEXT, "needs": _NAMES, "calls": _NAMES,
    "instance_title": _TEXT, "business_key": _TABLE, "start": _TABLES, "groups": _TEXTS,
    "variables": _TABLE, "worklist": _TABLE, "supervisors": _NAMES, "administrators": _NAMES,
    "initiator_may": _NAMES, "fact": _TABLES, "prints": _TABLE, "deadlines": _TABLE,
}  # fmt: skip
_BUSINESS_KEY_KEYS = {"pattern": _TEXT, "digits": _DIGITS, "reset": _TEXT}
_FACT_KEYS = {"label": _TEXT, "text": _TEXT}
_START_KEYS = {
    "event": _TEXT, "title": _TEXT, "summary": _TEXT, "form": _TEXT, "who": _NAMES, "public": _FLAG,
    "inbound": _TEXT, "into": _TEXTS,
}  # fmt: skip
_VARIABLE_KEYS = {"type": _TEXT, "kind": _TEXT, "label": _TEXT, "sensitive": _FLAG}
_WORKLIST_KEYS = {"columns": _NAMES}
_PRINT_KEYS = {"title": _TEXT}
# It is a part of addresses and of a file's name.
_PRINT_NAME = re.compile(r"[a-z0-9_]{1,64}")
_DEADLINE_KEYS = {
    "title": _TEXT, "within": _TEXT, "calendar": _TEXT, "warn": _TEXT, "pauses": _NAMES, "tell": _NAMES,
    "message": _TEXT,
}  # fmt: skip
