"""Drawings as a few lines of text, for tests of how elements work together.

One line is one element, ``kind id option=value …``; what is indented stands in the sub-process above it; a
line with ``->`` joins elements by flows::

    start begin
    sub work
      start in
      user ask
      throw told escalation=late
      end out
      in -> ask -> told -> out
    boundary late on=work escalation=late beside
    xor which
    end over
    begin -> work -> which
    which -> over [amount > 3]
    which -> begin *

A condition stands in brackets behind a flow; ``*`` marks the default flow. An approval names its people by
``who:FEEL/level*weight``, or ``lookup(plugin.name):FEEL``, separated by semicolons; a step's buttons are
taken away by their names, or called otherwise::

    user check approval="rule=ratio percent=60 veto=true" asks='person:["ann","ben"];manager:initiator/2'
    user file buttons="transfer;return:Ask again"

``task="assignee=initiator startCounts=true"`` sets what ``callwright:task`` does.

What happens around the due time of a task is a list too::

    user apply due='duration("P1D")' limits='then=remind before=PT2H; then=escalate after=P1D'
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from engine.machine.extensions import BPMN, CALLWRIGHT

_KINDS = {
    "start": "startEvent", "end": "endEvent", "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent", "boundary": "boundaryEvent", "task": "task", "user": "userTask",
    "script": "scriptTask", "service": "serviceTask", "rule": "businessRuleTask", "call": "callActivity",
    "receive": "receiveTask", "send": "sendTask", "sub": "subProcess", "guard": "subProcess",
    "transaction": "transaction", "adhoc": "adHocSubProcess", "xor": "exclusiveGateway",
    "and": "parallelGateway", "or": "inclusiveGateway", "event": "eventBasedGateway",
    "complex": "complexGateway",
}  # fmt: skip
_NAMED = ("message", "signal", "error", "escalation")
# What options of callwright:task are called here.
_TASK = {
    "groups": "candidateGroups", "assignee": "assignee", "due": "due", "warn": "warn", "form": "form",
}  # fmt: skip
# Of an outcome whose name ends with an exclamation mark.
_OPINION = ' opinion="required"'


@dataclass(kw_only=True)
class _Element:
    kind: str
    id: str
    options: dict[str, str]
    inner: list[_Element] = field(default_factory=list)
    flows: list[tuple[str, str, str, bool]] = field(default_factory=list)


def sketch(text: str, *, key: str = "p") -> bytes:
    """Write a drawing.

    Args:
        text: Its elements and flows, a line each.
        key: The process id.

    Raises:
        KeyError: A kind of element is not known.
    """
    process = _Element(kind="process", id=key, options={})
    _read(text, process)
    roots = "".join(
        f"<{kind} id={quoteattr(f'{kind}_{name}')} name={quoteattr(name)}"
        + (f" {kind}Code={quoteattr(name)}" if kind in ("error", "escalation") else "")
        + "/>"
        for kind, name in sorted(set(_roots(process)))
    )
    return (
        f'<definitions xmlns="{BPMN}" xmlns:callwright="{CALLWRIGHT}" targetNamespace="urn:sketch">{roots}'
        f'<process id={quoteattr(key)} isExecutable="true">{_body(process)}</process></definitions>'
    ).encode()


def _read(text: str, process: _Element) -> None:
    open_: list[tuple[int, _Element]] = [(-1, process)]
    for line in text.splitlines():
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        while open_[-1][0] >= depth:
            open_.pop()
        holder = open_[-1][1]
        if "->" in line:
            _read_flows(line, holder)
            continue
        kind, id_, *options = shlex.split(line)
        element = _Element(kind=kind, id=id_, options=dict(_option(option) for option in options))
        holder.inner.append(element)
        open_.append((depth, element))


def _option(text: str) -> tuple[str, str]:
    name, _equals, value = text.partition("=")
    return name, value


def _read_flows(line: str, holder: _Element) -> None:
    ends, _bracket, condition = line.partition("[")
    default = ends.rstrip().endswith("*")
    stops = [stop.strip().rstrip("*").strip() for stop in ends.split("->")]
    for source, target in pairwise(stops):
        holder.flows.append((source, target, condition.rpartition("]")[0].strip(), default))


def _roots(element: _Element) -> Iterator[tuple[str, str]]:
    for kind in _NAMED:
        for name in element.options.get(kind, "").split(","):
            if name:
                yield kind, name
    for inner in element.inner:
        yield from _roots(inner)


def _body(holder: _Element) -> str:
    written = []
    defaults = {}
    for number, (source, target, condition, default) in enumerate(holder.flows, 1):
        id_ = f"{holder.id}_flow_{number}"
        said = f"<conditionExpression>{escape(condition)}</conditionExpression>" if condition else ""
        written.append(
            f"<sequenceFlow id={quoteattr(id_)} sourceRef={quoteattr(source)} targetRef={quoteattr(target)}>"
            f"{said}</sequenceFlow>"
        )
        if default:
            defaults[source] = id_
    elements = [_element(inner, defaults.get(inner.id)) for inner in holder.inner]
    return "".join([*elements, *written])


def _element(element: _Element, default: str | None) -> str:
    options = element.options
    attributes = {"id": element.id, "name": options.get("name"), "default": default}
    attributes["attachedToRef"] = options.get("on")
    if "beside" in options:
        attributes["cancelActivity" if element.kind == "boundary" else "isInterrupting"] = "false"
    if element.kind == "guard":
        attributes["triggeredByEvent"] = "true"
    for flag, name in (
        ("undoes", "isForCompensation"), ("all", "parallelMultiple"), ("begins", "instantiate"),
    ):  # fmt: skip
        if flag in options:
            attributes[name] = "true"
    for option in ("startQuantity", "completionQuantity", "ordering", "cancelRemainingInstances"):
        attributes[option] = options.get(option)
    if element.kind in ("receive", "send") and "message" in options:
        attributes["messageRef"] = f"message_{options['message']}"
    if element.kind == "call":
        attributes["calledElement"] = options.get("calls")
    if element.kind == "event" and "all" in options:
        attributes["eventGatewayType"] = "Parallel"
    said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items() if value)
    tag = _KINDS[element.kind]
    inside = _extensions(options) + "".join(_definitions(element)) + _rounds(options) + _body(element)
    for option, name in (("complete", "completionCondition"), ("activation", "activationCondition")):
        inside += f"<{name}>{escape(options[option])}</{name}>" if option in options else ""
    if element.kind == "script":
        inside += f"<script>{escape(options.get('run', f'log({element.id!r})'))}</script>"
    undone = options.get("undone_by")
    beside = (
        f'<association id="{element.id}_undone" sourceRef="{element.id}" targetRef="{undone}"/>'
        if undone
        else ""
    )
    return f"<{tag}{said}>{inside}</{tag}>{beside}"


def _extensions(options: dict[str, str]) -> str:
    said = []
    task = {name: options[option] for option, name in _TASK.items() if option in options}
    task |= dict(_option(pair) for pair in options.get("task", "").split())
    if task:
        said.append(f"<callwright:task{_attributes(task)}/>")
    for name in filter(None, options.get("outcomes", "").split(",")):
        said.append(
            f'<callwright:outcome name="{name.rstrip("!")}"{_OPINION if name.endswith("!") else ""}/>'
        )
    for limit in filter(None, options.get("limits", "").split(";")):
        said.append(f"<callwright:limit{_attributes(dict(_option(one) for one in shlex.split(limit)))}/>")
    if "approval" in options:
        attributes = dict(_option(pair) for pair in options["approval"].split())
        said.append(f"<callwright:approval{_attributes(attributes)}/>")
    for option, name in (("asks", "approver"), ("but", "except"), ("else", "otherwise")):
        for word in filter(None, options.get(option, "").split(";")):
            said.append(_approver(name, word))
    for word in filter(None, options.get("buttons", "").split(";")):
        name, _colon, label = word.partition(":")
        made = f"label={quoteattr(label)}" if label else 'hidden="true"'
        said.append(f"<callwright:button name={quoteattr(name)} {made}/>")
    if "service" in options:
        said.append(f'<callwright:service name="{options["service"]}"/>')
    if "key" in options:
        said.append(f"<callwright:correlation key={quoteattr(options['key'])}/>")
    for option in ("input", "output"):
        for pair in filter(None, options.get(option, "").split(";")):
            name, _colon, source = pair.partition(":")
            said.append(f"<callwright:{option} name={quoteattr(name)} source={quoteattr(source)}/>")
    return f"<extensionElements>{''.join(said)}</extensionElements>" if said else ""


def _approver(name: str, word: str) -> str:
    who, _colon, rest = word.strip().partition(":")
    of, _star, weight = rest.partition("*")
    of, _slash, level = of.partition("/")
    who, _bracket, lookup = who.rstrip(")").partition("(")
    said = {"who": who, "of": of, "level": level, "lookup": lookup, "weight": weight}
    return f"<callwright:{name}{_attributes({key: value for key, value in said.items() if value})}/>"


def _attributes(said: dict[str, str]) -> str:
    return "".join(f" {key}={quoteattr(value)}" for key, value in said.items())


def _definitions(element: _Element) -> Iterator[str]:
    if element.kind in ("receive", "send"):
        return
    options = element.options
    for kind in _NAMED:
        for name in options.get(kind, "").split(",") if kind in options else ():
            reference = f' {kind}Ref="{kind}_{name}"' if name else ""
            yield f"<{kind}EventDefinition{reference}/>"
    for option, inner in (("timer", "timeDuration"), ("date", "timeDate"), ("cycle", "timeCycle")):
        if option in options:
            text = escape(options[option])
            yield f"<timerEventDefinition><{inner}>{text}</{inner}></timerEventDefinition>"
    if "when" in options:
        condition = escape(options["when"])
        yield f"<conditionalEventDefinition><condition>{condition}</condition></conditionalEventDefinition>"
    if "compensate" in options:
        activity = f' activityRef="{options["compensate"]}"' if options["compensate"] else ""
        yield f"<compensateEventDefinition{activity}/>"
    if "link" in options:
        yield f'<linkEventDefinition name="{options["link"]}"/>'
    for kind in ("cancel", "terminate"):
        if kind in options:
            yield f"<{kind}EventDefinition/>"


def _rounds(options: dict[str, str]) -> str:
    if "loop" in options:
        condition = f"<loopCondition>{escape(options['loop'])}</loopCondition>" if options["loop"] else ""
        said = ' testBefore="true"' if "before" in options else ""
        said += f' loopMaximum="{options["maximum"]}"' if "maximum" in options else ""
        return f"<standardLoopCharacteristics{said}>{condition}</standardLoopCharacteristics>"
    for kind in ("parallel", "sequential"):
        if kind not in options:
            continue
        inside = ""
        if "over" in options:
            source, _space, item = options["over"].partition(" ")
            inside = (
                f'<extensionElements><callwright:collection source="{source}" item="{item}"/>'
                "</extensionElements>"
            )
        if "results" in options:
            name, _colon, source = options["results"].partition(":")
            said = f"<callwright:results name={quoteattr(name)} source={quoteattr(source)}/>"
            inside = inside.replace("</extensionElements>", f"{said}</extensionElements>")
        if options[kind]:
            inside += f"<loopCardinality>{escape(options[kind])}</loopCardinality>"
        if "until" in options:
            inside += f"<completionCondition>{escape(options['until'])}</completionCondition>"
        sequential = "true" if kind == "sequential" else "false"
        return (
            f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{inside}'
            "</multiInstanceLoopCharacteristics>"
        )
    return ""
