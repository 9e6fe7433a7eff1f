"""A process under another key: its files, with what names the process itself written anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from engine.definition.definitions import Definition
from engine.definition.manifest import FILE
from engine.errors import Conflict, InvalidSubmission, Problem
from engine.i18n import _
from engine.machine.extensions import BPMN
from engine.values import read_toml

_TABLE = re.compile(rb"^\s*\[", re.MULTILINE)
# What in a drawing names a process by its id: its pool, its plane, a step that calls it.
_NAMING = ("processRef", "bpmnElement", "calledElement")


def copied_files(definition: Definition, *, key: str, title: str) -> dict[str, bytes]:
    """Return the files of a process as those of another one, which has its own key and title.

    What names the process itself is written anew: the key and title of the manifest, the process, its pool
    and its plane in the drawing, a step that calls it again, the name of the drawing's file. Everything else
    stays, its forms, words, groups and rights too.

    Args:
        definition: What is copied.
        key: The other's key.
        title: What people call it.

    Raises:
        InvalidSubmission: There is no title, or the key is that of an element of the drawing.
        Conflict: It was delivered together with other processes, or its manifest cannot be written anew.
    """
    if not title.strip():
        raise _wrong("title", _("Say what people call it."))
    others = sorted(set(definition.package.processes) - {definition.key})
    if others:
        raise Conflict(
            _("It was deployed together with others: %(keys)s. Export it, and deploy what you change."),
            keys=", ".join(others),
        )
    files = dict(definition.package.files)
    files[definition.path] = _drawing(files[definition.path], definition.key, key, title.strip())
    if FILE in files:
        files[FILE] = _manifest(files[FILE], definition.key, key, title.strip())
    named = {f"{definition.key}.bpmn": f"{key}.bpmn"}
    return {named.get(path, path): content for path, content in files.items()}


def _drawing(content: bytes, former: str, key: str, title: str) -> bytes:
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    if key != former and any(element.get("id") == key for element in elements):
        raise _wrong("key", _("An element of the drawing has this id. Choose another key."))
    known = {"", title}
    for element in elements:
        if element.tag == f"{{{BPMN}}}process" and element.get("id") == former:
            known.add(element.get("name", ""))
            element.set("id", key)
            element.set("name", title)
    for element in elements:
        for attribute in _NAMING:
            prefix, _colon, name = element.get(attribute, "").rpartition(":")
            if name == former:
                element.set(attribute, f"{prefix}:{key}" if prefix else key)
                if element.tag == f"{{{BPMN}}}participant" and element.get("name") in known:
                    element.set("name", title)
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8"))


def _manifest(content: bytes, former: str, key: str, title: str) -> bytes:
    before = read_toml(content)
    changed: dict[str, Any] = {"key": key, "title": title}
    if former in before.get("calls", ()):
        changed["calls"] = [key if called == former else called for called in before["calls"]]
    table = _TABLE.search(content)
    end = table.start() if table else len(content)
    head, rest = content[:end], content[end:]
    for name, value in changed.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}".encode()
        head = re.sub(
            rb"^%s[ \t]*=.*$" % name.encode(),
            lambda _found, line=line: line,  # type: ignore[misc]
            head,
            count=1,
            flags=re.MULTILINE,
        )
    if not _says(head + rest, {**before, **changed}):
        raise Conflict(
            _("Its %(file)s cannot be written anew: put key, title and calls on a line each."), file=FILE
        )
    return head + rest


def _says(content: bytes, wanted: Mapping[str, Any]) -> bool:
    try:
        return read_toml(content) == wanted
    except ValueError:
        return False


def _wrong(path: str, message: str) -> InvalidSubmission:
    return InvalidSubmission(problems=[Problem(path=path, message=message)])
