"""The page that takes in people and units from tables: upload, what would happen, then all or nothing."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, flash, make_response, request, send_file
from flask_babel import gettext

from admin.identity.logins import sync_login
from admin.kit.current import context, web
from admin.kit.errors import errors_by_field
from admin.kit.permissions import needs
from admin.kit.views import View, expose, page, see_other
from admin.web.organisation.common import MANAGE, guard, tabs
from engine.context import Context
from engine.errors import CallwrightError, InvalidSubmission
from engine.files import StoredFile, delete, find_file, open_content, store
from engine.i18n import _
from engine.people import Plan, Tables, apply_import, blank_tables, get_person, plan_import, read_tables
from engine.people.importing import PEOPLE_COLUMNS, UNIT_COLUMNS
from engine.people.sheets import LARGEST_FILE

_MOST_FILES = 4
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ImportView(View):
    """Taking in people and units."""

    route_base = "/organisation/import"

    @expose("", methods=["GET", "POST"])
    @needs(MANAGE)
    def upload(self) -> Any:
        """Ask for tables; say what taking them in would do."""
        if request.method == "GET":
            return _page()
        ctx = context()
        try:
            files = _store(ctx)
            plan = plan_import(ctx, tables=_read(ctx, files))
        except CallwrightError as error:
            return make_response(_page(errors=errors_by_field(error, "files")), 422)
        return make_response(_page(plan=plan, files=files), 422 if plan.problems else 200)

    @expose("/blank.xlsx")
    @needs(MANAGE)
    def blank(self) -> Response:
        """Hand out a table to fill in."""
        content = io.BytesIO(blank_tables(web().locale))
        return send_file(content, mimetype=_XLSX, as_attachment=True, download_name="callwright.xlsx")

    @expose("/apply", methods=["POST"])
    @needs(MANAGE)
    def apply(self) -> Any:
        """Take them in."""
        ctx = context()
        files = [find_file(ctx, file_id=file_id) for file_id in request.form.getlist("file")[:_MOST_FILES]]
        tables = _read(ctx, files)
        try:
            _take_in(ctx, tables)
        except InvalidSubmission:
            plan = plan_import(ctx, tables=tables)
            return make_response(_page(plan=plan, files=files), 422)
        for file in files:
            delete(ctx, file)
        flash(
            gettext(
                "%(people)s people and %(units)s units are taken in.",
                people=len(tables.people),
                units=len(tables.units),
            ),
            "success",
        )
        return see_other("PeopleView.list")


def _take_in(ctx: Context, tables: Tables) -> None:
    """Take in everything in one transaction, logins with their persons."""
    with ctx.read():
        for line in tables.people:
            guard(ctx, line.key)
    with ctx.write():
        apply_import(ctx, tables=tables)
        for line in tables.people:
            sync_login(ctx, person=get_person(ctx, line.key))


def _store(ctx: Context) -> list[StoredFile]:
    """Keep the uploaded tables for the next page; they are forgotten after a day."""
    sent = [file for file in request.files.getlist("files") if file.filename][:_MOST_FILES]
    if not sent:
        raise InvalidSubmission(_("Choose a file first."))
    return [
        store(
            ctx,
            content=file.stream.read(LARGEST_FILE + 1),
            name=file.filename or "",
            owner_kind="upload",
            owner_id=ctx.actor.name,
            limit_bytes=LARGEST_FILE,
        )
        for file in sent
    ]


def _read(ctx: Context, files: list[StoredFile]) -> Tables:
    contents = {}
    for file in files:
        with open_content(ctx, file) as content:
            contents[file.name] = content.read()
    return read_tables(contents)


def _page(
    *,
    plan: Plan | None = None,
    files: list[StoredFile] | None = None,
    errors: dict[str, list[str]] | None = None,
) -> str:
    new = plan.new if plan else ()
    return page(
        "organisation/import.html",
        tabs=tabs("import"),
        plan=plan,
        new_people=sum(key.startswith("person:") for key in new),
        new_units=sum(key.startswith("unit:") for key in new),
        files=files or [],
        errors=errors or {},
        people_columns=[names[web().locale][0] for names in PEOPLE_COLUMNS.values()],
        unit_columns=[names[web().locale][0] for names in UNIT_COLUMNS.values()],
    )
