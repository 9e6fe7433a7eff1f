"""``callwright up``: how long it takes, that no second one works on its folder, that what dies comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.stories.pages import hidden
from tests.stories.product import PASSWORD, Product, Rest, copy_of, until


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Product]:
    """A product whose data folder does not exist yet."""
    product = Product(folder=tmp_path)
    yield product
    product.abandon()


def test_a_fresh_folder_gets_the_demo_world_and_a_second_start_finds_it(
    fresh: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    took_s: list[float] = []
    tickets: list[int] = []
    for _start in ("fresh", "existing"):
        began = time.monotonic()
        fresh.up(world=None)
        took_s.append(time.monotonic() - began)
        assert requests.get(f"{fresh.url}/report", timeout=20).status_code == 200
        assert fresh.counts("person")["person"] >= 30
        tickets.append(fresh.counts("tickets_ticket")["tickets_ticket"])
        fresh.stop()
    assert tickets[0] == tickets[1] >= 200
    fresh.check_integrity()
    with capsys.disabled():
        print(f"\nup answers after {took_s[0]:.1f} s on a fresh folder, {took_s[1]:.1f} s on an existing one")


@pytest.fixture(scope="module")
def product(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running product, for the tests below."""
    product = copy_of(furnished, tmp_path_factory.mktemp("running"))
    try:
        product.up()
        yield product
        product.stop()
    finally:
        product.abandon()


def test_a_second_product_on_the_same_folder_is_refused(product: Product) -> None:
    second = Product(folder=product.folder)
    refused = second.begin("second", "admin.cli", "up", "--data-dir", str(product.data_dir))
    assert refused.wait(30) == 1
    assert f"Another Callwright runs on the data folder {product.data_dir}." in refused.tail()
    assert requests.get(f"{product.url}/readyz", timeout=20).status_code == 200


def test_a_part_that_is_killed_is_started_again(product: Product) -> None:
    before = children(product)
    assert set(before) == {"web", "worker"}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def are_back() -> bool:
        now = children(product)
        return set(now) == set(before) and not set(now.values()) & set(before.values())

    until(are_back, f"both parts run again\n{product.said()}")
    product.wait_ready("up")
    log = product.running["up"].log
    until(lambda: log.read_text().count("is looking for jobs") == 2, "a worker works again")


def test_the_first_administrator_comes_in_by_a_link_of_the_command_line(product: Product) -> None:
    product.run("admin.cli", "invite", "mei", "--name", "Mei Chan", "--role", "administrator")
    link = (product.folder / "run.log").read_text().strip()
    assert link.startswith(f"{product.url}/enter/")
    browser = requests.Session()
    page = browser.get(link, timeout=20)
    assert page.status_code == 200, page.text
    said = {"csrf_token": hidden(page.text, "csrf_token"), "password": PASSWORD, "again": PASSWORD}
    assert browser.post(link, said, timeout=20).status_code == 200
    assert browser.get(link, timeout=20).status_code == 404
    browser.close()
    mei = Rest(product, "mei")
    assert mei.get("people/me")["name"] == "Mei Chan"
    assert mei.get("incidents")["count"] == 0


def children(product: Product) -> dict[str, int]:
    """Return the processes that the parent started, by command."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "ppid=,pid=,command="], capture_output=True, text=True, check=True
    )
    found: dict[str, int] = {}
    for line in listed.stdout.splitlines():
        parent, pid, command = line.split(maxsplit=2)
        if int(parent) == product.running["up"].pid and " -m admin.cli " in command:
            found[command.split(" -m admin.cli ")[1].split()[0]] = int(pid)
    return found
