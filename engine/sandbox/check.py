"""Look a script over before it is deployed: the sandbox's own type checker, nothing runs."""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

from engine.errors import Problem
from engine.i18n import _
from engine.sandbox.names import RESERVED, names_used, parse, prepare
from engine.sandbox.pool import Limits, session

if TYPE_CHECKING:
    from pydantic_monty import Monty

# Its call comes first and fails, so that the script is checked but not run.
_STOP = f"{RESERVED}stop"
_STUBS = f"""\
from typing import Any, NoReturn
def {_STOP}() -> None: ...
def log(text: str) -> None: ...
def throw_error(code: str, message: str = "") -> NoReturn: ...
"""
_FOUND = re.compile(r"script:(\d+):\d+: error\[[\w-]+\] (.+)")
_BUILT_IN = frozenset(dir(builtins))


def problems_of(pool: Monty, source: str, limits: Limits, path: str) -> list[Problem]:
    """Return what the type checker, then the sandbox's parser, have against a script.

    Args:
        pool: Where to look.
        source: The script; it can be parsed.
        limits: As for running it.
        path: Where it stands.
    """
    from pydantic_monty import MontyError, MontyRuntimeError, MontyTypingError

    options = {
        "type_check": True,
        "type_check_stubs": _STUBS + _variables(source),
        "type_check_format": "concise",
    }
    try:
        with session(pool, limits, **options) as opened:
            opened.feed_run(f"{_STOP}()\n{prepare(source)}")
    except MontyTypingError as error:
        found = _FOUND.findall(error.display())
        return [_problem(path, int(line) - 1, reason) for line, reason in found]
    except MontyRuntimeError as error:
        if isinstance(error.exception(), NameError):
            return []  # our own stop
        line = next((frame.line - 1 for frame in error.traceback()), 1)
        return [_problem(path, line, error.display("msg"))]
    except MontyError as error:
        return [
            Problem(
                path=path,
                message=_("The script cannot be checked: %(reason)s"),
                params={"reason": str(error)},
            )
        ]
    return []


def _variables(source: str) -> str:
    """Declare the names a script reads: any variable may be there, of any type."""
    reads, _writes = names_used(source)
    called = {
        node.func.id
        for node in ast.walk(parse(source, "exec"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    # A variable may be called like a built-in, but what is called as a function is the built-in.
    names = sorted(name for name in reads if not (name in _BUILT_IN and name in called))
    return "".join(f"{name}: Any\n" for name in names)


def _problem(path: str, line: int, reason: str) -> Problem:
    return Problem(
        path=path,
        message=_("Line %(line)s of the script: %(reason)s"),
        params={"line": line, "reason": reason},
        line=line,
    )
