"""The description of the interface is complete."""

from __future__ import annotations

import re

ERRORS = {"400", "401", "503"}


def own_routes(app):
    """Every route of the interface that is ours: method, path as the description writes it."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/") or rule.endpoint.split(".")[0] in ("TokenApi", "OpenApi"):
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            yield method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), rule


def test_every_call_is_described_with_what_it_takes_and_answers(app, spec):
    found = list(own_routes(app))
    assert len(found) > 30
    for method, path, _rule in found:
        described = spec["paths"][path][method.lower()]
        where = f"{method} {path}"
        assert described["summary"].endswith("."), where
        assert described["security"] == [{"jwt": []}], where
        named = {one["name"] for one in described["parameters"] if one["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), where
        answered = {status for status in described["responses"] if status.startswith("2")}
        assert len(answered) == 1, where
        for status in answered:
            (content,) = described["responses"][status]["content"].values()
            assert content["schema"], where
        assert set(described["responses"]) >= ERRORS, where


def test_every_list_takes_page_page_size_and_sort(spec):
    for path, operations in spec["paths"].items():
        described = operations.get("get")
        if described is None or "count" not in str(described["responses"].get("200")):
            continue
        named = {one["name"] for one in described["parameters"] if one["in"] == "query"}
        assert named >= {"page", "page_size", "sort"}, path


def test_every_change_takes_an_idempotency_key_and_what_changes_nothing_takes_none(spec):
    for path, operations in spec["paths"].items():
        if "post" not in operations or path.startswith("/api/v1/security"):
            continue
        named = {one["name"] for one in operations["post"]["parameters"]}
        assert ("Idempotency-Key" in named) == (not path.endswith(("/evaluate", "/check", "/preview"))), path


def test_every_reference_of_the_description_leads_somewhere(spec):
    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            yield from references(inner)

    for reference in set(references(spec)):
        place = spec
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
        assert place


def test_the_description_says_which_permission_a_call_needs(spec):
    move = spec["paths"]["/api/v1/process-instances/{instance_id}/move"]["post"]
    assert "instances.operate" in move["description"]
    assert move["requestBody"]["required"]
    schema = spec["components"]["schemas"]["MoveBody"]
    assert "reason" in schema["required"]
