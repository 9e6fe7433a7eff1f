"""Programs that call the interface; every answer they get is held against its description."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.context import Context
from engine.jobs import run_due
from engine.people import join_group
from engine.testing.drawing import chain, drawing, end, start, task

PASSWORD = "correct horse battery staple"
BASE = "/api/v1"
_described: dict[str, Any] = {}


class Caller:
    """A program with a token."""

    def __init__(self, client: FlaskClient, key: str, spec: Mapping[str, Any] | None = None) -> None:
        self.client = client
        self.key = key
        self.spec = spec
        answer = client.post(
            f"{BASE}/security/login", json={"username": key, "password": PASSWORD, "provider": "db"}
        )
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """Read something; the answer's JSON, or the answer where it is none."""
        answer = self.client.get(BASE + path, query_string=query, headers=self.headers, buffered=True)
        return self._held("GET", path, status, answer)

    def post(
        self, path: str, body: Any = None, status: int = 200, key: str | None = None, **said: Any
    ) -> Any:
        """Send something."""
        headers = {**self.headers, **said.pop("headers", {}), **({"Idempotency-Key": key} if key else {})}
        sent = {"json": body} if body is not None else {}
        return self._held(
            "POST", path, status, self.client.post(BASE + path, headers=headers, **sent, **said)
        )

    def _held(self, method: str, path: str, status: int, answer: TestResponse) -> Any:
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        if not answer.is_json:
            return answer
        if self.spec is not None:
            check_answer(self.spec, method, path, answer)
        return answer.json


def check_answer(spec: Mapping[str, Any], method: str, path: str, answer: TestResponse) -> None:
    """Hold an answer against what the description says of its call and status."""
    described = operation_of(spec, method, path.split("?")[0])
    if described is None:
        assert answer.status_code in (400, 401, 404, 405)
        return
    said = described["responses"][str(answer.status_code)]
    if "$ref" in said:
        said = spec["components"]["responses"][said["$ref"].rpartition("/")[2]]
    schema = strict(said["content"]["application/json"]["schema"])
    components = {name: strict(one) for name, one in spec["components"]["schemas"].items()}
    jsonschema.validate(answer.json, {**schema, "components": {"schemas": components}})


def operation_of(spec: Mapping[str, Any], method: str, path: str) -> Any:
    """Return the description of a call; None where there is no such call."""
    found = {
        template: operations[method.lower()]
        for template, operations in spec["paths"].items()
        if method.lower() in operations
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), f"{BASE}{path}".rstrip("/"))
    }
    # A path that is written out goes before one with holes.
    return found[min(found, key=lambda template: template.count("{"))] if found else None


def strict(schema: Any) -> Any:
    """Write an OpenAPI 3.0 schema as JSON Schema that takes nothing but what is described."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(one) for name, one in schema.items() if name not in ("nullable", "default")}
    if "properties" in schema and isinstance(schema["properties"], dict):
        made["properties"] = {name: strict(one) for name, one in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    if schema.get("nullable"):
        return {"anyOf": [made, {"type": "null"}]}
    return made


@pytest.fixture
def spec(app: Flask, make_person: Callable[..., Any]) -> Mapping[str, Any]:
    """The description, read once."""
    if not _described:
        make_person("reader", "administrator")
        caller = Caller(app.test_client(), "reader")
        _described.update(caller.client.get(f"{BASE}/_openapi", headers=caller.headers).json)
    return _described


@pytest.fixture
def caller(app: Flask, make_person: Callable[..., Any], spec: Mapping[str, Any]) -> Callable[..., Caller]:
    """Make somebody with a login and a token: ``caller("mei", "agent")``."""

    def make(key: str, *roles: str, **said: Any) -> Caller:
        make_person(key, *roles, **said)
        return Caller(app.test_client(), key, spec)

    return make


@pytest.fixture
def boss(caller: Callable[..., Caller]) -> Caller:
    """An administrator."""
    return caller("boss", "administrator")


@pytest.fixture
def deploy(boss: Caller) -> Callable[..., Any]:
    """Deploy files by the interface: ``deploy({"p.bpmn": b"..."})``."""

    def send(files: Mapping[str, bytes], status: int = 201, by: Caller = boss, **said: Any) -> Any:
        sent = [(io.BytesIO(content), path) for path, content in files.items()]
        return by.post(
            "/deployments", status=status, data={"files": sent}, content_type="multipart/form-data", **said
        )

    return send


@pytest.fixture
def one_task(deploy: Callable[..., Any]) -> str:
    """A process with one task that Mei, Wong or an agent may do; returns its key."""
    offered = '<callwright:task candidateUsers="[&quot;mei&quot;, &quot;wong&quot;]"/>'
    body = "\n".join(
        [start(), task("look", inside=offered, name="Look at it"), end(), chain(["begin", "look", "over"])]
    )
    deploy({"one_task.bpmn": drawing(body, key="one_task", name="One task")})
    return "one_task"


def upload(caller: Caller, content: bytes, name: str, status: int = 201, **said: Any) -> Any:
    """Hand in a file."""
    sent = {"file": (io.BytesIO(content), name)}
    return caller.post("/files", status=status, data=sent, content_type="multipart/form-data", **said)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return packed.getvalue()


LETTER = """
key = "letter"
title = "A letter"
category = "Office"
instance_title = "Letter to {{ name }}"

[business_key]
pattern = "L-{{ number }}"

[[start]]
event = "begin"
who = ["group:writers"]

[groups]
writers = "Writers"
readers = "Readers"

[variables.name]
label = "Name"

[variables.phone]
type = "string"
label = "Telephone"
sensitive = true
"""
LETTER_FORM = {
    "schemaVersion": 18,
    "type": "default",
    "components": [
        {"type": "textfield", "key": "name", "label": "Name", "id": "f1", "readonly": True},
        {"type": "textfield", "key": "phone", "label": "Telephone", "id": "f2"},
        {"type": "number", "key": "stars", "label": "Stars", "id": "f3", "validate": {"required": True}},
        {
            "type": "textfield",
            "key": "street",
            "label": "Street",
            "id": "f4",
            "properties": {"sensitive": "true"},
        },
    ],
}
CHINESE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "A letter"
msgstr "一封信"

msgid "Name"
msgstr "姓名"

msgid "Telephone"
msgstr "电话"

msgid "Stars"
msgstr "星级"

msgid "Street"
msgstr "街道"

msgid "Read it"
msgstr "读信"

msgid "Good"
msgstr "好"

msgid "Bad"
msgstr "不好"

msgid "Office"
msgstr "办公"

msgid "Writers"
msgstr "撰写人"

msgid "Readers"
msgstr "读者"
"""


def letter() -> dict[str, bytes]:
    """Write a process folder: a start for writers, a form for readers, two outcomes, personal data."""
    settings = (
        '<callwright:task form="read" candidateGroups="&quot;readers&quot;"/>'
        '<callwright:outcome name="good" label="Good"/>'
        '<callwright:outcome name="bad" label="Bad" opinion="required"/>'
    )
    read = task("read", inside=settings, name="Read it")
    body = [start(), read, end(), chain(["begin", "read", "over"])]
    catalogues = {
        f"locale/{locale}/LC_MESSAGES/messages.po": CHINESE.encode() for locale in ("zh_Hans", "zh_Hant")
    }
    return {
        "process.toml": LETTER.encode(),
        "letter.bpmn": drawing("\n".join(body), key="letter"),
        "forms/read.form": json.dumps(LETTER_FORM).encode(),
        **catalogues,
    }


@pytest.fixture
def letters(ctx: Context, caller: Callable[..., Caller], deploy: Callable[..., Any]) -> dict[str, Caller]:
    """The letter process with a writer and a reader."""
    deploy({"letter.zip": zipped(letter())})
    people = {"writer": caller("amy", "handler"), "reader": caller("ben", "handler")}
    with ctx.write():
        join_group(ctx, group_key="writers", person_key="amy")
        join_group(ctx, group_key="readers", person_key="ben")
    return people


def written(writer: Caller, **variables: Any) -> dict[str, Any]:
    """Start a letter."""
    said = {"name": "Chan", "phone": "+85251230001", "street": "Nathan Road 1", **variables}
    return writer.post("/process-definitions/letter/start", {"variables": said}, 201)


@pytest.fixture
def work_off(ctx: Context) -> Callable[[], int]:
    """Run every job that is due, until nothing is."""
    return lambda: run_due(ctx)
