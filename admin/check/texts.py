"""The source texts in a file: whatever people read and the catalogues must hold, by kind of file."""

from __future__ import annotations

import ast
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from babel.messages.extract import extract
from lxml import etree

from admin.kit.menu import CATEGORIES
from engine.definition.manifest import read_process_manifest
from engine.notify.templates import read_template, source_texts
from forms import printing
from forms.render import translatable
from forms.schema import read_form

Id = str | tuple[str, ...] | list[str]
Reader = Callable[[bytes], Iterator["Text"]]

KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
_DRAWN = re.compile(
    r"(task|gateway|activity|event|sequenceflow|subprocess|transaction|lane|participant)$", re.I
)
_CALLWRIGHT = "{urn:callwright:bpmn:1}"
# Our settings whose labels people read.
_LABELLED = (f"{_CALLWRIGHT}outcome", f"{_CALLWRIGHT}button")
_HOLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A source text and where it stands.

    Args:
        id: The English text; with its plural where it counts something.
        line: From 1; 0 where the file has no lines to speak of.
    """

    id: Id
    line: int = 0


def python_texts(content: bytes, errors: Set[str] = frozenset()) -> Iterator[Text]:
    """Yield what a module marks for translation, what its errors say by default, and help of what they offer.

    Args:
        content: The module.
        errors: The names of the classes whose docstring is a message.
    """
    module = ast.parse(content)
    for line, message, _comments, _context in extract("python", io.BytesIO(content), keywords=KEYWORDS):
        yield Text(id=message, line=line)
    for node in ast.walk(module):
        shown = (isinstance(node, ast.ClassDef) and node.name in errors) or (
            isinstance(node, ast.FunctionDef) and _is_named_by_drawings(node)
        )
        if shown and (said := ast.get_docstring(node)):  # type: ignore[arg-type]
            yield Text(id=said.strip().splitlines()[0], line=node.lineno)  # type: ignore[attr-defined]


def _is_named_by_drawings(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(mark, ast.Call) and ast.unparse(mark.func).split(".")[-1] in ("service_task", "lookup")
        for mark in function.decorator_list
    )


def class_bases(content: bytes) -> dict[str, frozenset[str]]:
    """Return the classes of a module with the bare names of their bases; none where it is no Python."""
    try:
        module = ast.parse(content)
    except SyntaxError:
        return {}
    return {
        node.name: frozenset(ast.unparse(base).split(".")[-1] for base in node.bases)
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }


def template_texts(content: bytes) -> Iterator[Text]:
    """Yield what a Jinja template marks for translation."""
    options = {"silent": "no", "encoding": "utf-8"}
    found = extract("jinja2", io.BytesIO(content), keywords=KEYWORDS, options=options)
    for line, message, _comments, _context in found:
        yield Text(id=message, line=line)


def plugin_manifest_texts(content: bytes) -> Iterator[Text]:
    """Yield what people read of a plug-in's manifest; groups of the menu that the shell has are its own."""
    said = tomllib.loads(content.decode())
    texts = [said.get("title"), said.get("summary"), *said.get("permissions", {}).values()]
    for item in said.get("menu", ()):
        texts += [item.get("label"), item.get("category") if item.get("category") not in CATEGORIES else None]
    for setting in said.get("settings", {}).values():
        texts += [setting.get("label"), setting.get("help"), *map(str, setting.get("choices", ()))]
    yield from (Text(id=text) for text in texts if text)


def process_manifest_texts(content: bytes) -> Iterator[Text]:
    """Yield what people read of ``process.toml``."""
    yield from _wordy((text, 0) for text in read_process_manifest(content).texts)


def drawing_texts(content: bytes) -> Iterator[Text]:
    """Yield the names in a drawing, and the labels, titles and reasons of our settings."""
    yield from _wordy(
        (element.get(key), element.sourceline or 0)
        for element in _elements(content)
        for key in ("name", "label", "title", "opinion")
        if (key == "name" and _DRAWN.search(etree.QName(element).localname))
        or (key == "label" and element.tag in _LABELLED)
        or (key == "title" and element.tag == f"{_CALLWRIGHT}task")
        or (key == "opinion" and element.tag == f"{_CALLWRIGHT}limit")
    )


def decision_texts(content: bytes) -> Iterator[Text]:
    """Yield the labels of a decision's inputs and outputs, and what its annotations say."""
    for element in _elements(content):
        kind = etree.QName(element).localname
        said = [element.get("label"), element.get("name") if kind == "annotation" else None]
        said += [text.text for text in element if kind == "annotationEntry"]
        yield from _wordy((text, element.sourceline or 0) for text in said)


def form_texts(content: bytes) -> Iterator[Text]:
    """Yield the labels, helps and options of a form."""
    yield from _wordy((text, 0) for _field, text in translatable(read_form(content)))


def message_texts(content: bytes) -> Iterator[Text]:
    """Yield a message's title and what it says on each channel."""
    yield from _wordy((text, 0) for text in source_texts(read_template("message", content)))


def print_texts(content: bytes) -> Iterator[Text]:
    """Yield what a print template says."""
    yield from _wordy(printing.said_in(content))


def holes(text: str) -> list[str]:
    """Return the names that the ``{{ FEEL }}`` holes of a text speak of, sorted."""
    inside = " ".join(hole[2:-2] for hole in _HOLE.findall(text))
    return sorted(set(re.findall(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", re.sub(r'"(?:[^"\\]|\\.)*"', "", inside))))


def _elements(content: bytes) -> Iterator[Any]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return (element for element in etree.fromstring(content, parser).iter() if isinstance(element.tag, str))


def _wordy(found: Iterable[tuple[str | None, int]]) -> Iterator[Text]:
    """Leave out what has no word outside of its holes."""
    for text, line in found:
        if text and re.search(r"[A-Za-z]", _HOLE.sub("", text)):
            yield Text(id=text, line=line)
