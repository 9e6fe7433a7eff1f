"""The process library: every process with its versions, what runs in each, and going from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

from admin.kit.current import context, permitted, web
from admin.kit.errors import flash_refusal
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import person_names
from admin.kit.packages import hand_out_package, sent_package
from admin.kit.permissions import ADMINISTERS, needs
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.library.figures import FiguresView
from engine import runtime
from engine.context import Context
from engine.definition import Deployed, administered_processes, deploy, get_definition, list_definitions
from engine.errors import CallwrightError, InvalidSubmission, Problem
from engine.i18n import _, say
from engine.work import may_operate, may_see_figures

SEE = ("processes.see", "processes.deploy", "instances.operate", ADMINISTERS)
_MOST_WARNINGS, _LONGEST_WARNING = 4, 200
DEPLOY = "processes.deploy"
OPERATE = "instances.operate"


class LibraryView(View):
    """Processes and their versions."""

    route_base = "/processes"

    @expose("/")
    @needs(*SEE)
    def list(self) -> Any:
        """Show every process with what runs in it."""
        return self._listed()

    def _listed(self, problems: Sequence[str] = ()) -> str:
        ctx = context()
        with ctx.read():
            sees_all, administered = any(map(permitted, SEE)), administered_processes(ctx)
            processes = [
                {
                    "key": one.key,
                    "title": one.text(web().locale, one.title),
                    "summary": one.text(web().locale, one.manifest.summary),
                    "version": one.version,
                    "versions": runtime.list_running_versions(ctx, one.key),
                }
                for one in list_definitions(ctx)
                if sees_all or one.key in administered
            ]
            return page(
                "library/processes.html",
                processes=processes,
                problems=problems,
                deploys=permitted(DEPLOY) or bool(administered),
                now=ctx.now,
            )

    @expose("/deploy", methods=["POST"])
    @needs(DEPLOY, ADMINISTERS)
    def deploy(self) -> Any:
        """Take in a process folder, or loose files."""
        ctx = context()
        try:
            deployed = deploy(ctx, files=sent_package(request.files.getlist("files")))
        except CallwrightError as error:
            said = [_told(ctx, problem) for problem in error.problems]
            return make_response(self._listed(said or [say(ctx.locale, error)]), 422)
        if deployed.new:
            flash(gettext("Deployed."), "success")
        else:
            flash(gettext("This was deployed already: there is no new version."), "info")
        return _led_to(ctx, deployed)

    @expose("/<key>")
    @needs(*SEE)
    def show(self, key: str) -> Any:
        """Show the versions of a process, and its migrations."""
        return self._shown(key)

    @expose("/<key>/versions/<int:version>/zip")
    @needs(*SEE)
    def export(self, key: str, version: int) -> Any:
        """Hand out the files of a version."""
        ctx = context()
        with ctx.read():
            definition = get_definition(ctx, key=key, version=version)
        return hand_out_package(definition)

    @expose("/<key>/copy", methods=["POST"])
    @needs(DEPLOY)
    def copy(self, key: str) -> Any:
        """Deploy a process again under another key."""
        ctx = context()
        said = fields_of("copy_key", "copy_title", "copy_version")
        version = int(said["copy_version"]) if said["copy_version"].isdigit() else None
        try:
            copied = runtime.copy_process(
                ctx, process_key=key, key=said["copy_key"], title=said["copy_title"], version=version
            )
        except CallwrightError as error:
            flash_refusal(error)
            return self._shown(key, said=said)
        flash(gettext("Copied. Change it and deploy it again, or use it as it is."), "success")
        return _led_to(ctx, copied)

    @expose("/<key>/switch", methods=["POST"])
    @needs(OPERATE, ADMINISTERS)
    def switch(self, key: str) -> Any:
        """Pause a version, or let it go on."""
        ctx = context()
        said = fields_of("version", "reason", "instances", "act")
        which: dict[str, Any] = {
            "process_key": key,
            "version": int(said["version"]) if said["version"].isdigit() else 0,
            "reason": said["reason"],
        }
        try:
            if said["act"] == "resume":
                count = runtime.resume_version(ctx, **which)
                flash(
                    gettext("This version goes on. Processes that go on with it: %(count)s", count=count),
                    "success",
                )
            else:
                count = runtime.suspend_version(ctx, **which, instances=bool(said["instances"]))
                flash(
                    gettext("This version pauses. Processes that pause with it: %(count)s", count=count),
                    "success",
                )
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("LibraryView.show", key=key)

    @expose("/<key>/migrate", methods=["POST"])
    @needs(OPERATE, ADMINISTERS)
    def migrate(self, key: str) -> Any:
        """Try which instances can go to another version, or let them."""
        ctx = context()
        said = fields_of("from_version", "to_version", "mapping", "reason", "act")
        try:
            asked: dict[str, Any] = {
                "process_key": key,
                "from_version": int(said["from_version"]) if said["from_version"].isdigit() else None,
                "to_version": int(said["to_version"]) if said["to_version"].isdigit() else 0,
                "mapping": _mapping(said["mapping"]),
            }
            if said["act"] == "go":
                migration = runtime.migrate_instances(ctx, reason=said["reason"], **asked)
                flash(gettext("The migration has begun; its report tells how far it is."), "success")
                return see_other("LibraryView.migration", migration_id=migration)
            with ctx.read():
                checks = runtime.check_migration(ctx, **asked)
        except CallwrightError as error:
            flash_refusal(error)
            return see_other("LibraryView.show", key=key)
        return self._shown(key, checks=checks, said=said)

    @expose("/migrations/<migration_id>")
    @needs(OPERATE, ADMINISTERS)
    def migration(self, migration_id: str) -> Any:
        """Show how each instance of a migration fared."""
        ctx = context()
        with ctx.read():
            migration = runtime.get_migration(ctx, migration_id)
            definition = get_definition(ctx, key=migration["process_key"])
            return page(
                "library/migration.html",
                migration=migration,
                title=definition.text(web().locale, definition.title),
                names=person_names(ctx, [migration["asked_by"]]),
                instances=[
                    {**row, "blockers": [_told(ctx, one) for one in row["problems"]]}
                    for row in runtime.list_migrated(ctx, migration_id)
                ],
                now=ctx.now,
            )

    @expose("/migrations/<migration_id>/revert", methods=["POST"])
    @needs(OPERATE, ADMINISTERS)
    def revert(self, migration_id: str) -> Any:
        """Take a migration back for every instance that has not moved since."""
        ctx = context()
        try:
            count = runtime.revert_migration(
                ctx, migration_id=migration_id, reason=fields_of("reason")["reason"]
            )
            flash(gettext("Asked to go back: %(count)s", count=count), "success")
        except CallwrightError as error:
            flash_refusal(error)
        return see_other("LibraryView.migration", migration_id=migration_id)

    def _shown(self, key: str, *, checks: Any = None, said: Any = None) -> Any:
        ctx = context()
        with ctx.read():
            definition = get_definition(ctx, key=key)
            return page(
                "library/process.html",
                key=key,
                title=definition.text(web().locale, definition.title),
                versions=runtime.list_running_versions(ctx, key),
                migrations=runtime.list_migrations(ctx, key),
                checks=None
                if checks is None
                else [
                    {"check": check, "blockers": [_told(ctx, one) for one in check.problems]}
                    for check in checks
                ],
                said=said or {"from_version": request.args.get("from", "")},
                operates=may_operate(ctx, key),
                deploys=permitted(DEPLOY),
                figures=may_see_figures(ctx, key),
                now=ctx.now,
            )


def _led_to(ctx: Context, deployed: Deployed) -> Any:
    """Lead to what was deployed, and say what runs, but perhaps not as meant."""
    # A few: what is flashed is kept in a cookie.
    for warning in deployed.warnings[:_MOST_WARNINGS]:
        flash(_told(ctx, warning)[:_LONGEST_WARNING], "warning")
    if len(deployed.definitions) == 1:
        return see_other("LibraryView.show", key=deployed.definitions[0].key)
    return see_other("LibraryView.list")


def _told(ctx: Context, problem: Problem) -> str:
    where = problem.element_name or problem.path
    return f"{where}: {say(ctx.locale, problem)}" if where else say(ctx.locale, problem)


def _mapping(text: str) -> dict[str, str]:
    """Read pairs of element ids, one a line: ``former = new``.

    Raises:
        InvalidSubmission: A line is no pair.
    """
    pairs = [line.split("=") for line in text.splitlines() if line.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise InvalidSubmission(
            problems=[Problem(path="mapping", message=_("Write one pair of ids a line: ask = enquire."))]
        )
    return {former.strip(): new.strip() for former, new in pairs}


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    for view in (LibraryView, FiguresView):
        appbuilder.add_view_no_menu(view)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Process library"),
            endpoint="LibraryView.list",
            icon="stack-2",
            category="Operations",
            permissions=SEE,
        ),
        MenuEntry(
            label=_("Process figures"),
            endpoint="FiguresView.show",
            icon="chart-bar",
            category="Operations",
            permissions=("instances.see_all", OPERATE),
        ),
    )
