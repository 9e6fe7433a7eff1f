"""Running and finished processes: the list, one with its drawing, position and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, request
from flask_babel import gettext

import forms
from admin.kit.current import context, permitted, signed_in, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import Texts, person_names
from admin.kit.permissions import needs
from admin.kit.places import places_of
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.instance.prints import PrintView
from admin.web.instance.requests import RequestView, request_of
from admin.web.work.known import shown_files, shown_variables
from engine import runtime, values
from engine.context import TIMER, Context
from engine.errors import CallwrightError, Forbidden, NotFound
from engine.i18n import _, translate
from engine.jobs import list_incidents, list_jobs
from engine.machine.nodes.gateways import Join
from engine.notify import list_notifications
from engine.work import (
    actions_of,
    answers_taken_back,
    list_comments,
    mark_read,
    may_see,
    parts_of,
    tasks_of_instance,
)
from forms import printing

# In place of an element's id, which never holds a colon.
SKIP = ":skip"
# What a visit's state is on the drawing.
_SHOWN = {"completed": "done", "active": "active", "cancelled": "cancelled", "failed": "incident"}


class InstanceView(View):
    """Processes that run or ran."""

    route_base = "/instances"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show what I asked for, or everything."""
        ctx = context()
        who = signed_in()
        assert who is not None
        paging = read_paging(sorts=("started_at",), default="-started_at")
        all_ = permitted("instances.see_all")
        which = request.args.get("view", "all" if all_ else "mine")
        if which == "all" and not all_:
            raise Forbidden()
        with ctx.read():
            count, found = runtime.list_instances(
                ctx,
                initiator=who.key if which == "mine" else None,
                state=request.args.get("state") or None,
                business_key=paging.search or None,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "instance/instances.html",
                instances=found,
                count=count,
                paging=paging,
                which=which,
                all_=all_,
                state=request.args.get("state", ""),
                texts=Texts(ctx),
                names=person_names(ctx, [one["initiator"] for one in found]),
                now=ctx.now,
            )

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
                    *(task.assignee for task in tasks),
                    *(comment["author"] for comment in comments),
                    *(person for one in actions for person in (one.actor, one.person)),
                ],
            )
            elements = _elements(texts, instance["definition_id"], definition)
            told = timeline(texts, instance, visits, tasks, comments, taken_back, actions, elements, names)
            asked = request_of(ctx, instance, definition, visits)
            names = {**names, **person_names(ctx, [one.person_key for one in asked.parts])}
            return page(
                "instance/instance.html",
                instance=instance,
                asking=asked,
                title=instance["title"] or texts.title(instance["definition_id"]),
                texts=texts,
                states=element_states(definition, visits, incidents),
                timeline=told,
                tasks=tasks,
                names=names,
                incidents=[
                    {**_said(incident), "place": place}
                    for incident, place in zip(incidents, places_of(ctx, incidents), strict=True)
                ],
                variables=shown_variables(ctx, definition, held),
                files=shown_files(
                    held, *(comment["files"] for comment in comments), *(one.files for one in actions)
                ),
                notifications=notifications,
                timers=_timers(ctx, instance_id),
                deadlines=runtime.deadlines_of(ctx, instance),
                called=[
                    one
                    for one in runtime.list_instances(ctx, root=instance["root_id"])[1]
                    if one["id"] != instance_id
                ],
                operates=permitted("instances.operate"),
                steps=runtime.steps_of(ctx, instance_id) if permitted("instances.operate") else [],
                elements=elements,
                prints=printing.list_prints(ctx, instance_id=instance_id),
                makes_pdf=printing.can_make_pdf(),
                now=ctx.now,
            )

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
    @needs("instances.operate")
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
    @needs("instances.operate")
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
    @needs("instances.operate")
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


def element_states(definition: Any, visits: Any, incidents: Any) -> dict[str, dict[str, Any]]:
    """Return how far the process has come, by element and flow: for the drawing."""
    states: dict[str, dict[str, Any]] = {}
    for visit in visits:
        found = states.setdefault(visit["element_id"], {"state": "done", "count": 0})
        found["count"] += 1
        found["state"] = _SHOWN[visit["state"]]
    for incident in incidents:
        if incident["element_id"] in states:
            states[incident["element_id"]]["state"] = "incident"
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


def timeline(
    texts: Texts,
    instance: Any,
    visits: Any,
    tasks: Any,
    comments: Any,
    taken_back: Any,
    actions: Any,
    elements: Mapping[str, str],
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Tell in plain words what happened, newest first."""
    by_visit = {task.id: task for task in tasks}
    # A decision of one person alone is told by its step, with what it carries.
    alone = {
        (one.task_id, one.at): one
        for one in actions
        if one.action == "decide" and not by_visit[one.task_id].visit_id
    }
    # Where to is told by who sent it back.
    returned = {by_visit[one.task_id].visit for one in actions if one.action == "return"}
    definition_id = instance["definition_id"]
    told: list[dict[str, Any]] = []
    for visit in visits:
        # Which way a gateway went is told by the step behind it.
        if not visit["element_name"] or visit["type"].endswith("Gateway"):
            continue
        name = texts.say(definition_id, visit["element_name"])
        task = by_visit.get(visit["id"])
        entry: dict[str, Any] = {"text": name, "at": visit["started_at"], "icon": "circle", "tone": "gray"}
        # That it was sent back is told below, with where to.
        if task is not None and task.state == "completed" and task.outcome != "returned":
            entry |= {
                "text": f"{name}: {texts.outcome(task)}",
                "at": task.ended_at,
                "by": names.get(task.ended_by, task.ended_by),
                "body": task.opinion,
                **_decided_by(task.ended_by),
                **_carried(alone.get((task.id, task.ended_at))),
            }
        elif visit["state"] == "active":
            entry |= {"icon": "clock", "tone": "blue"}
        elif visit["id"] in returned:
            continue
        elif visit["state"] == "cancelled":
            entry |= {"icon": "x", "text": gettext("%(step)s: not needed any more", step=name)}
        elif visit["state"] == "failed":
            entry |= {"icon": "alert-circle", "tone": "red"}
        elif visit["type"] == "endEvent":
            entry |= {"icon": "flag", "tone": "violet"}
        else:
            entry |= {"icon": "check", "at": visit["ended_at"] or visit["started_at"]}
        told.append(entry)
    told += [
        {
            "text": gettext("Note"),
            "at": comment["written_at"],
            "by": names.get(comment["author"], comment["author"]),
            "body": comment["text"],
            "icon": "note",
            "tone": "amber",
        }
        for comment in comments
    ]
    told += [
        {
            "text": gettext(
                "%(step)s: the answer was taken back",
                step=texts.say(definition_id, by_visit[answer["task_id"]].name),
            ),
            "at": answer["undone_at"],
            "by": names.get(answer["person_key"], answer["person_key"]),
            "icon": "arrow-back-up",
            "tone": "amber",
        }
        for answer in taken_back
    ]
    told += [
        _acted(texts, one, by_visit.get(one.task_id), elements, names)
        for one in actions
        # How the one who is asked decided is told by their step, with what it carries.
        if (one.task_id, one.at) not in alone
    ]
    in_order = sorted(enumerate(told), key=lambda numbered: (numbered[1]["at"], numbered[0]), reverse=True)
    return [entry for _number, entry in in_order]


def _acted(
    texts: Texts, action: Any, task: Any, elements: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """Tell what somebody did at a step beside others."""
    by = names.get(action.actor, action.actor)
    person = names.get(action.person, action.person)
    entry = {"tone": "amber", "at": action.at, "by": by, "body": action.opinion, **_carried(action)}
    if task is None or action.action == "circulate":
        return {**entry, **_done_to_all(action, elements, person)}
    step = texts.say(task.definition_id, task.name)
    decided = {"text": f"{step}: {texts.outcome(task, action.outcome)}", **_decided_by(action.actor)}
    said = {
        "decide": decided,
        "return": {
            "text": gettext("%(step)s: sent back to %(to)s", step=step, to=elements.get(action.outcome, "")),
            "icon": "arrow-back-up",
        },
        "transfer": {
            "text": gettext("%(step)s: handed over to %(person)s", step=step, person=person),
            "icon": "route",
        },
        "add": {
            "text": gettext("%(step)s: %(person)s is asked too", step=step, person=person),
            "icon": "note",
        },
        "remove": {"text": gettext("%(step)s: somebody is asked no more", step=step), "icon": "x"},
        "take_back": {
            "text": gettext("%(step)s: the decision was taken back", step=step),
            "icon": "arrow-back-up",
        },
        "delegate": {
            "text": gettext("%(step)s: %(person)s is asked for help", step=step, person=person),
            "icon": "hand-stop",
        },
        "give_back": {
            "text": gettext("%(step)s: given back to %(person)s", step=step, person=person),
            "icon": "arrow-back-up",
        },
        "consult": {
            "text": gettext("%(step)s: a question to %(person)s", step=step, person=person),
            "icon": "help-circle",
        },
        "answer": {
            "text": gettext("%(step)s: an answer to %(person)s", step=step, person=person),
            "icon": "message-circle",
        },
        "remind": {
            "text": gettext("%(step)s: %(person)s was reminded", step=step, person=person)
            if person
            else gettext("%(step)s: everybody who is asked was reminded", step=step),
            "icon": "clock",
        },
        "escalate": {
            "text": gettext("%(step)s: %(person)s was told that it is overdue", step=step, person=person),
            "icon": "clock-exclamation",
        },
    }[action.action]
    return {**entry, **said}


def _done_to_all(action: Any, elements: Mapping[str, str], person: str | None) -> dict[str, Any]:
    """Tell what somebody did to an instance as a whole."""
    where = elements.get(action.outcome, action.outcome)
    texts = {
        "circulate": (gettext("A copy was sent to %(person)s", person=person), "mail-forward"),
        "urge": (gettext("They were asked to hurry"), "bell"),
        "withdraw": (gettext("Taken back to be changed"), "arrow-back-up"),
        "cancel": (gettext("Cancelled"), "x"),
        "reopen": (gettext("Opened again at %(step)s", step=where), "rotate-clockwise"),
        "appoint": (
            gettext("%(step)s: done by %(person)s", step=where, person=person)
            if action.person
            else gettext("%(step)s: done by whom the drawing names", step=where),
            "user-check",
        ),
    }
    text, icon = texts[action.action]
    return {"text": text, "icon": icon}


def _carried(action: Any) -> dict[str, Any]:
    """Return what a decision carries beside its opinion."""
    return {} if action is None else {"files": action.files or [], "signature": action.signature}


def _decided_by(actor: str | None) -> dict[str, str]:
    """Tell people from the clock at a glance."""
    return (
        {"icon": "clock-exclamation", "tone": "amber"}
        if actor == TIMER.name
        else {"icon": "check", "tone": "green"}
    )


def _said(incident: Mapping[str, Any]) -> dict[str, Any]:
    return {**incident, "text": translate(web().locale, incident["message"], **(incident["params"] or {}))}


def _timers(ctx: Context, instance_id: str) -> list[dict[str, Any]]:
    return [
        job for job in list_jobs(ctx, instance_id=instance_id, kind="timer", state="waiting", page_size=50)[1]
    ]


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(InstanceView)
    appbuilder.add_view_no_menu(RequestView)
    appbuilder.add_view_no_menu(PrintView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Running processes"),
            endpoint="InstanceView.list",
            icon="route",
            category="Work",
            order=30,
        ),
    )
