"""What a print may speak of: the instance, its forms, what people decided, the files in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import select

from engine import feel
from engine.context import Context
from engine.definition import Definition, VariableSpec, get_definition_by_id
from engine.errors import InvalidSubmission, NotFound
from engine.feel.temporal import Date, DateTime, from_instant
from engine.files import find_file, is_reference, open_content, type_of
from engine.i18n import _
from engine.people import Person, default_region
from engine.runtime import get_instance, variables_of
from engine.values import Json
from engine.work import Task, actions_of, tasks_of_instance
from forms.options import chosen_labels, keep_lists
from forms.personal import SEE, masked_values, sensitive_names
from forms.printing.answers import Reader, day, moment, plain
from forms.printing.filled import Filled, filled_forms, submissions_of
from forms.printing.opinions import opinions
from forms.printing.template import PICTURES
from forms.withheld import withheld, without_places

MOST_PICTURES = 100
LARGEST_PICTURE_BYTES = 5_000_000
LONGEST_KEY = 64
MOST_NAMES = 5_000
_PICTURE = "picture:"
_STATES = {
    "active": _("Running"),
    "suspended": _("Paused"),
    "completed": _("Completed"),
    "cancelled": _("Cancelled"),
    "failed": _("Failed"),
}
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """An instance as its prints see it, put together in one transaction.

    Args:
        instance: Its row.
        definition: The version that it runs.
        scope: What holes may name.
        functions: What holes may call.
        reader: For whom.
    """

    instance: Mapping[str, Any]
    definition: Definition
    scope: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    reader: Reader


def contents_of(ctx: Context, instance_id: str) -> Contents:
    """Gather what a print of an instance may speak of, in the context's language and the centre's zone.

    Args:
        ctx: An open transaction; the actor, who may see the instance, is for whom it is printed.
        instance_id: Which instance.

    Raises:
        NotFound: There is none of this id.
    """
    instance = get_instance(ctx, instance_id)
    definition = get_definition_by_id(ctx, instance["definition_id"])
    tasks, actions = tasks_of_instance(ctx, instance_id), actions_of(ctx, instance_id)
    variables = variables_of(ctx, instance_id)
    submissions = submissions_of(ctx, instance_id)
    pictures: set[str] = set()
    reader = Reader(
        locale=ctx.locale,
        now=ctx.now.astimezone(ctx.settings.zone),
        say=partial(definition.text, ctx.locale),
        lookup=keep_lists(ctx),
        picture=partial(_picture, pictures),
        names=_names(ctx, [instance["initiator"], ctx.actor.key], tasks, actions, variables, submissions),
        region=default_region(ctx),
        sees_personal=ctx.actor.may(SEE),
    )
    hidden = withheld(ctx, instance_id)
    filled = filled_forms(ctx, definition, tasks, variables, submissions, reader, hidden)
    shown = without_places(variables, hidden)
    process = reader.say(definition.title)
    scope: dict[str, Any] = {
        **_variables(ctx, definition, shown, reader),
        "case": {
            "title": instance["title"] or process,
            "business_key": instance["business_key"],
            "state": reader.word(_STATES[instance["state"]]),
            "initiator": _who(instance["initiator"], reader),
            "started_at": from_instant(instance["started_at"]),
            "ended_at": instance["ended_at"] and from_instant(instance["ended_at"]),
        },
        "business_key": instance["business_key"],
        "process": {"key": definition.key, "version": definition.version, "title": process},
        "forms": [one.said for one in filled],
        "known": _known(definition, shown, filled, reader),
        "opinions": opinions(tasks, actions, variables.get("decisions"), partial(_say, ctx), reader),
        "printed": {
            "by": _who(ctx.actor.key, reader),
            "at": from_instant(ctx.now),
            "when": moment(ctx.now, reader),
        },
        "centre": ctx.settings.centre_name,
        "locale": ctx.locale,
    }
    return Contents(
        instance=instance, definition=definition, scope=scope, functions=_functions(reader), reader=reader
    )


def read_picture(ctx: Context, contents: Contents, name: str) -> tuple[str, bytes] | None:
    """Return a picture of a print by its name: one of the deployment, or a file of the instance.

    Args:
        ctx: An open transaction.
        contents: Whose print it is.
        name: ``prints/seal.png`` or ``picture:ID``.

    Returns:
        Its media type and its bytes; None where it is none of theirs, or nothing that can be printed.
    """
    if not name.startswith(_PICTURE):
        content = contents.definition.package.files.get(name)
        return None if content is None else (type_of(content), content)
    with suppress(NotFound):
        file = find_file(ctx, file_id=name.removeprefix(_PICTURE))
        if (
            file.type in PICTURES
            and file.size <= LARGEST_PICTURE_BYTES
            and file.owner_kind == "instance"
            and get_instance(ctx, file.owner_id)["root_id"] == contents.instance["root_id"]
        ):
            with open_content(ctx, file) as stream:
                return file.type, stream.read()
    return None


def _picture(named: set[str], file: Json) -> str:
    """Name a file so that a page shows it; an empty text where it is no picture, or one too many."""
    if not is_reference(file) or file.get("type") not in PICTURES:
        return ""
    name = f"{_PICTURE}{file['$file']}"
    if name not in named and len(named) >= MOST_PICTURES:
        return ""
    named.add(name)
    return name


def _say(ctx: Context, definition_id: str, text: str | None) -> str:
    """Say a text of the version in which a task was made: the instance may have gone to another one."""
    with suppress(NotFound):
        return get_definition_by_id(ctx, definition_id).text(ctx.locale, text)
    return text or ""


def _names(
    ctx: Context,
    keys: Sequence[str | None],
    tasks: Sequence[Task],
    actions: Sequence[Any],
    variables: Mapping[str, Json],
    submissions: Sequence[Any],
) -> dict[str, str]:
    """Return what people are called who may be spoken of, by their keys."""
    wanted = {*keys, *(task.ended_by for task in tasks), *(one.actor for one in actions)}
    wanted |= {one.written_by for one in submissions}
    # A choice among people holds their keys; so does a vote in somebody's place.
    texts = _short_texts([*(one.data for one in submissions), variables])
    wanted |= set(islice(texts, MOST_NAMES))
    rows = ctx.connection.execute(select(Person.key, Person.name).where(Person.key.in_(wanted - {None})))
    return {row.key: row.name for row in rows}


def _short_texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if value.isprintable() and 0 < len(value) <= LONGEST_KEY:
            yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _short_texts(inner)


def _who(key: str | None, reader: Reader) -> str:
    if key is None:
        return reader.word(_("the public"))
    return reader.names.get(key, key)


def _variables(
    ctx: Context, definition: Definition, variables: Mapping[str, Json], reader: Reader
) -> dict[str, Any]:
    """Return the variables as holes name them: personal ones masked, typed as declared, files as pictures."""
    seen = masked_values(ctx, variables, sensitive_names(definition))
    types = definition.manifest.types
    return {name: _typed(_with_pictures(value, reader), types.get(name)) for name, value in seen.items()}


def _typed(value: Json, kind: str | None) -> Any:
    if kind is not None and value is not None:
        with suppress(InvalidSubmission):
            return feel.from_json(value, kind)
    return value


def _with_pictures(value: Json, reader: Reader) -> Json:
    if is_reference(value):
        said = {name: value.get(name) for name in ("name", "type", "size")}
        return {**said, "picture": reader.picture(value)}
    if isinstance(value, Mapping):
        return {name: _with_pictures(inner, reader) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_pictures(inner, reader) for inner in value]
    return value


def _known(
    definition: Definition, variables: Mapping[str, Json], filled: Sequence[Filled], reader: Reader
) -> list[dict[str, Json]]:
    """Return the declared variables that no form shows, in words."""
    labels = chosen_labels(definition)
    in_forms = {name for one in filled for name in one.form.variables}
    known: list[dict[str, Json]] = []
    for name, spec in definition.manifest.variables.items():
        value = variables.get(name)
        if name in in_forms or not spec.label or value in (None, "") or isinstance(value, Mapping | list):
            continue
        label = labels.get((name, str(value)))
        said = reader.say(label) if label else _in_words(value, spec, reader)
        hides = spec.sensitive and not reader.sees_personal
        known.append({"label": reader.say(spec.label), "value": "•••" if hides else said})
    return known


def _in_words(value: Json, spec: VariableSpec, reader: Reader) -> str:
    return plain(_typed(value, spec.type if spec.type != "any" else None), reader)


def _functions(reader: Reader) -> dict[str, Callable[..., Any]]:
    """Return what holes of a print can call: see ``template.FUNCTIONS``."""

    def in_words(at: Any) -> str | None:
        if isinstance(at, DateTime):
            return moment(at.instant(reader.now.tzinfo), reader)  # type: ignore[arg-type]
        return day(at, reader.locale) if isinstance(at, Date) else None

    def chinese_date(at: Any) -> str | None:
        if isinstance(at, DateTime):
            local = at.instant(reader.now.tzinfo).astimezone(reader.now.tzinfo)  # type: ignore[arg-type]
            return in_chinese(local.year, local.month, local.day)
        return in_chinese(at.year, at.month, at.day) if isinstance(at, Date) else None

    def say(text: Any) -> str | None:
        return reader.say(text) if isinstance(text, str) else None

    return {"say": say, "moment": in_words, "chinese date": chinese_date}


def in_chinese(year: int, month: int, day: int) -> str:
    """Write a date as official letters do: 二〇二六年三月二十日."""

    def number(value: int) -> str:
        tens, ones = divmod(value, 10)
        ten = {0: "", 1: "十"}.get(tens, f"{tens}十".translate(_DIGITS))
        return ten + (str(ones).translate(_DIGITS) if ones else "")

    return f"{str(year).translate(_DIGITS)}年{number(month)}月{number(day)}日"
