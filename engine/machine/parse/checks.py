"""What cannot run as it is drawn.

In a process that is marked as executable everything here is a problem. In a sketch what an element lacks is
a warning: it is passed, and runs as far as it has meaning.
"""

from __future__ import annotations

from lxml import etree

from engine.i18n import _
from engine.machine.nodes import activities, events, gateways, subprocesses, watchers
from engine.machine.nodes.base import Node
from engine.machine.parse.flows import flow_nodes
from engine.machine.parse.reader import Reader
from engine.machine.spec import ProcessSpec


def check(reader: Reader, element: etree._Element, spec: ProcessSpec) -> None:
    """Say what is wrong with a process whose nodes are joined."""
    drawn = {found.get("id"): found for found in flow_nodes(element)}
    if not spec.nodes:
        reader.lacks(element, _("The process is empty. Draw at least one element."))
    for node in spec.nodes:
        at = drawn.get(node.element_id, element)
        _check_place(reader, at, node, spec)
        _check_work(reader, at, node)
        _check_outcomes(reader, at, node)
        if isinstance(node, watchers.BoundaryEvent):
            _check_boundary(reader, at, node, spec)
        elif isinstance(node, gateways.EventBasedGateway):
            _check_event_gateway(reader, at, node, spec)
        elif isinstance(node, gateways.ExclusiveGateway):
            _check_exclusive(reader, at, node)
        elif isinstance(node, subprocesses.SubProcess):
            _check_sub_process(reader, at, node)


def _check_place(reader: Reader, at: etree._Element, node: Node, spec: ProcessSpec) -> None:
    if node.begun_otherwise and node.incoming:
        if isinstance(node, watchers.BoundaryEvent):
            reader.say(at, _("A flow leads into a boundary event. Remove it."))
        else:
            reader.say(at, _("A flow leads into an element that is begun otherwise. Remove it."))
    if isinstance(node, events.StartEvent) and node.incoming:
        reader.say(at, _("A flow leads into a start event. Remove it."))
    if isinstance(node, events.EndEvent) and node.outgoing:
        reader.say(at, _("A flow leads out of an end event. Remove it."))
    if isinstance(node, events.StartEvent) and not isinstance(node, watchers.EventSubProcessStart):
        kinds = {trigger.kind for trigger in node.triggers}
        if node.within is not None and kinds:
            reader.say(at, _("Only an event sub-process begins by an event. Remove the trigger."))
        elif kinds & {"error", "escalation", "compensate"}:
            reader.say(at, _("Only an event sub-process begins by this event. Remove the trigger."))
        elif "conditional" in kinds:
            reader.warn(at, _("Nothing looks at the condition of this start event: begin it by its id."))
    if isinstance(node, events.EndEvent) and any(trigger.kind == "cancel" for trigger in node.triggers):
        outer = node.within
        while outer is not None and not isinstance(spec.node(outer), subprocesses.Transaction):
            outer = spec.node(outer).within
        if outer is None:
            reader.say(at, _("A cancel event ends a transaction; this one is in none."))


def _check_work(reader: Reader, at: etree._Element, node: Node) -> None:
    settings = node.settings
    if isinstance(node, activities.CallActivity) and not settings.called:
        reader.lacks(at, _("The call activity names no process. Write its key into calledElement."))
    if isinstance(node, activities.ServiceTask) and not settings.service:
        reader.lacks(at, _("The service task names no service. Choose one in callwright:service."))
    if isinstance(node, activities.BusinessRuleTask) and not settings.decision:
        reader.lacks(at, _("The business rule task names no decision. Choose one in callwright:decision."))
    if isinstance(node, activities.ScriptTask) and not (settings.script or "").strip():
        reader.lacks(at, _("The script task has no script. Write one."))


def _check_boundary(
    reader: Reader, at: etree._Element, node: watchers.BoundaryEvent, spec: ProcessSpec
) -> None:
    host = spec.task_specs.get(node.attached_to)
    if not isinstance(host, activities.Activity):
        reader.say(at, _("The boundary event is attached to nothing. Put it on an activity."))
        return
    kinds = {trigger.kind for trigger in node.triggers}
    if not kinds:
        reader.lacks(at, _("The boundary event has no trigger. Choose one."))
    if "cancel" in kinds and not isinstance(host, subprocesses.Transaction):
        reader.say(at, _("A cancel event stands only at the border of a transaction."))
    if kinds & {"error", "cancel"} and not node.interrupting:
        reader.say(at, _("This event always interrupts. Draw it so."))
    if "compensate" in kinds and host.compensation is None:
        reader.lacks(at, _("Nothing undoes the activity. Join the event with the activity that does."))


def _check_event_gateway(
    reader: Reader, at: etree._Element, node: gateways.EventBasedGateway, spec: ProcessSpec
) -> None:
    for flow in node.outgoing:
        behind = spec.node(flow.target)
        if not isinstance(behind, events.CatchEvent) or isinstance(behind, watchers.Watcher):
            reader.say(
                at,
                _("Behind an event-based gateway stand only events that catch; %(element)s is none."),
                element=behind.element_name or behind.element_id,
            )


def _check_exclusive(reader: Reader, at: etree._Element, node: gateways.ExclusiveGateway) -> None:
    if len(node.outgoing) < 2:
        return
    for flow in node.outgoing:
        if flow.condition is None and flow.id != node.default_flow:
            reader.lacks(
                at,
                _("The flow %(flow)s has no condition and is not the default. Give it one."),
                flow=flow.id,
            )


def _check_sub_process(reader: Reader, at: etree._Element, node: subprocesses.SubProcess) -> None:
    if isinstance(node, subprocesses.EventSubProcess):
        starts = [guard for guard in node.own_starts if guard.triggers]
        if len(starts) != 1:
            reader.lacks(at, _("An event sub-process begins by exactly one event with a trigger. Draw it."))
        if node.boundary:
            reader.say(at, _("An event stands at the border of an event sub-process. Remove it."))
        if node.rounds is not None:
            reader.say(at, _("An event sub-process begins by its event: it has no rounds. Remove them."))
        if any(guard.trigger.kind == "error" and not guard.interrupting for guard in node.own_starts):
            reader.say(at, _("This event always interrupts. Draw it so."))
    elif isinstance(node, subprocesses.AdHocSubProcess):
        if node.starts:
            reader.say(at, _("An ad-hoc sub-process has no start event. Remove it."))
    elif not node.starts and not node.entries:
        reader.lacks(at, _("The sub-process is empty. Draw at least one element."))


def _check_outcomes(reader: Reader, at: etree._Element, node: Node) -> None:
    names = [outcome.name for outcome in node.settings.task.outcomes]
    for name in sorted({name for name in names if names.count(name) > 1 or not name}):
        reader.say(at, _("The outcome %(name)s is there twice or has no name."), name=name)
    for reply in node.settings.task.replies:
        if reply.outcome is not None and reply.outcome not in names:
            reader.say(
                at,
                _("The reply %(verb)s leads to outcome %(outcome)s, which the task does not have."),
                verb=reply.verb,
                outcome=reply.outcome,
            )
