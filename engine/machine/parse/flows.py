"""What joins the elements: sequence flows, associations, links, borders and the starts of sub-processes."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN
from engine.machine.nodes import activities, events, subprocesses, watchers
from engine.machine.nodes.gateways import EventBasedGateway
from engine.machine.parse.reader import Reader, local
from engine.machine.spec import Flow, ProcessSpec


def join(reader: Reader, element: etree._Element, spec: ProcessSpec) -> None:
    """Join the nodes of a process as they are drawn."""
    _sequence_flows(reader, element, spec)
    _borders(spec)
    _compensations(element, spec)
    _links(reader, element, spec)
    _starts(spec)


def flow_nodes(element: etree._Element) -> Iterator[etree._Element]:
    """Return every element of BPMN with an id."""
    for found in element.iter():
        if isinstance(found.tag, str) and etree.QName(found).namespace == BPMN and found.get("id"):
            yield found


def _sequence_flows(reader: Reader, element: etree._Element, spec: ProcessSpec) -> None:
    # What is wrong with an element itself is said already.
    told = {problem.path for problem in reader.problems}
    for drawn in element.iter(f"{{{BPMN}}}sequenceFlow"):
        source, target = local(drawn.get("sourceRef")), local(drawn.get("targetRef"))
        ends = [end for end in (source, target) if end not in spec.task_specs]
        for end in ends:
            if f"{reader.path}#{end}" not in told:
                reader.say(drawn, _("The flow leads to or from %(end)s, which is not there."), end=end or "?")
        if ends:
            continue
        id_ = drawn.get("id") or f"{source}-{target}-{len(spec.flows)}"
        if id_ in spec.flows or id_ in spec.task_specs:
            reader.say(drawn, _("Two elements have the id %(id)s. Give one another id."), id=id_)
            continue
        flow = Flow(
            id=id_,
            source=source,
            target=target,
            condition=reader.expression(drawn, drawn.find(f"{{{BPMN}}}conditionExpression"), "condition"),
        )
        if spec.node(source).within != spec.node(target).within:
            reader.say(drawn, _("The flow crosses the border of a sub-process. Draw an event at the border."))
            continue
        spec.flows[flow.id] = flow
        spec.node(source).outgoing.append(flow)
        spec.node(target).incoming.append(flow)
    for drawn in flow_nodes(element):
        # The order in which an element names its ways is the order in which it looks at them.
        order = [local(way.text) for way in drawn.iterfind(f"{{{BPMN}}}outgoing")]
        if order and drawn.get("id") in spec.task_specs:
            places = {way: place for place, way in enumerate(order)}
            spec.node(drawn.get("id", "")).outgoing.sort(key=lambda flow: places.get(flow.id, len(places)))
        if drawn.get("default") and drawn.get("id") in spec.task_specs:
            node = spec.node(drawn.get("id", ""))
            node.default_flow = local(drawn.get("default"))
            if node.default_flow not in {flow.id for flow in node.outgoing}:
                reader.say(drawn, _("Its default flow %(flow)s does not leave it."), flow=node.default_flow)


def _borders(spec: ProcessSpec) -> None:
    for node in spec.nodes:
        if isinstance(node, watchers.BoundaryEvent) and node.attached_to in spec.task_specs:
            spec.node(node.attached_to).boundary.append(node)


def _compensations(element: etree._Element, spec: ProcessSpec) -> None:
    """An association leads from a compensation event to what undoes the activity it stands at."""
    for drawn in element.iter(f"{{{BPMN}}}association"):
        source = spec.task_specs.get(local(drawn.get("sourceRef")))
        target = spec.task_specs.get(local(drawn.get("targetRef")))
        for event, handler in ((source, target), (target, source)):
            if not isinstance(event, watchers.BoundaryEvent) or handler is None:
                continue
            if event.trigger.kind == "compensate" and event.attached_to in spec.task_specs:
                spec.node(event.attached_to).compensation = handler.element_id
                handler.begun_otherwise = True


def _links(reader: Reader, element: etree._Element, spec: ProcessSpec) -> None:
    caught: dict[tuple[str | None, str | None], str] = {}
    for drawn in flow_nodes(element):
        node = spec.task_specs.get(drawn.get("id"))
        if isinstance(node, events.CatchEvent) and node.trigger.kind == "link":
            node.begun_otherwise = True
            if caught.setdefault((node.within, node.trigger.name), node.element_id) != node.element_id:
                reader.lacks(
                    drawn,
                    _("Two links of the name %(name)s catch here. Give one another name."),
                    name=node.trigger.name,
                )
    for drawn in flow_nodes(element):
        throw = spec.task_specs.get(drawn.get("id"))
        if isinstance(throw, events.LinkThrow):
            if throw.outgoing:
                reader.say(drawn, _("A flow leads out of a link that throws. Remove it."))
            throw.jumps_to = caught.get((throw.within, throw.trigger.name))
            if throw.jumps_to is None:
                reader.lacks(
                    drawn,
                    _("No link of the name %(name)s catches it here. Draw one."),
                    name=throw.trigger.name,
                )


def _starts(spec: ProcessSpec) -> None:
    for node in spec.nodes:
        outer = spec.node(node.within) if node.within is not None else spec.root
        if isinstance(node, watchers.EventSubProcessStart):
            # It guards the scope around the sub-process that it begins.
            outer.own_starts.append(node)
            guarded = spec.root if outer.within is None else spec.node(outer.within)
            guarded.guards.append(node)
        elif isinstance(node, events.StartEvent) and isinstance(outer, subprocesses.SubProcess):
            outer.starts.append(node)
        elif isinstance(node, EventBasedGateway) and node.instantiates and not node.incoming:
            node.begun_otherwise = True
            for flow in node.outgoing:
                spec.node(flow.target).begins_process = True
        elif isinstance(node, activities.ReceiveTask) and node.incoming:
            node.begins_process = False
    for node in spec.nodes:
        around = spec.node(node.within) if node.within is not None else spec.root
        if isinstance(around, subprocesses.SubProcess) and spec.is_entry(node):
            around.entries.append(node)
