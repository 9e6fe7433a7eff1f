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
    # In the order in which they came, so that whoever was first is first after a load as well.
    live = list(run.tasks.values()) if run.state == "active" else []
    numbers = {token.id: number for number, token in enumerate(live)}
    tokens: list[list[Any]] = [
        [
            token.id,
            token.node.name,
            token._state,
            numbers[token.scope.id] if token.scope is not None else -1,
            token.memory,
        ]
        for token in live
    ]
    scopes = [
        [scope, run.scopes.outer.get(scope) if scope else None, texts]
        for scope, texts in run.scopes.texts.items()
    ]
    ready = [numbers[token.id] for token in run.queue]
    written = orjson.dumps([VERSION, run.state, tokens, scopes, ready])
    limit = run.environment.budget.state_bytes
    if len(written) > limit:
        raise BudgetExceeded(
            _("The state of the instance has %(size)s bytes, %(limit)s are allowed."),
            size=len(written),
            limit=limit,
        )
    return written


def load(spec: ProcessSpec, written: bytes, environment: Environment) -> Run:
    """Read a run.

    Args:
        spec: The process it runs.
        written: What ``dump`` wrote.
        environment: What its next step may look at.

    Raises:
        UnknownState: Another version of the product wrote it.
    """
    version, state, tokens, scopes, *queue = orjson.loads(written)
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
    # Older states do not say in which order what was ready goes on.
    ready = queue[0] if queue else [n for n, token in enumerate(made) if token._state == TaskState.READY]
    run.ready.extend(made[number] for number in ready)
    return run
