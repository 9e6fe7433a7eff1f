# ruff: noqa: E501 - one attack, one line
"""Hostile files: attacks that have a name, and mutations of what is shipped."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.testing.sketch import sketch

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "bpmn" / "ticket_routing"
Files = Mapping[str, bytes]

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"
HEAD = f'<definitions xmlns="{BPMN}" xmlns:callwright="urn:callwright:bpmn:1" targetNamespace="u">'


# -- what is sent ----------------------------------------------------------------------------------------


def _process(inside: str, head: str = "") -> bytes:
    return f'{head}{HEAD}<process id="p" isExecutable="true">{inside}</process></definitions>'.encode()


def _decision(text: str, head: str = "") -> bytes:
    return (
        f'{head}<definitions xmlns="{DMN}" name="d" namespace="u"><decision id="d" name="d">'
        f"<literalExpression><text>{text}</text></literalExpression></decision></definitions>"
    ).encode()


def _form(*fields: Mapping[str, Any], **said: Any) -> bytes:
    return json.dumps({"schemaVersion": 18, "type": "default", "components": list(fields), **said}).encode()


def _zip(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


def _lying_zip() -> bytes:
    """A member that says it is small and unpacks to 50 MB."""
    packed = bytearray(_zip({"a.bpmn": b"\0" * 50_000_000}))
    directory = packed.rindex(b"PK\x01\x02")
    struct.pack_into("<I", packed, directory + 24, 1_000)
    struct.pack_into("<I", packed, 22, 1_000)
    return bytes(packed)


def _long_condition(text: str) -> bytes:
    condition = f"<conditionExpression>{text}</conditionExpression>"
    flows = f'<sequenceFlow id="f" sourceRef="a" targetRef="b">{condition}</sequenceFlow>'
    return _process(f'<task id="a"/><task id="b"/>{flows}')


def attacks(url: str, secret: Path) -> dict[str, Files]:
    """The attacks that have a name.

    Args:
        url: Where nobody may be called.
        secret: A file that nobody may read.
    """
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    good = sketch("start a\nend b\na -> b")
    field = {"type": "textfield", "key": "x", "label": "X", "id": "f"}
    group = '{"type": "group", "id": "g", "components": ['
    deep = f'{{"schemaVersion": 18, "type": "default", "components": [{group * 300}{"]}" * 300}]}}'.encode()
    flows = "".join(f'<sequenceFlow id="f{n}" sourceRef="x{n}" targetRef="y{n}"/>' for n in range(19_000))
    same = "".join('<task id="a"/>' for _ in range(19_000))
    tasks = "".join(f'<task id="t{n}"/>' for n in range(9_000))
    joined = tasks + "".join(
        f'<sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="t{n + 1}"/>' for n in range(8_999)
    )
    many = "".join(f'<sequenceFlow id="f{n}" sourceRef="t{n % 30}" targetRef="t{n // 30 % 30}"/>'
                   for n in range(15_000))  # fmt: skip
    lanes = "".join(f'<lane id="l{n}" name="l"><flowNodeRef>t{n}</flowNodeRef></lane>' for n in range(6_000))
    subs = '<subProcess id="{}">'
    nested = "".join(subs.format(f"s{n}") for n in range(200)) + "</subProcess>" * 200
    return {
        "a local file by an entity": {"a.bpmn": _process('<task id="a" name="&x;"/>',
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>')},
        "an address by an entity": {"a.bpmn": _process('<task id="a" name="&x;"/>',
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "{url}/entity">]>')},
        "an address by a parameter entity": {"a.bpmn": _process("",
            f'<!DOCTYPE d [<!ENTITY % x SYSTEM "{url}/parameter"> %x;]>')},
        "an outside document type": {"a.bpmn": _process("", f'<!DOCTYPE d SYSTEM "{url}/dtd">')},
        "an entity in a decision": {"a.dmn": _decision("&x;",
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>')},
        "an address in a decision": {"a.dmn": _decision("&x;",
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "{url}/decision">]>')},
        "an included file": {"a.bpmn": _process(
            f'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file://{secret}" parse="text"/>')},
        "a schema's address": {"a.bpmn": good.replace(b"<definitions ",
            b'<definitions xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="u '
            + url.encode() + b'/schema" ', 1)},
        "a style sheet's address": {"a.bpmn":
            f'<?xml-stylesheet href="{url}/style" type="text/xsl"?>'.encode() + good},
        "an import's address": {"a.bpmn": good.replace(b"<process ",
            f'<import importType="{BPMN}" location="{url}/import" namespace="u"/><process '.encode(), 1)},
        "a decision's import": {"a.dmn": _decision("1").replace(b"<decision ",
            f'<import namespace="v" name="v" importType="{DMN}" locationURI="{url}/dmn"/><decision '.encode(),
            1)},
        "a form's source": {"a.form": _form({"type": "select", "key": "x", "id": "f", "source": url})},
        "entities that laugh": {"a.bpmn": _process('<task id="a" name="&a11;"/>',
            f'<!DOCTYPE d [<!ENTITY a0 "ha">{laughs}]>')},
        "entities that laugh in a decision": {"a.dmn": _decision("&a11;",
            f'<!DOCTYPE d [<!ENTITY a0 "ha">{laughs}]>')},
        "one entity often": {"a.bpmn": _process('<task id="a" name="' + "&x;" * 100_000 + '"/>',
            f'<!DOCTYPE d [<!ENTITY x "{"h" * 100_000}">]>')},
        "100,000 elements deep": {"a.bpmn": b"<a>" * 100_000 + b"</a>" * 100_000},
        "250 elements deep": {"a.bpmn": HEAD.encode() + b"<a>" * 250 + b"</a>" * 250 + b"</definitions>"},
        "sub-processes within each other": {"a.bpmn": _process(nested)},
        "unclosed elements": {"a.bpmn": HEAD.encode() + b"<process>" * 100_000},
        "50 MB of drawing": {"a.bpmn": HEAD.encode() + b"<!-- " + b"x" * 50_000_000 + b" --></definitions>"},
        "50 MB of decision": {"a.dmn": b"<definitions>" + b" " * 50_000_000 + b"</definitions>"},
        "50 MB of form": {"a.form": b'{"x": "' + b"x" * 50_000_000 + b'"}'},
        "50 MB of catalogue": {"a.bpmn": good,
            "locale/zh_Hans/LC_MESSAGES/messages.po": b'msgid "a"\nmsgstr "b"\n\n' * 2_500_000},
        "50 MB of manifest": {"a.bpmn": good, "process.toml": b'x = "' + b"x" * 50_000_000 + b'"'},
        "50 MB of nothing known": {"a.bpmn": good, "picture.png": b"x" * 50_000_000},
        "more than a request may have": {"a.bpmn": b"x" * 70_000_000},
        "2 MB of an attribute": {"a.bpmn": _process(f'<task id="a" name="{"x" * 1_900_000}"/>')},
        "2 MB of an id": {"a.bpmn": _process(f'<task id="{"x" * 1_900_000}"/>')},
        "20,000 flows to nowhere": {"a.bpmn": _process(flows)},
        "20,000 elements of one id": {"a.bpmn": _process(same)},
        "9,000 tasks in a row": {"a.bpmn": _process(joined)},
        "6,000 sub-processes": {"a.bpmn": _process("".join(
            f"<subProcess id='s{n}'><task id='t{n}'/></subProcess>" for n in range(6_000)))},
        "6,000 ad-hoc sub-processes": {"a.bpmn": _process("".join(
            f"<adHocSubProcess id='s{n}'><task id='t{n}'/></adHocSubProcess>" for n in range(6_000)))},
        "3,000 event sub-processes": {"a.bpmn": _process("<task id='a'/>" + "".join(
            f"<subProcess id='s{n}' triggeredByEvent='true'><startEvent id='t{n}'><timerEventDefinition>"
            "<timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent></subProcess>"
            for n in range(3_000)))},
        "4,000 boundary events": {"a.bpmn": _process("<task id='a'/>" + "".join(
            f"<boundaryEvent id='b{n}' attachedToRef='a'><timerEventDefinition><timeDuration>PT1H</timeDuration>"
            "</timerEventDefinition></boundaryEvent>" for n in range(4_000)))},
        "15,000 flows among 30 tasks": {"a.bpmn": _process(tasks[:600] + many)},
        "6,000 lanes": {"a.bpmn": _process(f"<laneSet id='s'>{lanes}</laneSet>{tasks}")},
        "20,000 attributes": {"a.bpmn": _process("<task id='a' " + " ".join(
            f"x{n}='1'" for n in range(20_000)) + "/>")},
        "20,000 namespaces": {"a.bpmn": _process("<task id='a' " + " ".join(
            f"xmlns:x{n}='u{n}' x{n}:a='1'" for n in range(20_000)) + "/>")},
        "an expression within 5,000 brackets": {"a.bpmn": _long_condition("(" * 5_000 + "1" + ")" * 5_000)},
        "5,000 minus signs": {"a.bpmn": _long_condition("-" * 5_000 + "1")},
        "a list of 50,000 elements": {"a.bpmn": _long_condition(f"[{','.join('1' for _ in range(50_000))}]")},
        "an if within 2,000 ifs": {"a.bpmn": _long_condition("if a then " * 2_000 + "1" + " else 1" * 2_000)},
        "a number of a million digits": {"a.bpmn": _long_condition("9" * 1_000_000)},
        "a number with a large exponent": {"a.bpmn": _long_condition("1e999999999 ** 999999")},
        "a path of 100,000 steps": {"a.bpmn": _long_condition("a" + ".b" * 100_000)},
        "a chain of 50,000 and": {"a.bpmn": _long_condition(" and ".join("a" for _ in range(50_000)))},
        "5,000 expressions of one error": {"a.bpmn": _process("".join(
            f'<task id="t{n}"><extensionElements><callwright:input name="x" source="((("/>'
            f"</extensionElements></task>" for n in range(5_000)))},
        "a decision of 5,000 rules": {"a.dmn": _rules(5_000)},
        "a decision that needs itself": {"a.dmn": _decision("1").replace(b"<literal",
            b'<informationRequirement><requiredDecision href="#d"/></informationRequirement><literal', 1)},
        "a function within 1,000 functions": {"a.dmn": _decision("function(x) " * 1_000 + "x")},
        "a context within 1,000 contexts": {"a.dmn": _decision("{a: " * 1_000 + "1" + "}" * 1_000)},
        "a form within 300 groups": {"a.form": deep},
        "100,000 brackets of JSON": {"a.form": b"[" * 100_000 + b"]" * 100_000},
        "10,000 fields": {"a.form": _form(*({**field, "key": f"x{n}", "id": f"f{n}"} for n in range(10_000)))},
        "10,000 fields of one key": {"a.form": _form(*(field for _ in range(10_000)))},
        "a number of a million digits in a form": {"a.form": b'{"schemaVersion": ' + b"9" * 1_000_000 + b"}"},
        "not-a-number in a form": {"a.form": b'{"schemaVersion": NaN, "components": [Infinity, -Infinity]}'},
        "a lone surrogate in a form": {"a.form": _form({**field, "label": "\ud800", "key": "\ud800"})},
        "a pattern without end": {"a.form": _form({**field, "validate": {"pattern": "(a+)+" * 20 + "$"}})},
        "a large pattern": {"a.form": _form({**field, "validate": {"pattern": "(a{1,999}){1,999}" * 50}})},
        "a form of a list": {"a.form": b"[]"},
        "a form of null": {"a.form": b"null"},
        "components that are none": {"a.form": _form(1, None, "x", [], [[]], {"type": 5}, {"type": [1]})},  # type: ignore[arg-type]
        "a drawing in UTF-16": {"a.bpmn": good.decode().encode("utf-16")},
        "a drawing in UTF-7": {"a.bpmn": b'<?xml version="1.0" encoding="UTF-7"?>' + good},
        "a drawing that lies about its encoding": {"a.bpmn": b'<?xml version="1.0" encoding="UTF-16"?>' + good},
        "a drawing of NULs": {"a.bpmn": b"\0" * 1_000_000},
        "an empty drawing": {"a.bpmn": b""},
        "a NUL in a name": {"a\0b.bpmn": good},
        "a very long name": {"x" * 5_000 + ".bpmn": good},
        "a name out of the folder": {"../../../../etc/a.bpmn": good},
        "a packed bomb": {"a.zip": _zip({"a.bpmn": b"\0" * 50_000_000})},
        "a packed bomb of many": {"a.zip": _zip({f"{n}.bpmn": b"\0" * 5_000_000 for n in range(60)})},
        "a packed bomb by another method": {"a.zip": _zip({"a.bpmn": b"\0" * 49_000_000}, zipfile.ZIP_LZMA)},
        "a packed bomb that lies": {"a.zip": _lying_zip()},
        "a packed bomb in a packed bomb": {"a.zip": _zip({"b.zip": _zip({"a.bpmn": b"\0" * 9_000_000}),
                                                          "a.bpmn": good})},
        "10,000 members": {"a.zip": _zip({f"{n}.txt": b"" for n in range(10_000)})},
        "members out of the folder": {"a.zip": _zip({"../../a.bpmn": good, "/etc/b.bpmn": good})},
        "a member with a NUL": {"a.zip": _zip({"a.bpmn": good}).replace(b"a.bpmn", b"a\0bpmn")},
        "half of a zip": {"a.zip": _zip({"a.bpmn": good})[:-30]},
        "a zip that is encrypted": {"a.zip": bytes(
            byte if at not in (6,) else 1 for at, byte in enumerate(_zip({"a.bpmn": good})))},
        "a manifest of nested tables": {"a.bpmn": good, "process.toml": b"[" + b"a." * 50_000 + b"b]"},
        "a manifest of nested lists": {"a.bpmn": good, "process.toml": b"x = " + b"[" * 50_000},
        "a manifest in another encoding": {"a.bpmn": good, "process.toml": "key = '流程'".encode("gb18030")},
        "a catalogue in another encoding": {"a.bpmn": good,
            "locale/zh_Hans/LC_MESSAGES/messages.po": 'msgid "a"\nmsgstr "流"'.encode("gb18030")},
        "200 small drawings": {f"{n}.bpmn": sketch("start a\nend b\na -> b", key=f"p{n}") for n in range(200)},
        "5,000 small files": {f"{n}.txt": b"x" for n in range(5_000)},
    }  # fmt: skip


def _rules(count: int) -> bytes:
    rule = (
        '<rule id="r{0}"><inputEntry><text>[{0}..{0}9]</text></inputEntry>'
        "<outputEntry><text>{0}</text></outputEntry></rule>"
    )
    rules = "".join(rule.format(n) for n in range(count))
    return (
        f'<definitions xmlns="{DMN}" name="d" namespace="u"><inputData id="x" name="x"/>'
        '<decision id="d" name="d"><informationRequirement><requiredInput href="#x"/>'
        "</informationRequirement><decisionTable><input><inputExpression><text>x</text></inputExpression>"
        f"</input><output/>{rules}</decisionTable></decision></definitions>"
    ).encode()


# -- mutations -------------------------------------------------------------------------------------------

_HOSTILE = (
    "", " ", "\t\n", "0", "-1", "1e999", "9" * 400, "null", "true", "[]", "{}", "((", "))", '"', "'", "&lt;", "&amp;&amp;",
    "${7*7}", "{{7*7}}", "{{", "}}", "{%", "%s%n", "%(x)s", "../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/",
    "R/PT0S", "R99999999/PT1S", "P99999999999Y", "-PT1H", "2026-13-99T99:99:99Z", "0000-00-00", "PT", "x" * 5_000,
    "流程", "😀", "\u202e", "\ufeff", "a b", "a.b.c", "a:b", "#a", "@", "=", "= 1", "for x in 1..999999999 return x",
    "if", "function(x) x(x)", "date(", "2 ** 2 ** 99", "some x in y satisfies", "__class__", "p", "a", "begin", "open",
)  # fmt: skip
_KEYS = (
    "key", "title", "business_key", "start", "groups", "variables", "worklist", "variables.x", "sms", "text",
    "subject", "email", "message", "path", "none_such",
)  # fmt: skip
_TOML_VALUES = (
    "7", "-1", "1e400", "true", '""', "[]", "[1]", "[[]]", '["a", 1]', "{}", "{ a = 1 }", "2026-01-01", '"\\u0000"',
    '"{{ number"', '"{{ }}"', "99999999999999999999",
)  # fmt: skip
_TAGS = re.compile(rb"<(/?)([\w:]+)")
_VALUES = re.compile(rb'="([^"]*)"')
_TEXTS = re.compile(rb">([^<>]+)<")


def mutated(chance: random.Random, content: bytes, path: str) -> bytes:
    """Change a file in some places."""
    for _change in range(chance.choice([1, 1, 1, 2, 3, 8])):
        if path.endswith(".form") and chance.random() < 0.7:
            content = _mutate_json(chance, content)
        elif path.endswith((".bpmn", ".dmn")) and chance.random() < 0.7:
            content = _mutate_xml(chance, content)
        elif path.endswith(".toml") and chance.random() < 0.7:
            content = _mutate_toml(chance, content)
        else:
            content = _mutate_bytes(chance, content)
    return content


def _mutate_bytes(chance: random.Random, content: bytes) -> bytes:
    at, other = sorted((chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)))
    other = min(other, at + chance.choice([1, 5, 50, 500]))
    act = chance.randrange(5)
    if act == 0:
        return content[:at] + content[other:]
    if act == 1:
        return (
            content[:at] + bytes(chance.randrange(256) for _ in range(chance.choice([1, 4]))) + content[at:]
        )
    if act == 2:
        return content[:other] + content[at:other] * chance.choice([1, 2, 50]) + content[other:]
    if act == 3:
        return content[:at] + chance.choice(_HOSTILE).encode() + content[other:]
    return content[:at]


def _mutate_xml(chance: random.Random, content: bytes) -> bytes:
    act = chance.randrange(6)
    if act <= 2:
        pattern = _VALUES if act < 2 else _TEXTS
        found = list(pattern.finditer(content))
        if not found:
            return content
        one = chance.choice(found)
        said = chance.choice(_HOSTILE).replace('"', "&quot;").replace("<", "&lt;").encode()
        if chance.random() < 0.4:
            said = chance.choice(found)[1]
        return content[: one.start(1)] + said + content[one.end(1) :]
    tags = [one for one in _TAGS.finditer(content) if not one[1]]
    if not tags:
        return content
    one, other = chance.choice(tags), chance.choice(tags)
    end = content.find(b"</" + one[2] + b">", one.start())
    end = content.find(b">", one.start()) + 1 if end < 0 else end + len(one[2]) + 3
    piece = content[one.start() : end]
    if act == 3:
        return content[: one.start()] + content[end:]
    if act == 4:
        at = content.find(b">", other.start()) + 1
        return content[:at] + piece + content[at:]
    return content.replace(b"<" + one[2], b"<" + other[2], 1).replace(b"</" + one[2], b"</" + other[2], 1)


def _mutate_toml(chance: random.Random, content: bytes) -> bytes:
    lines = content.decode(errors="replace").splitlines()
    if not lines:
        return content
    at = chance.randrange(len(lines))
    key, equals, value = lines[at].partition(" = ")
    act = chance.randrange(5)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(at, lines[chance.randrange(len(lines))])
    elif not equals:
        lines[at] = chance.choice(
            [f"[{lines[at]}]", lines[at].strip("[]"), f"[{chance.choice(_KEYS)}]", "[[start]]"]
        )
    elif act == 2:
        lines[at] = f"{chance.choice(_KEYS)} = {value}"
    else:
        lines[at] = f"{key} = {chance.choice(_TOML_VALUES)}"
    return "\n".join(lines).encode()


def _mutate_json(chance: random.Random, content: bytes) -> bytes:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return content
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            places.append((value, key))
            if isinstance(inner, dict | list):
                walk(inner)

    if isinstance(said, dict | list):
        walk(said)
    if not places:
        return content
    holder, key = chance.choice(places)
    act = chance.randrange(4)
    if act == 0:
        del holder[key]
    elif act == 1 and isinstance(holder, dict):
        holder[chance.choice(_HOSTILE)] = holder.pop(key)
    else:
        other, other_key = chance.choice(places)
        holder[key] = chance.choice(
            [None, True, -1, 10**400, 1e308, 0.1, "", [], {}, [[]], chance.choice(_HOSTILE),
             json.loads(json.dumps(other.get(other_key) if isinstance(other, dict) else None))]
        )  # fmt: skip
    return json.dumps(said).encode()


def seeds() -> list[Files]:
    """What is mutated: what is shipped, and small drawings of every construct."""
    ticket = {
        path.relative_to(SHIPPED).as_posix(): path.read_bytes()
        for path in sorted(SHIPPED.rglob("*"))
        if path.is_file()
        and path.suffix in (".bpmn", ".dmn", ".form", ".toml", ".po")
        and "scenarios" not in path.parts
    }
    loose = [
        {Path(path).name: content}
        for path, content in ticket.items()
        if path.endswith((".bpmn", ".dmn", ".form"))
    ]
    small = [
        sketch("start a\nuser b parallel=3 until='x > 1'\nboundary c on=b timer=PT1H beside\nend d\na -> b -> d\nc -> d"),
        sketch("start a\nxor b\nscript c run='x = 1'\nsub s loop='x < 3' maximum=5\n start e\n end f error=E\n e -> f\n"
               "boundary g on=s error=E\nend h\na -> b\nb -> c [x > 1]\nb -> s *\nc -> h\ng -> h"),
        sketch("start a message=m\nevent b\ncatch c message=n key=x\ncatch d timer=R3/PT1H\nand e\nend f signal=s\n"
               "a -> b\nb -> c\nb -> d\nc -> e\nd -> e\ne -> f\nguard g\n start i signal=s beside\n end j terminate\n i -> j"),
        sketch("start a\nservice b service=tickets.open\nrule c\ncall d calls=follow_up input=x:1 output=y:x\n"
               "send e message=m\nthrow f link=l\ncatch g link=l\ncomplex h activation='x > 1'\nadhoc i\n task j\n"
               "a -> b -> c -> d -> e -> f\ng -> h -> i"),
    ]  # fmt: skip
    return [*loose, *loose, *({"small.bpmn": one} for one in small), ticket]


def mutations(chance: random.Random) -> Iterator[Files]:
    """Mutated files without end."""
    known = seeds()
    while True:
        files = dict(chance.choice(known))
        path = chance.choice(sorted(files))
        files[path] = mutated(chance, files[path], path)
        packed = len(files) > 1 and chance.random() < 0.3
        if packed:
            content = _zip(files)
            files = {"a.zip": _mutate_bytes(chance, content) if chance.random() < 0.3 else content}
        yield files
