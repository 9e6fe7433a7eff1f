"""A centre whose model is a local HTTP server that answers as it is told, and the README's own drawing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import forms
import plugins.assistant
from engine.context import Centre, Context
from engine.definition import deploy
from engine.parameters import set_parameter
from engine.people import create_person, join_group, put_group
from engine.runtime import start_process
from engine.testing import make_centre, system
from tests.plugins.http.conftest import Server

README = Path(plugins.assistant.__file__).with_name("README.md").read_text(encoding="utf-8")
(DRAWING,) = re.findall(r"```xml\n(.*?)```", README, re.DOTALL)
DEPARTMENT, ANSWER = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
FILES = {
    "triage.bpmn": DRAWING.encode(),
    "forms/department.form": DEPARTMENT.encode(),
    "forms/answer.form": ANSWER.encode(),
}


class Model(Server):
    """A language model's endpoint on this machine, over real HTTP."""

    def says(self, *contents: object) -> None:
        """Answer the next questions with these, the last one for ever: a text, or what is said as JSON."""
        self.reply(*({"body": completion(content)} for content in contents))

    @property
    def questions(self) -> list[dict[str, object]]:
        """What it was asked."""
        return [json.loads(one.body) for one in self.asked]


def completion(content: object, *, finish_reason: str = "stop", **more: object) -> bytes:
    """Return the body of a chat completion."""
    text = content if isinstance(content, str | None) else json.dumps(content, ensure_ascii=False)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    said = {"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 42}, **more}
    return json.dumps(said).encode()


@pytest.fixture
def model() -> Iterator[Model]:
    running = Model()
    yield running
    running.stop()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = make_centre(tmp_path, plugins=("plugins",), floors=(forms.register,))
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def set_up(ctx: Context, model: Model) -> None:
    """Name the model under Parameters, as an administrator does."""
    set_parameter(ctx, key="http.allowed_hosts", value=model.place)
    set_parameter(ctx, key="http.private_networks", value="127.0.0.0/8")
    set_parameter(ctx, key="assistant.url", value=f"{model.url}/v1/chat/completions")
    set_parameter(ctx, key="assistant.model", value="sorter-1")


@pytest.fixture
def people(ctx: Context) -> None:
    """Somebody who chooses, and somebody of each department who answers."""
    with ctx.write():
        for group, key in (("dispatchers", "dora"), ("water", "wei"), ("roads", "rob")):
            put_group(ctx, key=group, name=group.title())
            create_person(ctx, key=key, name=key.title())
            join_group(ctx, group_key=group, person_key=key)


@pytest.fixture
def report(ctx: Context, people: None) -> Callable[..., str]:
    """Start the README's process with what somebody reported."""
    deploy(ctx, files=FILES)

    def start(description: str = "A pipe burst") -> str:
        return start_process(ctx, process_key="triage", variables={"description": description}).id

    return start
