"""Loop and multi-instance markers."""

from __future__ import annotations

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN, children
from engine.machine.parse.events import read_trigger
from engine.machine.parse.reader import Reader
from engine.machine.spec import Behaviour, Formula, Rounds


def read_rounds(reader: Reader, element: etree._Element) -> Rounds | None:
    """Read how often an activity is done; None where it is done once."""
    loop = element.find(f"{{{BPMN}}}standardLoopCharacteristics")
    if loop is not None:
        return _loop(reader, element, loop)
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is not None:
        return _several(reader, element, several)
    return None


def _loop(reader: Reader, element: etree._Element, loop: etree._Element) -> Rounds | None:
    condition = reader.expression(element, loop.find(f"{{{BPMN}}}loopCondition"), "loopCondition")
    maximum = whole(reader, element, loop, "loopMaximum", least=1)
    if condition is None and maximum is None:
        reader.lacks(element, _("The loop has no condition and no maximum. Write one."))
        return None
    return Rounds(
        kind="loop",
        condition=condition,
        tested_before=loop.get("testBefore") == "true",
        maximum=maximum,
    )


def _several(reader: Reader, element: etree._Element, several: etree._Element) -> Rounds | None:
    problems = len(reader.problems)
    count = _count(reader, element, several)
    collection, item = _collection(reader, element, several)
    if count is None and collection is None:
        if len(reader.problems) > problems:
            return None
        reader.lacks(
            element,
            _("The multi-instance has no number and no collection. Write loopCardinality, or choose one."),
        )
        return None
    result, result_item = _results(reader, element, several)
    return Rounds(
        kind="sequential" if several.get("isSequential") == "true" else "parallel",
        count=count,
        collection=collection,
        item=item,
        result=result,
        result_item=result_item,
        condition=reader.expression(
            element, several.find(f"{{{BPMN}}}completionCondition"), "completionCondition"
        ),
        behaviour=tuple(_behaviour(reader, element, several)),
    )


def _count(reader: Reader, element: etree._Element, several: etree._Element) -> Formula | None:
    said = several.find(f"{{{BPMN}}}loopCardinality")
    text = (said.text or "").strip() if said is not None else ""
    if text.startswith("-") and text[1:].isdigit():
        reader.say(element, _("There cannot be %(count)s rounds. Write 0 or more."), count=text)
        return None
    return reader.expression(element, said, "loopCardinality")


def _collection(
    reader: Reader, element: etree._Element, several: etree._Element
) -> tuple[Formula | None, str | None]:
    ours = next(iter(children(several, "collection")), None)
    if ours is not None:
        return reader.compile(element, ours.get("source"), "collection"), ours.get("item")
    reference = several.findtext(f"{{{BPMN}}}loopDataInputRef")
    if not reference:
        return None, None
    item = several.find(f"{{{BPMN}}}inputDataItem")
    name = None if item is None else reader.variable_name(item)
    return reader.compile(element, reader.variable(reference), "loopDataInputRef"), name


def _results(
    reader: Reader, element: etree._Element, several: etree._Element
) -> tuple[str | None, Formula | None]:
    ours = next(iter(children(several, "results")), None)
    if ours is not None:
        return ours.get("name"), reader.compile(element, ours.get("source"), "results")
    reference = several.findtext(f"{{{BPMN}}}loopDataOutputRef")
    item = several.find(f"{{{BPMN}}}outputDataItem")
    if not reference or item is None:
        return None, None
    return reader.variable(reference), reader.compile(element, reader.variable_name(item), "outputDataItem")


def _behaviour(reader: Reader, element: etree._Element, several: etree._Element) -> list[Behaviour]:
    """Read what is thrown when rounds end; ``All``, the default, throws nothing."""
    kind = several.get("behavior", "All")
    said: list[tuple[Formula | str, str | None]] = []
    if kind == "None":
        said = [("each", several.get("noneBehaviorEventRef"))]
    elif kind == "One":
        said = [("first", several.get("oneBehaviorEventRef"))]
    elif kind == "Complex":
        for drawn in several.iterfind(f"{{{BPMN}}}complexBehaviorDefinition"):
            event = drawn.find(f"{{{BPMN}}}event")
            condition = reader.expression(element, drawn.find(f"{{{BPMN}}}condition"), "condition")
            if event is None or condition is None:
                continue
            references = [found.text for found in event.iterfind(f"{{{BPMN}}}eventDefinitionRef")]
            said += [(condition, reference) for reference in references]
    behaviour = []
    for when, reference in said:
        trigger = read_trigger(reader, element, reference or "")
        if trigger is not None:
            behaviour.append(Behaviour(trigger=trigger, when=when))  # type: ignore[arg-type]
    return behaviour


def whole(
    reader: Reader, element: etree._Element, at: etree._Element, attribute: str, *, least: int
) -> int | None:
    """Read a whole number from an attribute; None where it is not there or wrong."""
    text = at.get(attribute)
    if text is None:
        return None
    if not text.strip().lstrip("+").isdigit() or int(text) < least:
        reader.say(
            element,
            _("%(attribute)s cannot be %(text)s. Write a whole number from %(least)s on."),
            attribute=attribute,
            text=text,
            least=least,
        )
        return None
    return int(text)
