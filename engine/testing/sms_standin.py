"""A local SMS provider as there are many: it takes messages over HTTP, posts receipts and replies, and fails.

It is real HTTP on loopback with two doors: JSON with a bearer token (``/v2/messages``), and a form with a
signature among its fields (``/send``). It has no idempotency key unless told to know one, keeps what it
accepted, and signs what it posts by HMAC-SHA256 over time and body.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Trouble = Literal[
    "hang", "reset", "500", "429", "busy", "nonsense", "take_and_hang", "take_and_reset", "take_and_500"
]

Answer = tuple[int, Any, Mapping[str, str]]


class SmsStandIn:
    """An SMS provider on loopback. Use it as a context manager.

    Args:
        now: Tells the time that signatures get.
        token: The bearer token of the JSON door.
        password: What the form door's signature is made with.
        webhook_secret: What signs receipts and replies.
        knows_keys: Whether a message with a key that it took before is not sent again.
        hang_s: How long it keeps a client waiting that it was told to let hang, in seconds.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        token: str = "stand-in-token",
        password: str = "stand-in-password",
        webhook_secret: str = "stand-in-webhook-secret",
        knows_keys: bool = False,
        hang_s: float = 5.0,
    ) -> None:
        self.token = token
        self.password = password
        self.webhook_secret = webhook_secret
        self.knows_keys = knows_keys
        self.hang_s = hang_s
        self.messages: dict[str, dict[str, str]] = {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self._now = now
        self._troubles: list[Trouble] = []
        self._refused: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> SmsStandIn:
        """Start on a free port of loopback."""
        standin = self

        class Handler(_Handler):
            provider = standin

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sms-standin", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, letting go whoever hangs."""
        self._stopped.set()
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def place(self) -> str:
        """Host and port."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def accepted_count(self) -> Counter[str]:
        """How many messages were accepted for each key."""
        return Counter(message["key"] for message in self.messages.values())

    def trouble(self, *troubles: Trouble) -> None:
        """Treat the next requests to send, one after the other, as a bad network or a bad day would."""
        self._troubles.extend(troubles)

    def refuse(self, number: str, code: str) -> None:
        """Refuse to send to a number from now on, with one of the provider's codes."""
        self._refused[number] = code

    def sign(self, body: bytes, *, at: datetime | None = None, secret: str | None = None) -> dict[str, str]:
        """Return the headers with which it posts a body."""
        sent_at = str(int((at or self._now()).timestamp()))
        key = (self.webhook_secret if secret is None else secret).encode()
        made = hmac.new(key, f"{sent_at}.".encode() + body, "sha256").hexdigest()
        return {"X-Provider-Time": sent_at, "X-Provider-Signature": made, "Content-Type": "application/json"}

    def receipt(self, message_id: str, status: str, *, code: str = "") -> bytes:
        """Return the body of a delivery receipt."""
        message = self.messages[message_id]
        report = {"msgid": message_id, "ref": message["key"], "status": status, "err": code}
        return json.dumps({"reports": [report]}).encode()

    def reply(self, *, sender: str, text: str, number: str = "1069000000") -> bytes:
        """Return the body of a message that somebody sent."""
        return json.dumps(
            {"id": f"MO{next(self._numbers)}", "from": sender, "to": number, "content": text},
            ensure_ascii=False,
        ).encode()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Post a body, signed now where no headers are given, and return the HTTP status of the answer."""
        request = urllib.request.Request(url, body, dict(headers or self.sign(body)), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return int(error.code)

    # What the handler calls.

    def answer(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer | None:
        """Answer a request; None where the connection breaks."""
        with self._lock:
            self.requests.append((path, dict(headers), content))
            trouble = self._troubles.pop(0) if self._troubles else None
        if trouble == "429":
            return 429, {"code": "TOO_FAST", "message": "too fast"}, {"Retry-After": "7"}
        if trouble == "busy":
            return 200, {"code": "BUSY", "message": "come again"}, {}
        if trouble == "nonsense":
            return 200, "<html>It works!</html>", {"Content-Type": "text/html"}
        taken = self._take(path, headers, content) if not trouble or trouble.startswith("take") else None
        if trouble is None:
            return taken
        if trouble.endswith("500"):
            return 500, {"code": "INTERNAL", "message": "oops"}, {}
        if trouble.endswith("hang"):
            self._stopped.wait(self.hang_s)
        return None

    def _take(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        if path == "/v2/messages":
            return self._take_json(headers, content)
        if path == "/send":
            return self._take_form({key: said[-1] for key, said in parse_qs(content.decode(), True).items()})
        return 404, {"code": "NOT_FOUND", "message": path}, {}

    def _take_json(self, headers: Mapping[str, str], content: bytes) -> Answer:
        said = headers.get("Authorization", "")
        if said != f"Bearer {self.token}":
            # As careless providers do: what was sent comes back in the error.
            return 401, {"code": "AUTH", "message": f"bad credentials: {said}"}, {}
        message = json.loads(content)
        [number] = message["to"]
        return self._keep(number, message["content"], message.get("ref", ""), numbers="E.164")

    def _take_form(self, form: Mapping[str, str]) -> Answer:
        signed = f"{form.get('account')}{self.password}{form.get('time')}".encode()
        if form.get("sign") != hashlib.md5(signed, usedforsecurity=False).hexdigest():
            return 200, {"code": "SIGN", "message": f"bad signature {form.get('sign')}"}, {}
        return self._keep(form["mobile"], form["content"], form.get("ref", ""), numbers="national")

    def _keep(self, number: str, text: str, key: str, *, numbers: str) -> Answer:
        if number in self._refused:
            return 200, {"code": self._refused[number], "message": f"{number} takes no messages"}, {}
        with self._lock:
            known = next((one for one, kept in self.messages.items() if kept["key"] == key), None)
            message_id = known if known and self.knows_keys else f"M{next(self._numbers):08}"
            self.messages[message_id] = {"number": number, "text": text, "key": key, "numbers": numbers}
        return 200, {"code": 0, "message": "OK", "data": {"msgid": message_id}}, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    provider: SmsStandIn

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.provider.answer(urlsplit(self.path).path, dict(self.headers.items()), content)
        self.close_connection = True
        if answer is None:
            # An abrupt end: the client sees its connection reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        status, said, headers = answer
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """Answer, as long as the client is there: one that had enough is nothing to speak of."""
        with suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
