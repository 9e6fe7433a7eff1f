"""Running and finished processes: the list, one with its drawing, position and history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash
from flask_babel import gettext

import forms
from admin.kit.current import context, permitted, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts, person_names
from admin.kit.permissions import ADMINISTERS, needs
from admin.kit.places import places_of
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.instance.lists import RequestsView, list_page, who_has
from admin.web.instance.prints import PrintView
from admin.web.instance.requests import RequestView, offers_again, request_of
from admin.web.instance.timeline import timeline
from admin.web.work.deciding import posted_attachments
from admin.web.work.known import shown_files, shown_variables
from engine import runtime, values
from engine.context import Context
from engine.definition import Definition
from engine.errors import CallwrightError, NotFound
from engine.i18n import _, translate
from engine.jobs import list_incidents, list_jobs
from engine.machine.nodes.gateways import Join
from engine.notify import list_notifications
from engine.work import (
    actions_of,
    answers_taken_back,
    list_comments,
    mark_read,
    may_operate,
    may_see,
    parts_of,
    tasks_of_instance,
)
from forms import printing

# In place of an element's id, which never holds a colon.
SKIP = ":skip"
# A link's token behind its path.
_LINK = re.compile(r"(/t/)[0-9A-Za-z]{8,}")
# What a visit's state is on the drawing.
_SHOWN = {"completed": "done", "active": "active", "cancelled": "cancelled", "failed": "incident"}


class InstanceView(View):
    """Processes that run or ran."""

    route_base = "/instances"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show everything, or what the address names of one's own."""
        return list_page(context(), "all" if permitted("instances.see_all") else "mine")

    @expose("/<instance_id>")
    @needs()
    def show(self, instance_id: str) -> Any:
        """Show one process: where it is, how it came there, what was said, what is known."""
        ctx = context()
        with ctx.read():
            instance = runtime.get_instance(ctx, instance_id)
            if not may_see(ctx, instance_id):
                raise NotFound()
            sent = parts_of(ctx, instance_id)
        if any(one.person_key == ctx.actor.key and one.read_at is None for one in sent):
            with ctx.write():
                mark_read(ctx, instance_id, ctx.actor.key or "")
        with ctx.read():
            texts = Texts(ctx)
            definition = texts.definition(instance["definition_id"])
            visits = runtime.history_of(ctx, instance_id)
            tasks = tasks_of_instance(ctx, instance_id)
            comments = list_comments(ctx, instance_id)
            taken_back = answers_taken_back(ctx, instance_id)
            actions = actions_of(ctx, instance_id)
            withheld = forms.withheld(ctx, instance_id)
            held = forms.without_places(runtime.variables_of(ctx, instance_id), withheld)
            incidents = list_incidents(ctx, instance_id=instance_id, page_size=50)[1]
            notifications = list_notifications(ctx, instance_id=instance_id, page_size=100)[1]
            names = person_names(
                ctx,
                [
                    instance["initiator"],
                    *(one["person_key"] for one in notifications),
                    *(visit["actor"] for visit in visits),
                    instance["submitter"],
                    *(key for task in tasks for key in (task.assignee, task.covers_for)),
                    *(comment["author"] for comment in comments),
                    *(person for one in actions for person in (one.actor, one.person)),
                ],
            )
            elements = _elements(texts, instance["definition_id"], definition)
            told = timeline(
                texts,
                instance,
                visits,
                tasks,
                comments,
                taken_back,
                actions,
                elements,
                names,
                counted_by_start(definition),
            )
            having: dict[str, list[str]] = {}
            who = who_has(ctx, [task for task in tasks if task.open])
            for task in tasks:
                having.setdefault(task.element_id, []).extend(who.get(task.id, ()))
            operates = may_operate(ctx, instance["process_key"])
            asked = request_of(ctx, instance, definition, visits)
            names = {**names, **person_names(ctx, [one.person_key for one in asked.parts])}
            return page(
                "instance/instance.html",
                instance=instance,
                asking=asked,
                title=instance["title"] or texts.title(instance["definition_id"]),
                texts=texts,
                states=element_states(definition, visits, incidents, having),
                timeline=told,
                tasks=tasks,
                names=names,
                who=who,
                comments=comments,
                again=offers_again(ctx, instance),
                incidents=[
                    {**_said(incident), "place": place}
                    for incident, place in zip(incidents, places_of(ctx, incidents), strict=True)
                ],
                variables=shown_variables(ctx, definition, held),
                files=shown_files(
                    held, *(comment["files"] for comment in comments), *(one.files for one in actions)
                ),
                notifications=[_readable(one, ctx.actor.key) for one in notifications],
                timers=_timers(ctx, instance_id),
                deadlines=runtime.deadlines_of(ctx, instance),
                called=[
                    one
                    for one in runtime.list_instances(ctx, root=instance["root_id"])[1]
                    if one["id"] != instance_id
                ],
                operates=operates,
                steps=runtime.steps_of(ctx, instance_id) if operates else [],
                elements=elements,
                prints=printing.list_prints(ctx, instance_id=instance_id),
                makes_pdf=printing.can_make_pdf(),
                now=ctx.now,
            )

    @expose("/<instance_id>/comments", methods=["POST"])
    @needs()
    def comment(self, instance_id: str) -> Any:
        """Write a note."""
        ctx = context()
        try:
            files = posted_attachments(ctx)
            runtime.add_comment(ctx, instance_id=instance_id, text=fields_of("text")["text"], files=files)
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("InstanceView.show", instance_id=instance_id, _anchor="notes")

    @expose("/drafts/<draft_id>/discard", methods=["POST"])
    @needs()
    def discard(self, draft_id: str) -> Any:
        """Throw a draft away."""
        try:
            forms.discard_draft(context(), draft_id=draft_id)
            flash(gettext("Thrown away."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("RequestsView.list", view="drafts")

    @expose("/<instance_id>/drawing")
    @needs()
    def drawing(self, instance_id: str) -> Any:
        """Give the drawing in the language of the page."""
        ctx = context()
        with ctx.read():
            if not may_see(ctx, instance_id):
                raise NotFound()
            instance = runtime.get_instance(ctx, instance_id)
            definition = Texts(ctx).definition(instance["definition_id"])
            if definition is None:
                raise NotFound()
            xml = definition.package.drawing(definition.path, web().locale)
        return xml, 200, {"Content-Type": "application/xml; charset=utf-8"}

    @expose("/<instance_id>/<any(suspend,resume):verb>", methods=["POST"])
    @needs("instances.operate", ADMINISTERS)
    def act(self, instance_id: str, verb: str) -> Any:
        """Pause or resume."""
        acts: Mapping[str, Any] = {
            "suspend": runtime.suspend_instance,
            "resume": runtime.resume_instance,
        }
        ctx = context()
        try:
            acts[verb](ctx, instance_id=instance_id, reason=fields_of("reason")["reason"])
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("InstanceView.show", instance_id=instance_id)

    @expose("/<instance_id>/move", methods=["POST"])
    @needs("instances.operate", ADMINISTERS)
    def move(self, instance_id: str) -> Any:
        """Move a step to another one, or leave it as if it had been done."""
        ctx = context()
        said = fields_of("visit_id", "to", "reason")
        visit_id, reason = said["visit_id"], said["reason"]
        try:
            if said["to"] == SKIP:
                runtime.skip_element(ctx, instance_id=instance_id, visit_id=visit_id, reason=reason)
            else:
                runtime.move_token(
                    ctx, instance_id=instance_id, visit_id=visit_id, to=said["to"], reason=reason
                )
            flash(gettext("Done. The history says who did it, the audit log why."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("InstanceView.show", instance_id=instance_id)

    @expose("/<instance_id>/correct", methods=["POST"])
    @needs("instances.operate", ADMINISTERS)
    def correct(self, instance_id: str) -> Any:
        """Give a variable another value."""
        ctx = context()
        said = fields_of("name", "value", "reason")
        try:
            variables = {said["name"].strip(): values.typed(said["value"])}
            runtime.correct_variables(
                ctx, instance_id=instance_id, variables=variables, reason=said["reason"]
            )
            flash(gettext("Corrected. The history keeps the former value."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("InstanceView.show", instance_id=instance_id)


def _elements(texts: Texts, definition_id: str, definition: Any) -> dict[str, str]:
    """Name the elements of a drawing by id, those without a name by their id."""
    if definition is None:
        return {}
    return {
        node.element_id: texts.say(definition_id, node.element_name) if node.element_name else node.element_id
        for node in definition.spec.nodes
    }


def counted_by_start(definition: Definition | None) -> set[str]:
    """Return the steps that count as done by what the process was started with."""
    nodes = definition.spec.nodes if definition is not None else ()
    return {node.element_id for node in nodes if node.settings.task.start_counts}


def element_states(
    definition: Any, visits: Any, incidents: Any, who: Mapping[str, Sequence[str]] | None = None
) -> dict[str, dict[str, Any]]:
    """Return how far the process has come, by element and flow: for the drawing.

    Args:
        definition: The version it runs in; None where it is not there any more.
        visits: Where it was.
        incidents: What went wrong and is open.
        who: The names of those who have it at an element, by the element's id.
    """
    states: dict[str, dict[str, Any]] = {}
    for visit in visits:
        found = states.setdefault(visit["element_id"], {"state": "done", "count": 0})
        found["count"] += 1
        found["state"] = _SHOWN[visit["state"]]
    for incident in incidents:
        if incident["element_id"] in states:
            states[incident["element_id"]]["state"] = "incident"
    for element_id, names in (who or {}).items():
        if names and element_id in states:
            states[element_id]["who"] = [*dict.fromkeys(names)]
    came = {visit["element_id"] for visit in visits}
    taken = {visit["flow_id"] for visit in visits if visit["flow_id"]}
    if definition is not None:
        # A join is entered once, along the first of its flows.
        joins = {node.element_id for node in definition.spec.nodes if isinstance(node, Join)}
        taken |= {
            flow.id
            for flow in definition.spec.flows.values()
            if flow.target in joins & came and states.get(flow.source, {}).get("state") == "done"
        }
    return states | {flow: {"state": "done"} for flow in taken}


def _readable(notification: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    """Return a notification without the way in that only its reader may go: a link acts in their name."""
    own = notification["person_key"] == key or notification["gateway"] == "console"
    body = notification["body"] or ""
    return {**notification, "body": body if own else _LINK.sub(r"\1…", body)}


def _said(incident: Mapping[str, Any]) -> dict[str, Any]:
    return {**incident, "text": translate(web().locale, incident["message"], **(incident["params"] or {}))}


def _timers(ctx: Context, instance_id: str) -> list[dict[str, Any]]:
    return [
        job for job in list_jobs(ctx, instance_id=instance_id, kind="timer", state="waiting", page_size=50)[1]
    ]


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(InstanceView)
    appbuilder.add_view_no_menu(RequestsView)
    appbuilder.add_view_no_menu(RequestView)
    appbuilder.add_view_no_menu(PrintView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("My requests"), endpoint="RequestsView.list", icon="send", category="Work", order=12
        ),
        MenuEntry(
            label=_("Running processes"),
            endpoint="InstanceView.list",
            icon="route",
            category="Work",
            permissions=("instances.see_all",),
            order=30,
        ),
    )
