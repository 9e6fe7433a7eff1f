"""The nine places of a drawing where a designer's own text is run or evaluated, and what is put into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from engine.testing.drawing import chain, drawing, end, gateway, start
from tests.engine.feel import payloads as feel_payloads
from tests.engine.payload import Payload
from tests.engine.sandbox import payloads as script_payloads

# A worker, and not whoever starts the process, goes on behind it.
PAUSE = (
    '<bpmn:intermediateCatchEvent id="pause"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>PT0S</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
)
MESSAGE = "asked_for"
_ROOTS = f'<bpmn:message id="message" name="{MESSAGE}"/>'
_DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"
_PYTHON = ' language="python"'
_IN_A_ROW = chain(("begin", "pause", "attacked", "over"))

Write = Callable[[str, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One payload in one place.

    Args:
        place: The place's name.
        payload: What is tried.
        language: How the drawing says what the text is; empty for FEEL and for scripts.
    """

    place: str
    payload: Payload
    language: str = ""

    def files(self, key: str, text: str) -> dict[str, bytes]:
        """Return the drawing, as files: the payload's text stands in its place."""
        body, *decisions = _PLACES[self.place](text, self.language)
        files = {f"{key}.bpmn": drawing(f"{start()}\n{PAUSE}\n{body}\n{end()}", key=key, roots=_ROOTS)}
        return files | {f"attacked_{number}.dmn": model.encode() for number, model in enumerate(decisions)}


def attacks(place: str) -> list[Attack]:
    """Return everything that is tried in a place."""
    if place in _SCRIPTS:
        return [Attack(place=place, payload=payload) for payload in script_payloads.PAYLOADS]
    tried = [Attack(place=place, payload=payload) for payload in feel_payloads.PAYLOADS]
    if place in _PYTHON_TOO:
        tried += [
            Attack(place=place, payload=replace(payload, source=payload.expression), language=_PYTHON)
            for payload in script_payloads.PAYLOADS
            if payload.expression is not None
        ]
    if place == "timer":
        tried += [
            Attack(place=place, payload=Payload(name=text, kind="time", source=text)) for text in _TIMES
        ]
    return tried


# -- the drawings ------------------------------------------------------------------------------------------


def _written(text: str) -> str:
    """Write a text of several lines into one line of a drawing."""
    return escape(text, {"\n": "&#10;"})


def _script(text: str, _language: str) -> tuple[str, ...]:
    said = f"<bpmn:script>{_written(text)}</bpmn:script>"
    return (f'<bpmn:scriptTask id="attacked">{said}</bpmn:scriptTask>\n{_IN_A_ROW}',)


def _before(text: str, _language: str, when: str = "before") -> tuple[str, ...]:
    said = f'<callwright:script when="{when}">{_written(text)}</callwright:script>'
    inside = f"<bpmn:extensionElements>{said}</bpmn:extensionElements>"
    return (f'<bpmn:task id="attacked">{inside}</bpmn:task>\n{_IN_A_ROW}',)


def _after(text: str, language: str) -> tuple[str, ...]:
    return _before(text, language, "after")


def _condition(text: str, language: str) -> tuple[str, ...]:
    said = f"<bpmn:conditionExpression{language}>{_written(text)}</bpmn:conditionExpression>"
    flow = f'<bpmn:sequenceFlow id="asked" sourceRef="attacked" targetRef="over">{said}</bpmn:sequenceFlow>'
    ways = f"{chain(('begin', 'pause', 'attacked'))}\nattacked -> other *"
    return (f"{gateway('attacked')}\n{end('other')}\n{flow}\n{ways}",)


def _timer(text: str, language: str) -> tuple[str, ...]:
    kind = "timeCycle" if text.startswith("R") and "/" in text else "timeDuration"
    said = f"<bpmn:{kind}{language}>{_written(text)}</bpmn:{kind}>"
    event = f"<bpmn:timerEventDefinition>{said}</bpmn:timerEventDefinition>"
    return (f'<bpmn:intermediateCatchEvent id="attacked">{event}</bpmn:intermediateCatchEvent>\n{_IN_A_ROW}',)


def _correlation(text: str, _language: str) -> tuple[str, ...]:
    key = f"<callwright:correlation key={quoteattr(text)}/>"
    inside = f"<bpmn:extensionElements>{key}</bpmn:extensionElements>"
    event = '<bpmn:messageEventDefinition messageRef="message"/>'
    caught = f'<bpmn:intermediateCatchEvent id="attacked">{inside}{event}</bpmn:intermediateCatchEvent>'
    return (f"{caught}\n{_IN_A_ROW}",)


def _rounds(inside: str) -> tuple[str, ...]:
    loop = f"<bpmn:multiInstanceLoopCharacteristics>{inside}</bpmn:multiInstanceLoopCharacteristics>"
    return (f'<bpmn:task id="attacked">{loop}</bpmn:task>\n{_IN_A_ROW}',)


def _completion(text: str, language: str) -> tuple[str, ...]:
    said = f"<bpmn:completionCondition{language}>{_written(text)}</bpmn:completionCondition>"
    return _rounds(f"<bpmn:loopCardinality>2</bpmn:loopCardinality>{said}")


def _cardinality(text: str, language: str) -> tuple[str, ...]:
    return _rounds(f"<bpmn:loopCardinality{language}>{_written(text)}</bpmn:loopCardinality>")


def _cell(text: str, _language: str) -> tuple[str, ...]:
    """A table of two rules: the text is a test of the one and the value of the other."""
    asked = '<callwright:decision key="attacked" result="found"/>'
    inside = f"<bpmn:extensionElements>{asked}</bpmn:extensionElements>"
    cell, any_, one = (f"<text>{said}</text>" for said in (_written(text), "-", "1"))
    rules = "".join(
        f"<rule><inputEntry>{test}</inputEntry><outputEntry>{value}</outputEntry></rule>"
        for test, value in ((cell, one), (any_, cell))
    )
    column = "<input><inputExpression><text>shared</text></inputExpression></input><output/>"
    need = '<informationRequirement><requiredInput href="#shared"/></informationRequirement>'
    model = (
        f'<definitions xmlns="{_DMN}" name="d" namespace="urn:d"><inputData id="shared" name="shared"/>'
        f'<decision id="attacked" name="attacked">{need}<decisionTable hitPolicy="COLLECT">{column}{rules}'
        "</decisionTable></decision></definitions>"
    )
    return (f'<bpmn:businessRuleTask id="attacked">{inside}</bpmn:businessRuleTask>\n{_IN_A_ROW}', model)


_PLACES: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "script": _script,
    "before": _before,
    "after": _after,
    "condition": _condition,
    "timer": _timer,
    "correlation": _correlation,
    "completion": _completion,
    "cell": _cell,
    "cardinality": _cardinality,
}
PLACES = tuple(_PLACES)
_SCRIPTS = ("script", "before", "after")
_PYTHON_TOO = ("condition", "timer", "completion", "cardinality")
# What a timer takes without evaluating anything.
_TIMES = (
    "P9999999999M",
    "PT999999999999H",
    "P1Y99999999999D",
    "-P1D",
    "PT0.000000000000000000000001S",
    f"PT{'9' * 5_000}S",
    "R100000/PT0S",
    "R/PT0.001S",
    "R5/P0D",
    "R5/-PT1H",
    "R99999999999999999999/PT1H",
    "R/9999-12-31T23:59:59Z/P1Y",
    "99999999-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59+23:59",
    "2026-03-02T10:00:00@Nowhere/Else",
)
