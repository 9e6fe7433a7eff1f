"""A pair over HTTP: start by REST, find the task, complete it; server and client in one process.

The CPU is the server's and the client's together; the client is Python's own, on one kept connection.

python -m benchmarks.http
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from admin.app import create_app
from admin.centre import open_centre
from admin.identity.logins import keep_password, sync_login
from admin.identity.passwords import hash_password
from admin.identity.setup import init_security
from benchmarks.measuring import cpu_ms, postgresql, say
from benchmarks.stock import MODEL, REFERENCE_MS, slowness
from engine.context import SYSTEM, Context
from engine.db import metadata
from engine.definition import deploy
from engine.people import put_group, put_person, set_groups
from engine.settings import Settings

PASSWORD = "correct horse battery staple"


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_said: object) -> None:
        """Nobody reads it."""


class Caller:
    """One kept connection with a token."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Content-Type": "application/json"}
        login = {"username": "ann", "password": PASSWORD, "provider": "db"}
        token = self.call("POST", "/security/login", login)["access_token"]
        self._headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the interface; its answer."""
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", sent, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        assert answer.status in (200, 201), (path, answer.status, said)
        return json.loads(said)


def over_http(folder: Path, name: str, database_url: str, slow: float) -> None:
    """Print the CPU of a pair on one database."""
    settings = Settings(
        data_dir=folder,
        public_url="http://127.0.0.1",
        time_zone="Asia/Hong_Kong",
        database_url=database_url,
    )
    centre = open_centre(settings, web=True)
    app = create_app(centre)
    ctx = Context(centre=centre, actor=SYSTEM)
    with ctx.write():
        metadata.create_all(ctx.connection)
    init_security(app)
    with ctx.write():
        put_group(ctx, key="staff", name="Staff")
        ann = put_person(ctx, key="ann", name="Ann")
        set_groups(ctx, person_key="ann", group_keys=["staff"])
        sync_login(ctx, person=ann, roles=["administrator"])
        keep_password(ctx, person_key="ann", kept=hash_password(PASSWORD))
    deploy(ctx, files={"pair.bpmn": MODEL})
    server = make_server("127.0.0.1", 0, app, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    caller = Caller(server.server_port)

    def pair() -> str:
        begun = caller.call("POST", "/process-definitions/pair/start", {"variables": {"days": 5}})
        return str(begun["id"])

    def whole() -> None:
        (task,) = caller.call("GET", f"/process-instances/{pair()}/tasks")["result"]
        caller.call("POST", f"/tasks/{task['id']}/complete", {"data": {}})

    say(f"{name}: start over HTTP", cpu_ms(pair, count=30, rounds=3), "ms")
    taken = cpu_ms(whole, count=30, rounds=3)
    say(f"{name}: a pair over HTTP, its look for the task too", taken, "ms", goal=10.0, slowness=slow)
    server.shutdown()
    centre.database.dispose()


def main() -> None:
    """Print the CPU of a pair over HTTP."""
    with tempfile.TemporaryDirectory(prefix="callwright-bench-") as name, postgresql() as url:
        slow = slowness()
        say("stock SpiffWorkflow, SQLite: a pair", slow * REFERENCE_MS, "ms", ratio=1.0)
        over_http(Path(name) / "sqlite", "SQLite", "", slow)
        if url is not None:
            over_http(Path(name) / "postgresql", "PostgreSQL", url, slow)


if __name__ == "__main__":
    main()
