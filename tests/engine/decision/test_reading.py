"""Files that no model should be: they are refused, whatever they try."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine import decision
from engine.errors import DefinitionError

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"
BODY = '<decision id="d" name="d"><literalExpression><text>{}</text></literalExpression></decision>'
SOUND = f'<definitions xmlns="{NAMESPACE}" name="m" namespace="urn:m">{BODY.format("1 + 1")}</definitions>'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not XML"),
        (b"\x00\xff", "not XML"),
        (b"<definitions/>", "not a DMN model"),
        (b'<definitions xmlns="urn:other"/>', "not a DMN model"),
        (b"<!DOCTYPE definitions>" + SOUND.encode(), "document type"),
        (
            b'<!DOCTYPE definitions [<!ENTITY a "1">]>' + SOUND.replace("1 + 1", "&a;").encode(),
            "document type",
        ),
        (b" " * 2_000_001, "at most 2000000 bytes"),
        (SOUND.replace("<decision", "<import/>" * 20_001 + "<decision").encode(), "at most 20000 elements"),
        (("<a>" * 300).encode(), "not XML"),
    ],
    ids=range(9),
)
def test_a_file_that_is_no_model_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(DefinitionError, match=says):
        decision.parse(content)


def test_no_file_is_read_through_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    attack = f'<!DOCTYPE definitions [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + SOUND.replace(
        "1 + 1", "&x;"
    )
    for content in (attack.encode(), attack.encode("utf-16")):
        with pytest.raises(DefinitionError) as caught:
            decision.parse(content)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        NAMESPACE,
    ],
)
def test_every_version_of_the_standard_is_read(namespace: str) -> None:
    assert decision.parse(SOUND.replace(NAMESPACE, namespace).encode()).evaluate("d", {}).value == 2


def test_damaged_models_are_refused_or_read_and_never_raise_anything_else() -> None:
    chance = random.Random(20260302)
    table = (
        '<decisionTable hitPolicy="COLLECT"><input><inputExpression><text>a</text></inputExpression></input>'
        '<output name="x"/><rule><inputEntry><text>&gt; 1</text></inputEntry><outputEntry><text>"a"</text>'
        "</outputEntry></rule></decisionTable>"
    )
    sound = SOUND.replace(
        "</definitions>",
        '<itemDefinition name="tA" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
        '<inputData id="a" name="a"><variable name="a" typeRef="tA"/></inputData><decision id="e" name="e">'
        '<variable name="e" typeRef="tA"/><informationRequirement><requiredInput href="#a"/>'
        f"</informationRequirement>{table}</decision></definitions>",
    )
    words = sound.replace(">", "> ").replace("<", " <").replace('"', ' " ').split(" ")
    for _ in range(1_500):
        damaged = list(words)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice((damaged[chance.randrange(len(damaged))], "", "tA", "#d", "null"))
        content = "".join(
            word if word.startswith("<") or word in ('"', "") else f" {word} " for word in damaged
        ).encode()
        for strict in (True, False):
            try:
                model = decision.parse(content, strict=strict)
            except DefinitionError:
                continue
            for name in model.decisions:
                model.evaluate(name, {"a": 2})
