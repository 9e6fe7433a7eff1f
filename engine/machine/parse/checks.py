"""What cannot run as it is drawn.

In a process that is marked as executable everything here is a problem. In a sketch what an element lacks is
a warning: it is passed, and runs as far as it has meaning.
"""

from __future__ import annotations

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN
from engine.machine.nodes import activities, events, gateways, subprocesses, watchers
from engine.machine.nodes.base import Node
from engine.machine.nodes.turning import initiator_step
from engine.machine.parse.flows import flow_nodes
from engine.machine.parse.reader import Reader
from engine.machine.spec import STEP, ProcessSpec


def check(reader: Reader, element: etree._Element, spec: ProcessSpec) -> None:
    """Say what is wrong with a process whose nodes are joined."""
    drawn = {found.get("id"): found for found in flow_nodes(element)}
    if not spec.nodes:
        # Of several pools one may be a black box.
        others = [
            found for found in element.getparent().iterfind(f"{{{BPMN}}}process") if found is not element
        ]
        (reader.warn if others else reader.lacks)(
            element, _("The process is empty. Draw at least one element.")
        )
    ended = {node.within for node in spec.nodes if isinstance(node, events.EndEvent)}
    for node in spec.nodes:
        at = drawn.get(node.element_id, element)
        _check_place(reader, at, node, spec)
        _check_work(reader, at, node, spec)
        _check_outcomes(reader, at, node)
        _check_approval(reader, at, node, spec)
        _check_limits(reader, at, node, spec)
        if isinstance(node, watchers.BoundaryEvent):
            _check_boundary(reader, at, node, spec)
        elif isinstance(node, gateways.EventBasedGateway):
            _check_event_gateway(reader, at, node, spec)
        elif isinstance(node, gateways.ExclusiveGateway):
            _check_exclusive(reader, at, node)
        elif isinstance(node, subprocesses.SubProcess):
            _check_sub_process(reader, at, node, ended)


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
    if type(node) is events.CatchEvent and not node.triggers:
        reader.lacks(at, _("The event waits for nothing. Choose what it waits for."))
    if isinstance(node, activities.ReceiveTask) and at.get("instantiate") in ("true", "1") and node.incoming:
        reader.lacks(at, _("It begins the process, but a flow leads into it. Remove one of both."))
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


def _check_work(reader: Reader, at: etree._Element, node: Node, spec: ProcessSpec) -> None:
    settings = node.settings
    if isinstance(node, activities.CallActivity) and not settings.called:
        reader.lacks(at, _("The call activity names no process. Write its key into calledElement."))
    if isinstance(node, activities.ServiceTask) and not settings.service:
        reader.lacks(at, _("The service task names no service. Choose one in callwright:service."))
    if isinstance(node, activities.BusinessRuleTask) and not settings.decision:
        reader.lacks(at, _("The business rule task names no decision. Choose one in callwright:decision."))
    if isinstance(node, activities.ScriptTask) and not (settings.script or "").strip():
        reader.warn(at, _("The script task has no script: it is passed."))
    if node.begun_otherwise and node.outgoing and isinstance(node, activities.Activity):
        reader.say(at, _("A flow leads out of an element that is begun otherwise. Remove it."))
    if isinstance(node, events.Event):
        for trigger in node.triggers:
            undone = spec.task_specs.get(trigger.name) if trigger.kind == "compensate" else None
            if trigger.kind == "compensate" and trigger.name and not isinstance(undone, activities.Activity):
                reader.lacks(
                    at,
                    _("It undoes %(activity)s, but there is no such activity. Choose one."),
                    activity=trigger.name,
                )


def _check_limits(reader: Reader, at: etree._Element, node: Node, spec: ProcessSpec) -> None:
    for limit in node.settings.task.limits:
        if limit.then != "return" or limit.to in ("previous", "initiator"):
            continue
        target = spec.task_specs.get(limit.to)
        if not isinstance(target, activities.UserTask) or target is node:
            reader.say(
                at,
                _(
                    "Where its time is over it goes back to %(element)s, but there is no such user task "
                    "beside it. Write previous, initiator, or the id of one."
                ),
                element=limit.to,
            )


def _check_boundary(
    reader: Reader, at: etree._Element, node: watchers.BoundaryEvent, spec: ProcessSpec
) -> None:
    host = spec.task_specs.get(node.attached_to)
    if not isinstance(host, activities.Activity):
        reader.say(at, _("The boundary event is attached to nothing. Put it on an activity."))
        return
    if host.within != node.within:
        reader.say(at, _("The event and its activity lie in different sub-processes. Draw them in one."))
    kinds = {trigger.kind for trigger in node.triggers}
    if not kinds:
        reader.lacks(at, _("The boundary event has no trigger. Choose one."))
    if "cancel" in kinds and not isinstance(host, subprocesses.Transaction):
        reader.say(at, _("A cancel event stands only at the border of a transaction."))
    if kinds & {"error", "cancel"} and not node.interrupting:
        reader.say(at, _("This event always interrupts. Draw it so."))
    if "compensate" in kinds and host.compensation is None:
        reader.lacks(at, _("Nothing undoes the activity. Join the event with the activity that does."))
    if "compensate" in kinds and node.outgoing:
        reader.say(at, _("What undoes an activity is joined by an association, not by a flow. Draw one."))
    if "compensate" in kinds and host.compensation is not None:
        undoes = spec.node(host.compensation)
        if not isinstance(undoes, activities.Activity) or undoes.within != node.within:
            reader.say(at, _("Only an activity beside it can undo another one. Join the event with one."))


def _check_event_gateway(
    reader: Reader, at: etree._Element, node: gateways.EventBasedGateway, spec: ProcessSpec
) -> None:
    if len(node.outgoing) < 2:
        reader.lacks(at, _("Behind an event-based gateway stand at least two events. Draw another one."))
    if node.parallel and not node.begun_otherwise:
        reader.lacks(at, _("Only an event-based gateway that begins the process may wait for all events."))
    behind_it = [spec.node(flow.target) for flow in node.outgoing]
    kinds = {
        type(behind)
        for behind in behind_it
        if getattr(behind, "trigger", None) and behind.trigger.kind == "message"
    }
    if len(kinds) > 1:
        reader.warn(
            at, _("Receive tasks and message events do not stand behind one gateway. Choose one kind.")
        )
    for behind in behind_it:
        if len(behind.incoming) > 1 or behind.boundary:
            reader.lacks(
                at,
                _(
                    "%(element)s stands behind an event-based gateway: nothing else leads there, and "
                    "no event is at its border."
                ),
                element=behind.element_name or behind.element_id,
            )
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


def _check_sub_process(
    reader: Reader, at: etree._Element, node: subprocesses.SubProcess, ended: set[str | None]
) -> None:
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
        if node.element_id in ended:
            reader.say(at, _("An ad-hoc sub-process has no end event. Remove it."))
    elif not node.starts and not node.entries:
        reader.warn(at, _("The sub-process is empty: it is passed."))


def _check_approval(reader: Reader, at: etree._Element, node: Node, spec: ProcessSpec) -> None:
    task = node.settings.task
    if task.start_counts and task.approval is not None:
        reader.say(at, _("startCounts goes on the step at which the initiator fills in, not on an approval."))
    then = task.approval.if_rejected if task.approval is not None else "goOn"
    if then == "initiator" and initiator_step(spec) is None:
        reader.say(
            at,
            _(
                "ifRejected sends it back to the initiator, but no step is theirs. Draw a user task with "
                'assignee="initiator".'
            ),
        )
    named = spec.task_specs.get(then.removeprefix(STEP)) if then.startswith(STEP) else None
    if then.startswith(STEP) and (named is node or not isinstance(named, activities.UserTask)):
        reader.say(
            at,
            _("ifRejected sends it back to %(element)s, which is no other user task. Name one."),
            element=then.removeprefix(STEP),
        )


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
