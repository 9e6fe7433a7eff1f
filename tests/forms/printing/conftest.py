"""A centre in which somebody asks for something by a form, and others decide about it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

import forms
from engine.context import Centre
from engine.definition import deploy
from engine.people import create_person
from engine.testing import make_centre, system
from engine.testing.sketch import sketch

DRAWN = """
    start begin
    user check name="Approve the purchase" approval="" asks='person:["ann","ben"]'
    end over
    begin -> check -> over
"""
MANIFEST = """
key = "purchase"
title = "Purchase"
instance_title = "{{ subject }}"
[business_key]
pattern = "P-{{ yy }}-{{ number }}"
[[start]]
event = "begin"
form = "ask"
title = "Ask for a purchase"
[variables.subject]
type = "string"
[variables.source]
type = "string"
label = "Where it came from"
"""
CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "Purchase"
msgstr "採購"

msgid "Ask for a purchase"
msgstr "申請採購"

msgid "Approve the purchase"
msgstr "批核採購"

msgid "Urgent"
msgstr "緊急"

msgid "Letter"
msgstr "公函"

msgid "To"
msgstr "致"
"""


def form(*components: dict[str, Any]) -> bytes:
    raw = [{"id": f"F{number}", **component} for number, component in enumerate(components)]
    return json.dumps({"schemaVersion": 19, "type": "default", "components": raw}).encode()


ASK = form(
    {"type": "textfield", "key": "subject", "label": "Subject"},
    {
        "type": "select",
        "key": "speed",
        "label": "How soon",
        "values": [{"value": "u", "label": "Urgent"}, {"value": "n", "label": "Some day"}],
    },
    {
        "type": "number",
        "key": "amount",
        "label": "Amount",
        "appearance": {"prefixAdorner": "HK$"},
    },
    {"type": "datetime", "subtype": "date", "key": "by_day", "dateLabel": "Needed by"},
    {"type": "checkbox", "key": "again", "label": "Bought before"},
    {"type": "select", "key": "for_whom", "label": "For whom", "properties": {"options": "persons"}},
    {
        "type": "textfield",
        "key": "phone",
        "label": "Telephone",
        "properties": {"sensitive": "true"},
    },
    {
        "type": "textfield",
        "key": "why_again",
        "label": "Why again",
        "conditional": {"hide": "=again = false"},
    },
    {
        "type": "dynamiclist",
        "path": "items",
        "label": "Items",
        "components": [
            {"type": "textfield", "id": "I1", "key": "name", "label": "Name"},
            {"type": "number", "id": "I2", "key": "count", "label": "Pieces"},
        ],
    },
    {"type": "filepicker", "key": "photos", "label": "Photos", "multiple": True},
)
FILES = {
    "purchase.bpmn": sketch(DRAWN, key="purchase"),
    "process.toml": MANIFEST.encode(),
    "forms/ask.form": ASK,
    "locale/zh_Hant/LC_MESSAGES/messages.po": CATALOGUE.encode(),
}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    centre = make_centre(tmp_path, floors=(forms.register,), centre_name="水務署 Water Office")
    ctx = system(centre)
    with ctx.write():
        for key, name in (("ann", "陳安琪"), ("ben", "Ben Lee"), ("eve", "Eve Wong"), ("mallory", "Mallory")):
            create_person(ctx, key=key, name=name)
    yield centre
    centre.database.dispose()


@pytest.fixture
def put(centre: Centre) -> Callable[..., None]:
    """Deploy the process: ``put({"prints/letter.html": "…"}, letter="Letter")``."""

    def deploy_with(more: dict[str, str | bytes] | None = None, **prints: str) -> None:
        named = "".join(f'[prints.{name}]\ntitle = "{title}"\n' for name, title in prints.items())
        files = {**FILES, "process.toml": f"{MANIFEST}{named}".encode()}
        for path, content in (more or {}).items():
            files[path] = content.encode() if isinstance(content, str) else content
        deploy(system(centre), files=files)

    return deploy_with


def pages_of(pdf: bytes) -> list[str]:
    """Return what each page of a PDF says."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
