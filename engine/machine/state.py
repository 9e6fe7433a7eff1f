"""A run as bytes and back: live tokens and variables as lists, with the format's version."""

from __future__ import annotations

from typing import Any

import orjson
from SpiffWorkflow.util.task import TaskState

from engine.errors import BudgetExceeded, CallwrightError
from engine.i18n import _
from engine.machine.environment import Environment
from engine.machine.run import Run
from engine.machine.scopes import Scopes
from engine.machine.spec import ROOT, ProcessSpec
from engine.machine.token import Token

VERSION = 1


class UnknownState(CallwrightError):
    """This instance was written by another version of the product."""

    code = "unknown_state"


def dump(run: Run) -> bytes:
    """Write a run.

    Raises:
        BudgetExceeded: It is too large.
    """
    tokens: list[list[Any]] = []
    numbers: dict[str, int] = {}
    if run.root is not None and run.state == "active":
        _write(run.root, -1, tokens, numbers)
    scopes = [
        [scope, run.scopes.outer.get(scope) if scope else None, texts]
        for scope, texts in run.scopes.texts.items()
    ]
    written = orjson.dumps([VERSION, run.state, tokens, scopes])
    limit = run.environment.budget.state_bytes
    if len(written) > limit:
        raise BudgetExceeded(
            _("The state of the instance has %(size)s bytes, %(limit)s are allowed."),
            size=len(written),
            limit=limit,
        )
    return written


def _write(token: Token, scope: int, tokens: list[list[Any]], numbers: dict[str, int]) -> None:
    numbers[token.id] = number = len(tokens)
    tokens.append([token.id, token.node.name, token._state, scope, token.memory])
    for inner in token.inner:
        _write(inner, number, tokens, numbers)


def load(spec: ProcessSpec, written: bytes, environment: Environment) -> Run:
    """Read a run.

    Args:
        spec: The process it runs.
        written: What ``dump`` wrote.
        environment: What its next step may look at.

    Raises:
        UnknownState: Another version of the product wrote it.
    """
    version, state, tokens, scopes = orjson.loads(written)
    if version != VERSION:
        raise UnknownState()
    run = Run(spec, environment)
    run.state = state
    run.scopes = Scopes(
        {scope: texts for scope, _outer, texts in scopes},
        {scope: outer for scope, outer, _texts in scopes if scope is not None},
    )
    made: list[Token] = []
    for visit, name, task_state, scope, memory in tokens:
        node = spec.task_specs[name]
        token = Token(
            run, node, made[scope] if scope >= 0 else None, state=task_state, visit=visit, memory=memory
        )
        made.append(token)
        if name == ROOT:
            run.root = token
        elif task_state == TaskState.READY:
            run.ready.append(token)
    return run
