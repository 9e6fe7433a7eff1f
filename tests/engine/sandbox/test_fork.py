"""The sandbox and processes: refused after a fork, fine after an exec."""

from __future__ import annotations

import subprocess
import sys

PRELUDE = """
import os, subprocess, sys, time
from datetime import UTC, datetime
from engine.sandbox import Sandbox, SandboxForked

def run(sandbox):
    return sandbox.run("x = 6 * 7", inputs={}, now=datetime(2026, 3, 2, tzinfo=UTC), seed="s").values["x"]

def in_child(act):
    pid = os.fork()
    if pid == 0:
        began = time.monotonic()
        try:
            print(act(), flush=True)
        except SandboxForked as error:
            at_once = time.monotonic() - began < 2
            print("refused", at_once, "start children by exec" in str(error), flush=True)
        os._exit(0)
    for _ in range(100):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    print("hangs", flush=True)
"""


def python(code: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, timeout=60, check=True
    )
    return ran.stdout.splitlines()


def test_a_child_forked_after_use_is_refused_at_once() -> None:
    assert python(
        """
sandbox = Sandbox()
print(run(sandbox))
in_child(lambda: run(sandbox))
in_child(lambda: run(Sandbox()))
in_child(lambda: sandbox.check("x = 1"))
in_child(lambda: sandbox.close())
print(run(sandbox))
"""
    ) == ["42", *["refused True True"] * 4, "42"]


def test_a_child_forked_before_the_first_use_runs_scripts() -> None:
    assert python(
        "sandbox = Sandbox()\nin_child(lambda: run(sandbox))\nin_child(lambda: run(Sandbox()))"
    ) == [
        "42",
        "42",
    ]


def test_a_child_started_by_exec_after_use_runs_scripts() -> None:
    code = PRELUDE + "print(run(Sandbox()))"
    assert python(
        f"print(run(Sandbox()), flush=True)\nsubprocess.run([sys.executable, '-c', {code!r}], timeout=30)"
    ) == ["42", "42"]
