"""Loop and multi-instance markers."""

from __future__ import annotations

import re
from typing import Literal

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN, children
from engine.machine.parse.events import read_thrown, read_trigger
from engine.machine.parse.reader import Reader
from engine.machine.spec import Behaviour, Formula, Rounds

_NUMBER = re.compile(r"-?\d*\.?\d+")


def read_rounds(reader: Reader, element: etree._Element) -> Rounds | None:
    """Read how often an activity is done; None where it is done once."""
    loop = element.find(f"{{{BPMN}}}standardLoopCharacteristics")
    several = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if loop is not None and several is not None:
        reader.say(element, _("It is a loop and a multi-instance at once. Choose one of them."))
    if loop is not None:
        return _loop(reader, element, loop)
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
        tested_before=reader.flag(loop, "testBefore", owner=element),
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
    result, result_item, own = _results(reader, element, several)
    return Rounds(
        kind="sequential" if reader.flag(several, "isSequential", owner=element) else "parallel",
        count=count,
        collection=collection,
        item=item,
        result=result,
        result_item=result_item,
        own=own,
        condition=reader.expression(
            element, several.find(f"{{{BPMN}}}completionCondition"), "completionCondition"
        ),
        behaviour=tuple(_behaviour(reader, element, several)),
    )


def _count(reader: Reader, element: etree._Element, several: etree._Element) -> Formula | None:
    said = several.find(f"{{{BPMN}}}loopCardinality")
    text = (said.text or "").strip().removeprefix("=").strip() if said is not None else ""
    # What is written out is looked at now, what is computed once it is known.
    if text.startswith('"') or (_NUMBER.fullmatch(text) and not text.isdigit()):
        reader.say(
            element, _("There cannot be %(count)s rounds. Write a whole number from 0 on."), count=text
        )
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
    reader.root(element, "data", reference, required=True)
    item = several.find(f"{{{BPMN}}}inputDataItem")
    name = None if item is None else reader.variable_name(item)
    return reader.compile(element, reader.variable(reference), "loopDataInputRef"), name


def _results(
    reader: Reader, element: etree._Element, several: etree._Element
) -> tuple[str | None, Formula | None, str | None]:
    ours = next(iter(children(several, "results")), None)
    if ours is not None:
        return ours.get("name"), reader.compile(element, ours.get("source"), "results"), None
    reference = several.findtext(f"{{{BPMN}}}loopDataOutputRef")
    item = several.find(f"{{{BPMN}}}outputDataItem")
    if not reference or item is None:
        return None, None, None
    own = reader.variable_name(item)
    return reader.variable(reference), reader.compile(element, own, "outputDataItem"), own


def _behaviour(reader: Reader, element: etree._Element, several: etree._Element) -> list[Behaviour]:
    """Read what is thrown when rounds end; ``All``, the default, throws nothing."""
    kind = reader.word(several, "behavior", ("All", "None", "One", "Complex"), owner=element)
    if kind == "None":
        return _thrown(reader, element, several.get("noneBehaviorEventRef"), "each")
    if kind == "One":
        return _thrown(reader, element, several.get("oneBehaviorEventRef"), "first")
    behaviour: list[Behaviour] = []
    for drawn in several.iterfind(f"{{{BPMN}}}complexBehaviorDefinition") if kind == "Complex" else ():
        event = drawn.find(f"{{{BPMN}}}event")
        condition = reader.expression(element, drawn.find(f"{{{BPMN}}}condition"), "condition")
        if event is not None and condition is not None:
            thrown = read_thrown(reader, element, event)
            behaviour += [Behaviour(trigger=trigger, when=condition) for trigger in thrown]
    return behaviour


def _thrown(
    reader: Reader, element: etree._Element, reference: str | None, when: Literal["first", "each"]
) -> list[Behaviour]:
    """Read what is thrown by a reference. Without one it is a signal that nobody can name: nothing."""
    trigger = read_trigger(reader, element, reference) if reference else None
    return [] if trigger is None else [Behaviour(trigger=trigger, when=when)]


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
