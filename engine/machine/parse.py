"""BPMN text to our specification. Reports every problem at once, each with its element and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine import feel
from engine.errors import CallwrightError, DefinitionError, Problem
from engine.i18n import _
from engine.machine.extensions import BPMN, CALLWRIGHT, children, read_settings
from engine.machine.nodes import activities, events, gateways
from engine.machine.nodes.base import Node
from engine.machine.spec import ROOT, Flow, Formula, ProcessSpec, Settings, Trigger

MAXIMUM_BYTES = 2_000_000
MAXIMUM_ELEMENTS = 20_000

_ACTIVITIES: dict[str, type[Node]] = {
    "task": activities.PlainTask,
    "manualTask": activities.PlainTask,
    "userTask": activities.UserTask,
    "serviceTask": activities.ServiceTask,
    "scriptTask": activities.ScriptTask,
    "businessRuleTask": activities.BusinessRuleTask,
    "callActivity": activities.CallActivity,
    "subProcess": activities.SubProcess,
}
_GATEWAYS: dict[str, type[Node]] = {
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "eventBasedGateway": gateways.EventBasedGateway,
}
_EVENTS: dict[str, type[events.Event]] = {
    "startEvent": events.StartEvent,
    "endEvent": events.EndEvent,
    "intermediateCatchEvent": events.CatchEvent,
    "intermediateThrowEvent": events.ThrowEvent,
    "boundaryEvent": events.BoundaryEvent,
    "sendTask": events.SendTask,
    "receiveTask": activities.ReceiveTask,
}
_NOT_YET = {
    "complexGateway", "transaction", "adHocSubProcess", "multiInstanceLoopCharacteristics",
    "standardLoopCharacteristics",
}  # fmt: skip
_TRIGGERS_NOT_YET = {"compensate", "cancel", "conditional", "escalation", "link"}
_NOT_FLOW = {
    "laneSet", "sequenceFlow", "dataObject", "dataObjectReference", "dataStoreReference", "textAnnotation",
    "association", "documentation", "extensionElements", "ioSpecification", "property", "group", "auditing",
    "monitoring", "incoming", "outgoing", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
    "artifact", "category",
}  # fmt: skip


@dataclass(kw_only=True)
class Parsed:
    """What a file holds: its processes by key, and what is worth saying about them."""

    processes: dict[str, ProcessSpec] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)


def parse(path: str, content: bytes, *, names: frozenset[str] = frozenset()) -> Parsed:
    """Read the processes of a BPMN file.

    Args:
        path: The file's path in its deployment, for messages.
        content: The XML text.
        names: Function names with blanks that its expressions may use.

    Raises:
        DefinitionError: Something in it cannot run; ``problems`` lists everything.
    """
    reader = _Reader(path, names)
    parsed = Parsed()
    root = reader.xml(content)
    if root is not None:
        reader.roots(root)
        for process in root.iterfind(f"{{{BPMN}}}process"):
            spec = reader.process(process)
            if spec.name in parsed.processes:
                reader.say(
                    process, _("Two processes have the id %(key)s. Give one another id."), key=spec.name
                )
            parsed.processes[spec.name] = spec
        if not parsed.processes:
            reader.problems.append(
                Problem(path=path, message=_("There is no process in this file. Draw one and save it again."))
            )
    if reader.problems:
        raise DefinitionError(problems=reader.problems)
    parsed.warnings = reader.warnings
    return parsed


class _Reader:
    """Reads one file and collects its problems."""

    def __init__(self, path: str, names: frozenset[str]) -> None:
        self.path = path
        self.names = names
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.roots_by_id: dict[str, dict[str, etree._Element]] = {}
        self.element: etree._Element | None = None

    # -- problems --------------------------------------------------------------------------------------

    def say(self, element: etree._Element, message: str, /, **params: Any) -> None:
        """Keep a problem of an element."""
        self.problems.append(
            Problem(
                path=f"{self.path}#{element.get('id') or etree.QName(element).localname}",
                message=message,
                params=params,
                element_name=element.get("name"),
                line=element.sourceline,
            )
        )

    def compile(self, element: etree._Element, source: str | None, where: str) -> Formula | None:
        """Compile FEEL and report what is wrong with it."""
        if source is None or not source.strip():
            return None
        try:
            return Formula(source=source, feel=feel.compile(source.strip(), names=self.names))
        except feel.FeelSyntaxError as error:
            self.say(
                element,
                _("%(where)s: %(source)s cannot be read at line %(line)s, column %(column)s: %(reason)s"),
                where=where,
                source=source.strip(),
                line=error.line,
                column=error.column,
                reason=CallwrightError(error.message, **error.params),
            )
            return None

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
        return root

    def _refuse(self, message: str, **params: Any) -> etree._Element | None:
        self.problems.append(Problem(path=self.path, message=message, params=params))
        return None

    def roots(self, root: etree._Element) -> None:
        """Remember messages, signals, errors and escalations by id."""
        for tag in ("message", "signal", "error", "escalation"):
            self.roots_by_id[tag] = {
                found.get("id", ""): found for found in root.iterfind(f"{{{BPMN}}}{tag}")
            }

    # -- a process -------------------------------------------------------------------------------------

    def process(self, element: etree._Element) -> ProcessSpec:
        """Read a process."""
        spec = ProcessSpec(element.get("id", ""), element.get("name", element.get("id", "")))
        spec.executable = element.get("isExecutable", "true") != "false"
        events.ProcessNode(spec, ROOT, tag="process")
        lanes = self._lanes(element)
        self._nodes(element, spec, lanes, within=None, depth=0)
        self._flows(element, spec)
        self._attach(spec)
        self._check(element, spec)
        return spec

    def _lanes(self, element: etree._Element) -> dict[str, str]:
        lanes: dict[str, str] = {}
        # Inner lanes come after outer ones, so that the innermost name stays.
        for lane in element.iter(f"{{{BPMN}}}lane"):
            for reference in lane.iterfind(f"{{{BPMN}}}flowNodeRef"):
                if lane.get("name"):
                    lanes[(reference.text or "").strip()] = lane.get("name", "")
        return lanes

    def _nodes(
        self,
        element: etree._Element,
        spec: ProcessSpec,
        lanes: dict[str, str],
        *,
        within: str | None,
        depth: int,
    ) -> None:
        for child in element:
            if not isinstance(child.tag, str) or etree.QName(child).namespace != BPMN:
                continue
            tag = etree.QName(child).localname
            if tag in _NOT_FLOW:
                continue
            node = self._node(child, tag, spec, lanes, within)
            if isinstance(node, activities.SubProcess):
                node.depth = depth + 1
                self._nodes(child, spec, lanes, within=node.element_id, depth=depth + 1)

    def _node(
        self,
        element: etree._Element,
        tag: str,
        spec: ProcessSpec,
        lanes: dict[str, str],
        within: str | None,
    ) -> Node | None:
        element_id = element.get("id")
        if not element_id:
            self.say(element, _("The %(tag)s has no id. Give it one."), tag=tag)
            return None
        if element_id in spec.task_specs:
            self.say(element, _("Two elements have the id %(id)s. Give one another id."), id=element_id)
            return None
        self._refuse_unknown(element, tag)
        shared: dict[str, Any] = {
            "name": element.get("name"),
            "tag": tag,
            "within": within,
            "settings": self._settings(element, tag, lanes.get(element_id)),
        }
        if tag in _ACTIVITIES:
            return _ACTIVITIES[tag](spec, element_id, **shared)
        if tag in _GATEWAYS:
            return _GATEWAYS[tag](spec, element_id, **shared)
        if tag not in _EVENTS:
            if tag not in _NOT_YET:
                self.say(element, _("A %(tag)s is not known. Draw it with elements of BPMN 2.0."), tag=tag)
            return None
        if tag == "boundaryEvent":
            shared["attached_to"] = element.get("attachedToRef", "")
            shared["interrupting"] = element.get("cancelActivity", "true") != "false"
        return _EVENTS[tag](spec, element_id, trigger=self._trigger(element, tag), **shared)

    def _refuse_unknown(self, element: etree._Element, tag: str) -> None:
        inner = {etree.QName(child).localname for child in element if isinstance(child.tag, str)}
        for unknown in sorted((inner | {tag}) & _NOT_YET):
            self.say(
                element,
                _("A %(tag)s cannot run here yet. Draw it with gateways, loops of flows or a call activity."),
                tag=unknown,
            )
        if tag == "subProcess" and element.get("triggeredByEvent") == "true":
            self.say(
                element,
                _("An event sub-process cannot run here yet. Draw a boundary event around a sub-process."),
            )

    def _settings(self, element: etree._Element, tag: str, lane: str | None) -> Settings:
        settings = read_settings(
            element,
            lane,
            lambda source, where: self.compile(element, source, where),
            lambda message, **params: self.say(element, message, **params),
        )
        replaced: dict[str, Any] = {}
        if tag == "callActivity":
            replaced["called"] = element.get("calledElement")
        if tag == "scriptTask":
            script = element.find(f"{{{BPMN}}}script")
            replaced["script"] = script.text if script is not None else None
        if not replaced:
            return settings
        return Settings(
            **{name: getattr(settings, name) for name in settings.__slots__ if name not in replaced},
            **replaced,
        )

    # -- events ----------------------------------------------------------------------------------------

    def _trigger(self, element: etree._Element, tag: str) -> Trigger:
        if tag in ("sendTask", "receiveTask"):
            return self._message(element, element.get("messageRef"), required=tag == "receiveTask")
        definitions = [
            child
            for child in element
            if isinstance(child.tag, str) and etree.QName(child).localname.endswith("EventDefinition")
        ]
        if not definitions:
            return Trigger(kind="none")
        if len(definitions) > 1:
            self.say(
                element, _("An event with several triggers cannot run here yet. Draw one event for each.")
            )
        definition = definitions[0]
        kind = etree.QName(definition).localname.removesuffix("EventDefinition")
        if kind in _TRIGGERS_NOT_YET:
            self.say(element, _("A %(kind)s event cannot run here yet."), kind=kind)
            return Trigger(kind="none")
        if kind == "message":
            required = not (tag in ("intermediateThrowEvent", "endEvent") and children(element, "notify"))
            return self._message(element, definition.get("messageRef"), required=required)
        if kind == "timer":
            return self._timer(element, definition)
        if kind == "terminate":
            return Trigger(kind="terminate")
        if kind == "signal":
            name = self._root(element, "signal", definition.get("signalRef"), required=True)
            return Trigger(kind="signal", name=name)
        if kind == "error":
            return Trigger(kind="error", name=self._error_code(element, definition, tag))
        self.say(element, _("A %(kind)s event is not known."), kind=kind)
        return Trigger(kind="none")

    def _message(self, element: etree._Element, reference: str | None, *, required: bool) -> Trigger:
        name = self._root(element, "message", reference, required=required)
        correlation = next(iter(children(element, "correlation")), None)
        return Trigger(
            kind="message",
            name=name,
            correlation=self.compile(element, correlation.get("key"), "correlation")
            if correlation is not None
            else None,
        )

    def _root(
        self, element: etree._Element, kind: str, reference: str | None, *, required: bool
    ) -> str | None:
        found = self.roots_by_id[kind].get((reference or "").split(":")[-1])
        if found is None:
            if reference or required:
                self.say(
                    element,
                    _("It names the %(kind)s %(reference)s, which this file does not define. Choose one."),
                    kind=kind,
                    reference=reference or "",
                )
            return None
        name: str | None = found.get("name") or found.get("id")
        return name

    def _error_code(self, element: etree._Element, definition: etree._Element, tag: str) -> str | None:
        reference = definition.get("errorRef")
        if not reference:
            if tag == "endEvent":
                self.say(element, _("An error end event must name its error. Choose one."))
            return None
        found = self.roots_by_id["error"].get(reference.split(":")[-1])
        if found is None:
            self._root(element, "error", reference, required=True)
            return None
        code: str | None = found.get("errorCode") or found.get("name") or found.get("id")
        return code

    def _timer(self, element: etree._Element, definition: etree._Element) -> Trigger:
        for kind in ("Date", "Duration", "Cycle"):
            found = definition.find(f"{{{BPMN}}}time{kind}")
            if found is None or not (found.text or "").strip():
                continue
            text = (found.text or "").strip()
            formula: Formula | None
            if _literal_time(text):
                formula = Formula(source=text)
            else:
                formula = self.compile(element, text, f"time{kind}")
            if formula is None:
                break
            return Trigger(kind="timer", timer=kind.lower(), formula=formula)  # type: ignore[arg-type]
        else:
            self.say(element, _("The timer says no time. Write such as PT4H, a date and time, or R3/PT1H."))
        return Trigger(kind="none")

    # -- flows -----------------------------------------------------------------------------------------

    def _flows(self, element: etree._Element, spec: ProcessSpec) -> None:
        for drawn in element.iter(f"{{{BPMN}}}sequenceFlow"):
            source, target = drawn.get("sourceRef", ""), drawn.get("targetRef", "")
            ends = [end for end in (source, target) if end not in spec.task_specs]
            if ends:
                for end in ends:
                    if not any(problem.path == f"{self.path}#{end}" for problem in self.problems):
                        self.say(
                            drawn, _("The flow leads to or from %(end)s, which is not there."), end=end or "?"
                        )
                continue
            flow = Flow(
                id=drawn.get("id", f"{source}-{target}"),
                source=source,
                target=target,
                condition=self._condition(drawn),
            )
            spec.flows[flow.id] = flow
            spec.node(source).outgoing.append(flow)
            spec.node(target).incoming.append(flow)
        for drawn in _flow_nodes(element):
            if drawn.get("default") and drawn.get("id") in spec.task_specs:
                node = spec.node(drawn.get("id", ""))
                node.default_flow = drawn.get("default")
                if node.default_flow not in {flow.id for flow in node.outgoing}:
                    self.say(drawn, _("Its default flow %(flow)s does not leave it."), flow=node.default_flow)

    def _condition(self, drawn: etree._Element) -> Formula | None:
        said = drawn.find(f"{{{BPMN}}}conditionExpression")
        if said is None or not (said.text or "").strip():
            return None
        if (said.get("language") or "").lower().endswith("python"):
            return Formula(source=(said.text or "").strip(), script=True)
        return self.compile(drawn, said.text, "condition")

    def _attach(self, spec: ProcessSpec) -> None:
        for node in spec.nodes:
            if isinstance(node, events.BoundaryEvent) and node.attached_to in spec.task_specs:
                spec.node(node.attached_to).boundary.append(node)
            if isinstance(node, events.StartEvent) and node.within is not None:
                outer = spec.node(node.within)
                if isinstance(outer, activities.SubProcess):
                    outer.starts.append(node)

    # -- what cannot run -------------------------------------------------------------------------------

    def _check(self, element: etree._Element, spec: ProcessSpec) -> None:
        drawn = {found.get("id"): found for found in _flow_nodes(element)}
        if not spec.nodes:
            self.say(element, _("The process is empty. Draw at least one element."))
        for node in spec.nodes:
            at = drawn.get(node.element_id, element)
            if isinstance(node, events.BoundaryEvent):
                if node.attached_to not in spec.task_specs:
                    self.say(at, _("The boundary event is attached to nothing. Put it on an activity."))
                if node.incoming:
                    self.say(at, _("A flow leads into a boundary event. Remove it."))
            if isinstance(node, gateways.EventBasedGateway):
                self._check_event_gateway(at, node, spec)
            if isinstance(node, gateways.ExclusiveGateway) and len(node.outgoing) > 1:
                for flow in node.outgoing:
                    if flow.condition is None and flow.id != node.default_flow:
                        self.say(
                            at,
                            _("The flow %(flow)s has no condition and is not the default. Give it one."),
                            flow=flow.id,
                        )
            if isinstance(node, activities.SubProcess) and not node.starts:
                self.say(at, _("The sub-process has no start event without a trigger. Draw one."))
            if isinstance(node, activities.CallActivity) and not node.settings.called:
                self.say(at, _("The call activity names no process. Write its key into calledElement."))
            if isinstance(node, activities.ServiceTask) and not node.settings.service:
                self.say(at, _("The service task names no service. Choose one in callwright:service."))
            if isinstance(node, activities.BusinessRuleTask) and not node.settings.decision:
                self.say(
                    at, _("The business rule task names no decision. Choose one in callwright:decision.")
                )
            if isinstance(node, activities.ScriptTask) and not (node.settings.script or "").strip():
                self.say(at, _("The script task has no script. Write one."))
            self._check_outcomes(at, node)

    def _check_event_gateway(
        self, at: etree._Element, node: gateways.EventBasedGateway, spec: ProcessSpec
    ) -> None:
        for flow in node.outgoing:
            behind = spec.node(flow.target)
            if not isinstance(behind, events.CatchEvent) or isinstance(behind, events.BoundaryEvent):
                self.say(
                    at,
                    _("Behind an event-based gateway stand only events that catch; %(element)s is none."),
                    element=behind.element_name or behind.element_id,
                )

    def _check_outcomes(self, at: etree._Element, node: Node) -> None:
        names = [outcome.name for outcome in node.settings.task.outcomes]
        for name in sorted({name for name in names if names.count(name) > 1 or not name}):
            self.say(at, _("The outcome %(name)s is there twice or has no name."), name=name)
        for reply in node.settings.task.replies:
            if reply.outcome is not None and reply.outcome not in names:
                self.say(
                    at,
                    _("The reply %(verb)s leads to outcome %(outcome)s, which the task does not have."),
                    verb=reply.verb,
                    outcome=reply.outcome,
                )


def _flow_nodes(element: etree._Element) -> Iterator[etree._Element]:
    for found in element.iter():
        if isinstance(found.tag, str) and etree.QName(found).namespace == BPMN and found.get("id"):
            yield found


def _literal_time(text: str) -> bool:
    """Whether a timer is literal ISO 8601 and no expression."""
    head = text[:1]
    if head == "P" and text[1:2] in "0123456789T":
        return True
    if head == "R" and "/" in text:
        return True
    return len(text) >= 10 and text[:4].isdigit() and text[4:5] == "-" and '"' not in text and "(" not in text


__all__ = ["BPMN", "CALLWRIGHT", "Parsed", "parse"]
