"""From the bytes of a model to its elements, safely."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from engine.errors import DefinitionError, Problem
from engine.i18n import _

MAX_BYTES = 2_000_000
MAX_ELEMENTS = 20_000

Element: TypeAlias = etree._Element

_NAMESPACE = re.compile(r"https?://www\.omg\.org/spec/DMN/\d{8}/(?:MODEL/|dmn\.xsd)")


def read(xml: bytes) -> Element:
    """Return the root element of a DMN model, of any version from 1.1 on.

    Raises:
        DefinitionError: It is not XML, not DMN, too large, or brings declarations of its own.
    """
    if len(xml) > MAX_BYTES:
        raise _refused(_("A model has at most %(limit)s bytes."), limit=MAX_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise _refused(
            _(
                "The file is not XML from line %(line)s, column %(column)s on. Export it anew from the tool "
                "that drew it."
            ),
            line=line,
            column=column,
        ) from error
    if root.getroottree().docinfo.doctype:
        raise _refused(_("A model must not have a document type declaration: delete the <!DOCTYPE ...>."))
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise _refused(_("A model has at most %(limit)s elements."), limit=MAX_ELEMENTS)
    name = etree.QName(root)
    if name.localname != "definitions" or not _NAMESPACE.fullmatch(name.namespace or ""):
        raise _refused(_("This is not a DMN model: its root must be <definitions> of DMN 1.1 to 1.5."))
    return root


def _refused(message: str, **params: object) -> DefinitionError:
    return DefinitionError(
        _("This decision model cannot be read."), problems=[Problem(path="", message=message, params=params)]
    )


def tag(element: Element) -> str:
    """Return an element's name without its namespace; nothing for one of another language."""
    name = etree.QName(element)
    return name.localname if _NAMESPACE.fullmatch(name.namespace or "") else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """Yield the children of some names, or all that are DMN's."""
    for child in element.iterchildren(etree.Element):
        if (name := tag(child)) and (not names or name in names):
            yield child


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of a name."""
    return next(children(element, name), None) if element is not None else None


def text_of(element: Element | None) -> str:
    """Return the text of an element, or of the ``text`` in it."""
    inner = child(element, "text")
    found = inner if inner is not None else element
    return "".join(map(str, found.itertext())).strip() if found is not None else ""


def line_of(element: Element) -> int | None:
    """Return the line of the file that an element begins in, from 1."""
    line = element.sourceline
    return line if isinstance(line, int) else None


def id_of(element: Element) -> str:
    """Return an element's id, or its name, or where it stands."""
    return element.get("id") or element.get("name") or f"{tag(element)} in line {element.sourceline}"
