"""BPMN's own data associations, as assignments between variables."""

from __future__ import annotations

from lxml import etree

from engine.machine.extensions import BPMN
from engine.machine.parse.reader import Reader
from engine.machine.spec import Assignment, Formula


def read_inputs(reader: Reader, element: etree._Element) -> tuple[Assignment, ...]:
    """Read what data associations bring into an element's local scope."""
    read: list[Assignment] = []
    for drawn in element.iterfind(f"{{{BPMN}}}dataInputAssociation"):
        for name, source in _assignments(reader, element, drawn):
            read.append(Assignment(name=name, source=source))
    return tuple(read)


def read_outputs(reader: Reader, element: etree._Element) -> tuple[Assignment, ...]:
    """Read what data associations bring out of an element."""
    read: list[Assignment] = []
    for drawn in element.iterfind(f"{{{BPMN}}}dataOutputAssociation"):
        source_ref = drawn.findtext(f"{{{BPMN}}}sourceRef")
        local = reader.variable(source_ref) if source_ref else None
        for name, source in _assignments(reader, element, drawn):
            read.append(Assignment(name=name, source=source, local=local if local != name else None))
    return tuple(read)


def read_own(reader: Reader, element: etree._Element) -> tuple[str, ...]:
    """Read the names of the data that live and die with an element: a sub-process's objects, properties."""
    return tuple(
        reader.variable(drawn.get("id", ""))
        for tag in ("dataObject", "property")
        for drawn in element.iterfind(f"{{{BPMN}}}{tag}")
        if drawn.get("id")
    )


def check_data(reader: Reader, process: etree._Element) -> None:
    """Say which references to data lead nowhere."""
    for drawn in process.iter(f"{{{BPMN}}}dataObjectReference"):
        reader.root(drawn, "data", drawn.get("dataObjectRef"), required=False)
    for tag in ("dataInputAssociation", "dataOutputAssociation"):
        for drawn in process.iter(f"{{{BPMN}}}{tag}"):
            for end in (*drawn.iterfind(f"{{{BPMN}}}sourceRef"), *drawn.iterfind(f"{{{BPMN}}}targetRef")):
                reader.root(drawn.getparent(), "data", end.text, required=False)


def _assignments(reader: Reader, element: etree._Element, drawn: etree._Element) -> list[tuple[str, Formula]]:
    """Read an association: its assignments, its transformation, or the plain copy that it stands for."""
    target_ref = drawn.findtext(f"{{{BPMN}}}targetRef")
    source_ref = drawn.findtext(f"{{{BPMN}}}sourceRef")
    made: list[tuple[str, Formula]] = []
    for assignment in drawn.iterfind(f"{{{BPMN}}}assignment"):
        source = reader.expression(element, assignment.find(f"{{{BPMN}}}from"), "from")
        target = (assignment.findtext(f"{{{BPMN}}}to") or "").strip() or target_ref
        if source is not None and target:
            made.append((reader.variable(target), source))
    if made or not target_ref:
        return made
    transformation = reader.expression(element, drawn.find(f"{{{BPMN}}}transformation"), "transformation")
    if transformation is None and source_ref:
        transformation = reader.compile(element, reader.variable(source_ref), "sourceRef")
    return [(reader.variable(target_ref), transformation)] if transformation is not None else []
