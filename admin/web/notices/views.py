"""The pages on which an administrator says who hears of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

from admin.kit.current import context, web
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import names_of_groups, person_names
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.notices.words import (
    CHANNEL_TITLES,
    CONCERNED_TITLES,
    EVENT_TITLES,
    RECIPIENT_TITLES,
    SOURCE_TITLES,
)
from engine.context import Context
from engine.definition import Definition, get_definition, group_names, list_definitions
from engine.definition.notices import (
    CHANNELS,
    MOST_NOTICES,
    OF_PROCESS,
    RECIPIENTS,
    drop_rule,
    list_rules,
    put_rule,
)
from engine.errors import CallwrightError, NotFound
from engine.i18n import LOCALES, _, say
from engine.machine.spec import Notice
from engine.people import group_counts
from engine.runtime.matrix import MatrixRow, examples, matrix, message_titles, own_words, say_message
from engine.values import Json

MANAGE = "notices.manage"
# What stands in the choice of words beside a process's messages.
OWN, WRITTEN = "", "written here"
_OF_LINE = ("to", "person", "channel", "words", "next_minutes")


class NoticeView(View):
    """The notice matrix of every process."""

    route_base = "/notices"

    @expose("/")
    @needs(MANAGE)
    def list(self) -> Any:
        """Show every process with how much is set for it."""
        ctx = context()
        with ctx.read():
            processes = [
                {
                    "key": one.key,
                    "title": one.text(web().locale, one.title),
                    "summary": one.text(web().locale, one.manifest.summary),
                    "count": len(list_rules(ctx, one.key)),
                }
                for one in list_definitions(ctx)
            ]
        return page("notices/processes.html", processes=processes)

    @expose("/<key>")
    @needs(MANAGE)
    def show(self, key: str) -> Any:
        """Show who hears of what in a process, as it holds now."""
        ctx = context()
        with ctx.read():
            definition = get_definition(ctx, key=key)
            rows = matrix(ctx, definition)
            people = _Names(ctx, definition, rows)
            places: dict[str | None, list[MatrixRow]] = {}
            for row in rows:
                places.setdefault(row.element_id, []).append(row)
            return page(
                "notices/matrix.html",
                key=key,
                title=definition.text(web().locale, definition.title),
                places=places,
                names=people,
                events=_titles(EVENT_TITLES),
                sources={name: (gettext(title), tone) for name, (title, tone) in SOURCE_TITLES.items()},
                now=ctx.now,
            )

    @expose("/<key>/edit", methods=["GET", "POST"])
    @needs(MANAGE)
    def edit(self, key: str) -> Any:
        """Set who hears of one event at one place; show first what they would read, where that is asked."""
        ctx = context()
        with ctx.read():
            definition = get_definition(ctx, key=key)
            row = _at(ctx, definition)
        if request.method == "GET":
            kept = row.rule.notices if row.rule is not None else row.drawn
            return _form(ctx, definition, row, [_line(one) for one in kept if not one.circulates])
        lines = _said_lines()
        act = request.form.get("act", "")
        if act == "more":
            return _form(ctx, definition, row, [*lines, _empty()][:MOST_NOTICES])
        heard = [line for line in lines if line["to"]]
        if act == "preview":
            return _form(ctx, definition, row, lines, shown=_examples(ctx, definition, row, lines))
        try:
            put_rule(
                ctx,
                process_key=key,
                element_id=row.element_id,
                event=row.event,
                notices=[_notice(line) for line in heard],
            )
        except CallwrightError as error:
            errors = _by_field(error, [number for number, line in enumerate(lines) if line["to"]])
            return make_response(_form(ctx, definition, row, lines, errors=errors), 422)
        flash(gettext("Saved. It counts everywhere within ten seconds."), "success")
        return see_other("NoticeView.show", key=key)

    @expose("/<key>/reset", methods=["POST"])
    @needs(MANAGE)
    def reset(self, key: str) -> Any:
        """Let what is drawn hold again."""
        said = fields_of("step", "event")
        try:
            drop_rule(context(), process_key=key, element_id=said["step"] or None, event=said["event"])
            flash(gettext("Put back: what is drawn holds again."), "success")
        except NotFound as error:
            flash(say(web().locale, error), "danger")
        return see_other("NoticeView.show", key=key)


class _Names:
    """Says in words who hears of it, how and in which words.

    Args:
        ctx: With an open transaction.
        definition: The process.
        rows: Its matrix: of whom it speaks.
    """

    def __init__(self, ctx: Context, definition: Definition, rows: list[MatrixRow]) -> None:
        said = [str(one.to) for row in rows for one in (*row.notices, *row.drawn)]
        keys = {kind: [w[len(kind) + 1 :] for w in said if w.startswith(f"{kind}:")] for kind in _KINDS}
        by = [row.rule.changed_by for row in rows if row.rule is not None]
        self._definition = definition
        self._people = person_names(ctx, [*keys["person"], *by])
        self._groups = names_of_groups(ctx, keys["group"])

    def to(self, notice: Notice) -> str:
        """Say who hears of it."""
        word = str(notice.to)
        if word in RECIPIENT_TITLES:
            return _recipient(word, notice.event)
        kind, _colon, key = word.partition(":")
        if kind == "person":
            return self.person(key)
        if kind == "group":
            return gettext("Group %(name)s", name=self._groups.get(key, key))
        return word

    def person(self, key: str) -> str:
        """Say who somebody is."""
        return self._people.get(key, key)

    def step(self, row: MatrixRow) -> str:
        """Say what a step is called."""
        return self._definition.text(web().locale, row.name)

    def channel(self, notice: Notice) -> str:
        """Say by which channel."""
        return gettext(CHANNEL_TITLES.get(notice.channel, notice.channel))

    def words(self, notice: Notice) -> str:
        """Say in which words."""
        said = say_message(self._definition, web().locale, notice)
        if notice.words is not None:
            return gettext("written here: %(title)s", title=said)
        return said if notice.message else gettext("the product's own words")


_KINDS = ("person", "group")


def _titles(titles: Mapping[str, str]) -> dict[str, str]:
    return {name: gettext(title) for name, title in titles.items()}


def _at(ctx: Context, definition: Definition) -> MatrixRow:
    """Return the row that the address names.

    Raises:
        NotFound: There is none.
    """
    place = request.args.get("step") or None, request.args.get("event", "")
    for row in matrix(ctx, definition):
        if (row.element_id, row.event) == place:
            return row
    raise NotFound()


# -- what the form says ------------------------------------------------------------------------------------


def _line(notice: Notice) -> dict[str, Any]:
    """Write a notice as a line of the form."""
    word = str(notice.to)
    person = word.removeprefix("person:") if word.startswith("person:") else ""
    words = WRITTEN if notice.words is not None else notice.message
    minutes = "" if notice.next_after_s is None else f"{notice.next_after_s / 60:g}"
    written = notice.words or {}
    return {
        "to": "person" if person else word,
        "person": person,
        "channel": notice.channel,
        "words": words,
        "next_minutes": minutes,
        **{
            f"{name}-{locale}": written.get(locale, {}).get(name, "")
            for locale in LOCALES
            for name in ("title", "text")
        },
    }


def _empty() -> dict[str, Any]:
    return _line(Notice(event="", to="", channel="preferred", message=""))


def _said_lines() -> list[dict[str, Any]]:
    """Read the lines of the posted form."""
    count = request.form.get("lines", "")
    number = min(int(count), MOST_NOTICES) if count.isdigit() else 0
    names = [*_OF_LINE, *(f"{name}-{locale}" for locale in LOCALES for name in ("title", "text"))]
    return [
        {name: request.form.get(f"{name}-{line}", "").strip() for name in names} for line in range(number)
    ]


def _notice(line: Mapping[str, str]) -> dict[str, Json]:
    """Read a line as the verb takes it."""
    written = line["words"] == WRITTEN
    minutes = line["next_minutes"]
    return {
        "to": f"person:{line['person']}" if line["to"] == "person" else line["to"],
        "channel": line["channel"],
        "message": None if written else line["words"] or None,
        "words": _written(line) if written else None,
        # What is no number is no time between a minute and a day.
        "next_s": (int(minutes) * 60 if minutes.isdigit() else 0) if minutes else None,
    }


def _written(line: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what is written, by language."""
    return {
        locale: {"title": line[f"title-{locale}"], "text": line[f"text-{locale}"]}
        for locale in LOCALES
        if line[f"title-{locale}"] or line[f"text-{locale}"]
    }


def _by_field(error: CallwrightError, numbers: list[int]) -> dict[str, list[str]]:
    """Put what is wrong to the fields of the form: ``notices.1.words.en.text`` is ``text-en-1``."""
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        name, *path = problem.path.split(".")
        if name == "notices" and path:
            line = numbers[int(path[0])]
            field = path[1]
            if field == "words" and len(path) == 4:
                name = f"{path[3]}-{path[2]}-{line}"
            else:
                name = f"{_FIELDS.get(field, field)}-{line}"
        found.setdefault(_FIELDS.get(name, name), []).append(say(web().locale, problem))
    return found or {"to-0": [say(web().locale, error)]}


_FIELDS = {"message": "words", "next_s": "next_minutes", "notices": "to-0", "event": "to-0"}


def _examples(
    ctx: Context, definition: Definition, row: MatrixRow, lines: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what each line says, in every language."""
    shown = []
    for number, line in enumerate(lines, 1):
        if not line["to"] or line["to"] == "nobody":
            continue
        said = _notice(line)
        complete = {
            locale: words
            for locale, words in (said["words"] or {}).items()
            if words["title"] and words["text"]
        }
        notice = Notice(
            event=row.event,
            to=said["to"],
            channel=said["channel"],
            message=said["message"] or "",
            words=complete or None,
        )
        if said["words"] is None or complete:
            shown.append({"number": number, "texts": examples(ctx, definition, notice)})
    return shown


def _form(
    ctx: Context,
    definition: Definition,
    row: MatrixRow,
    lines: list[dict[str, Any]],
    *,
    errors: dict[str, list[str]] | None = None,
    shown: list[dict[str, Any]] | None = None,
) -> str:
    locale = web().locale
    with ctx.read():
        groups = group_names(ctx, [group for group, _count in group_counts(ctx)], locale=locale)
    recipients = [(word, _recipient(word, row.event)) for word in RECIPIENTS]
    recipients += [("person", gettext("One person"))]
    recipients += [(f"group:{key}", gettext("Group %(name)s", name=name)) for key, name in groups.items()]
    known = {word for word, _title in recipients}
    recipients += [(line["to"], line["to"]) for line in lines if line["to"] and line["to"] not in known]
    own = own_words(row.event)
    words = [(WRITTEN, gettext("Words that are written here")), *message_titles(definition, locale).items()]
    if own is not None:
        words = [(OWN, gettext("The product's own: %(title)s", title=gettext(own.title))), *words]
    return page(
        "notices/edit.html",
        key=definition.key,
        title=definition.text(locale, definition.title),
        step=definition.text(locale, row.name),
        event=gettext(EVENT_TITLES.get(row.event, row.event)),
        row=row,
        lines=lines or [_empty()],
        errors=errors or {},
        recipients=recipients,
        channels=[(name, gettext(CHANNEL_TITLES[name])) for name in CHANNELS],
        words=words,
        written=WRITTEN,
        in_turn=row.event == "created",
        whole=row.event in OF_PROCESS,
        languages=list(LOCALES.items()),
        shown=shown,
        most=MOST_NOTICES,
    )


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(NoticeView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Notices"),
            endpoint="NoticeView.list",
            icon="bell",
            category="Processes",
            permissions=(MANAGE,),
        ),
    )


def _recipient(word: str, event: str) -> str:
    """Say whom a word means at an event."""
    concerned = CONCERNED_TITLES.get(event) if word == "concerned" else None
    return gettext(concerned or RECIPIENT_TITLES[word])
