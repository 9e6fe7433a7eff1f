"""What people decided about an instance, in order: as a print says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.feel.temporal import from_instant
from engine.files import is_reference
from engine.i18n import _
from engine.values import Json
from engine.work import Task
from forms.printing.answers import Reader, moment

Say = Callable[[str, str | None], str]
"""Says a text of a process in the reader's language: ``say(definition_id, text)``."""


def opinions(
    tasks: Sequence[Task], actions: Sequence[Any], decisions: Json, say: Say, reader: Reader
) -> list[dict[str, Json]]:
    """Return the decisions that count, oldest first.

    A decision that was taken back is none; one that was sent back stays, as people said it.

    Args:
        tasks: The instance's tasks.
        actions: What people did at them, in order.
        decisions: The instance's variable of that name.
        say: Says a text of the process.
        reader: For whom.

    Returns:
        For each ``step``, ``person``, ``instead_of``, ``decision``, ``opinion``, ``at`` (an instant),
        ``when`` (the same in words) and ``signature`` (a picture's name, empty for none).
    """
    by_id = {task.id: task for task in tasks}
    votes = _votes(decisions)
    found = [*_of_tasks(tasks, actions, decisions), *_of_actions(actions, by_id)]
    said: list[dict[str, Json]] = []
    for at, task, outcome, person, opinion, signature in sorted(found, key=lambda one: one[0]):
        vote = votes.get(task.id, {})
        instead_of = vote.get("instead_of") or ""
        signed = signature or vote.get("signature")
        said.append(
            {
                "step": say(task.definition_id, task.name),
                "person": reader.names.get(person, person),
                "instead_of": reader.names.get(instead_of, instead_of),
                "decision": _label(task, outcome, say, reader),
                "opinion": opinion or "",
                "at": from_instant(at),
                "when": moment(at, reader),
                "signature": reader.picture(signed) if is_reference(signed) else "",
            }
        )
    return said


_Found = tuple[datetime, Task, str, str, str | None, Json]


def _of_tasks(tasks: Sequence[Task], actions: Sequence[Any], decisions: Json) -> Iterator[_Found]:
    """Yield what was decided where nobody else was asked; of an approval the actions tell it."""
    told = {action.task_id for action in actions}
    for task in tasks:
        decided = task.state == "completed" and (task.opinion or task.options.get("outcomes"))
        if decided and task.id not in told and task.ended_at is not None:
            last = decisions.get(task.element_id) if isinstance(decisions, Mapping) else None
            own = last if isinstance(last, Mapping) and last.get("by") == task.ended_by else {}
            yield (
                task.ended_at,
                task,
                task.outcome or "",
                task.ended_by or "",
                task.opinion,
                own.get("signature"),
            )


def _of_actions(actions: Sequence[Any], tasks: Mapping[str, Task]) -> Iterator[_Found]:
    kept: dict[int, Any] = {}
    for number, action in enumerate(actions):
        if action.action in ("decide", "return"):
            kept[number] = action
        elif action.action == "take_back":
            last = max((at for at, one in kept.items() if one.task_id == action.task_id), default=None)
            kept.pop(last, None)  # type: ignore[arg-type]
    for one in kept.values():
        outcome = "returned" if one.action == "return" else one.outcome or ""
        signature = getattr(one, "signature", None)
        yield one.at, tasks[one.task_id], outcome, one.actor, one.opinion, signature


def _votes(decisions: Json) -> dict[str, Mapping[str, Json]]:
    """Return what each signer of an approval said last, by their task."""
    found: dict[str, Mapping[str, Json]] = {}
    for decision in decisions.values() if isinstance(decisions, Mapping) else ():
        listed = decision.get("list") if isinstance(decision, Mapping) else None
        for vote in listed if isinstance(listed, list) else ():
            if isinstance(vote, Mapping) and isinstance(vote.get("task"), str):
                found[vote["task"]] = vote
    return found


def _label(task: Task, outcome: str, say: Say, reader: Reader) -> str:
    """Say how somebody decided, in the words of the button."""
    if outcome == "returned":
        return reader.word(_("Sent back"))
    buttons: Any = task.options.get("outcomes") or ()
    label = next((button["label"] for button in buttons if button["name"] == outcome), None)
    return say(task.definition_id, label) if label else ""
