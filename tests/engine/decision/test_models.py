"""Models: requirement graphs, knowledge, services, imports, types, boxed expressions of every kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine import decision
from engine.errors import DefinitionError, NotFound

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="{}">'


def parse(body: str, namespace: str = "urn:m", **options: Any) -> Any:
    return decision.parse(f"{HEAD.format(namespace)}{body}</definitions>".encode(), **options)


def literal(text: str) -> str:
    return f"<literalExpression><text>{text}</text></literalExpression>"


def needs(*references: str) -> str:
    return "".join(
        f"<{kind}><{what} href='{href}'/></{kind}>"
        for what, href in (reference.split(" ") for reference in references)
        for kind in ("knowledgeRequirement" if what == "requiredKnowledge" else "informationRequirement",)
    )


def node(tag: str, name: str, body: str, id_: str = "") -> str:
    return f'<{tag} id="{id_ or name}" name="{name}">{body}</{tag}>'


def typed(name: str, kind: str) -> str:
    return f'<variable name="{name}" typeRef="{kind}"/>'


def decide(body: str, context: dict[str, Any] | None = None, **options: Any) -> Any:
    return parse(f'<decision id="d" name="d">{body}</decision>', **options).evaluate("d", context or {}).value


def test_a_decision_sees_what_it_requires_and_nothing_else() -> None:
    model = parse(
        node("inputData", "Years of service", typed("Years of service", "number"), "i")
        + node("decision", "Base days", needs("requiredInput #i") + literal("20 + Years of service"), "a")
        + node("decision", "Total", needs("requiredDecision #a") + literal("Base days * 2"), "b")
        + node("decision", "Curious", literal("Base days"), "c")
    )
    assert model.evaluate("Total", {"Years of service": 2}).value == 44
    assert model.evaluate("b", {"Years of service": 2}).value == 44
    assert model.evaluate("Total", {"Years of service": "two"}).value is None
    assert model.evaluate("Curious", {}).value is None
    with pytest.raises(NotFound):
        model.evaluate("Nothing", {})


def test_a_knowledge_model_is_a_function_that_may_call_itself() -> None:
    model = parse(
        '<businessKnowledgeModel id="k" name="fact">'
        + typed("fact", "number")
        + '<encapsulatedLogic><formalParameter name="n" typeRef="number"/>'
        f"{literal('if n &lt; 2 then 1 else n * fact(n - 1)')}</encapsulatedLogic></businessKnowledgeModel>"
        f'<decision id="d" name="d">{needs("requiredKnowledge #k")}{literal("fact(5)")}</decision>'
        f'<decision id="e" name="e">{needs("requiredKnowledge #k")}<invocation>{literal("fact")}'
        f'<binding><parameter name="n"/>{literal("4")}</binding></invocation></decision>'
        + node("decision", "f", needs("requiredKnowledge #k") + literal("fact(&quot;x&quot;)"))
    )
    assert model.evaluate("d", {}).value == 120
    assert model.evaluate("e", {}).value == 24
    assert model.evaluate("fact", {"n": 3}).value == 6
    assert model.evaluate("f", {}).value is None


SERVICE = (
    '<inputData id="i" name="i"/>'
    f'<decision id="rate" name="rate">{literal("10")}</decision>'
    + node("decision", "sum", needs("requiredDecision #rate", "requiredInput #i") + literal("rate + i"))
    + node("decision", "double", needs("requiredDecision #sum") + literal("sum * 2"))
    + '<decisionService id="s" name="My service">'
    '<outputDecision href="#double"/><encapsulatedDecision href="#sum"/>'
    '<inputDecision href="#rate"/><inputData href="#i"/></decisionService>'
)


def test_a_decision_service_answers_from_its_parameters_alone() -> None:
    call = (
        f'<decision id="c" name="c">{needs("requiredKnowledge #s")}{literal("My service(1, 2)")}</decision>'
    )
    model = parse(SERVICE + call)
    assert list(model.services) == ["s"]
    assert model.evaluate("My service", {"i": 1, "rate": 2}).value == 6
    assert model.evaluate("s", {"i": 1}).value is None
    assert model.evaluate("c", {}).value == 6
    assert model.evaluate("double", {"i": 1}).value == 22


def test_decisions_that_need_each_other_are_refused() -> None:
    with pytest.raises(DefinitionError, match="These decisions need each other: a, b"):
        parse(
            f'<decision id="a" name="a">{needs("requiredDecision #b")}{literal("b")}</decision>'
            f'<decision id="b" name="b">{needs("requiredDecision #a")}{literal("a")}</decision>'
        )


def test_a_requirement_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(DefinitionError, match="There is no element #nobody"):
        parse(f'<decision id="a" name="a">{needs("requiredDecision #nobody")}{literal("1")}</decision>')


IMPORTED = (
    HEAD.format("urn:lib") + '<itemDefinition name="tSmall"><typeRef>number</typeRef>'
    "<allowedValues><text>&lt; 10</text></allowedValues>"
    '</itemDefinition><inputData id="x" name="x"><variable name="x" typeRef="tSmall"/></inputData>'
    f'<decision id="twice" name="twice">{needs("requiredInput #x")}{literal("x * 2")}</decision>'
    '<businessKnowledgeModel id="inc" name="inc"><encapsulatedLogic><formalParameter name="n"/>'
    f"{literal('n + 1')}</encapsulatedLogic></businessKnowledgeModel></definitions>"
).encode()
IMPORT = (
    '<import namespace="urn:lib" name="my lib" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
)


def test_an_imported_model_is_used_by_the_imports_name() -> None:
    required = needs("requiredDecision urn:lib#twice", "requiredKnowledge urn:lib#inc")
    body = (
        f'{IMPORT}<decision id="d" name="d"><variable name="d" typeRef="my lib.tSmall"/>{required}'
        f"{literal('my lib.inc(my lib.twice)')}</decision>"
    )
    model = parse(body, imports=[IMPORTED])
    assert model.evaluate("d", {"my lib": {"x": 3}}).value == 7
    assert model.evaluate("d", {"x": 3}).value == 7
    assert model.evaluate("d", {"x": 8}).value is None
    assert parse(body, imports={"lib.dmn": IMPORTED}).evaluate("d", {"x": 2}).value == 5
    with pytest.raises(DefinitionError, match="imported model urn:lib is missing"):
        parse(body)


def test_a_model_that_is_imported_twice_has_its_own_inputs_each_time() -> None:
    def middle(namespace: str) -> bytes:
        more = needs("requiredDecision urn:lib#twice") + literal("my lib.twice + 1")
        body = IMPORT + node("decision", "more", more)
        return f"{HEAD.format(namespace)}{body}</definitions>".encode()

    imports = "".join(
        IMPORT.replace("urn:lib", f"urn:{name}").replace("my lib", name) for name in ("one", "two")
    )
    both = needs("requiredDecision urn:one#more", "requiredDecision urn:two#more") + literal(
        "[one.more, two.more]"
    )
    model = parse(
        imports + node("decision", "d", both), imports=[IMPORTED, middle("urn:one"), middle("urn:two")]
    )
    context = {"one": {"my lib": {"x": 1}}, "two": {"my lib": {"x": 2}}}
    assert model.evaluate("d", context).value == [3, 5]
    assert model.evaluate("d", {"x": 4}).value == [9, 9]


def test_an_import_without_a_name_brings_its_names_as_they_are() -> None:
    body = (
        f'{IMPORT.replace("my lib", "")}<decision id="d" name="d">'
        f"{needs('requiredDecision urn:lib#twice')}{literal('twice')}</decision>"
    )
    assert parse(body, imports=[IMPORTED]).evaluate("d", {"x": 3}).value == 6


TYPES = (
    '<itemDefinition name="tPerson">'
    '<itemComponent name="full name"><typeRef>string</typeRef></itemComponent>'
    '<itemComponent name="boss"><typeRef>tPerson</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tLevel"><typeRef>string</typeRef>'
    '<allowedValues><text>"low", "high"</text></allowedValues>'
    '</itemDefinition><itemDefinition name="tLevels" isCollection="true">'
    "<typeRef>tLevel</typeRef></itemDefinition>"
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("tLevel", '"low"', "low"),
        ("tLevel", '"medium"', None),
        ("tLevel", '["high"]', "high"),
        ("tLevels", '["low", "high"]', ["low", "high"]),
        ("tLevels", '"low"', ["low"]),
        ("tLevels", '["low", "medium"]', None),
        ("tPerson", '{full name: "A", boss: {full name: "B", boss: null}}', {}),
        ("tPerson", "{full name: 1, boss: null}", None),
        ("number", '"1"', None),
        ("date and time", '@"2026-03-02"', "2026-03-02T00:00:00Z"),
        ("feel:number", "1", Decimal(1)),
    ],
)
def test_a_decision_gives_a_value_of_its_type_or_null(kind: str, text: str, value: object) -> None:
    body = f'{TYPES}<decision id="d" name="d"><variable name="d" typeRef="{kind}"/>{literal(text)}</decision>'
    found = parse(body).evaluate("d", {}).value
    if value == {}:
        assert found["boss"]["full name"] == "B"
    elif isinstance(value, str) and kind == "date and time":
        assert str(found) == value
    else:
        assert found == value


def test_unknown_and_circular_types_are_refused() -> None:
    with pytest.raises(DefinitionError, match="There is no type named tNobody"):
        parse('<itemDefinition name="tA"><typeRef>tNobody</typeRef></itemDefinition>')
    with pytest.raises(DefinitionError, match="tA is defined by itself"):
        parse('<itemDefinition name="tA"><typeRef>tA</typeRef></itemDefinition>')


def entry(name: str, body: str) -> str:
    return f'<contextEntry><variable name="{name}"/>{body}</contextEntry>'


def test_a_boxed_context_with_a_result_gives_the_result() -> None:
    entries = entry("a", literal("1")) + entry("b c", literal("a + 1"))
    assert decide(f"<context>{entries}</context>") == {"a": 1, "b c": 2}
    assert decide(f"<context>{entries}<contextEntry>{literal('b c * 10')}</contextEntry></context>") == 20


def test_a_boxed_function_is_called_from_the_entries_behind_it() -> None:
    function = (
        "<functionDefinition><formalParameter name='x' typeRef='number'/>"
        + literal("x * 3")
        + "</functionDefinition>"
    )
    assert (
        decide(f"<context>{entry('f', function)}<contextEntry>{literal('f(2)')}</contextEntry></context>")
        == 6
    )


def test_boxed_lists_and_relations() -> None:
    assert decide(f"<list>{literal('1')}{literal('2')}</list>") == [1, 2]
    columns = '<column name="who"/><column name="how old" typeRef="number"/>'
    rows = (
        f"<row>{literal('&quot;Li&quot;')}{literal('30')}</row>"
        f"<row>{literal('null')}{literal('&quot;x&quot;')}</row>"
    )
    expected = [{"who": "Li", "how old": 30}, {"who": None, "how old": None}]
    assert decide(f"<relation>{columns}{rows}</relation>") == expected


def test_boxed_conditionals_filters_and_iterators() -> None:
    numbers = f"<in>{literal('[1, 2, 3]')}</in>"
    branch = (
        f"<conditional><if>{literal('1 &gt; 2')}</if><then>{literal('1')}</then><else>{literal('2')}</else>"
    )
    assert decide(f"{branch}</conditional>") == 2
    assert decide(f"<filter>{numbers}<match>{literal('item &gt; 1')}</match></filter>") == [2, 3]
    contexts = f"<in>{literal('[{a: 1}, {a: 2}]')}</in>"
    assert decide(f"<filter>{contexts}<match>{literal('a = 2')}</match></filter>") == [{"a": 2}]
    loop = f'<for iteratorVariable="n">{numbers}<return>{literal("n * 2")}</return></for>'
    assert decide(loop) == [2, 4, 6]
    some = f'<some iteratorVariable="n">{numbers}<satisfies>{literal("n &gt; 2")}</satisfies></some>'
    assert decide(some) is True
    assert decide(some.replace("some", "every")) is False


def test_own_functions_reach_the_expressions_of_a_model() -> None:
    model = parse(f'<decision id="d" name="d">{literal("manager of(&quot;li&quot;)")}</decision>')
    assert (
        model.evaluate("d", {}, functions={"manager of": lambda person: person + "'s boss"}).value
        == "li's boss"
    )


def test_a_warning_names_the_element_and_the_place_in_it() -> None:
    body = '<literalExpression id="le"><text>1 + null</text></literalExpression>'
    result = parse(f'<decision id="d" name="d">{body}</decision>').evaluate("d", {})
    assert (result.warnings[0].element, result.warnings[0].source) == ("le", "1 + null")


def test_a_model_that_takes_too_much_ends_with_null() -> None:
    loop = literal("for i in 1..100000, j in 1..100000 return i")
    result = parse(f'<decision id="d" name="d">{loop}</decision>').evaluate("d", {})
    assert result.value is None
    assert result.warnings
