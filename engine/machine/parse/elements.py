"""A process of the drawing, element by element."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN, read_settings, with_notices
from engine.machine.nodes import activities, approvals, clocks, events, gateways, subprocesses, watchers
from engine.machine.nodes.base import Node
from engine.machine.parse.checks import check
from engine.machine.parse.data import check_data, read_inputs, read_outputs, read_own
from engine.machine.parse.events import read_triggers
from engine.machine.parse.flows import join
from engine.machine.parse.ignored import tell_ignored
from engine.machine.parse.reader import Reader, local
from engine.machine.parse.rounds import read_rounds, whole
from engine.machine.spec import ROOT, ProcessSpec, Settings

MAXIMUM_DEPTH = 20

_ACTIVITIES: dict[str, type[Node]] = {
    "task": activities.PlainTask,
    "manualTask": activities.PlainTask,
    "userTask": activities.UserTask,
    "serviceTask": activities.ServiceTask,
    "scriptTask": activities.ScriptTask,
    "businessRuleTask": activities.BusinessRuleTask,
    "callActivity": activities.CallActivity,
    "subProcess": subprocesses.SubProcess,
    "transaction": subprocesses.Transaction,
    "adHocSubProcess": subprocesses.AdHocSubProcess,
}
_GATEWAYS: dict[str, type[Node]] = {
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "eventBasedGateway": gateways.EventBasedGateway,
    "complexGateway": gateways.ComplexGateway,
}
_EVENTS: dict[str, type[events.Event]] = {
    "startEvent": events.StartEvent,
    "endEvent": events.EndEvent,
    "intermediateCatchEvent": events.CatchEvent,
    "intermediateThrowEvent": events.ThrowEvent,
    "boundaryEvent": watchers.BoundaryEvent,
    "sendTask": activities.SendTask,
    "receiveTask": activities.ReceiveTask,
}
_NOT_FLOW = {
    "laneSet", "sequenceFlow", "dataObject", "dataObjectReference", "dataStoreReference", "textAnnotation",
    "association", "documentation", "extensionElements", "ioSpecification", "ioBinding", "property", "group",
    "auditing", "monitoring", "incoming", "outgoing", "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics", "artifact", "category", "dataInputAssociation", "dataOutputAssociation",
    "completionCondition", "resourceRole", "performer", "humanPerformer", "potentialOwner", "supports",
    "correlationSubscription", "supportedInterfaceRef",
}  # fmt: skip


def read_process(reader: Reader, element: etree._Element) -> ProcessSpec:
    """Read a process."""
    spec = ProcessSpec(element.get("id", ""), element.get("name", element.get("id", "")))
    spec.executable = reader.executable = reader.flag(element, "isExecutable")
    root = events.ProcessNode(spec, ROOT, tag="process", settings=_own_settings(reader, element, None))
    _nodes(reader, element, spec, _lanes(element), within=None, depth=0)
    for node in spec.nodes:
        if isinstance(node, activities.UserTask):
            node.settings = with_notices(node.settings, root.settings.notices)
    join(reader, element, spec)
    check(reader, element, spec)
    check_data(reader, element)
    tell_ignored(reader, element)
    return spec


def _lanes(element: etree._Element) -> dict[str, str]:
    lanes: dict[str, str] = {}
    # Inner lanes come after outer ones, so that the innermost name stays.
    for lane in element.iter(f"{{{BPMN}}}lane"):
        for reference in lane.iterfind(f"{{{BPMN}}}flowNodeRef"):
            if lane.get("name"):
                lanes[local(reference.text)] = lane.get("name", "")
    return lanes


def _nodes(
    reader: Reader,
    element: etree._Element,
    spec: ProcessSpec,
    lanes: dict[str, str],
    *,
    within: str | None,
    depth: int,
) -> None:
    if depth > MAXIMUM_DEPTH:
        reader.say(
            element, _("There are more than %(limit)s sub-processes within each other."), limit=depth - 1
        )
        return
    for child in element:
        if not isinstance(child.tag, str) or etree.QName(child).namespace != BPMN:
            continue
        tag = etree.QName(child).localname
        if tag in _NOT_FLOW:
            continue
        node = _node(reader, child, tag, spec, lanes, within)
        if isinstance(node, subprocesses.SubProcess):
            node.depth = depth + 1
            _nodes(reader, child, spec, lanes, within=node.element_id, depth=depth + 1)


def _node(
    reader: Reader,
    element: etree._Element,
    tag: str,
    spec: ProcessSpec,
    lanes: dict[str, str],
    within: str | None,
) -> Node | None:
    element_id = element.get("id")
    if not element_id:
        reader.say(element, _("The %(tag)s has no id. Give it one."), tag=tag)
        return None
    if element_id in spec.task_specs:
        reader.say(element, _("Two elements have the id %(id)s. Give one another id."), id=element_id)
        return None
    shared: dict[str, Any] = {
        "name": element.get("name"),
        "tag": tag,
        "within": within,
        "settings": _settings(reader, element, tag, lanes.get(element_id)),
    }
    if tag in _ACTIVITIES or tag == "receiveTask" or tag == "sendTask":
        return _activity(reader, element, tag, spec, shared)
    if tag in _GATEWAYS:
        gateway = _GATEWAYS[tag](spec, element_id, **shared)
        if isinstance(gateway, gateways.EventBasedGateway):
            gateway.parallel = (
                reader.word(element, "eventGatewayType", ("Exclusive", "Parallel")) == "Parallel"
            )
            gateway.instantiates = reader.flag(element, "instantiate")
        return gateway
    if tag in _EVENTS:
        return _event(reader, element, tag, spec, shared)
    reader.say(element, _("A %(tag)s is not known. Draw it with elements of BPMN 2.0."), tag=tag)
    return None


def _activity(
    reader: Reader, element: etree._Element, tag: str, spec: ProcessSpec, shared: dict[str, Any]
) -> Node:
    made: type[Node] = _EVENTS[tag] if tag in _EVENTS else _ACTIVITIES[tag]
    if tag in _EVENTS:
        shared["triggers"] = read_triggers(reader, element, tag)
    if tag == "subProcess" and reader.flag(element, "triggeredByEvent"):
        made = subprocesses.EventSubProcess
    if shared["settings"].task.approval is not None:
        made = approvals.ApprovalTask
    node = made(spec, element.get("id", ""), **shared)
    if shared["settings"].task.limits:
        clocks.Clock(
            spec, node.element_id, key=clocks.clock_key(node.element_id), settings=shared["settings"]
        )
    node.rounds = read_rounds(reader, element)
    if reader.flag(element, "isForCompensation"):
        node.begun_otherwise = True
    if isinstance(node, subprocesses.AdHocSubProcess):
        node.sequential = reader.word(element, "ordering", ("Parallel", "Sequential")) == "Sequential"
        node.cancels_remaining = reader.flag(element, "cancelRemainingInstances", default=True)
    if isinstance(node, activities.ReceiveTask):
        node.begins_process = reader.flag(element, "instantiate")
    return node


def _event(
    reader: Reader, element: etree._Element, tag: str, spec: ProcessSpec, shared: dict[str, Any]
) -> Node:
    made: type[events.Event] = _EVENTS[tag]
    shared["triggers"] = triggers = read_triggers(reader, element, tag)
    shared["parallel"] = reader.flag(element, "parallelMultiple")
    within = spec.task_specs.get(shared["within"])
    if tag == "boundaryEvent":
        shared["attached_to"] = local(element.get("attachedToRef"))
        shared["interrupting"] = reader.flag(element, "cancelActivity", default=True)
    elif tag == "startEvent" and isinstance(within, subprocesses.EventSubProcess):
        made = watchers.EventSubProcessStart
        shared["interrupting"] = reader.flag(element, "isInterrupting", default=True)
    elif tag == "intermediateThrowEvent" and any(trigger.kind == "link" for trigger in triggers):
        made = events.LinkThrow
    node = made(spec, element.get("id", ""), **shared)
    spec.conditional |= any(trigger.kind == "conditional" for trigger in triggers)
    if isinstance(node, events.CatchEvent) and not isinstance(node, events.Part):
        awaited = [trigger for trigger in triggers if trigger.kind in events.AWAITED]
        if len(triggers) > 1:
            node.parts = [
                events.Part(
                    spec, node.element_id, key=f"{node.element_id} {number}", triggers=(trigger,), tag=tag
                )
                for number, trigger in enumerate(awaited, 1)
            ]
    return node


def _own_settings(reader: Reader, element: etree._Element, lane: str | None) -> Settings:
    return read_settings(
        element,
        lane,
        lambda source, where: reader.compile(element, source, where),
        lambda message, **params: reader.say(element, message, **params),
    )


def _settings(reader: Reader, element: etree._Element, tag: str, lane: str | None) -> Settings:
    settings = _own_settings(reader, element, lane)
    changed: dict[str, Any] = {
        "data_inputs": read_inputs(reader, element),
        "data_outputs": read_outputs(reader, element),
        "data_own": read_own(reader, element),
    }
    for attribute in ("startQuantity", "completionQuantity"):
        name = attribute.replace("Quantity", "_quantity")
        changed[name] = whole(reader, element, element, attribute, least=1) or 1
    if tag == "callActivity":
        changed["called"] = local(element.get("calledElement")) or None
    if tag == "scriptTask":
        changed["script"] = element.findtext(f"{{{BPMN}}}script")
    for name in ("completionCondition", "activationCondition"):
        if tag in ("adHocSubProcess", "complexGateway"):
            said = element.find(f"{{{BPMN}}}{name}")
            changed["condition"] = changed.get("condition") or reader.expression(element, said, name)
    return replace(settings, **changed)
