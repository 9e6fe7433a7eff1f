"""Messages: an English text for each channel, translated first and filled afterwards.

``messages/NAME.toml`` of a process holds them; what the product itself says is made in code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from babel.dates import format_skeleton

from engine import feel
from engine.errors import DefinitionError, Problem
from engine.feel import FeelSyntaxError
from engine.i18n import _, read_catalogue
from engine.notify.countries import ANY
from engine.plugin import CheckContext, SmsMode
from engine.values import Json, read_toml

CHANNELS = ("sms", "email", "in_app", "voice")

# Where a message has no text for a channel it says what it has, the shortest first.
_INSTEAD = ("sms", "in_app", "email", "voice")
_KEYS = {"text"}
_KEYS_OF = {"email": {"text", "subject"}, "sms": {"text", "text_link", "text_code"}}
# Spaces that languages put into dates and numbers: as SMS they would double the price of the whole text.
_HOLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_PLAIN_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " "})

Say = Callable[[str, str], str]
"""Says a source text in a language: ``say(locale, text)``."""

Words = Mapping[str, Mapping[str, str]]
"""A message as an administrator wrote it: ``title`` and ``text`` by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """What a message says by one channel: text with holes.

    Args:
        text: What is said.
        subject: Of a mail.
        text_link: Of an SMS: where nobody can answer it. ``text`` where there is none.
        text_code: Of an SMS: where it may have no link either. ``text`` where there is none.
    """

    text: str
    subject: str = ""
    text_link: str = ""
    text_code: str = ""

    @property
    def all_texts(self) -> tuple[str, ...]:
        """Everything it may say."""
        return tuple(text for text in (self.text, self.text_link, self.text_code) if text)

    def in_mode(self, mode: SmsMode) -> str:
        """Return what an SMS says where it may be only so much."""
        return {"link": self.text_link, "code only": self.text_code}.get(mode, "") or self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A message: its key, its title and its text for each channel it has one for.

    Args:
        key: The file's name without ending.
        title: What it is called; the subject of a mail that has none.
        texts: By channel, at least one.
        secret: Whether it holds a code or a link that only its reader may know.
    """

    key: str
    title: str
    texts: Mapping[str, MessageText]
    secret: bool = False

    def for_channel(self, channel: str) -> MessageText:
        """Return what is said by a channel, another channel's text where there is none for it."""
        found = next(self.texts[name] for name in (channel, *_INSTEAD) if name in self.texts)
        return replace(found, subject="" if channel == "sms" else found.subject or self.title)


def written(words: Words) -> tuple[MessageTemplate, Say]:
    """Return a message as an administrator wrote it, and what says it in a language.

    In a language in which nothing is written, the other Chinese is said, else whatever is there.

    Args:
        words: Title and text by language, at least one.
    """

    def in_language(locale: str) -> Mapping[str, str]:
        akin = [other for other in words if other[:2] == locale[:2]]
        return words.get(locale) or words[next(iter([*akin, *words]))]

    source = in_language("en")
    template = MessageTemplate(
        key="", title=source["title"], texts={"in_app": MessageText(text=source["text"])}
    )

    def say(locale: str, text: str) -> str:
        said = in_language(locale)
        return said["title" if text == source["title"] else "text"]

    return template, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message as somebody reads it."""

    subject: str
    text: str


@lru_cache(maxsize=512)
def read_template(key: str, content: bytes) -> MessageTemplate:
    """Read ``messages/NAME.toml``.

    Args:
        key: The file's name without ending.
        content: The file.

    Raises:
        DefinitionError: It is no message; the problems say why.
    """
    problems = list(_problems(f"messages/{key}.toml", content))
    if problems:
        raise DefinitionError(_("The message %(key)s cannot be read."), problems=problems, key=key)
    said = read_toml(content)
    return MessageTemplate(
        key=key,
        title=said["title"].strip(),
        texts={
            channel: MessageText(**{key: text.strip() for key, text in said[channel].items()})
            for channel in CHANNELS
            if channel in said
        },
    )


def source_texts(template: MessageTemplate) -> list[str]:
    """Return everything that a catalogue translates of a message."""
    texts = [template.title]
    for said in template.texts.values():
        texts += [said.subject, *said.all_texts]
    return [text for text in dict.fromkeys(texts) if text]


def check(path: str, content: bytes, deployment: CheckContext) -> Sequence[Problem]:
    """Say what is wrong with a message of a deployment, and with the translations of its texts."""
    problems = list(_problems(path, content))
    if problems:
        return problems
    template = read_template(PurePosixPath(path).stem, content)
    for catalogue_path, catalogue in deployment.files.items():
        if not PurePosixPath(catalogue_path).match("locale/*/LC_MESSAGES/messages.po"):
            continue
        try:
            translated = read_catalogue(catalogue)
        except ValueError:
            # The catalogue's own check says so.
            continue
        for text in source_texts(template):
            problems += _hole_problems(catalogue_path, translated.get(text, ""))
    return problems


def render(
    template: MessageTemplate,
    channel: str,
    *,
    locale: str,
    say: Say,
    scope: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]] | None = None,
    now: datetime | None = None,
    mode: SmsMode = ANY,
) -> Rendered:
    """Say a message in a language: translated first, its holes filled afterwards.

    Args:
        template: The message.
        channel: By which channel.
        locale: The reader's language.
        say: The catalogue of whoever the message belongs to.
        scope: What the holes may name.
        functions: FEEL functions that the holes may call.
        now: The aware instant, in the reader's time zone.
        mode: What an SMS may be in the reader's country.
    """
    said = template.for_channel(channel)

    def fill(text: str) -> str:
        filled = feel.render(text, scope, functions=functions, now=now, locale=locale)
        return filled.translate(_PLAIN_SPACES).strip()

    def in_language(source: str) -> str:
        for text in (say(locale, source), source):
            try:
                return fill(text)
            except FeelSyntaxError:
                # A translation that nobody checked: better said in English than not at all.
                continue
        # Better with gaps than not at all.
        return _HOLE.sub("…", source).strip()

    return Rendered(
        subject=" ".join(in_language(said.subject).split()) if said.subject else "",
        text=in_language(said.in_mode(mode) if channel == "sms" else said.text),
    )


def short_instant(instant: datetime, *, locale: str, now: datetime) -> str:
    """Write an instant for people in as few characters as they can do with.

    Args:
        instant: What to write.
        locale: The reader's language.
        now: The aware instant, in the reader's time zone: another year is written out.
    """
    local = instant.astimezone(now.tzinfo)
    day = format_skeleton("MMMd" if local.year == now.year else "yMMMd", local, locale=locale)
    return f"{day} {format_skeleton('Hm', local, locale=locale)}"


def _problems(path: str, content: bytes) -> Iterator[Problem]:
    try:
        said = read_toml(content)
    except ValueError as error:
        yield Problem(path=path, message=_("This is no TOML: %(reason)s"), params={"reason": str(error)})
        return
    if not isinstance(said.get("title"), str) or not said["title"].strip():
        yield Problem(path=path, message=_("Give the message a title."))
    channels = [channel for channel in said if channel != "title"]
    if not channels:
        yield Problem(
            path=path, message=_('Write a text for at least one channel, such as [sms] with text = "…".')
        )
    for channel in channels:
        yield from _channel_problems(path, channel, said[channel])


def _channel_problems(path: str, channel: str, said: Json) -> Iterator[Problem]:
    where = f"{path}#{channel}"
    if channel not in CHANNELS or not isinstance(said, dict):
        yield Problem(
            path=where,
            message=_("%(channel)s is no channel. Known are: %(known)s."),
            params={"channel": channel, "known": ", ".join(CHANNELS)},
        )
        return
    known = _KEYS_OF.get(channel, _KEYS)
    for key in sorted(set(said) - known):
        yield Problem(
            path=where,
            message=_("Unknown key %(key)s. Known are: %(known)s."),
            params={"key": key, "known": ", ".join(sorted(known))},
        )
    if not isinstance(said.get("text"), str) or not said["text"].strip():
        yield Problem(path=where, message=_('Write the text: text = "…".'))
    for key in sorted(known & set(said)):
        if isinstance(said[key], str):
            yield from _hole_problems(where, said[key].strip())
        elif key != "text":
            yield Problem(path=where, message=_("%(key)s must be a text."), params={"key": key})


def _hole_problems(path: str, text: str) -> Iterator[Problem]:
    try:
        feel.holes(text)
    except FeelSyntaxError as error:
        yield Problem(
            path=path,
            message=_("In “%(text)s”: %(reason)s"),
            params={"text": " ".join(text.split())[:60], "reason": error.placed},
        )


def short_message(key: str, title: str, text: str, text_code: str) -> MessageTemplate:
    """Make a message of the product's own; where no SMS may have a link it says the other text."""
    return MessageTemplate(key=key, title=title, texts={"sms": MessageText(text=text, text_code=text_code)})
