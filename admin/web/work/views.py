"""The work list, and a task: its form, its buttons, what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

import forms
from admin.kit.current import context, signed_in, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts, names_of_groups, person_names
from admin.kit.permissions import needs
from admin.kit.signing import posted_signature
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.work import home, parts, several
from admin.web.work.deciding import is_signed, posted_attachments, takes_opinion
from admin.web.work.filling import posted_data, with_data
from admin.web.work.known import shown_files, shown_variables
from admin.web.work.steps import StepView, step_of
from admin.web.work.worklist import worklist_page
from engine import runtime
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.errors import CallwrightError, Forbidden, InvalidSubmission
from engine.i18n import _, say
from engine.work import (
    Candidate,
    Task,
    candidates_of,
    get_task,
    held_since,
    kept_signature,
    list_comments,
    list_tasks,
    may_act,
    may_see,
    tasks_of_instance,
)
from forms import printing
from forms.personal import masked_values, sensitive_names


class TaskView(View):
    """The work list and a task."""

    route_base = "/tasks"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show the work list: mine, open to me, done by me, lent, or everybody's."""
        return worklist_page(context(), _key())

    @expose("/<task_id>")
    @needs()
    def show(self, task_id: str) -> Any:
        """Show a task: its form, its buttons, and what is around it."""
        return self._show(task_id)

    @expose("/<task_id>/<any(claim,unclaim,acknowledge):verb>", methods=["POST"])
    @needs()
    def act(self, task_id: str, verb: str) -> Any:
        """Take a task, put it back, say that one is on it."""
        acts = {
            "claim": runtime.claim_task,
            "unclaim": runtime.unclaim_task,
            "acknowledge": runtime.acknowledge_task,
        }
        return self._tried(task_id, lambda: acts[verb](context(), task_id=task_id))

    @expose("/<task_id>/choose", methods=["POST"])
    @needs()
    def choose(self, task_id: str) -> Any:
        """Begin what is done next in an ad-hoc sub-process."""
        activity = fields_of("activity")["activity"]
        return self._tried(
            task_id, lambda: runtime.choose_activity(context(), task_id=task_id, element_id=activity)
        )

    @expose("/<task_id>/complete", methods=["POST"])
    @needs()
    def complete(self, task_id: str) -> Any:
        """Finish a task with its form and an outcome."""
        ctx = context()
        with ctx.read():
            task = get_task(ctx, task_id)
        data = posted_data(ctx)
        attached: list[Any] = []
        try:
            if "save" in request.form:
                forms.save_draft(ctx, task_id=task_id, data=data)
                flash(gettext("Saved. You can go on later."), "success")
                return see_other("TaskView.show", task_id=task_id)
            attached = posted_attachments(ctx)
            outcome = request.form.get("outcome") or None
            finish = ctx.registry.port("finish_task")
            finish(
                ctx,
                task_id=task_id,
                outcome=outcome,
                data=data,
                opinion=request.form.get("opinion", "").strip() or None,
                files=attached,
                signature=posted_signature(ctx) if is_signed(task, outcome) else None,
            )
        except InvalidSubmission as error:
            return make_response(self._show(task_id, data=data, error=error, attached=attached), 422)
        except CallwrightError as error:
            flash_refusal(error)
            return see_other("TaskView.show", task_id=task_id)
        return self._next(task)

    @expose("/<task_id>/comments", methods=["POST"])
    @needs()
    def comment(self, task_id: str) -> Any:
        """Write a note."""
        ctx = context()
        with ctx.read():
            task = get_task(ctx, task_id)
        text = fields_of("text")["text"]

        def write() -> None:
            files = posted_attachments(ctx)
            runtime.add_comment(ctx, instance_id=task.instance_id, task_id=task_id, text=text, files=files)

        return self._tried(task_id, write)

    def _tried(self, task_id: str, act: Any) -> Response:
        try:
            act()
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("TaskView.show", task_id=task_id)

    def _next(self, done: Task) -> Response:
        """Lead to the next task of the same person in the same process, else to the list."""
        ctx = context()
        with ctx.read():
            family = runtime.get_instance(ctx, done.instance_id)["root_id"]
            following = [
                task
                for task in list_tasks(ctx, mine=_key(), page_size=50)[1]
                if runtime.get_instance(ctx, task.instance_id)["root_id"] == family
            ]
        if following:
            flash(gettext("Done. The next step of it is yours, too."), "success")
            return see_other("TaskView.show", task_id=following[0].id)
        flash(gettext("Done."), "success")
        return see_other("TaskView.list")

    def _show(
        self,
        task_id: str,
        *,
        data: Any = None,
        error: InvalidSubmission | None = None,
        attached: Sequence[Any] = (),
    ) -> str:
        ctx = context()
        with ctx.read():
            task = get_task(ctx, task_id)
            if not may_see(ctx, task.instance_id):
                raise Forbidden()
            texts = Texts(ctx)
            instance = runtime.get_instance(ctx, task.instance_id)
            mine = task.owner is None and may_act(ctx, task, _key())
            candidates = candidates_of(ctx, task_id) if task.assignee is None else []
            comments = list_comments(ctx, task.instance_id)
            kept = kept_signature(ctx)
            rendered = with_data(forms.render_task(ctx, task_id=task_id), data)
            definition = texts.definition(task.definition_id)
            if rendered is not None and definition is not None and not may_act(ctx, task, _key()):
                # Whoever looks on is shown no more of people than the page of the process shows.
                shown = masked_values(ctx, rendered.data, sensitive_names(definition))
                rendered = replace(rendered, data=shown)
            step = step_of(ctx, task, texts, mine=mine and task.open)
            names = person_names(
                ctx,
                [
                    task.assignee,
                    task.ended_by,
                    instance["initiator"],
                    *candidates,
                    *(comment["author"] for comment in comments),
                    task.owner,
                    *(key for one in step.signers for key in (one.person, one.instead_of, one.added_by)),
                    *(key for one in step.asked for key in (one.person_key, one.by)),
                    step.sent_back.actor if step.sent_back else None,
                ],
            )
            withheld = forms.withheld(ctx, task.instance_id, task=task)
            held = forms.without_places(runtime.variables_of(ctx, task.instance_id), withheld)
            return page(
                "work/task.html",
                task=task,
                title=task.title or texts.say(task.definition_id, task.name),
                texts=texts,
                instance=instance,
                mine=mine and task.open,
                may_claim=task.open and task.assignee is None and mine,
                candidates=candidates,
                comments=comments,
                names=names,
                begun=_begun(ctx, task),
                step=step,
                rendered=rendered,
                errors=_by_field(error),
                error=say(web().locale, error) if error is not None and not error.problems else None,
                opinion=request.form.get("opinion", ""),
                takes_opinion=takes_opinion(task),
                attached=attached,
                drawn=request.form.get("signature", ""),
                kept_signature=kept.id if kept is not None else None,
                variables=shown_variables(ctx, definition, held, without=rendered.data if rendered else ()),
                files=shown_files({} if rendered else held),
                groups=names_of_groups(ctx, _candidate_groups(ctx, task_id)),
                prints=printing.list_prints(ctx, instance_id=task.instance_id),
                makes_pdf=printing.can_make_pdf(),
                now=ctx.now,
                held=held_since(ctx, [task]),
            )


def _begun(ctx: Context, task: Task) -> list[Task]:
    """Return the open tasks that were begun at an ad-hoc sub-process."""
    if "activities" not in task.options:
        return []
    definition = get_definition_by_id(ctx, task.definition_id)
    return [
        one
        for one in tasks_of_instance(ctx, task.instance_id)
        if one.open and definition.spec.node(one.element_id).within == task.element_id
    ]


def _candidate_groups(ctx: Context, task_id: str) -> list[str]:
    return list(
        ctx.connection.execute(
            select(Candidate.key).where(Candidate.task_id == task_id, Candidate.kind == "group")
        ).scalars()
    )


def _by_field(error: InvalidSubmission | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in error.problems if error is not None else ():
        found.setdefault(problem.path, []).append(say(web().locale, problem))
    return found


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key


def register(appbuilder: Any) -> None:
    """Add the pages and their lines in the menu."""
    home.register(appbuilder)
    appbuilder.add_view_no_menu(TaskView)
    appbuilder.add_view_no_menu(StepView)
    parts.register(appbuilder)
    several.register(appbuilder)
    add_menu(
        appbuilder,
        MenuEntry(label=_("Tasks"), endpoint="TaskView.list", icon="checklist", category="Work", order=10),
    )
