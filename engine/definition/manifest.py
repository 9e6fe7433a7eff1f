"""``process.toml``: what a process is called, who starts it, its keys and variables, what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import DefinitionError, Problem
from engine.i18n import _
from engine.values import read_toml

FILE = "process.toml"
TELEPHONE = "telephone"
INBOUND_PARTS = ("body", "sender", "recipient", "channel", "subject", "locale")
"""What a start can take from a message that came in."""
_KEYS = {
    "key", "title", "summary", "category", "needs", "calls", "instance_title", "business_key", "start",
    "groups", "variables", "worklist", "deadlines",
}  # fmt: skip
_START_KEYS = {"event", "title", "summary", "form", "who", "public", "inbound", "into"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessKeyRule:
    """How people-readable keys are made.

    Args:
        pattern: Text with holes over ``yy yyyy mm dd number``.
        digits: The number is padded to so many.
    """

    pattern: str
    digits: int = 4


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
class ProcessManifest:
    """A process's manifest."""

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
    variables: Mapping[str, VariableSpec] = field(default_factory=dict)
    listed: tuple[str, ...] = ()

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
        said = [self.title, self.summary, self.category, *self.groups.values()]
        said += [text for start in self.starts for text in (start.title, start.summary)]
        said += [spec.label for spec in self.variables.values()]
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

    def wrong(key: str, message: str, **params: Any) -> None:
        problems.append(Problem(path=f"{FILE}#{key}", message=message, params=params))

    _check_keys(said, wrong)
    starts = _starts(said.get("start", []), wrong)
    variables = _variables(said.get("variables", {}), wrong)
    rule = said.get("business_key")
    if rule is not None and not (isinstance(rule, dict) and "number" in str(rule.get("pattern", ""))):
        wrong("business_key", _("business_key.pattern must have {{ number }} in it."))
        rule = None
    if problems:
        raise DefinitionError(problems=problems)
    return ProcessManifest(
        key=said["key"],
        title=said["title"],
        summary=said.get("summary", ""),
        category=said.get("category", ""),
        needs=tuple(said.get("needs", ())),
        calls=tuple(said.get("calls", ())),
        instance_title=said.get("instance_title", ""),
        business_key=BusinessKeyRule(pattern=rule["pattern"], digits=int(rule.get("digits", 4)))
        if rule
        else None,
        starts=tuple(starts),
        groups=dict(said.get("groups", {})),
        variables=variables,
        listed=tuple(said.get("worklist", {}).get("columns", ())),
    )


def _check_keys(said: Mapping[str, Any], wrong: Any) -> None:
    for unknown in sorted(set(said) - _KEYS):
        wrong(unknown, _("There is no key %(key)s. Known are: %(known)s."), key=unknown, known=_known(_KEYS))
    for key in ("key", "title"):
        if not isinstance(said.get(key), str) or not said[key].strip():
            wrong(key, _("%(key)s is missing. Write it as a text."), key=key)
    for key in ("needs", "calls"):
        if not _is_names(said.get(key, [])):
            wrong(key, _("%(key)s must be a list of names."), key=key)


def _starts(said: Any, wrong: Any) -> list[ProcessStart]:
    starts: list[ProcessStart] = []
    for number, start in enumerate(said if isinstance(said, list) else [], 1):
        at = f"start[{number}]"
        for unknown in sorted(set(start) - _START_KEYS):
            wrong(
                at,
                _("There is no key %(key)s. Known are: %(known)s."),
                key=unknown,
                known=_known(_START_KEYS),
            )
        if not isinstance(start.get("event"), str):
            wrong(at, _("event is missing: name a start event of the drawing."))
            continue
        if start.get("inbound") not in (None, "sms", "email"):
            wrong(at, _("inbound must be sms or email."))
        for who in start.get("who", ()):
            if who.split(":")[0] not in ("person", "group", "unit") or ":" not in who:
                wrong(at, _("who: %(who)s must be person:KEY, group:KEY or unit:KEY."), who=who)
        known = {key: value for key, value in start.items() if key in _START_KEYS}
        known["who"] = tuple(start.get("who", ()))
        starts.append(ProcessStart(**known))
    return starts


def _variables(said: Any, wrong: Any) -> dict[str, VariableSpec]:
    variables: dict[str, VariableSpec] = {}
    for name, spec in (said if isinstance(said, dict) else {}).items():
        if " " in name:
            wrong(f"variables.{name}", _("A variable's name has no blanks."))
        unknown = sorted(set(spec) - {"type", "kind", "label", "sensitive"})
        if unknown:
            wrong(f"variables.{name}", _("There is no key %(key)s here."), key=unknown[0])
            continue
        if spec.get("kind", "") not in ("", TELEPHONE):
            wrong(f"variables.{name}", _("kind must be telephone, or left out."))
        variables[name] = VariableSpec(**spec)
    return variables


def _is_names(names: object) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)


def _known(keys: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(keys))
