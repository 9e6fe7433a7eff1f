"""Deploys hostile drawings, sets each off, and sees what becomes of it in the worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests
from sqlalchemy import text

from engine import runtime
from engine.context import Centre
from engine.testing import system
from tests.chaos.canaries import Canaries
from tests.chaos.people import again
from tests.chaos.places import Attack
from tests.chaos.proc import rss_mb
from tests.engine.payload import SHARED
from tests.stories.product import Product, Rest

# Longer than any bar: what is not over then hangs.
_PATIENCE_S = 60.0
_LOOK_S = 0.05
_AGAIN = 2
# Is an instance still to begin, does anything of it run or wait to run now, has anything gone wrong?
_BECOME = text(
    "SELECT i.state, i.incident_count,"
    " (SELECT count(*) FROM job WHERE instance_id = i.id AND state = 'waiting'"
    " AND element_id = 'pause') AS waits,"
    " (SELECT count(*) FROM job WHERE instance_id = i.id"
    " AND (state = 'running' OR state = 'waiting' AND due_at <= now())) AS busy,"
    " (SELECT max(error) FROM job WHERE instance_id = i.id) AS error,"
    " (SELECT max(message) FROM incident WHERE instance_id = i.id) AS incident"
    " FROM process_instance i WHERE i.id = :id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a payload.

    Args:
        attack: What was tried.
        how: ``refused`` when it was deployed; ``incident``; ``passed``: it ended, failed or waits as it is
            drawn; else what the product did not do as it should.
        took_s: The seconds of its deployment, or of the work behind its pause, whichever was more.
        said: The product's words.
    """

    attack: Attack
    how: str
    took_s: float
    said: str = ""

    def __str__(self) -> str:
        payload = self.attack.payload
        return f"{self.attack.place}, {payload.name}: {self.how} after {self.took_s:.2f} s: {self.said[:200]}"

    @property
    def held(self) -> bool:
        """Whether the product knew what to do."""
        return self.how in ("refused", "incident", "passed")


class Assault:
    """Tries one payload after the other.

    Args:
        product: Where.
        centre: The same, put together in this process.
        reach: What the payloads reach for.
        tried: All of them.
        worker_pid: Who runs them.
        limit_s: How long one may take, in seconds.
    """

    def __init__(
        self,
        product: Product,
        centre: Centre,
        reach: Canaries,
        tried: Sequence[Attack],
        *,
        worker_pid: int,
        limit_s: float,
    ) -> None:
        self._outcomes: dict[int, Outcome] = {}
        self.begun_mb = self.most_mb = rss_mb(worker_pid)
        # What was under way when the worker was largest.
        self.largest: list[str] = []
        self._under_way: set[int] = set()
        self._centre = centre
        self._reach = reach
        self._tried = tried
        self._worker_pid = worker_pid
        self.limit_s = limit_s
        self._designer = Rest(product, "designer")
        self._designer.sign_in()

    @property
    def outcomes(self) -> list[Outcome]:
        """What became of each."""
        return list(self._outcomes.values())

    def attack(self, number: int) -> None:
        """Try one."""
        self._outcomes[number] = self._try(number)

    def attack_alone(self) -> None:
        """Try again, with nobody beside, what took too long: the quickest says what it takes by itself."""
        for _again in range(_AGAIN):
            for number, first in sorted(self._outcomes.items()):
                if first.held and first.took_s > self.limit_s:
                    again = self._try(number)
                    if not again.held or again.took_s < first.took_s:
                        self._outcomes[number] = again

    def _try(self, number: int) -> Outcome:
        one, key = self._tried[number], f"attack_{number}"
        marker = self._reach.marker(key)
        files = one.files(key, one.payload.aimed(self._reach.secret, marker, self._reach.port))
        begun_s = time.monotonic()
        how, said = self._deploy(files)
        took_s = time.monotonic() - begun_s
        if how == "taken":
            self._under_way.add(number)
            how, said, ran_s = self._set_off(key)
            self._under_way.remove(number)
            took_s = max(took_s, ran_s)
        if marker.exists():
            how = "made a file"
        return Outcome(attack=one, how=how, took_s=took_s, said=said)

    def _weigh(self) -> None:
        held_mb = rss_mb(self._worker_pid)
        if held_mb > self.most_mb:
            self.most_mb = held_mb
            under_way = [self._tried[number] for number in sorted(self._under_way)]
            self.largest = [f"{one.place}, {one.payload.name}" for one in under_way]

    def _deploy(self, files: dict[str, bytes]) -> tuple[str, str]:
        """Deploy a drawing; ``taken``, ``refused``, or what else happened."""
        try:
            answer = self._designer.ask(
                "POST", "deployments", files=[("files", file) for file in files.items()]
            )
        except requests.Timeout:
            return "hung when it was deployed", ""
        if answer.status_code == 422:
            details = answer.json()["error"]["details"]
            return "refused", details[0]["message"] if details else answer.text
        return ("taken", "") if answer.ok else (f"answered {answer.status_code}", answer.text[:500])

    def _set_off(self, key: str) -> tuple[str, str, float]:
        """Start a process; what became of it, in which words, after how many seconds of work."""
        begun = again(
            lambda: runtime.start_process(system(self._centre), process_key=key, variables={"shared": SHARED})
        )
        begun_s, claimed_s = time.monotonic(), None
        while True:
            time.sleep(_LOOK_S)
            with system(self._centre).read() as ctx:
                row = ctx.connection.execute(_BECOME, {"id": begun.id}).one()
            self._weigh()
            now_s = time.monotonic()
            if not row.waits:
                claimed_s = claimed_s or now_s
            if claimed_s is not None and not row.busy:
                break
            if now_s > begun_s + _PATIENCE_S:
                return "hung", row.error or "", now_s - (claimed_s or begun_s)
        took_s = now_s - claimed_s
        if row.incident is not None:
            return "incident", row.incident, took_s
        return ("broke off", row.error, took_s) if row.error else ("passed", row.state, took_s)
