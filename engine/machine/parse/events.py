"""What an event is triggered by, and what it throws."""

from __future__ import annotations

from lxml import etree

from engine.feel.temporal import parse_duration, parse_temporal
from engine.i18n import _
from engine.machine.extensions import BPMN, children
from engine.machine.parse.reader import KINDS, Reader, local
from engine.machine.spec import Formula, Trigger

_THROWS = ("intermediateThrowEvent", "endEvent", "sendTask")
# Where each kind of definition may stand, by BPMN 2.0.2, tables 10.84 to 10.90. A message, a signal and
# several definitions may stand anywhere; "escalation" and "error" begin only an event sub-process.
_PLACES: dict[str, set[str]] = {
    "timer": {"startEvent", "intermediateCatchEvent", "boundaryEvent"},
    "conditional": {"startEvent", "intermediateCatchEvent", "boundaryEvent"},
    "error": {"startEvent", "boundaryEvent", "endEvent"},
    "escalation": {"startEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent"},
    "compensate": {"startEvent", "boundaryEvent", "intermediateThrowEvent", "endEvent"},
    "cancel": {"boundaryEvent", "endEvent"},
    "link": {"intermediateCatchEvent", "intermediateThrowEvent"},
    "terminate": {"endEvent"},
}


def read_triggers(reader: Reader, element: etree._Element, tag: str) -> tuple[Trigger, ...]:
    """Read the event definitions of an event, a send or a receive task."""
    if tag in ("sendTask", "receiveTask"):
        message = _message(reader, element, element, required=tag == "receiveTask")
        return (message,) if message.name or tag == "receiveTask" else ()
    return tuple(
        trigger
        for definition in _definitions(reader, element)
        if (trigger := _trigger(reader, element, definition, tag)) is not None
    )


def read_trigger(reader: Reader, element: etree._Element, reference: str) -> Trigger | None:
    """Read an event definition that stands beside the processes, as something to throw."""
    definition = reader.root(element, "eventDefinition", reference, required=True)
    return None if definition is None else _trigger(reader, element, definition, "intermediateThrowEvent")


def read_thrown(reader: Reader, element: etree._Element, event: etree._Element) -> list[Trigger]:
    """Read the event definitions of an event that is no element of its own, as something to throw."""
    read = [
        _trigger(reader, element, definition, "intermediateThrowEvent")
        for definition in _definitions(reader, event)
    ]
    return [trigger for trigger in read if trigger is not None]


def _definitions(reader: Reader, element: etree._Element) -> list[etree._Element]:
    found = [
        child
        for child in element
        if isinstance(child.tag, str) and etree.QName(child).localname.endswith("EventDefinition")
    ]
    for reference in element.iterfind(f"{{{BPMN}}}eventDefinitionRef"):
        definition = reader.root(element, "eventDefinition", reference.text, required=True)
        if definition is not None:
            found.append(definition)
    return found


def _trigger(reader: Reader, element: etree._Element, definition: etree._Element, tag: str) -> Trigger | None:
    kind = etree.QName(definition).localname.removesuffix("EventDefinition")
    if tag not in _PLACES.get(kind, {tag}):
        reader.lacks(element, _("A %(kind)s event cannot stand here. Draw another one."), kind=KINDS[kind])
        return None
    if kind == "message":
        required = not (tag in _THROWS and children(element, "notify"))
        return _message(reader, element, definition, required=required)
    if kind == "timer":
        return _timer(reader, element, definition)
    if kind in ("terminate", "cancel"):
        return Trigger(kind="terminate" if kind == "terminate" else "cancel")
    if kind == "signal":
        found = reader.root(element, "signal", definition.get("signalRef"), required=True)
        return Trigger(kind="signal", name=_named(found) or _own_name(element))
    if kind == "error":
        return _coded(reader, element, definition.get("errorRef"), "error", thrown=tag in _THROWS)
    if kind == "escalation":
        return _coded(reader, element, definition.get("escalationRef"), "escalation", thrown=tag in _THROWS)
    if kind == "compensate":
        waits = reader.flag(definition, "waitForCompletion", default=True, owner=element)
        return Trigger(kind="compensate", name=local(definition.get("activityRef")) or None, waits=waits)
    if kind == "link":
        return Trigger(kind="link", name=_link_name(reader, element, definition))
    if kind == "conditional":
        condition = reader.expression(element, definition.find(f"{{{BPMN}}}condition"), "condition")
        if condition is None:
            reader.lacks(element, _("The conditional event has no condition. Write one."))
        return Trigger(kind="conditional", formula=condition)
    reader.say(element, _("A %(kind)s event is not known."), kind=kind)
    return None


def _message(reader: Reader, element: etree._Element, said: etree._Element, *, required: bool) -> Trigger:
    """Read the message of an event or a task: its own, its operation's, or that of a message flow there."""
    reference = said.get("messageRef") or _message_of_operation(reader, element, said)
    flow = None if reference else _message_flow(reader, element)
    if flow is not None:
        reference = flow.get("messageRef")
        if reference is None:
            return Trigger(kind="message", name=_named(flow), correlation=_correlation(reader, element))
    found = reader.root(element, "message", reference, required=required)
    return Trigger(
        kind="message",
        name=_named(found) or (_own_name(element) if required else None),
        correlation=_correlation(reader, element),
    )


def _correlation(reader: Reader, element: etree._Element) -> Formula | None:
    said = next(iter(children(element, "correlation")), None)
    return None if said is None else reader.compile(element, said.get("key"), "correlation")


def _message_of_operation(reader: Reader, element: etree._Element, said: etree._Element) -> str | None:
    reference = said.get("operationRef") or said.findtext(f"{{{BPMN}}}operationRef")
    operation = reader.root(element, "operation", reference, required=False)
    return None if operation is None else operation.findtext(f"{{{BPMN}}}inMessageRef")


def _message_flow(reader: Reader, element: etree._Element) -> etree._Element | None:
    """Return the message flow at an element that names a message, or joins it with another element."""
    for flow in reader.by_id["messageFlow"].values():
        ends = [local(flow.get("sourceRef")), local(flow.get("targetRef"))]
        joins = not reader.by_id["participant"].keys() & set(ends)
        if element.get("id") in ends and (flow.get("messageRef") or joins):
            return flow
    return None


def _link_name(reader: Reader, element: etree._Element, definition: etree._Element) -> str | None:
    """Return the name of a link: its target's where it names one, or is named as the source of one."""
    definitions = reader.by_id["eventDefinition"]
    target = definitions.get(local(definition.findtext(f"{{{BPMN}}}target")))
    if target is None and definition.get("id"):
        for other in definitions.values():
            if definition.get("id") in {local(source.text) for source in other.iterfind(f"{{{BPMN}}}source")}:
                target = other
    return (definition if target is None else target).get("name") or element.get("name")


def _coded(
    reader: Reader, element: etree._Element, reference: str | None, kind: str, *, thrown: bool
) -> Trigger:
    """Read an error or an escalation; a catching event without one catches any."""
    found = reader.root(element, kind, reference, required=thrown)
    code = None if found is None else found.get(f"{kind}Code") or found.get("name") or found.get("id")
    if code is None and thrown:
        code = _own_name(element)
    return Trigger(kind="error" if kind == "error" else "escalation", name=code)


def _timer(reader: Reader, element: etree._Element, definition: etree._Element) -> Trigger | None:
    if len(definition.findall(f"{{{BPMN}}}*")) - len(definition.findall(f"{{{BPMN}}}documentation")) > 1:
        reader.say(element, _("The timer says several times. Leave one of them."))
    for kind in ("Date", "Duration", "Cycle"):
        found = definition.find(f"{{{BPMN}}}time{kind}")
        text = (found.text or "").strip() if found is not None else ""
        if not text:
            continue
        literal = _literal_time(text)
        if literal and not _is_time(text):
            reader.say(
                element,
                _("%(text)s is no time. Write such as PT4H, 2026-03-02T09:00:00+08:00, or R3/PT1H."),
                text=text,
            )
            return None
        formula = Formula(source=text) if literal else reader.expression(element, found, f"time{kind}")
        if formula is None:
            return None
        return Trigger(kind="timer", timer=kind.lower(), formula=formula)  # type: ignore[arg-type]
    reader.lacks(element, _("The timer says no time. Write such as PT4H, a date and time, or R3/PT1H."))
    return None


def _literal_time(text: str) -> bool:
    """Whether a timer is literal ISO 8601 and no expression."""
    head = text[:1]
    if head == "P" and text[1:2] in "0123456789T":
        return True
    if head == "R" and "/" in text:
        return True
    return len(text) >= 10 and text[:4].isdigit() and text[4:5] == "-" and '"' not in text and "(" not in text


def _is_time(text: str) -> bool:
    """Whether literal ISO 8601 is a duration, an instant or a cycle."""
    *head, last = text.split("/")
    if head and head[0][:1] == "R":
        return (head[0] == "R" or head[0][1:].isdigit()) and all(_is_time(part) for part in [*head[1:], last])
    try:
        parse_duration(last) if last.startswith("P") else parse_temporal(last)
    except (ValueError, OverflowError):
        return False
    return not head


def _named(found: etree._Element | None) -> str | None:
    return None if found is None else found.get("name") or found.get("id")


def _own_name(element: etree._Element) -> str:
    """What an event that names nothing throws or waits for."""
    return element.get("name") or element.get("id") or ""
