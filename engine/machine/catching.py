"""Who catches what is thrown inside an instance: errors, escalations, cancellations and signals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.machine.effects import End, Escalate, Left, Threw

if TYPE_CHECKING:
    from engine.machine.nodes.watchers import Watcher
    from engine.machine.run import Run
    from engine.machine.token import Token


def throw_error(run: Run, token: Token, code: str, message: str) -> None:
    """Bring a modelled error to the nearest event that catches it, outwards from a token.

    Nobody catches it: the instance ends as failed, and whoever called it gets the error.
    """
    found = _catcher(run, token, "error", code)
    if token.visited:
        run.effects.append(Threw(visit=token.id, code=code, message=message))
        run.effects.append(Left(visit=token.id, state="completed" if _did_its_work(token) else "failed"))
    run.withdraw(token)
    if found is None:
        run.end(End(state="failed", element=token.node.element_id, error_code=code, error_message=message))
        return
    host, catcher = found
    catcher.catch(run, host, {"error": {"code": code, "message": message}})


def escalate(run: Run, token: Token, code: str, payload: Mapping[str, Any]) -> None:
    """Bring an escalation to the nearest event that catches it; nobody does: nothing happens here."""
    found = _catcher(run, token, "escalation", code)
    if found is None:
        run.effects.append(
            Escalate(visit=token.id, element=token.node.element_id, code=code, payload=dict(payload))
        )
        return
    host, catcher = found
    if catcher.interrupting and _did_its_work(token):
        run.effects.append(Left(visit=token.id, state="completed"))
        run.withdraw(token)
    catcher.catch(run, host, {**payload, "escalation": {"code": code}})


def transaction(token: Token) -> Token:
    """Return the nearest transaction that a token is in."""
    scope = token.scope
    while scope is not None and scope.node.tag != "transaction":
        scope = scope.scope
    assert scope is not None
    return scope


def cancel_transaction(run: Run, scope: Token) -> None:
    """End a transaction whose work is undone, and go on from its cancel event."""
    host = scope.scope if scope.round is not None else scope
    assert host is not None
    assert host.scope is not None
    catcher = next((event for event in host.node.boundary if event.trigger.kind == "cancel"), None)
    if catcher is not None:
        catcher.catch(run, host, {})
        return
    run.cancel(host)
    run.settle(host.scope)


def signal(run: Run, name: str, payload: Mapping[str, Any]) -> None:
    """Bring a signal to everything in the instance that waits for it at this moment."""
    for token in list(run.tasks.values()):
        if token.waiting and token.id in run.tasks and token.node.awaits("signal", name):
            run.attempt(token, partial(token.node.resume, run, token, payload))


def _catcher(run: Run, token: Token, kind: str, code: str) -> tuple[Token, Watcher] | None:
    """Return the nearest catching event and the token it watches, outwards."""
    host: Token | None = token
    while host is not None and host.scope is not None:
        # A round's border is its body's.
        if host.round is None:
            found = _best(host.node.boundary, kind, code)
            if found is not None:
                return host, found
        scope = host.scope
        if not host.node.begun_otherwise and not scope.body and "interrupted" not in scope.memory:
            found = _best(scope.node.guards, kind, code)
            if found is not None:
                return scope, found
        host = scope
    return None


def _best(watchers: list[Any], kind: str, code: str) -> Watcher | None:
    """Return the watcher that names the code, else the one that catches any."""
    anything = None
    for watcher in watchers:
        for trigger in watcher.triggers:
            if trigger.kind == kind and trigger.name == code:
                found: Watcher = watcher
                return found
            if trigger.kind == kind and trigger.name is None:
                anything = anything or watcher
    return anything


def _did_its_work(token: Token) -> bool:
    """Whether what throws is an event: an activity that throws has not come to its end."""
    return token.node.tag.endswith("Event")
