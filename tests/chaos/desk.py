"""People at their desks: they begin errands and do their step by REST, and ask again as they are told."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import requests

from tests.chaos import drawing
from tests.stories.product import PASSWORD

# What an answer may be where the product cannot do it now: the request to come again.
_AGAIN = (429, 503)
_TIMEOUT_S = 30.0
_PAUSE_S = 0.25


class WrongAnswer(AssertionError):
    """Somebody got an answer that is neither the right one nor the request to come again."""


class Desk:
    """Agents who do errands at a product's addresses, each request with a key of its own until it is done.

    Args:
        urls: Where the product answers; where one does not, the next is asked.
        host: What the product is called; its first address where empty.
        patience_s: How long one request is tried again, in seconds.
    """

    def __init__(self, *urls: str, host: str = "", patience_s: float = 300.0) -> None:
        self.urls = urls
        self.host = host or urls[0].removeprefix("http://")
        self.patience_s = patience_s
        self.answers: Counter[str] = Counter()
        self.tries: Counter[int] = Counter()
        self.took_s: list[float] = []
        self.done: list[int] = []
        self._token = ""
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._local = threading.local()

    def stop(self) -> None:
        """Begin nothing more; what is begun is done."""
        self._stopped.set()

    def breathe(self, for_s: float) -> None:
        """Do nothing for a while, but after ``stop`` at once."""
        self._stopped.wait(for_s)

    def do_errand(self, number: int) -> None:
        """Begin an errand and do its person's step; nothing after ``stop``."""
        if self._stopped.is_set():
            return
        begin = f"/api/v1/process-definitions/{drawing.KEY}/start"
        instance = self._until_done("POST", begin, 201, {"variables": drawing.variables(number)})
        tasks = self._until_done("GET", f"/api/v1/process-instances/{instance['id']}/tasks", 200)["result"]
        if len(tasks) != 1:
            raise WrongAnswer(f"errand {number} has {len(tasks)} tasks: {tasks}")
        ended = self._until_done("POST", f"/api/v1/tasks/{tasks[0]['id']}/complete", 200, {})
        if (ended["instance_id"], ended["state"]) != (instance["id"], "completed"):
            raise WrongAnswer(f"errand {number}: {ended}")
        self.done.append(number)

    def look(self, _number: int) -> None:
        """Look at the list of tasks; nothing after ``stop``."""
        if not self._stopped.is_set():
            self._until_done("GET", "/api/v1/tasks?candidate=me", 200)
            time.sleep(_PAUSE_S)

    def _until_done(self, method: str, path: str, wanted: int, body: Any = None) -> Any:
        """Ask until the answer is no request to come again; it must be the wanted one."""
        key, end_s = uuid4().hex, time.monotonic() + self.patience_s
        tries = 0
        while True:
            tries += 1
            headers = {"Idempotency-Key": key} if method == "POST" else {}
            answer = self._ask(tries, method, path, headers=self._signed_in(headers), json=body)
            if answer is not None and answer.status_code == 401:
                with self._lock:
                    self._token = ""
                continue
            if answer is not None and answer.status_code not in _AGAIN:
                if answer.status_code != wanted:
                    raise WrongAnswer(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
                self.tries[tries] += 1
                return answer.json()
            if answer is not None and "Retry-After" not in answer.headers:
                raise WrongAnswer(f"{method} {path}: {answer.status_code} without Retry-After")
            if time.monotonic() > end_s:
                raise WrongAnswer(f"{method} {path}: no answer in {self.patience_s:.0f} s")
            if tries >= len(self.urls):
                time.sleep(_PAUSE_S)

    def _signed_in(self, headers: dict[str, str]) -> dict[str, str]:
        with self._lock:
            while not self._token:
                said = {"username": "agent", "password": PASSWORD, "provider": "db"}
                answer = self._ask(1, "POST", "/api/v1/security/login", headers={}, json=said)
                if answer is not None and answer.status_code == 200:
                    self._token = answer.json()["access_token"]
                elif answer is not None and answer.status_code not in _AGAIN:
                    raise WrongAnswer(f"login: {answer.status_code} {answer.text[:500]}")
                else:
                    time.sleep(_PAUSE_S)
            return {**headers, "Authorization": f"Bearer {self._token}"}

    def _ask(self, tries: int, method: str, path: str, **request: Any) -> requests.Response | None:
        """Ask once; None where nobody answers."""
        headers = {"Host": self.host, **request.pop("headers")}
        url = self.urls[(threading.get_ident() // 8 + tries) % len(self.urls)]
        begun_s = time.monotonic()
        try:
            session = self._local.session = getattr(self._local, "session", None) or requests.Session()
            answer = session.request(method, url + path, headers=headers, timeout=_TIMEOUT_S, **request)
        except requests.RequestException as error:
            self.answers[type(error).__name__] += 1
            return None
        self.took_s.append(time.monotonic() - begun_s)
        self.answers[str(answer.status_code)] += 1
        return answer
