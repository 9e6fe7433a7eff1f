"""Hostile uploads against the real interface: mutated files, entities, depth, size, packed bombs.

Each answer must come within two seconds of work and be no 5xx; nothing may call out, and memory must not grow
by more than 200 MB.
"""

from __future__ import annotations

import http.server
import io
import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from admin.app import create_app
from admin.centre import open_centre
from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from admin.identity.setup import init_security
from engine.context import SYSTEM, Context
from engine.db import metadata
from engine.people import put_person
from engine.settings import Settings
from engine.testing.sketch import sketch
from tests.chaos.hostile_files import Files, attacks, mutations
from tests.chaos.proc import rss_mb
from tests.chaos.report import Report

COUNT, UNIT = 10_000, "mutated files, and all attacks that have a name"
WITHIN_S = 360.0
KILLS = False
PASSWORD = "correct horse battery staple"
LIMIT_S = 2.0
LIMIT_MB = 200.0
_SAY_EVERY = 1_000


class Canary(http.server.BaseHTTPRequestHandler):
    """Where nobody may call."""

    called: list[str] = []  # noqa: RUF012 - one list for all

    def do_GET(self) -> None:
        self.called.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!ENTITY y 'z'>")

    def log_message(self, *_said: Any) -> None:
        pass


@dataclass(kw_only=True)
class Seen:
    """What the answers were."""

    count: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    worst_s: float = 0.0
    worst: str = ""
    breaches: list[str] = field(default_factory=list)


class Uploader:
    """Deploys by the interface of a product in this process, as a designer."""

    def __init__(self, folder: Path) -> None:
        self.centre = open_centre(Settings(data_dir=folder, public_url="http://localhost:8080"), web=True)
        self.app = create_app(self.centre)
        ctx = Context(centre=self.centre, actor=SYSTEM)
        with ctx.write():
            metadata.create_all(ctx.connection)
        init_security(self.app)
        with ctx.write():
            person = put_person(ctx, key="boss", name="Boss")
            sync_login(ctx, person=person, roles=("administrator",))
            keep_password(ctx, person_key="boss", kept=hash_password(PASSWORD))
        self.client = self.app.test_client()
        self.headers: dict[str, str] = {}
        self.seen = Seen()

    def sign_in(self) -> None:
        """Get a token: it is good for a quarter of an hour."""
        said = {"username": "boss", "password": PASSWORD, "provider": "db"}
        answer = self.client.post("/api/v1/security/login", json=said)
        self.headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def send(self, name: str, files: Files, *, limit_s: float = LIMIT_S) -> Any:
        """Deploy files and remember how it went."""
        answer, took_s = self._post(files)
        if answer.status_code == 401:
            self.sign_in()
            answer, took_s = self._post(files)
        seen = self.seen
        seen.count += 1
        seen.statuses[answer.status_code] += 1
        if took_s > seen.worst_s:
            seen.worst_s, seen.worst = took_s, name
        if answer.status_code >= 500:
            seen.breaches.append(f"{name}: {answer.status_code}")
        elif answer.status_code >= 400 and not (answer.get_json(silent=True) or {}).get("error", {}).get(
            "message"
        ):
            seen.breaches.append(f"{name}: {answer.status_code} without a word")
        if took_s > limit_s:
            seen.breaches.append(f"{name}: {took_s:.1f} s ({answer.status_code})")
        return answer

    def _post(self, files: Files) -> tuple[Any, float]:
        sent = [(io.BytesIO(content), path) for path, content in files.items()]
        # What else runs on this machine does not count.
        began_s = time.process_time()
        answer = self.client.post(
            "/api/v1/deployments",
            data={"files": sent},
            headers=self.headers,
            content_type="multipart/form-data",
            buffered=True,
        )
        return answer, time.process_time() - began_s

    def close(self) -> None:
        """Let go of the database."""
        self.centre.database.dispose()


def listen() -> tuple[http.server.ThreadingHTTPServer, str]:
    """Listen where nobody may call."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def attack(
    uploader: Uploader, folder: Path, *, limit_s: float = LIMIT_S, tell: Callable[[str], None] = print
) -> None:
    """Try every attack that has a name; each is refused, or does nothing but what it says."""
    secret = folder / "secret.txt"
    secret.write_text("an-unlikely-secret-7351")
    server, url = listen()
    for name, files in attacks(url, secret).items():
        answer = uploader.send(name, files, limit_s=limit_s)
        if b"an-unlikely-secret" in answer.data:
            uploader.seen.breaches.append(f"{name}: the secret was told")
        said = (answer.get_json(silent=True) or {}).get("error", {})
        details = [detail["message"] for detail in said.get("details", ())][:1]
        tell(f"{answer.status_code} {name}: {(details or [said.get('message', '')])[0][:110]}")
    server.shutdown()
    server.server_close()
    uploader.seen.breaches += [f"somebody called {path}" for path in Canary.called]


def run(report: Report, count: int = COUNT) -> None:
    """Run it with so many mutated files."""
    with tempfile.TemporaryDirectory(prefix="callwright-uploads-") as name:
        uploader = Uploader(Path(name))
        uploader.send("warm up", {"a.bpmn": sketch("start a\nend b\na -> b")})
        own = os.getpid()
        before_mb = rss_mb(own)
        attack(uploader, Path(name), tell=report.say)
        for number, files in zip(range(count), mutations(report.chance), strict=False):
            uploader.send(f"mutation {number} of {', '.join(files)[:60]}", files)
            if (number + 1) % _SAY_EVERY == 0:
                report.say(f"{number + 1:,} of {count:,} are sent, {rss_mb(own):.0f} MB")
        uploader.close()
        seen, after_mb = uploader.seen, rss_mb(own)
    report.most("seconds", report.since_s, WITHIN_S)
    report.figure("uploads by status", dict(sorted(seen.statuses.items())))
    report.figure("slowest, seconds of work", f"{seen.worst_s:.2f}: {seen.worst}")
    report.figure("MB at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    report.most("MB by which memory grew", after_mb - before_mb, LIMIT_MB)
    for breach in seen.breaches[:100]:
        report.say(f"breach: {breach}")
    report.equal("breaches", len(seen.breaches), 0)
