"""What was sent for a form, checked: the answers that count, or every reason why they cannot be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import marshmallow as ma

from engine.errors import CallwrightError, InvalidSubmission, Phrase, Problem
from engine.i18n import _
from engine.values import Json
from forms.cleaning import check_bounds, check_length, refuse, schema_of
from forms.conditions import Place, Settled, settle
from forms.data import MISSING, Path, get, path_text, put
from forms.expressions import is_expression, value_of
from forms.options import Lookup, find_option, fixed_options, options_of
from forms.pattern import trim
from forms.rights import REQUIRED
from forms.schema import CHOICES, LIST, MANY, Component, Form

PROBLEM_LIMIT = 100
PLACE_LIMIT = 20_000

FileOf = Callable[[Json], Mapping[str, Json]]


def _no_file(value: Json) -> Mapping[str, Json]:
    raise InvalidSubmission(_("There is no such file."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a form is filled in over.

    Args:
        now: The aware instant, in the centre's zone.
        variables: What the form begins with.
        rights: What the person may do with a field: hidden, read, write, required; write where none is
            said. By key; a container's right holds for what it contains.
        lookup: The options of a list that the product keeps.
        file: The reference of a file that somebody hands in, or an error.
        say: Says one of the form's texts in the person's language.
        region: The country of telephone numbers without a country code (``HK``).
    """

    now: datetime
    variables: Mapping[str, Json] = field(default_factory=dict)
    rights: Mapping[str, str] = field(default_factory=dict)
    lookup: Lookup = lambda source: ()
    file: FileOf = _no_file
    say: Callable[[str], str] = str
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Answers that count.

    Args:
        values: By variable, as the step may write them.
        files: The ids of the files in them.
    """

    values: Mapping[str, Json]
    files: tuple[str, ...] = ()


def validate(form: Form, sent: Json, filling: Filling) -> Accepted:
    """Check what was sent for a form, as its browser does and then some.

    Fields that are hidden, read-only or disabled are neither required nor taken: what is sent for them is
    left aside and not refused, for a browser sends all that it shows, and another step may have written it
    meanwhile. A field that was not sent keeps what it has. Computed fields are computed.

    Args:
        form: The form.
        sent: The answers, nested as the browser nests them.
        filling: What it is filled in over.

    Raises:
        InvalidSubmission: Something cannot be taken: a problem for each, its path the field's key
            (``reporter.phone``, ``items.2.price``).
    """
    clean, found = _clean(form, sent, filling.region)
    _weigh(form, clean)
    settled = settle(
        form,
        clean,
        variables=filling.variables,
        rights=filling.rights,
        now=filling.now,
        region=filling.region,
    )
    for place in settled.places:
        if place.component.key and not place.writable:
            _forget(found, place.path)
    check = _Check(clean, settled, filling)
    for place in settled.places:
        if place.component.key and place.writable and not _is_within(found, place.path):
            problems = check(place)
            if problems:
                found[place.path] = problems
    if found:
        raise InvalidSubmission(problems=_told(found, settled, filling.say))
    values = _written(settled, clean, check.replaced, filling.variables)
    return Accepted(values=values, files=tuple(dict.fromkeys(check.files)))


def _clean(
    form: Form, sent: Json, region: str | None
) -> tuple[Mapping[str, Json], dict[Path, list[Problem]]]:
    found: dict[Path, list[Problem]] = {}
    try:
        return schema_of(form, region).load(sent), found
    except ma.ValidationError as error:
        _collect(error.messages, (), found)
        return error.valid_data if isinstance(error.valid_data, dict) else {}, found


def _collect(messages: Any, path: Path, found: dict[Path, list[Problem]]) -> None:
    """Take marshmallow's messages apart: contexts by name and list index, ours and its own texts."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            _collect(inner, path if name == "_schema" else (*path, name), found)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        problem = message if isinstance(message, Problem) else Problem(path="", message=str(message))
        found.setdefault(path, []).append(problem)


def _weigh(form: Form, clean: Mapping[str, Json]) -> None:
    """Refuse what would take too long to look at.

    Raises:
        InvalidSubmission: There are too many rows.
    """

    def weight(components: Sequence[Component], data: Json) -> int:
        total = len(components)
        for component in components:
            if component.kind == LIST:
                rows = get(data, component.path) or ()
                total += sum(weight(component.components, row) for row in rows)
            else:
                total += weight(component.components, data)
        return total

    if weight(form.components, clean) > PLACE_LIMIT:
        too_many = Problem(path="", message=_("There are too many rows. Send fewer."))
        raise InvalidSubmission(problems=[too_many])


def _forget(found: dict[Path, list[Problem]], path: Path) -> None:
    for known in [known for known in found if known[: len(path)] == path]:
        del found[known]


def _is_within(found: Mapping[Path, Any], path: Path) -> bool:
    return any(path[:end] in found for end in range(len(path) + 1))


def _told(found: Mapping[Path, list[Problem]], settled: Settled, say: Callable[[str], str]) -> list[Problem]:
    """Name each problem's place, in the order of the form."""
    order = {place.path: number for number, place in enumerate(settled.places)}
    paths = sorted(found, key=lambda path: order.get(path, len(order)))
    return [
        replace(problem, path=_printable(path_text(path)), message=say(problem.message))
        for path in paths
        for problem in found[path]
    ][:PROBLEM_LIMIT]


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()[:200].replace("\0", "\\0")


class _Check:
    """The rules that depend on other answers, on the time, or on what is stored."""

    def __init__(self, clean: Mapping[str, Json], settled: Settled, filling: Filling) -> None:
        self.clean = clean
        self.settled = settled
        self.filling = filling
        self.replaced: dict[Path, Json] = {}
        self.files: list[str] = []

    def __call__(self, place: Place) -> list[Problem]:
        component, value = place.component, get(self.settled.data, place.path)
        needed = component.required or place.right == REQUIRED
        if needed and component.holds_value and _is_blank(component, value):
            return [Problem(path="", message=_("This is needed."))]
        if get(self.clean, place.path, MISSING) is MISSING:
            return []
        try:
            if component.kind in _RULES:
                _RULES[component.kind](self, place, value)
        except ma.ValidationError as error:
            return [problem for problem in error.messages if isinstance(problem, Problem)]
        if component.refuse and value_of(component.refuse, place.names, self.filling.now) is True:
            return [Problem(path="", message=component.properties["refuseMessage"])]
        return []

    def rows(self, place: Place, value: Json) -> None:
        if place.fixed and len(value) != len(get(self.settled.started, place.path) or ()):
            refuse(_("Rows can be neither added nor removed here."))

    def text(self, place: Place, value: Json) -> None:
        if limits := self.limits(place, "minLength", "maxLength"):
            check_length(limits, value)

    def number(self, place: Place, value: Json) -> None:
        if limits := self.limits(place, "min", "max"):
            check_bounds(limits, value)

    def limits(self, place: Place, *names: str) -> dict[str, Json]:
        rules = place.component.rules
        return {
            name: value_of(rules[name], place.names, self.filling.now)
            for name in names
            if is_expression(rules.get(name))
        }

    def choice(self, place: Place, value: Json) -> None:
        component = place.component
        if value is None or fixed_options(component) is not None:
            return
        filling = self.filling
        known = options_of(
            component, place.names, variables=filling.variables, lookup=filling.lookup, now=filling.now
        )
        options = [option.value for option in known]
        many = value if component.kind in MANY else [value]
        chosen = [find_option(options, one) for one in many]
        if any(one is None for one in chosen):
            refuse(_("Choose one of the options."))
        self.replaced[place.path] = chosen if component.kind in MANY else chosen[0]

    def temporal(self, place: Place, value: Json) -> None:
        today = self.filling.now.date().isoformat()
        past = place.component.raw.get("disallowPassedDates") is True and place.component.subtype != "time"
        if past and value and value[:10] < today:
            refuse(_("The date must not lie in the past."))

    def attachments(self, place: Place, value: Json) -> None:
        raw, files = place.component.raw, value or []
        multiple = value_of(raw.get("multiple"), place.names, self.filling.now)
        accept = value_of(raw.get("accept"), place.names, self.filling.now)
        if multiple is not True and len(files) > 1:
            refuse(_("Only one file can be attached."))
        taken = [self.attachment(file, accept) for file in files]
        self.files += [str(file["$file"]) for file in taken]
        self.replaced[place.path] = taken if multiple is True else next(iter(taken), None)

    def attachment(self, value: Json, accept: Json) -> Mapping[str, Json]:
        try:
            file = self.filling.file(value)
        except CallwrightError as error:
            refuse(error.message, **error.params)
        if isinstance(accept, str) and accept.strip() and not _is_accepted(file, accept):
            kinds = Phrase(_KINDS[accept]) if accept in _KINDS else accept[:100]
            refuse(_("A file of this kind is not expected here: %(accept)s."), accept=kinds)
        return file


_RULES: Mapping[str, Callable[[_Check, Place, Json], None]] = {
    LIST: _Check.rows,
    "textfield": _Check.text,
    "textarea": _Check.text,
    "number": _Check.number,
    **dict.fromkeys(CHOICES, _Check.choice),
    "datetime": _Check.temporal,
    "filepicker": _Check.attachments,
}


# What the browser is told to offer, in words.
_KINDS = {"image/*": _("pictures"), "audio/*": _("sound recordings"), "video/*": _("films")}


def _is_blank(component: Component, value: Json) -> bool:
    if component.kind == "checkbox":
        return value is not True
    if isinstance(value, str):
        return not trim(value)
    return value is None or value == []


def _is_accepted(file: Mapping[str, Json], accept: str) -> bool:
    """Compare a file with what the browser was told to offer: endings and media types."""
    name, media_type = str(file["name"]).lower(), str(file["type"]).lower()
    for sort in accept.lower().split(","):
        sort = sort.strip()
        if sort in ("*", "*/*", media_type) or (sort.startswith(".") and name.endswith(sort)):
            return True
        if sort.endswith("/*") and media_type.startswith(sort[:-1]):
            return True
    return False


def _written(
    settled: Settled,
    clean: Mapping[str, Json],
    replaced: Mapping[Path, Json],
    variables: Mapping[str, Json],
) -> dict[str, Json]:
    """Gather what the step writes, by variable."""
    values: dict[str, Json] = {}
    for place in settled.places:
        component, path = place.component, place.path
        if not (place.writable and (component.holds_value or component.kind == LIST)):
            continue
        was_sent = get(clean, path, MISSING) is not MISSING
        if component.kind == LIST:
            if not was_sent and not _computes(component):
                continue
            rows = get(settled.data, path) or []
            known = get(variables, path)
            kept = isinstance(known, list) and (place.fixed or not was_sent)
            value: Json = list(known) if kept else [{} for _row in rows]
        elif component.kind == "expression" or was_sent:
            value = replaced[path] if path in replaced else get(settled.data, path)
        elif component.raw.get("defaultValue") is not None and _is_new(values, variables, path):
            value = get(settled.data, path)
        else:
            continue
        if path[0] not in values and len(path) > 1:
            values[str(path[0])] = get(variables, path[:1])
        values = put(values, path, value)
    return values


def _is_new(values: Mapping[str, Json], variables: Mapping[str, Json], path: Path) -> bool:
    """Whether nothing stands yet where a default would."""
    in_row = any(isinstance(name, int) for name in path)
    return get(values if in_row else variables, path, MISSING) is MISSING


def _computes(component: Component) -> bool:
    return any(inner.kind == "expression" or _computes(inner) for inner in component.components)
