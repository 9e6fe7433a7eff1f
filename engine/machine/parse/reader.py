"""One file while it is read: its text as XML, what it defines beside its processes, what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine import feel
from engine.errors import Phrase, Problem
from engine.i18n import _
from engine.machine.extensions import BPMN
from engine.machine.spec import Formula

MAXIMUM_BYTES = 2_000_000
MAXIMUM_ELEMENTS = 20_000
MAXIMUM_ATTRIBUTES = 100
MAXIMUM_PROBLEMS = 100
_LONGEST_SOURCE = 200

_ROOTS = ("message", "signal", "error", "escalation")
# What each kind of event is called.
KINDS = {
    "message": Phrase(_("message")),
    "signal": Phrase(_("signal")),
    "error": Phrase(_("error")),
    "escalation": Phrase(_("escalation")),
    "compensate": Phrase(_("compensation")),
    "cancel": Phrase(_("cancel")),
    "conditional": Phrase(_("conditional")),
    "link": Phrase(_("link")),
    "timer": Phrase(_("timer")),
    "terminate": Phrase(_("terminate")),
    "eventDefinition": Phrase(_("event definition")),
    "operation": Phrase(_("operation")),
    "data": Phrase(_("data object")),
}
_DATA = (
    "dataObject", "dataObjectReference", "dataStoreReference", "dataInput", "dataOutput", "property",
    "inputDataItem", "outputDataItem",
)  # fmt: skip
# XML Schema's ways to say yes and no.
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# Elements that stand for a kind of things; xsi:type says which: <flowElement xsi:type="tUserTask">.
_GENERAL = ("rootElement", "flowElement", "artifact", "eventDefinition", "loopCharacteristics")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An expression for the sandbox, and whose it is."""

    element_id: str
    element_name: str | None
    source: str


class Reader:
    """Reads one file and collects its problems."""

    def __init__(self, path: str, names: frozenset[str]) -> None:
        self.path = path
        self.names = names
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.scripts: dict[tuple[str, str], Script] = {}
        # Of which products and which elements it was said already that they are not read.
        self.told: set[tuple[str, str]] = set()
        self.by_id: dict[str, dict[str, etree._Element]] = {}
        # Whether the process that is read is marked as executable: then what it lacks is a problem.
        self.executable = True
        # The language of expressions that do not name theirs.
        self.language = ""

    # -- problems --------------------------------------------------------------------------------------

    def say(self, element: etree._Element, message: str, /, **params: Any) -> None:
        """Keep a problem of an element; of very many, the first."""
        if len(self.problems) < MAXIMUM_PROBLEMS:
            self.problems.append(self._problem(element, message, params))
        elif len(self.problems) == MAXIMUM_PROBLEMS:
            self._refuse(_("More is wrong than these %(limit)s problems."), limit=MAXIMUM_PROBLEMS)

    def warn(self, element: etree._Element, message: str, /, **params: Any) -> None:
        """Keep what can run, but perhaps not as meant."""
        if len(self.warnings) < MAXIMUM_PROBLEMS:
            self.warnings.append(self._problem(element, message, params))

    def lacks(self, element: etree._Element, message: str, /, **params: Any) -> None:
        """Say what an element lacks: a problem, but in a sketch that is not marked as executable."""
        (self.say if self.executable else self.warn)(element, message, **params)

    def _problem(self, element: etree._Element, message: str, params: dict[str, Any]) -> Problem:
        return Problem(
            path=f"{self.path}#{element.get('id') or etree.QName(element).localname}",
            message=message,
            params=params,
            element_name=element.get("name"),
            line=element.sourceline,
        )

    # -- expressions -----------------------------------------------------------------------------------

    def expression(self, element: etree._Element, said: etree._Element | None, where: str) -> Formula | None:
        """Read an expression element: FEEL, or Python where it says so.

        Args:
            element: Whose expression it is.
            said: The element that holds it; None gives None.
            where: What it is called, for messages.
        """
        if said is None or not (said.text or "").strip():
            return None
        if (said.get("language") or self.language).lower().endswith("python"):
            source = (said.text or "").strip()
            of = element.get("id") or etree.QName(element).localname
            self.scripts[of, source] = Script(element_id=of, element_name=element.get("name"), source=source)
            return Formula(source=source, script=True)
        return self.compile(element, said.text, where)

    def compile(self, element: etree._Element, source: str | None, where: str) -> Formula | None:
        """Compile FEEL and report what is wrong with it."""
        if source is None or not source.strip() or len(self.problems) > MAXIMUM_PROBLEMS:
            return None
        try:
            return Formula(source=source, feel=feel.compile(source.strip(), names=self.names))
        except feel.FeelSyntaxError as error:
            self.lacks(
                element,
                _("%(where)s: %(source)s cannot be read at line %(line)s, column %(column)s: %(reason)s"),
                where=where,
                source=_shortened(source.strip()),
                line=error.line,
                column=error.column,
                reason=error.phrase,
            )
            return None

    # -- attributes ------------------------------------------------------------------------------------

    def flag(
        self, at: etree._Element, name: str, *, default: bool = False, owner: etree._Element | None = None
    ) -> bool:
        """Read a yes or no from an attribute.

        Args:
            at: What has the attribute.
            name: Its name.
            default: What it means where it is not there.
            owner: The element of the drawing that ``at`` is a part of, for messages.
        """
        text = at.get(name)
        if text is not None and text.strip() not in _FLAGS:
            self.say(
                at if owner is None else owner,
                _("%(attribute)s cannot be %(text)s. Write true or false."),
                attribute=name,
                text=text,
            )
        return default if text is None else _FLAGS.get(text.strip(), default)

    def word(
        self, at: etree._Element, name: str, known: tuple[str, ...], *, owner: etree._Element | None = None
    ) -> str:
        """Read one of several words from an attribute; the first one where it is not there."""
        text = at.get(name, known[0])
        if text not in known:
            self.say(
                at if owner is None else owner,
                _("%(attribute)s cannot be %(text)s. Write one of: %(known)s."),
                attribute=name,
                text=text,
                known=", ".join(known),
            )
            return known[0]
        return text

    # -- the file --------------------------------------------------------------------------------------

    def xml(self, content: bytes) -> etree._Element | None:
        """Parse the text safely."""
        if len(content) > MAXIMUM_BYTES:
            return self._refuse(_("The file is larger than %(limit)s bytes."), limit=MAXIMUM_BYTES)
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
        )
        try:
            root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            line, column = error.position
            return self._refuse(
                _(
                    "The file is not XML from line %(line)s, column %(column)s on. Export it anew from the "
                    "tool that drew it."
                ),
                line=line,
                column=column,
            )
        if root.getroottree().docinfo.doctype:
            return self._refuse(_("The file has a DOCTYPE. Remove it: a drawing needs none."))
        if root.tag != f"{{{BPMN}}}definitions":
            return self._refuse(_("This is no BPMN 2.0 file: its root is not bpmn:definitions."))
        if sum(1 for _element in root.iter()) > MAXIMUM_ELEMENTS:
            return self._refuse(_("The file has more than %(limit)s elements."), limit=MAXIMUM_ELEMENTS)
        if any(len(element.attrib) > MAXIMUM_ATTRIBUTES for element in root.iter()):
            return self._refuse(_("An element has more than %(limit)s attributes."), limit=MAXIMUM_ATTRIBUTES)
        _call_by_type(root)
        return root

    def _refuse(self, message: str, **params: Any) -> etree._Element | None:
        self.problems.append(Problem(path=self.path, message=message, params=params))
        return None

    def roots(self, root: etree._Element) -> None:
        """Remember by id what elements refer to."""
        self.language = root.get("expressionLanguage", "")
        for tag in _ROOTS:
            found = {element.get("id", ""): element for element in root.iterfind(f"{{{BPMN}}}{tag}")}
            self.by_id[tag] = found
        self.by_id["eventDefinition"] = {
            child.get("id", ""): child
            for child in root.iter(f"{{{BPMN}}}*")
            if child.get("id") and etree.QName(child).localname.endswith("EventDefinition")
        }
        for tag in ("operation", "messageFlow", "participant"):
            self.by_id[tag] = {element.get("id", ""): element for element in root.iter(f"{{{BPMN}}}{tag}")}
        self.by_id["data"] = {
            element.get("id", ""): element for tag in _DATA for element in root.iter(f"{{{BPMN}}}{tag}")
        }

    def root(
        self, element: etree._Element, kind: str, reference: str | None, *, required: bool
    ) -> etree._Element | None:
        """Return what an element names, such as a message or an error; say if it is not there."""
        found = self.by_id[kind].get(local(reference))
        if found is None and (reference or required):
            self.lacks(
                element,
                _("It names the %(kind)s %(reference)s, which this file does not define. Choose one."),
                kind=KINDS[kind],
                reference=reference or "",
            )
        return found

    def variable(self, reference: str) -> str:
        """Return the variable that a data object, input, output, store or property stands for."""
        found = self.by_id["data"].get(local(reference))
        if found is None:
            return re.sub(r"\W", "_", local(reference))
        behind = found.get("dataObjectRef") or found.get("dataStoreRef")
        drawn = self.by_id["data"].get(local(behind)) if behind else None
        named = next((one.get("name") for one in (drawn, found) if one is not None and one.get("name")), None)
        return re.sub(r"\W", "_", named or behind or found.get("id", ""))

    def variable_name(self, item: etree._Element) -> str:
        """Return the variable that a data item of a multi-instance stands for."""
        return re.sub(r"\W", "_", item.get("name") or item.get("id") or "item")


def _call_by_type(root: etree._Element) -> None:
    """Give an element that only says of which type it is the name that this type has."""
    for element in list(root.iter(*(f"{{{BPMN}}}{name}" for name in _GENERAL))):
        type_ = local(element.get(_TYPE))
        if len(type_) > 1 and type_[0] == "t":
            element.tag = f"{{{BPMN}}}{type_[1].lower()}{type_[2:]}"


def _shortened(source: str) -> str:
    """Return what a message shows of an expression."""
    return source if len(source) <= _LONGEST_SOURCE else f"{source[:_LONGEST_SOURCE]}…"


def local(reference: str | None) -> str:
    """Return a reference without its namespace's prefix."""
    return (reference or "").strip().split(":")[-1]
