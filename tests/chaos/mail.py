"""A mail server that counts by Message-ID, and is at times slow, full, or gone just after it took a mail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.stories.product import free_port

MailTrouble = Literal["451", "reset", "take_and_hang", "take_and_reset"]
_HANG_S = 12.0


class MailServer:
    """Takes mail, or does what ``trouble_of`` says.

    Args:
        trouble_of: What happens to a mail, by its Message-ID.
    """

    def __init__(self, trouble_of: Callable[[str], MailTrouble | None]) -> None:
        self.accepted_count: Counter[str] = Counter()
        self.tried_at_s: list[tuple[str, float]] = []
        self._trouble_of = trouble_of
        self._lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        """Take a mail."""
        key = str(message_from_bytes(envelope.content)["Message-ID"]).strip("<>").partition("@")[0]
        trouble = self._trouble_of(key)
        with self._lock:
            self.tried_at_s.append((key, time.monotonic()))
            if trouble is None or trouble.startswith("take"):
                self.accepted_count[key] += 1
        if trouble == "451":
            return "451 4.3.2 Not now"
        if trouble == "take_and_hang":
            await asyncio.sleep(_HANG_S)
        if trouble is not None and server.transport is not None:
            server.transport.abort()
        return "250 Taken"


@contextmanager
def mail_server(trouble_of: Callable[[str], MailTrouble | None]) -> Iterator[tuple[MailServer, str]]:
    """Run one on a free port of loopback; yields it and its address."""
    server, port = MailServer(trouble_of), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
