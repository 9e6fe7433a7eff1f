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
    """Give a token the local names that its element's data inputs, outputs and own data declare."""
    settings = token.node.settings
    if not (settings.data_inputs or settings.data_outputs or settings.data_own):
        return
    given = values(run, token, settings.data_inputs)
    if token.id not in run.scopes.texts:
        run.scopes.open(token.id, token.variable_scope())
    outputs = [item.local for item in settings.data_outputs if item.local is not None]
    for name in (*outputs, *settings.data_own):
        run.write(token, name, None, local=True)
    for name, value in given.items():
        run.write(token, name, value, local=True)


def brought_in(run: Run, token: Token) -> dict[str, Any]:
    """Return what ``bring_in`` gave a token."""
    view = run.view(token)
    return {item.name: feel.to_json(view[item.name]) for item in token.node.settings.data_inputs}


def bring_out(run: Run, token: Token, payload: Mapping[str, Any], *, whole: bool = False) -> None:
    """Write an element's data outputs into the scope around it.

    Args:
        run: The run.
        token: What came to its end, or one round of it.
        payload: What it brought.
        whole: Whether an output that the payload does not name stands for the payload itself.
    """
    rounds = token.node.rounds
    for item in token.node.settings.data_outputs:
        name = item.local or item.name
        # What the rounds bring together leaves with the activity, everything else with its round.
        if rounds is not None and token.body != (name == rounds.result):
            continue
        brought = {**payload, name: dict(payload)} if whole and payload and name not in payload else payload
        run.write(token.scope, item.name, run.evaluate(token, item.source, brought))


def values(run: Run, token: Token, assignments: tuple[Assignment, ...]) -> dict[str, Any]:
    """Evaluate what is handed over."""
    return {item.name: feel.to_json(run.evaluate(token, item.source)) for item in assignments}
