"""What people can do at a step beside deciding it: a drawing takes buttons away and calls them otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Forbidden
from engine.i18n import _
from engine.machine.offering import ACTIONS
from engine.work.tasks import Task


class NotOffered(Forbidden):
    """This step does not offer that."""

    code = "not_offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something that a step offers.

    Args:
        name: What is done: one of ``engine.machine.offering.ACTIONS``.
        label: What the drawing calls it, in the drawing's words; None for its usual name.
    """

    name: str
    label: str | None


def buttons_of(task: Task) -> dict[str, Button]:
    """Return what a task's step offers beside deciding it, by name.

    Who may press which, and when, is the verbs': where nobody else is asked, nobody can be added.
    """
    drawn: Mapping[str, Any] = (task.options or {}).get("buttons") or {}
    return {
        name: Button(name=name, label=drawn.get(name, {}).get("label"))
        for name in ACTIONS
        if not drawn.get(name, {}).get("hidden")
    }


def need_offered(task: Task, action: str) -> None:
    """Make sure that a task's step offers something.

    Args:
        task: Which task.
        action: What somebody is about to do: one of ``engine.machine.offering.ACTIONS``.

    Raises:
        NotOffered: The drawing took it away.
    """
    if action not in buttons_of(task):
        raise NotOffered(_("The step %(step)s does not offer that."), step=task.name)
