"""Drawings in a few lines: for tests of what an element does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:callwright="urn:callwright:bpmn:1" targetNamespace="urn:test">\n'
)


def drawing(body: str, *, key: str = "p", roots: str = "", name: str = "") -> bytes:
    """Wrap elements into a drawing.

    Args:
        body: The elements of the process; ``a -> b [condition]`` lines become sequence flows, a ``*`` before
            the condition's bracket makes it the default flow.
        key: The process id.
        roots: Messages, signals and errors beside the process.
        name: The process's name.
    """
    elements: list[str] = []
    flows: list[str] = []
    defaults: list[tuple[str, str]] = []
    for line in body.strip().splitlines():
        line = line.strip()
        if "->" in line and not line.startswith("<"):
            flows.append(_flow(line, len(flows), defaults))
        else:
            elements.append(line)
    text = "\n".join(elements)
    for source, flow in defaults:
        text = text.replace(f'id="{source}"', f'id="{source}" default="{flow}"', 1)
    title = f' name="{name}"' if name else ""
    return (
        f"{_HEAD}{roots}\n"
        f'<bpmn:process id="{key}"{title} isExecutable="true">\n{text}\n{"".join(flows)}</bpmn:process>\n'
        "</bpmn:definitions>"
    ).encode()


def _flow(line: str, number: int, defaults: list[tuple[str, str]]) -> str:
    ends, _bracket, condition = line.partition("[")
    source, target = (part.strip().rstrip("*").strip() for part in ends.split("->"))
    flow_id = f"flow_{number}"
    if ends.rstrip().endswith("*"):
        defaults.append((source, flow_id))
    text = condition.strip().rstrip("]").strip()
    tag = "bpmn:conditionExpression"
    said = f'<{tag} xsi:type="bpmn:tFormalExpression"><![CDATA[{text}]]></{tag}>' if text else ""
    between = f'sourceRef="{source}" targetRef="{target}"'
    return f'<bpmn:sequenceFlow id="{flow_id}" {between}>{said}</bpmn:sequenceFlow>\n'


def task(element_id: str, kind: str = "userTask", *, inside: str = "", name: str = "") -> str:
    """Write one activity.

    Args:
        element_id: Its id.
        kind: Its BPMN tag.
        inside: What stands in its extension elements.
        name: Its name; the id where empty.
    """
    settings = f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>" if inside else ""
    return f'<bpmn:{kind} id="{element_id}" name="{name or element_id}">{settings}</bpmn:{kind}>'


def start(element_id: str = "begin") -> str:
    """Write a start event without a trigger."""
    return f'<bpmn:startEvent id="{element_id}"/>'


def end(element_id: str = "over") -> str:
    """Write an end event."""
    return f'<bpmn:endEvent id="{element_id}"/>'


def gateway(element_id: str, kind: str = "exclusiveGateway") -> str:
    """Write a gateway."""
    return f'<bpmn:{kind} id="{element_id}"/>'


def chain(elements: Sequence[str]) -> str:
    """Write flows from each element to the next."""
    return "\n".join(f"{one} -> {other}" for one, other in pairwise(elements))
