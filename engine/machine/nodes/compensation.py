"""Compensation: what is done is remembered where it was done, and undone in reverse order when asked for.

A scope keeps a list of what can be undone in it: an activity with the activity that undoes it, or a finished
sub-process with what it kept itself and its variables. Whatever undoes holds the undoing activities as tokens
inside it, one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from engine.machine.catching import transaction
from engine.machine.token import Token

if TYPE_CHECKING:
    from engine.machine.run import Run


def keep(run: Run, token: Token) -> None:
    """Remember a finished activity, if it can be undone."""
    scope, node = token.scope, token.node
    assert scope is not None
    inner: list[Any] = token.memory.get("kept", [])
    if token.body:
        # Each round was remembered for itself.
        entries = inner
    elif node.compensation is not None:
        entries = [{"element": node.element_id, "by": node.compensation}]
    elif inner or any(guard.trigger.kind == "compensate" for guard in node.guards):
        texts = run.scopes.texts.get(token.id, {})
        entries = [{"element": node.element_id, "kept": inner, "texts": dict(texts)}]
    else:
        return
    if entries:
        scope.memory.setdefault("kept", []).extend(entries)


def undo(run: Run, token: Token, scope: Token, activity: str | None) -> bool:
    """Begin to undo what a scope kept.

    Args:
        run: The run.
        token: What asks for it; it holds what undoes.
        scope: Whose activities.
        activity: Only this one; all where omitted.

    Returns:
        True where there is nothing to undo.
    """
    todo: list[Any] = []
    holder: Token | None = scope
    while holder is not None:
        kept = holder.memory.get("kept", [])
        todo = [entry for entry in kept if activity in (None, entry["element"])] + todo
        if kept:
            holder.memory["kept"] = [entry for entry in kept if activity not in (None, entry["element"])]
        # An event sub-process undoes what the scope it guards has done.
        holder = holder.scope if holder.node.guarding else None
    token.memory["todo"] = todo
    return undo_next(run, token)


def undo_beside(run: Run, token: Token, scope: Token, activity: str | None) -> None:
    """Begin to undo what a scope kept while what asks for it goes on; the scope ends after both."""
    assert token.scope is not None
    memory = {"compensating": True}
    beside = Token(run, token.node, token.scope, state=TaskState.STARTED, memory=memory)
    if undo(run, beside, scope, activity):
        run.withdraw(beside)


def undone(run: Run, token: Token) -> None:
    """End what only undid something; what is around it may end with it."""
    scope = token.scope
    assert scope is not None
    run.withdraw(token)
    run.settle(scope)


def undo_transaction(run: Run, token: Token) -> bool:
    """Stop everything else in the transaction around a token, and begin to undo what was done in it.

    The token may lie in sub-processes of the transaction: what they have done is undone first.

    Returns:
        True where there is nothing to undo.
    """
    outermost = transaction(token)
    todo: list[Any] = []
    holder = token
    while holder is not outermost:
        inside, holder = holder, holder.scope  # type: ignore[assignment]
        for other in holder.children:
            if other is not inside and not (other.watching and other.node in holder.node.boundary):
                run.cancel(other)
        todo = holder.memory.pop("kept", []) + todo
    token.memory["todo"] = todo
    return undo_next(run, token)


def undo_next(run: Run, token: Token) -> bool:
    """Undo the last thing that is not undone yet; True where nothing is left."""
    todo = token.memory.get("todo")
    if not todo:
        return True
    entry = todo.pop()
    if "by" in entry:
        run.place(entry["by"], token)
        return False
    node = run.spec.node(entry["element"])
    inner = Token(run, node, token, state=TaskState.STARTED, memory={"compensating": True})
    run.scopes.open(inner.id, token.variable_scope())
    run.scopes.texts[inner.id] = dict(entry["texts"])
    guard = next((guard for guard in node.guards if guard.trigger.kind == "compensate"), None)
    if guard is not None:
        inner.memory["kept"] = entry["kept"]
        guard.catch(run, inner, {})
        return False
    inner.memory["todo"] = entry["kept"]
    undo_next(run, inner)
    return False
