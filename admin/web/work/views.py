"""One's own work: home, the work list, a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, cast

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

import forms
from admin.kit.current import context, permitted, signed_in, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts, names_of_groups, person_names, process_titles
from admin.kit.permissions import needs
from admin.kit.signing import posted_signature
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.work import parts, several
from admin.web.work.deciding import is_signed, posted_attachments, takes_opinion
from admin.web.work.known import shown_files, shown_variables
from admin.web.work.steps import StepView, step_of
from engine import runtime, values
from engine.context import Context
from engine.definition import get_definition_by_id, list_definitions, starts_for
from engine.errors import CallwrightError, Forbidden, InvalidSubmission
from engine.files import reference, store
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
from forms.render import Rendered

SORTS = ("due_at", "priority", "created_at", "title", "business_key", "name", "assignee")


class HomeView(View):
    """What one looks at first."""

    route_base = ""

    @expose("/")
    @needs()
    def show(self) -> Any:
        """Show what is due, what is mine, what my groups have, what I asked for, what I can start."""
        ctx = context()
        key = _key()
        with ctx.read():
            texts = Texts(ctx)
            mine_count, mine = list_tasks(ctx, mine=key, page_size=8)
            claimed_count = list_tasks(ctx, assignee=key, page_size=1)[0]
            waiting_count = list_tasks(ctx, candidate=key, page_size=1)[0]
            overdue_count = list_tasks(ctx, mine=key, due_by=ctx.now, page_size=1)[0]
            asked_count, asked = runtime.list_instances(ctx, initiator=key, page_size=5)
            starts = startable(ctx)[:6]
            return page(
                "work/home.html",
                tasks=mine,
                texts=texts,
                now=ctx.now,
                held=held_since(ctx, mine),
                mine_count=mine_count,
                claimed_count=claimed_count,
                waiting_count=waiting_count,
                overdue_count=overdue_count,
                asked=asked,
                asked_count=asked_count,
                starts=starts,
            )


class TaskView(View):
    """The work list and a task."""

    route_base = "/tasks"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show the work list: mine, open to me, done by me, or everybody's."""
        ctx = context()
        key = _key()
        paging = read_paging(sorts=SORTS, default="due_at,-priority")
        which = request.args.get("view", "mine")
        views: dict[str, dict[str, Any]] = {
            "mine": {"mine": key},
            "claimed": {"assignee": key},
            "waiting": {"candidate": key},
            "done": {"ended_by": key, "state": ("completed",)},
            "all": {},
        }
        whose = views.get(which, views["mine"])
        if which == "all" and not permitted("tasks.see_all"):
            raise Forbidden()
        filters = {
            name.removeprefix("v_"): value
            for name, value in request.args.items()
            if name.startswith("v_") and value
        }
        with ctx.read():
            count, found = list_tasks(
                ctx,
                **whose,
                search=paging.search or None,
                process_key=request.args.get("process") or None,
                variables=filters,
                sort="-ended_at" if which == "done" and not request.args.get("sort") else paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "work/tasks.html",
                tasks=found,
                count=count,
                paging=paging,
                which=which,
                counts={
                    "mine": list_tasks(ctx, mine=key, page_size=1)[0],
                    "claimed": list_tasks(ctx, assignee=key, page_size=1)[0],
                    "waiting": list_tasks(ctx, candidate=key, page_size=1)[0],
                },
                texts=Texts(ctx),
                facts=runtime.facts_of(ctx, [task.instance_id for task in found]),
                names=person_names(ctx, [task.assignee for task in found]),
                several=sum(bool(task.options.get("batch")) for task in found if task.open),
                processes=process_titles(ctx).items(),
                chosen_process=request.args.get("process", ""),
                now=ctx.now,
                held=held_since(ctx, found),
            )

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
        return self._tried(
            task_id,
            lambda: runtime.add_comment(ctx, instance_id=task.instance_id, task_id=task_id, text=text),
        )

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
                ],
            )
            definition = texts.definition(task.definition_id)
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


def posted_data(ctx: Context) -> dict[str, Any]:
    """Read the form island's answers: JSON in ``data``, new files as parts ``file:<key>``.

    Raises:
        InvalidSubmission: It is no JSON object.
    """
    text = request.form.get("data", "") or "{}"
    try:
        data = values.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise InvalidSubmission(_("The form could not be read. Load the page again."))
    for part in request.files:
        if part.startswith("file:"):
            stored = [
                reference(
                    store(
                        ctx,
                        content=cast(BinaryIO, upload.stream),
                        name=upload.filename or "",
                        owner_kind="upload",
                        owner_id=ctx.actor.name,
                    )
                )
                for upload in request.files.getlist(part)
                if upload.filename
            ]
            if stored:
                data[part.removeprefix("file:")] = [*(data.get(part.removeprefix("file:")) or []), *stored]
    return data


def with_data(rendered: Rendered | None, data: Mapping[str, Any] | None) -> Rendered | None:
    """Show again what was just handed in."""
    if rendered is None or not data:
        return rendered
    return replace(rendered, data={**rendered.data, **data})


def startable(ctx: Context) -> list[dict[str, Any]]:
    """Return what the actor may start: process, start event and title."""
    found: list[dict[str, Any]] = []
    for definition in list_definitions(ctx):
        for start in starts_for(ctx, definition):
            if start.public:
                continue
            found.append(
                {
                    "key": definition.key,
                    "event": start.event,
                    "form": start.form or "",
                    "title": definition.text(web().locale, start.title or definition.title),
                    "summary": definition.text(web().locale, start.summary or definition.manifest.summary),
                    "category": definition.text(web().locale, definition.manifest.category)
                    or gettext("Other"),
                }
            )
    return found


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
    appbuilder.add_view_no_menu(HomeView)
    appbuilder.add_view_no_menu(TaskView)
    appbuilder.add_view_no_menu(StepView)
    parts.register(appbuilder)
    several.register(appbuilder)
    add_menu(
        appbuilder,
        MenuEntry(label=_("Home"), endpoint="HomeView.show", icon="home"),
        MenuEntry(label=_("Tasks"), endpoint="TaskView.list", icon="checklist", category="Work", order=10),
    )
