"""A centre with the plug-in, and a real local HTTP server that answers as it is told."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.context import Centre, Context
from engine.parameters import set_parameter
from engine.testing import make_centre, system


@dataclass
class Reply:
    """How the server answers one request; ``drip_s`` between single bytes of the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    drip_s: float = 0.0
    chunked: bool = False


@dataclass
class Asked:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server:
    """A real local server; ``replies`` are given in order, the last one for ever."""

    def __init__(self, tls: Path | None = None) -> None:
        self.asked: list[Asked] = []
        self.replies: list[Reply] = [Reply()]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
                reply = outer.replies.pop(0) if len(outer.replies) > 1 else outer.replies[0]
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.chunked:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                with contextlib.suppress(OSError):  # whoever asked had enough
                    self._send(reply)
                self.close_connection = True

            def _send(self, reply: Reply) -> None:
                if self.command == "HEAD":
                    return
                if not reply.drip_s:
                    self.wfile.write(reply.body)
                    return
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(reply.drip_s)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

            def log_message(self, *args: Any) -> None:
                return

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True)
        threading.Thread(target=self.httpd.serve_forever, args=(0.05,), daemon=True).start()

    def reply(self, *replies: dict[str, Any]) -> None:
        """Answer the next requests with these, and all later ones with the last."""
        self.replies = [Reply(**said) for said in replies]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self.httpd.server_address[1])

    def stop(self) -> None:
        self.httpd.shutdown()
        self.httpd.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[Server]:
    """A server whose certificate bears the name ``localhost`` and nothing else."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"), "-days", "2",
         "-subj", "/CN=test", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    running = Server(tls=tmp_path)
    yield running
    running.stop()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = make_centre(tmp_path, plugins=("plugins",))
    yield made
    made.database.dispose()


@pytest.fixture
def ctx(centre: Centre) -> Context:
    return system(centre)


@pytest.fixture
def allow(ctx: Context) -> Callable[..., None]:
    """Say which hosts may be called, and that this machine counts as the house's network."""

    def say(*hosts: str, networks: str = "127.0.0.0/8, ::1/128") -> None:
        set_parameter(ctx, key="http.allowed_hosts", value=", ".join(hosts))
        set_parameter(ctx, key="http.private_networks", value=networks)

    return say
