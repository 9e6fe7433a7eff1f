"""The public DMN Technology Compatibility Kit, where its data lie beside the checkout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine import decision
from engine.feel.temporal import parse_date, parse_date_time, parse_duration, parse_time

KIT = Path(__file__).parents[3].parent / "shared" / "data" / "dmn-tck"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TOLERANCE = Decimal("1e-8")
GOAL = 0.98

needs_kit = pytest.mark.skipif(not KIT.is_dir(), reason="the compatibility kit lies not beside the checkout")

READERS = {
    "decimal": Decimal,
    "double": Decimal,
    "float": Decimal,
    "integer": Decimal,
    "boolean": lambda text: text in ("true", "1"),
    "date": parse_date,
    "time": parse_time,
    "dateTime": parse_date_time,
    "duration": parse_duration,
    "dayTimeDuration": parse_duration,
    "yearMonthDuration": parse_duration,
}


@dataclass(frozen=True)
class Outcome:
    case: str
    decision: str
    passed: bool
    why: str


def children(element: Any, *names: str) -> list[Any]:
    return [one for one in element.iterchildren("{*}*") if etree.QName(one).localname in names]


def value_of(element: Any) -> Any:
    """Read a valueType element of the kit's schema."""
    if element is None:
        return None
    for inner in children(element, "value", "list", "component"):
        name = etree.QName(inner).localname
        if name == "component":
            return {one.get("name"): value_of(one) for one in children(element, "component")}
        if inner.get(f"{XSI}nil") == "true":
            return None
        if name == "list":
            return [value_of(item) for item in children(inner, "item")]
        kind = (inner.get(f"{XSI}type") or "string").split(":")[-1]
        text = "".join(inner.itertext())
        return READERS[kind](text.strip()) if kind in READERS else text
    return None


def agree(expected: Any, given: Any) -> bool:
    """Compare as the kit does: numbers to eight digits behind the point."""
    if isinstance(expected, Decimal) and isinstance(given, Decimal):
        return abs(expected - given) <= TOLERANCE
    if isinstance(expected, list) and isinstance(given, list):
        return len(expected) == len(given) and all(map(agree, expected, given))
    if isinstance(expected, dict) and isinstance(given, dict):
        return expected.keys() == given.keys() and all(
            agree(one, given[key]) for key, one in expected.items()
        )
    if type(expected) is not type(given):
        return False
    return bool(expected == given)


def run_folder(folder: Path) -> Iterator[Outcome]:
    models: dict[str, Any] = {}
    files = {file.name: file.read_bytes() for file in folder.glob("*.dmn")}
    for tests in sorted(folder.glob("*.xml")):
        root = etree.fromstring(tests.read_bytes(), etree.XMLParser(remove_comments=True))
        name = "".join(one.text or "" for one in children(root, "modelName")).strip()
        if name not in models:
            others = [content for other, content in files.items() if other != name]
            models[name] = decision.parse(files[name], imports=others, strict=False)
        for case in children(root, "testCase"):
            yield from run_case(models[name], f"{folder.name}/{case.get('id')}", case)


def run_case(model: Any, name: str, case: Any) -> Iterator[Outcome]:
    context = {one.get("name"): value_of(one) for one in children(case, "inputNode")}
    for result in children(case, "resultNode"):
        wanted = next(iter(children(result, "expected")), None)
        asked = case.get("invocableName") if case.get("type") in ("decisionService", "bkm") else None
        target = asked or result.get("name")
        expected = value_of(wanted)
        try:
            given = model.evaluate(target, context, now=NOW)
        except Exception as error:  # any exception is a failure of ours
            yield Outcome(name, target, False, f"raised {error!r}")
            continue
        value = given.value
        if asked and isinstance(value, dict) and result.get("name") in value:
            # A service of several output decisions: the case names one of them.
            value = value[result.get("name")]
        why = f"expected {expected!r}, got {value!r} {[str(one) for one in given.warnings][:3]}"
        yield Outcome(name, target, agree(expected, value), why)


@cache
def outcomes() -> tuple[Outcome, ...]:
    folders = sorted(file.parent for file in KIT.glob("compliance-level-*/*/*.dmn"))
    return tuple(outcome for folder in dict.fromkeys(folders) for outcome in run_folder(folder))


def has_tables(folder: Path) -> bool:
    return any("decisionTable>" in file.read_text(encoding="utf-8") for file in folder.glob("*.dmn"))


@needs_kit
def test_the_kit_passes_at_its_goal() -> None:
    everything = outcomes()
    failed = [outcome for outcome in everything if not outcome.passed]
    print(f"\n{len(everything) - len(failed)} of {len(everything)} results of the kit agree")
    for outcome in failed:
        print(f"  {outcome.case} {outcome.decision}: {outcome.why}")
    assert len(failed) <= (1 - GOAL) * len(everything)


@needs_kit
def test_every_decision_table_of_the_kit_passes() -> None:
    tables = {folder.name for folder in KIT.glob("compliance-level-*/*") if has_tables(folder)}
    assert tables
    assert [one for one in outcomes() if one.case.split("/")[0] in tables and not one.passed] == []
