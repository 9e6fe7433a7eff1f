"""BPMN's own data associations: what they bring into an element's local scope, and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import feel
from engine.machine.spec import Assignment

if TYPE_CHECKING:
    from engine.machine.run import Run
    from engine.machine.token import Token


def bring_in(run: Run, token: Token) -> None:
    """Give a token the local names that its element's data inputs and outputs declare."""
    settings = token.node.settings
    if not (settings.data_inputs or settings.data_outputs):
        return
    given = values(run, token, settings.data_inputs)
    if token.id not in run.scopes.texts:
        run.scopes.open(token.id, token.variable_scope())
    for item in settings.data_outputs:
        if item.local is not None:
            run.write(token, item.local, None, local=True)
    for name, value in given.items():
        run.write(token, name, value, local=True)


def bring_out(run: Run, token: Token, payload: Mapping[str, Any]) -> None:
    """Write an element's data outputs into the scope around it."""
    for item in token.node.settings.data_outputs:
        run.write(token.scope, item.name, run.evaluate(token, item.source, payload))


def values(run: Run, token: Token, assignments: tuple[Assignment, ...]) -> dict[str, Any]:
    """Evaluate what is handed over."""
    return {item.name: feel.to_json(run.evaluate(token, item.source)) for item in assignments}
