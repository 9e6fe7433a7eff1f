"""What needs an operator: incidents grouped by cause, jobs."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext

from admin.kit.current import context, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.permissions import needs
from admin.kit.places import places_of
from admin.kit.tables import read_paging
from admin.kit.views import View, expose, fields_of, page, see_other
from engine import runtime, values
from engine.context import Context
from engine.errors import CallwrightError
from engine.i18n import _, outline, translate
from engine.jobs import incidents_of_cause, list_incidents, list_jobs


class IncidentView(View):
    """Incidents and jobs."""

    route_base = "/incidents"

    @expose("/")
    @needs("incidents.operate")
    def list(self) -> Any:
        """Show open incidents by cause, and one by one."""
        ctx = context()
        paging = read_paging(sorts=("created_at",), default="-created_at")
        state = "resolved" if request.args.get("view") == "resolved" else "open"
        with ctx.read():
            count, found = list_incidents(ctx, state=state, page=paging.page, page_size=paging.page_size)
            return page(
                "incidents/incidents.html",
                incidents=_told(ctx, found),
                causes=_told(ctx, incidents_of_cause(ctx)) if state == "open" else [],
                count=count,
                paging=paging,
                state=state,
                now=ctx.now,
            )

    @expose("/jobs")
    @needs("incidents.operate")
    def jobs(self) -> Any:
        """Show what waits for the worker."""
        ctx = context()
        paging = read_paging(sorts=("due_at",), default="due_at")
        state = request.args.get("state") or None
        with ctx.read():
            count, found = list_jobs(ctx, state=state, page=paging.page, page_size=paging.page_size)
            return page(
                "incidents/jobs.html",
                jobs=[
                    {**one, "title": _title(ctx, one["kind"]), "place": place}
                    for one, place in zip(found, places_of(ctx, found), strict=True)
                ],
                count=count,
                paging=paging,
                state=state or "",
                now=ctx.now,
            )

    @expose("/<incident_id>/retry", methods=["POST"])
    @needs("incidents.operate")
    def retry(self, incident_id: str) -> Any:
        """Try one again, perhaps with a variable corrected first."""
        ctx = context()
        said = fields_of("name", "value")
        name = said["name"].strip()
        variables = {name: values.typed(said["value"])} if name else {}
        try:
            runtime.retry_incident(ctx, incident_id=incident_id, variables=variables)
            flash(gettext("It is tried again."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("IncidentView.list")

    @expose("/<incident_id>/skip", methods=["POST"])
    @needs("incidents.operate")
    def skip(self, incident_id: str) -> Any:
        """Leave the step that one stopped as if it had been done."""
        ctx = context()
        try:
            runtime.skip_incident(ctx, incident_id=incident_id, reason=fields_of("reason")["reason"])
            flash(gettext("Skipped: the process goes on behind the step."), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("IncidentView.list")

    @expose("/<incident_id>/resolve", methods=["POST"])
    @needs("incidents.operate")
    def resolve(self, incident_id: str) -> Any:
        """Close one that needs nothing more."""
        ctx = context()
        try:
            runtime.resolve_incident(ctx, incident_id=incident_id)
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("IncidentView.list")

    @expose("/retry", methods=["POST"])
    @needs("incidents.operate")
    def retry_all(self) -> Any:
        """Try everything again that one cause stopped."""
        ctx = context()
        said = fields_of("process_key", "element_id", "code")
        try:
            count = runtime.retry_incidents_of_cause(
                ctx,
                process_key=said["process_key"] or None,
                element_id=said["element_id"] or None,
                code=said["code"],
                message=request.form.get("message", ""),
            )
            flash(gettext("Tried again: %(count)s", count=count), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("IncidentView.list")


def _told(ctx: Context, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what happened and where; a cause stands for many, so that the holes of its text stay open."""
    return [
        {
            **one,
            "text": translate(web().locale, one["message"], **one["params"])
            if one.get("params")
            else outline(web().locale, one["message"]),
            "place": place,
        }
        for one, place in zip(rows, places_of(ctx, rows), strict=True)
    ]


def _title(ctx: Context, kind: str) -> str:
    """Say what a kind of job does; its own name where nothing installed offers it any more."""
    known = ctx.registry.job_kinds.get(kind)
    return translate(web().locale, known.title) if known else kind


def register(appbuilder: Any) -> None:
    """Add the pages and their lines in the menu."""
    appbuilder.add_view_no_menu(IncidentView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Incidents"),
            endpoint="IncidentView.list",
            icon="alert-triangle",
            category="Operations",
            permissions=("incidents.operate",),
        ),
        MenuEntry(
            label=_("Jobs"),
            endpoint="IncidentView.jobs",
            icon="stack-2",
            category="Operations",
            permissions=("incidents.operate",),
        ),
    )
