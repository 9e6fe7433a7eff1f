"""Deciding several tasks at once: those whose steps allow it."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext

from admin.kit.current import context, signed_in, web
from admin.kit.errors import flash_refusal
from admin.kit.names import Texts
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from engine import runtime
from engine.errors import CallwrightError
from engine.i18n import say
from engine.runtime.batch import MOST_AT_ONCE
from engine.work import Task, list_tasks


class SeveralView(View):
    """Several tasks and one decision."""

    route_base = "/tasks/several"

    @expose("/")
    @needs()
    def show(self) -> Any:
        """Show my tasks that can be decided together, by their step and its buttons."""
        ctx = context()
        with ctx.read():
            tasks = [
                task
                for task in list_tasks(ctx, mine=_key(), page_size=MOST_AT_ONCE)[1]
                if task.options.get("batch") and task.owner is None
            ]
            return page("work/several.html", steps=_by_step(tasks), texts=Texts(ctx), now=ctx.now)

    @expose("/", methods=["POST"])
    @needs()
    def decide(self) -> Any:
        """Decide those that were chosen; say which could not be, and why."""
        ctx = context()
        said = fields_of("outcome", "opinion")
        try:
            made = runtime.decide_tasks(
                ctx,
                task_ids=request.form.getlist("task"),
                outcome=said["outcome"],
                opinion=said["opinion"] or None,
            )
        except CallwrightError as error:
            flash_refusal(error)
            return see_other("SeveralView.show")
        done = sum(one.error is None for one in made)
        if done:
            flash(gettext("%(count)s tasks were decided.", count=done), "success")
        reasons: dict[str, int] = {}
        for one in made:
            if one.error is not None:
                reason = say(web().locale, one.error.problems[0] if one.error.problems else one.error)
                reasons[reason] = reasons.get(reason, 0) + 1
        for reason, count in reasons.items():
            flash(gettext("%(count)s are still open: %(reason)s", count=count, reason=reason), "warning")
        return see_other("SeveralView.show")


def _by_step(tasks: list[Task]) -> list[list[Task]]:
    """Return the tasks of each step together: their buttons are the same."""
    steps: dict[tuple[str, str], list[Task]] = {}
    for task in tasks:
        steps.setdefault((task.definition_id, task.element_id), []).append(task)
    return list(steps.values())


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key


def register(appbuilder: Any) -> None:
    """Add the page."""
    appbuilder.add_view_no_menu(SeveralView)
