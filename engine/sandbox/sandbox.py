"""Run a script outside this process, with limits, on copies of the variables it mentions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from engine.errors import BpmnError, Problem
from engine.i18n import _
from engine.sandbox.check import problems_of
from engine.sandbox.errors import (
    SandboxUnavailable,
    ScriptCrashed,
    ScriptError,
    ScriptLimitExceeded,
    ScriptSyntaxError,
    ScriptValueRefused,
)
from engine.sandbox.names import RESERVED, names_used, parse, prepare
from engine.sandbox.pool import Limits, binary, check_process, session, start
from engine.sandbox.tree import checked, same, to_script, untouched
from engine.values import Json

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyRuntimeError, MontySyntaxError

_VALUE = f"{RESERVED}value"
_MAX_LOG_LINE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptResult:
    """What a script left.

    Args:
        values: The variables it assigned, and those it was given and changed in place.
        log: What it logged and printed, line by line.
    """

    values: Mapping[str, Json]
    log: tuple[str, ...]


class Sandbox:
    """The sandbox of one process: workers are started at first use and end with the process.

    Safe to share between threads. A process that has used it must not fork.

    Args:
        limits: What a script may have.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._pool: Monty | None = None
        self._lock = Lock()

    @property
    def available(self) -> bool:
        """Whether scripts can run on this machine."""
        return binary() is not None

    def run(
        self,
        source: str,
        *,
        inputs: Mapping[str, Json],
        outputs: Collection[str] | None = None,
        now: datetime,
        seed: str,
    ) -> ScriptResult:
        """Run a script.

        Args:
            source: Python; it may call ``log(text)`` and ``throw_error(code, message)``.
            inputs: The variables in reach; only those it mentions are handed over, as copies.
            outputs: The variables it may change; None for all that it assigns.
            now: The time it sees, standing still; aware, in the zone that is local to it.
            seed: Where its random numbers begin: the same seed, the same numbers.

        Returns:
            What it assigned and logged.

        Raises:
            BpmnError: The script called ``throw_error``.
            ScriptError: It failed, wanted too much, or made a value that is no data. Permanent.
            SandboxBusy: No worker was free for ten seconds.
            SandboxUnavailable: The sandbox's program is missing.
            SandboxForked: The process has forked after using the sandbox.
        """
        reads, writes = names_used(source)
        given = {name: inputs[name] for name in reads | writes if name in inputs}
        kept = (writes | given.keys()) & (set(outputs) if outputs is not None else writes | given.keys())
        made, log = self._feed(prepare(source), given, sorted(kept), now, seed, assigned=writes)
        values = {
            name: value
            for name, value in made.items()
            if name in writes or name not in given or not same(value, given[name])
        }
        return ScriptResult(values=values, log=log)

    def evaluate(self, expression: str, *, inputs: Mapping[str, Json], now: datetime, seed: str) -> Json:
        """Evaluate one Python expression.

        Args:
            expression: Such as ``sum(item["price"] for item in items) > 100``.
            inputs: The variables in reach; only those it mentions are handed over.
            now: As for a script.
            seed: As for a script.

        Raises:
            ScriptError: It failed, wanted too much, or its value is no data. Permanent.
            SandboxBusy: As for a script.
            SandboxUnavailable: As for a script.
            SandboxForked: As for a script.
        """
        text = prepare(expression).strip()
        parse(text, "eval")
        reads, writes = names_used(f"({text}\n)")
        given = {name: inputs[name] for name in reads | writes if name in inputs}
        made, _log = self._feed(f"{_VALUE} = ({text}\n)", given, [_VALUE], now, seed)
        if _VALUE not in made:
            raise ScriptValueRefused(_("The value of the expression is no data."))
        return made[_VALUE]

    def check(self, source: str, path: str = "script") -> list[Problem]:
        """Look a script over without running it.

        Args:
            source: The script.
            path: Where it stands, for the problems.

        Returns:
            What is wrong: it cannot be read, uses what the sandbox does not know, or confuses types.
        """
        if not self.available:
            return [Problem(path=path, message=SandboxUnavailable().message)]
        try:
            names_used(source)
        except ScriptSyntaxError as error:
            return [Problem(path=path, message=error.message, params=error.params, line=error.line)]
        return problems_of(self._workers(), source, self.limits, path)

    def close(self) -> None:
        """End the workers."""
        check_process()
        with self._lock:
            if self._pool is not None:
                self._pool.__exit__(None, None, None)
                self._pool = None

    def _workers(self) -> Monty:
        check_process()
        with self._lock:
            if self._pool is None:
                self._pool = start(self.limits)
            return self._pool

    def _feed(
        self,
        code: str,
        given: Mapping[str, Json],
        kept: list[str],
        now: datetime,
        seed: str,
        assigned: Collection[str] = (),
    ) -> tuple[dict[str, Json], tuple[str, ...]]:
        """Run code in a session of its own, once more if the worker dies.

        What came back as it was sent and is not assigned to is left out: most of a script's data are.
        """
        from pydantic_monty import MontyCrashedError

        if now.tzinfo is None:
            raise ValueError(f"{now!r} has no time zone")
        crash: Exception | None = None
        sent = {name: to_script(value) for name, value in given.items()}
        for _attempt in range(2):
            host = _Host(self.limits)
            try:
                raw, texts = self._session(code + _collect(kept), sent, host, now, seed)
                back = {
                    name: value
                    for name, value in raw.items()
                    if name in assigned or name not in sent or not untouched(value, sent[name])
                }
                return _values(back, frozenset(texts)), host.told()
            except MontyCrashedError as error:
                host.throw()
                if error.timed_out:
                    raise _with_log(_too_long(self.limits), host) from None
                crash = error
            except ScriptError as error:
                host.throw()
                raise _with_log(error, host) from None
        raise ScriptCrashed() from crash

    def _session(self, code: str, sent: dict[str, Any], host: _Host, now: datetime, seed: str) -> Any:
        from pydantic_monty import MontyConversionError, MontyRuntimeError, MontySyntaxError, OSPolicy

        limits = self.limits
        policy: OSPolicy = {"datetime": now, "sleep": "zero", "random_start": {"seed": seed}}
        if isinstance(now.tzinfo, ZoneInfo) and now.tzinfo.key:
            policy["timezone"] = now.tzinfo.key
        try:
            with session(self._workers(), limits, os_policy=policy) as opened:
                result = opened.feed_run(
                    code,
                    inputs=sent,
                    external_lookup={"log": host.log, "throw_error": host.throw_error},
                    print_callback=host.print,
                )
        except (MontyRuntimeError, MontySyntaxError) as error:
            raise _script_error(error, limits) from None
        except MontyConversionError as error:
            raise ScriptValueRefused(reason=str(error)) from None
        host.throw()
        return result


@dataclass(slots=True)
class _Host:
    """The host's side of one run: what the script may call."""

    limits: Limits
    lines: list[str] = field(default_factory=list)
    length: int = 0
    unfinished: str = ""
    thrown: BpmnError | None = None

    def log(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("log takes one text")
        self._end_line()
        self._count(text)
        self.lines += _clean(text).splitlines() or [""]

    def throw_error(self, code: str, message: str = "") -> NoReturn:
        if not isinstance(code, str) or not isinstance(message, str) or not code:
            raise TypeError("throw_error takes a code and a message, both texts")
        if self.thrown is None:
            self.thrown = BpmnError(_clean(code), _clean(message))
        # Not an Exception: a script's own ``except Exception`` does not keep it.
        raise SystemExit

    def print(self, _stream: str, text: str) -> None:
        self._count(text)
        *whole, self.unfinished = (self.unfinished + text).split("\n")
        self.lines += map(_clean, whole)

    def throw(self) -> None:
        """Raise what the script threw, even if it went on after that."""
        if self.thrown is not None:
            with suppress(MemoryError):
                self.thrown.log = self.told()
            raise self.thrown from None

    def told(self) -> tuple[str, ...]:
        self._end_line()
        return tuple(self.lines)

    def _count(self, text: str) -> None:
        self.length += len(text) + 1
        if self.length > self.limits.log_length:
            raise MemoryError(f"a script may log {self.limits.log_length} characters")

    def _end_line(self) -> None:
        if self.unfinished:
            self.lines.append(_clean(self.unfinished))
            self.unfinished = ""


def _collect(kept: list[str]) -> str:
    """Write the code that hands the values over: those that exist, and which of them are really texts.

    What is no data comes out of the sandbox as a text that describes it.
    """
    made, texts = f"{RESERVED}values", f"{RESERVED}texts"
    parts = [
        f"try:\n {made}[{name!r}] = {name}\n ''.join([{name}[:0]])\n {texts}.append({name!r})\n"
        "except:\n pass\n"
        for name in kept
    ]
    return f"\n{made} = {{}}\n{texts} = []\n{''.join(parts)}({made}, {texts})"


def _values(raw: Mapping[str, object], texts: frozenset[str]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for name, value in raw.items():
        if name not in texts and _is_tool(value):
            continue
        if isinstance(value, str) and name not in texts:
            raise ScriptValueRefused(
                _("“%(path)s” holds %(value)s, which is no data: begin its name with an underscore."),
                path=name,
                value=value[:80],
            )
        values[name] = checked(name, value)
    return values


def _is_tool(value: object) -> bool:
    """Tell whether a script left a function or a class behind: neither data nor a mistake."""
    from pydantic_monty import MontyClassTypeProxy, MontyStdTypeProxy

    return isinstance(value, type | MontyClassTypeProxy | MontyStdTypeProxy) or (
        isinstance(value, str) and value.startswith(("<function '", "<class '"))
    )


def _script_error(error: MontyRuntimeError | MontySyntaxError, limits: Limits) -> ScriptError:
    inner = error.exception()
    line = next((frame.line for frame in reversed(error.traceback())), None)
    reason = _clean(error.display("type-msg"))[:_MAX_LOG_LINE]
    if isinstance(inner, TimeoutError) and "time limit" in str(inner):
        return _too_long(limits)
    if isinstance(inner, MemoryError | RecursionError) or "suspension limit" in str(inner):
        return ScriptLimitExceeded(reason=reason, line=line)
    if isinstance(inner, SyntaxError | NotImplementedError):
        return ScriptSyntaxError(reason=reason, line=line)
    return ScriptError(reason=reason, line=line)


def _too_long(limits: Limits) -> ScriptLimitExceeded:
    return ScriptLimitExceeded(_("The script ran longer than %(limit)s s."), limit=limits.feed_s)


def _with_log(error: ScriptError, host: _Host) -> ScriptError:
    with suppress(MemoryError):
        error.log = host.told()
    return error


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")[:_MAX_LOG_LINE]
