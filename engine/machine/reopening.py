"""Taking a finished task back: what the step that finished it began is cancelled, and the task is open again.

That is possible where the step left nothing behind that only that step could have left: what it ended was
the task alone, and whatever else lives is as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import Conflict
from engine.machine.nodes.activities import UserTask
from engine.machine.nodes.approvals import ApprovalTask
from engine.machine.nodes.approved import forget_what_came_before
from engine.machine.nodes.events import ThrowEvent
from engine.machine.stimuli import Reopen

if TYPE_CHECKING:
    from engine.machine.nodes.base import Node
    from engine.machine.run import Run
    from engine.machine.token import Token

# What a throwing event sends out of the instance.
_SENT = ("message", "signal", "escalation")


class GoneOn(Conflict):
    """The process has gone on meanwhile. Call the desk."""

    code = "gone_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a finished task can be taken back.

    Args:
        scope: The visit in which it stood; the process itself has one, too.
        opened: The visits that its step opened and that are still live.
        border: What watched at its border: visit, node and what the node kept.
    """

    scope: str
    opened: tuple[str, ...]
    border: tuple[tuple[str, str, dict[str, Any]], ...]


def way_back(before: Run, after: Run, visit: str, passed: Iterable[str]) -> WayBack | None:
    """Tell how a task that a step has just finished can be taken back.

    Args:
        before: The run as it was before the step; not to be used after.
        after: The run after it.
        visit: The task.
        passed: The elements that the step entered.

    Returns:
        None where it cannot.
    """
    task: Token = before.tasks[visit]
    scope = task.scope
    assert scope is not None
    several = (
        not isinstance(task.node, UserTask)
        or isinstance(task.node, ApprovalTask)
        or task.round is not None
        or any(watcher.inner for watcher in task.inner)
    )
    if several or after.state != "active" or after.ready or any(_acts(after.spec.node(at)) for at in passed):
        return None
    if task.node.hands_in(task):
        # What it forgot stays forgotten: it is handed in again.
        forget_what_came_before(before)
    gone = {visit, *(watcher.id for watcher in task.inner)}
    for token in before.tasks.values():
        if token.id not in gone and not _same(token, after.tasks.get(token.id)):
            return None
    opened = [token for token in after.tasks.values() if token.id not in before.tasks]
    return WayBack(
        scope=scope.id,
        opened=tuple(token.id for token in opened if token.scope is None or token.scope.id in before.tasks),
        border=tuple((watcher.id, watcher.node.name, watcher.memory) for watcher in task.inner),
    )


def _same(token: Token, later: Token | None) -> bool:
    return later is not None and (token._state, token.memory) == (later._state, later.memory)


def _acts(node: Node) -> bool:
    """Whether something outside the instance was told or begun at an element."""
    if isinstance(node, ThrowEvent) and any(trigger.kind in _SENT for trigger in node.triggers):
        return True
    return node.settings.called is not None


def reopen(run: Run, stimulus: Reopen) -> None:
    """Cancel what the step of a finished task began and place a token on the task again.

    Raises:
        GoneOn: It does not stand as that step left it.
    """
    scope = run.tasks.get(stimulus.scope)
    if scope is None or any(visit not in run.tasks for visit in stimulus.opened):
        raise GoneOn()
    for visit in stimulus.opened:
        run.cancel(run.tasks[visit])
    border = [
        {
            "node": watch.node,
            "memory": dict(watch.memory),
            "due_at": watch.due_at.isoformat() if watch.due_at else None,
        }
        for watch in stimulus.border
    ]
    due_at = stimulus.due_at.isoformat() if stimulus.due_at else None
    memory = {"reopened": {"by": stimulus.by, "due_at": due_at, "border": border}}
    # At once, whatever the step's budget: whoever takes it back is told that it is theirs.
    token = run.place(stimulus.element, scope, memory=memory)
    run.attempt(token, token.run)
