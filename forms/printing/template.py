"""``prints/NAME.html``: the template of a print, HTML whose holes are FEEL.

It is a piece of a page: style, headings, paragraphs, tables, pictures; no script, no link, nothing that is
fetched. A picture is one of the deployment (``prints/seal.png``) or a file of the instance
(``{{ field.picture }}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

from engine import feel
from engine.errors import DefinitionError, Problem
from engine.feel.library import NAMES
from engine.feel.tree import Invocation, Literal, Name, walk
from engine.files import type_of
from engine.i18n import _
from engine.plugin import CheckContext

PATTERN = "prints/*.html"
FUNCTIONS = frozenset({"say", "moment", "chinese date"})
"""What a print's holes can call beside FEEL's own functions."""

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""The media types that can be printed."""

_LONGEST_BYTES = 300_000
_PIECES = frozenset({"!doctype", "html", "head", "body", "meta", "title"})
_VOID = frozenset({"br", "hr", "img", "col"})
# HTML lets their end be left out.
_ENDS_BY_ITSELF = frozenset(
    {
        "p", "li", "dt", "dd", "rt", "rp", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "th", "td",
    }
)  # fmt: skip
_TAGS = _VOID | _ENDS_BY_ITSELF | {
    "style", "h1", "h2", "h3", "h4", "h5", "h6", "div", "span", "section", "article", "header", "footer",
    "main", "address", "blockquote", "pre", "figure", "figcaption", "table", "ul", "ol", "dl", "b", "strong",
    "i", "em", "u", "s", "small", "sub", "sup", "code", "time", "ruby",
}  # fmt: skip
_ATTRIBUTES = frozenset(
    {
        "class", "id", "style", "title", "lang", "dir", "colspan", "rowspan", "span", "start", "type",
        "width", "height", "alt", "src",
    }
)  # fmt: skip
# What a style could fetch with, and what could hide that.
_FETCHES = re.compile(r"url\s*\(|image\s*\(|image-set\s*\(|src\s*\(|@import|@font-face|\\", re.IGNORECASE)
_SIGN = "\ue000"
_TAG_OF_A_HOLE = re.compile(rf"</?{_SIGN}")
_QUOTED = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*')")

Found = tuple[int, str, dict[str, Any]]


def check_print(path: str, content: bytes, within: CheckContext) -> Sequence[Problem]:
    """Return what is wrong with a print template of a deployment, each with its line and the remedy."""
    found = [
        Problem(path=path, line=line or None, message=message, params=params)
        for line, message, params in _problems(content, within.files)
    ]
    name = PurePosixPath(path).stem
    if not _is_named(name, within):
        found.append(
            Problem(
                path=path,
                message=_('process.toml does not name it. Write [prints.%(name)s] and title = "…" there.'),
                params={"name": name},
            )
        )
    return found


def said_in(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield the texts that a template says by ``say("…")``, for the catalogue, with the lines they stand in.

    Raises:
        FeelSyntaxError: A hole cannot be read.
        ValueError: It is no text.
    """
    text = content.decode()
    for expression in feel.holes(text, FUNCTIONS):
        line = text[: max(text.find(expression.source), 0)].count("\n") + 1
        for call in _calls(expression):
            for argument in call.arguments if _called(call) == "say" else ():
                if isinstance(argument, Literal) and isinstance(argument.value, str):
                    yield argument.value, line


def _is_named(name: str, within: CheckContext) -> bool:
    if within.package is None:
        return True
    try:
        manifest = within.package.manifest
    except DefinitionError:
        # The manifest's own check says so.
        return True
    return manifest is not None and name in manifest.prints


def _problems(content: bytes, files: Mapping[str, bytes]) -> Iterator[Found]:
    if len(content) > _LONGEST_BYTES:
        yield 0, _("The file is larger than %(limit)s bytes."), {"limit": _LONGEST_BYTES}
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield 0, _("This is no text. Save it as UTF-8."), {}
        return
    try:
        expressions = feel.holes(text, FUNCTIONS)
    except feel.FeelSyntaxError as error:
        yield error.line, error.message, error.params
        return
    for name in sorted({_called(call) for one in expressions for call in _calls(one)} - NAMES - FUNCTIONS):
        if name:
            yield 0, _("There is no function %(name)s. Use one of FEEL, or one of prints: %(known)s."), {
                "name": name,
                "known": ", ".join(sorted(FUNCTIONS)),
            }  # fmt: skip
    yield from _Look(files).at(feel.skeleton(text, _SIGN, FUNCTIONS))


def _calls(expression: feel.Expression) -> Iterator[Invocation]:
    return (node for node in walk(expression.tree) if isinstance(node, Invocation))


def _called(call: Invocation) -> str:
    """Return the name of the function that is called; empty where it is no plain name."""
    return call.function.name if isinstance(call.function, Name) else ""


class _Look(HTMLParser):
    """Looks over a template in which a sign stands for each hole."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.open: list[tuple[str, int]] = []
        self.found: list[Found] = []

    def at(self, text: str) -> list[Found]:
        for named in _TAG_OF_A_HOLE.finditer(text):
            line = text.count("\n", 0, named.start()) + 1
            self.found.append((line, _("A hole cannot be the name of a tag. Write < as &lt;."), {}))
        self.feed(text)
        self.close()
        for tag, line in self.open:
            if tag not in _ENDS_BY_ITSELF:
                self.found.append((line, _("<%(tag)s> is not closed."), {"tag": tag}))
        return self.found

    def wrong(self, message: str, /, **params: Any) -> None:
        self.found.append((self.getpos()[0], message, params))

    def handle_decl(self, decl: str) -> None:
        self._refuse_tag("!doctype")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._refuse_tag(tag)
        elif tag not in _VOID:
            self.open.append((tag, self.getpos()[0]))
        written = self.get_starttag_text() or ""
        if sum(one.count(_SIGN) for one in _QUOTED.findall(written)) != written.count(_SIGN):
            self.wrong(_("In a tag a hole is the value of an attribute, in quotes."))
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_endtag(self, tag: str) -> None:
        opened = [one for one, _line in self.open]
        if tag not in opened:
            if tag in _TAGS - _VOID:
                self.wrong(_("</%(tag)s> closes nothing that is open."), tag=tag)
            return
        while self.open:
            inner, line = self.open.pop()
            if inner == tag:
                return
            if inner not in _ENDS_BY_ITSELF:
                self.found.append((line, _("<%(tag)s> is not closed."), {"tag": inner}))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style":
            self._style(data)

    def _refuse_tag(self, tag: str) -> None:
        if tag in _PIECES:
            self.wrong(
                _("A print is a piece of a page: leave out <%(tag)s>, begin with what is to be read."),
                tag=tag,
            )
        else:
            self.wrong(
                _("A print has no <%(tag)s>: nothing in it runs or is fetched. Known are: %(known)s."),
                tag=tag.replace(_SIGN, "{{ }}")[:40],
                known=", ".join(sorted(_TAGS)),
            )

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in _ATTRIBUTES or (name == "src" and tag != "img"):
            if _SIGN not in name:
                self.wrong(
                    _("A print has no attribute %(name)s. Known are: %(known)s."),
                    name=name[:40],
                    known=", ".join(sorted(_ATTRIBUTES)),
                )
        elif name == "style":
            self._style(value)
        elif name == "src":
            self._picture(value)

    def _style(self, text: str) -> None:
        if _SIGN in text:
            self.wrong(_("A style has no holes. Put the hole into a class, and style that."))
        fetching = _FETCHES.search(text)
        if fetching:
            self.wrong(
                _("A style fetches nothing: leave out %(sign)s. Put a picture into <img>."),
                sign=fetching[0],
            )

    def _picture(self, source: str) -> None:
        if source == _SIGN:
            return
        content = self.files.get(source) if source.startswith("prints/") else None
        if content is None:
            self.wrong(
                _(
                    "There is no picture %(source)s. Put it into the folder prints/ and name it "
                    "prints/NAME.png, or name a file of the instance: {{ photo.picture }}."
                ),
                source=source.replace(_SIGN, "{{ }}")[:100],
            )
        elif type_of(content) not in PICTURES:
            self.wrong(_("%(source)s is no PNG, JPEG, GIF or WebP."), source=source[:100])
