"""What a process folder holds agrees with itself: drawing, forms, messages, scenarios, catalogues."""

import json
import re
import tomllib
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
import SpiffWorkflow
from lxml import etree

from engine import feel
from engine.i18n import read_catalogue
from engine.notify.sms_text import sms_size

ROOT = Path(__file__).parents[2] / "bpmn"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
CALLWRIGHT = "{urn:callwright:bpmn:1}"
FOLDERS = sorted(path.parent for path in ROOT.glob("*/process.toml"))
LOCALES = ("zh_Hans", "zh_Hant")

pytestmark = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)


@cache
def drawing(folder):
    return etree.parse(str(folder / f"{folder.name}.bpmn"))


@cache
def process_toml(folder):
    return tomllib.loads((folder / "process.toml").read_text(encoding="utf-8"))


@cache
def forms(folder):
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("forms/*.form"))
    }


@cache
def messages(folder):
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("messages/*.toml"))
    }


@cache
def scenarios(folder):
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("scenarios/*.toml"))
    }


def catalogue(folder, locale):
    return read_catalogue((folder / "locale" / locale / "LC_MESSAGES" / "messages.po").read_bytes())


def drawn(folder):
    """Every flow node and sequence flow by id."""
    process = drawing(folder).find(f"{BPMN}process")
    return {
        element.get("id"): element
        for element in process.iter()
        if isinstance(element.tag, str)
        and re.search(r"(Task|Gateway|Activity|Event|sequenceFlow)$", element.tag)
    }


def nodes(folder, tag):
    return {key: element for key, element in drawn(folder).items() if element.tag == f"{BPMN}{tag}"}


def fields(components):
    for component in components:
        yield component
        yield from fields(component.get("components", []))


# -- the drawing ---------------------------------------------------------------------------------------


def test_folder_file_and_process_have_one_name(folder):
    process = drawing(folder).find(f"{BPMN}process")
    assert (process.get("id"), process_toml(folder)["key"]) == (folder.name, folder.name)
    assert process.get("isExecutable") == "true"


def test_the_drawing_is_bpmn_2_0(folder):
    schema = Path(SpiffWorkflow.__file__).parent / "bpmn" / "parser" / "schema" / "BPMN20.xsd"
    etree.XMLSchema(etree.parse(str(schema))).assertValid(drawing(folder))


def test_everything_drawn_has_a_place_and_a_name(folder):
    shown = {
        shape.get("bpmnElement")
        for kind in ("BPMNShape", "BPMNEdge")
        for shape in drawing(folder).iter(f"{DI}{kind}")
    }
    assert shown == set(drawn(folder))
    unnamed = [key for key, element in drawn(folder).items() if not element.tag.endswith("sequenceFlow")]
    assert [key for key in unnamed if not drawn(folder)[key].get("name")] == []


def test_a_choice_names_its_ways_and_has_a_default(folder):
    for gateway in nodes(folder, "exclusiveGateway").values():
        ways = [
            flow
            for flow in nodes(folder, "sequenceFlow").values()
            if flow.get("sourceRef") == gateway.get("id")
        ]
        if len(ways) > 1:
            assert all(way.get("name") for way in ways), gateway.get("id")
            assert gateway.get("default") in {way.get("id") for way in ways}


def test_nothing_lies_over_anything_else(folder):
    boxes = {}
    for shape in drawing(folder).iter(f"{DI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        x, y, width, height = (float(bounds.get(key)) for key in ("x", "y", "width", "height"))
        if shape.get("bpmnElement") not in nodes(folder, "boundaryEvent"):
            boxes[shape.get("bpmnElement")] = (x, y, x + width, y + height)
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one} and {other}"


# -- what the drawing names is there -------------------------------------------------------------------


def test_every_form_and_message_that_is_named_is_there_and_no_other(folder):
    settings = list(drawing(folder).iter(f"{CALLWRIGHT}*"))
    starts = process_toml(folder).get("start", [])
    named = {found.get("form") for found in settings if found.tag == f"{CALLWRIGHT}task"}
    assert (named | {start.get("form") for start in starts}) - {None} == set(forms(folder))
    said = {found.get("message") for found in settings if found.tag == f"{CALLWRIGHT}notify"}
    # Without one the product says it in its own words.
    assert said - {None} == set(messages(folder))


def test_a_message_speaks_on_the_channel_it_is_sent_by(folder):
    for notify in drawing(folder).iter(f"{CALLWRIGHT}notify"):
        key, channel = notify.get("message"), notify.get("channel")
        channels = {"sms", "email", "in_app"} if channel == "preferred" else {channel}
        assert key is None or channels <= set(messages(folder)[key]), key


def test_conditions_ask_only_for_outcomes_that_exist(folder):
    offered = {
        key: {outcome.get("name") for outcome in task.iter(f"{CALLWRIGHT}outcome")}
        for key, task in nodes(folder, "userTask").items()
    }
    for condition in drawing(folder).iter(f"{BPMN}conditionExpression"):
        for step, outcome in re.findall(r'decisions\.(\w+)\.outcome = "(\w+)"', condition.text):
            assert outcome in offered[step]
    for task in nodes(folder, "userTask").values():
        for reply in task.iter(f"{CALLWRIGHT}reply"):
            assert reply.get("outcome") is None or reply.get("outcome") in offered[task.get("id")]


def test_starts_and_called_processes_exist(folder):
    for start in process_toml(folder).get("start", []):
        assert start["event"] in nodes(folder, "startEvent")
    called = {call.get("calledElement") for call in nodes(folder, "callActivity").values()}
    assert called == set(process_toml(folder).get("calls", []))
    assert all((ROOT / key / "process.toml").exists() for key in called)


def test_groups_that_are_named_are_declared(folder):
    text = etree.tostring(drawing(folder), encoding="unicode")
    for path in folder.glob("*.dmn"):
        text += path.read_text(encoding="utf-8")
    declared = set(process_toml(folder).get("groups", {}))
    named = set(re.findall(r"group:(\w+)", text)) | set(re.findall(r'<text>"(\w+_handlers)"', text))
    named |= set(re.findall(r"""candidateGroups='"(\w+)"'""", text))
    assert named <= declared


def test_forms_are_form_js_with_a_key_and_a_label_for_each_field(folder):
    for name, form in forms(folder).items():
        assert (form["type"], form["id"], form["schemaVersion"]) == ("default", name, 18)
        found = list(fields(form["components"]))
        assert len({field["id"] for field in found}) == len(found)
        for field in found:
            if field["type"] != "text":
                # A list has a path in place of a key.
                assert re.fullmatch(r"[a-z_]+", field.get("key") or field["path"])
                assert field.get("label") or field.get("dateLabel") or field.get("timeLabel")


# -- scenarios -----------------------------------------------------------------------------------------


def test_a_scenario_reaches_every_end_and_every_boundary_event(folder):
    reached = set()
    for scenario in scenarios(folder).values():
        reached |= {scenario["then"].get("end"), *scenario["then"]["path"]}
    assert set(nodes(folder, "endEvent")) | set(nodes(folder, "boundaryEvent")) <= reached


def test_scenarios_speak_of_what_is_drawn(folder):
    for name, scenario in scenarios(folder).items():
        # A rejection may end a process at its step.
        assert scenario["then"].get("end") in [None, *nodes(folder, "endEvent")], name
        assert set(scenario["then"]["path"]) <= set(drawn(folder)), name
        said = {entry.get("message") for entry in scenario["then"].get("notified", [])} - {None}
        assert said <= {path.stem for path in ROOT.glob("*/messages/*.toml")}
        for step in scenario.get("step", []):
            if "task" in step:
                outcomes = {
                    outcome.get("name")
                    for outcome in nodes(folder, "userTask")[step["task"]].iter(f"{CALLWRIGHT}outcome")
                }
                assert step["outcome"] in outcomes, name
                assert step["by"] in scenario["people"], name


# -- messages ------------------------------------------------------------------------------------------


TYPICAL = {
    "business_key": "T-260302-0017",
    "reference": "T-260302-0017",
    "rating": 2,
    "link": "https://12345.example/h/Ab3dE6gH9jK2mN5pQ",
    "note": None,
    "support_text": None,
    "gives_text": "2026-03-09 09:00-17:00",
    "decisions": {"dispatch": {"opinion": None}},
}
ENGLISH = TYPICAL | {"summary": "Burst pipe in the street", "task": {"due": "2 Mar 2026, 13:00"}}
CHINESE = TYPICAL | {"summary": "街上水管爆裂", "task": {"due": "3月2日 13:00"}}


def test_an_english_sms_fits_one_segment(folder):
    for name, message in messages(folder).items():
        if "sms" in message:
            size = sms_size(feel.render(message["sms"]["text"], ENGLISH))
            assert (size.encoding, size.segment_count) == ("GSM-7", 1), name


@pytest.mark.parametrize("locale", LOCALES)
def test_a_chinese_sms_fits_one_segment_unless_it_holds_a_link(folder, locale):
    said = catalogue(folder, locale)
    for name, message in messages(folder).items():
        if "sms" in message:
            text = said[message["sms"]["text"]]
            assert sms_size(feel.render(text, CHINESE)).segment_count == 1 + ("link" in text), name


def test_an_sms_to_staff_holds_nothing_of_the_reporter(folder):
    toml = process_toml(folder)
    hidden = {name for name, variable in toml.get("variables", {}).items() if variable.get("sensitive")}
    hidden |= {"description"}
    for name, message in messages(folder).items():
        text = message.get("sms", {}).get("text", "")
        holes = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"\{\{(.*?)\}\}", text))))
        assert not holes & hidden, name
