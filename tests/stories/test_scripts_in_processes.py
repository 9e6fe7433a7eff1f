"""Scripts run in the web process that gunicorn forked and in a worker, each with a runtime of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.testing import drawing, end, start
from tests.stories.product import Product, Rest, copy_of, until


def script(element_id: str, text: str) -> str:
    return (
        f'<bpmn:scriptTask id="{element_id}"><bpmn:script><![CDATA[{text}]]></bpmn:script></bpmn:scriptTask>'
    )


_PAUSE = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1S</bpmn:timeDuration></bpmn:timerEventDefinition>"
SQUARES = drawing(
    f"""{start()}
    {script("before", "squares = [n * n for n in range(1, count + 1)]")}
    <bpmn:intermediateCatchEvent id="pause">{_PAUSE}</bpmn:intermediateCatchEvent>
    {script("after", "total = sum(squares)")}
    {end()}
    begin -> before
    before -> pause
    pause -> after
    after -> over""",
    key="squares",
)
_SPIN = script("spin", "while True: pass")
ENDLESS = drawing(f"{start()}\n{_SPIN}\n{end()}\nbegin -> spin\nspin -> over", key="endless")


@pytest.fixture(scope="module")
def product(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running product with two workers, for all tests of this page."""
    product = copy_of(furnished, tmp_path_factory.mktemp("scripts"))
    try:
        product.up("--workers", "2")
        yield product
        product.stop()
    finally:
        product.abandon()


def test_a_script_runs_in_the_web_process_and_one_in_a_worker(product: Product) -> None:
    designer = Rest(product, "designer")
    deployed = designer.ask("POST", "deployments", files=[("files", ("squares.bpmn", SQUARES))])
    assert deployed.status_code == 201, deployed.text
    begun = [
        designer.post("process-definitions/squares/start", {"variables": {"count": count}})
        for count in range(1, 5)
    ]
    for count, instance in enumerate(begun, 1):
        # Its first script ran before the answer to the start: in the web process.
        variables = designer.get(f"process-instances/{instance['id']}/variables")
        assert variables["squares"] == [number * number for number in range(1, count + 1)]

    def are_over() -> bool:
        read = [designer.get(f"process-instances/{instance['id']}") for instance in begun]
        return {one["state"] for one in read} == {"completed"}

    until(are_over, f"the second script ran in a worker\n{product.said()}")
    totals = [designer.get(f"process-instances/{instance['id']}/variables")["total"] for instance in begun]
    assert totals == [1, 5, 14, 30]


def test_a_script_without_end_is_stopped_and_becomes_an_incident(product: Product) -> None:
    designer = Rest(product, "designer")
    deployed = designer.ask("POST", "deployments", files=[("files", ("endless.bpmn", ENDLESS))])
    assert deployed.status_code == 201, deployed.text
    instance = designer.post("process-definitions/endless/start")

    def read() -> dict[str, Any]:
        found: dict[str, Any] = designer.get(f"process-instances/{instance['id']}")
        return found

    until(lambda: read()["incident_count"] == 1, f"the script became an incident\n{product.said()}")
    assert read()["state"] == "active"
