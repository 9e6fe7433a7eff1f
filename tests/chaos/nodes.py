"""Two web nodes of one product, and people who ask either of them at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.chaos import drawing
from tests.chaos.site import Site
from tests.stories.product import Rest, free_port, until

_TIMEOUT_S = 60


class Nodes:
    """Web processes of one product, each on a port of its own, as behind one address.

    Args:
        here: The product.
        count: How many.
    """

    def __init__(self, here: Site, count: int = 2) -> None:
        self.here = here
        product = here.product
        self.ports = {"web": product.port, **{f"web_{one}": free_port() for one in range(2, count + 1)}}
        self.host = product.url.removeprefix("http://")
        self.start()
        self.agent = Rest(product, "agent")
        self.agent.sign_in()
        self._local = threading.local()

    def start(self) -> None:
        """Start those that do not run, and wait until they answer."""
        for name, port in self.ports.items():
            if name not in self.here.product.running:
                self.here.begin_web(name, port)
        for name in self.ports:
            until(lambda name=name: self.answers(name), f"{name} answers\n{self.here.product.said()}")

    def stop(self, name: str) -> None:
        """End one, as a machine does that shuts down."""
        running = self.here.product.running.pop(name)
        assert running.end() == 0, running.tail()

    def answers(self, name: str) -> bool:
        """Whether one is ready."""
        try:
            return self.ask(name, "GET", "/readyz").status_code == 200
        except requests.ConnectionError:
            return False

    def ask(self, name: str, method: str, path: str, **request: Any) -> requests.Response:
        """Ask one of them for something, once."""
        headers = {"Host": self.host, **request.pop("headers", {})}
        return requests.request(
            method,
            f"http://127.0.0.1:{self.ports[name]}{path}",
            headers=headers,
            timeout=_TIMEOUT_S,
            **request,
        )

    def post(self, name: str, path: str, body: Any, key: str) -> requests.Response:
        """Ask one of them, as the agent, to change something, once."""
        headers = {**self.agent.headers, "Idempotency-Key": key}
        return self.ask(name, "POST", f"/api/v1/{path}", json=body, headers=headers)

    def begin_errand(self, number: int) -> tuple[str, str]:
        """Begin an errand; return the ids of its instance and of its person's task."""
        said = {"variables": drawing.variables(number)}
        instance = self.agent.post(f"process-definitions/{drawing.KEY}/start", said)
        (task,) = self.agent.get(f"process-instances/{instance['id']}/tasks")["result"]
        return instance["id"], task["id"]


def at_once(
    threads: ThreadPoolExecutor, acts: Sequence[Callable[[], requests.Response]]
) -> list[requests.Response]:
    """Do everything at the same moment."""
    barrier = threading.Barrier(len(acts))

    def do(act: Callable[[], requests.Response]) -> requests.Response:
        barrier.wait()
        return act()

    return list(threads.map(do, acts))
