"""The start catalogue: what one may start, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext
from sqlalchemy import select

import forms
from admin.kit.current import context, permitted, web
from admin.kit.errors import flash_refusal, status_of
from admin.kit.menu import MenuEntry, add_menu
from admin.kit.names import names_of_groups, person_names
from admin.kit.permissions import needs
from admin.kit.views import View, expose, fields_of, page, see_other
from admin.web.work.filling import posted_data, with_data
from admin.web.work.starts import startable
from engine.context import Context
from engine.definition import Definition, get_definition
from engine.errors import Conflict, Forbidden, InvalidSubmission, NotFound, TooManyRequests
from engine.i18n import _, say, translate
from engine.people import Person, Unit
from engine.runtime import START_FOR_OTHERS, Preview
from forms.render import Rendered


class CatalogueView(View):
    """What can be started."""

    route_base = "/start"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show what one may start, by category; what is searched for in any word of it."""
        ctx = context()
        search = request.args.get("q", "").strip()[:200]
        with ctx.read():
            found = sorted(startable(ctx), key=lambda start: (start["category"], start["title"]))
            draft_count = forms.list_drafts(ctx, page_size=1)[0]
        some = bool(found)
        words = search.casefold().split()
        found = [one for one in found if all(word in _text_of(one) for word in words)]
        groups = [
            (category, [*starts]) for category, starts in groupby(found, key=lambda one: one["category"])
        ]
        return page(
            "catalogue/catalogue.html", groups=groups, some=some, search=search, draft_count=draft_count
        )

    @expose("/<key>/<event>", methods=["GET", "POST"])
    @needs()
    def begin(self, key: str, event: str) -> Any:
        """Show a start form, and start with it."""
        ctx = context()
        form_key = request.values.get("form") or None
        with ctx.read():
            chosen = next(
                (
                    start
                    for start in startable(ctx)
                    if (start["key"], start["event"], start["form"] or None) == (key, event, form_key)
                ),
                None,
            )
        if chosen is None:
            raise Forbidden()
        data: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        status = 200
        path: Preview | None = None
        said = fields_of("initiator", "draft", "again") if request.method == "POST" else {}
        draft_id = said.get("draft") or request.args.get("draft") or None
        again = said.get("again") or request.args.get("again") or None
        if request.method == "POST":
            way: dict[str, Any] = {"process_key": key, "start_event": event, "form": form_key}
            told = {**way, "initiator": said["initiator"] or None}
            try:
                data = posted_data(ctx)
                if again is not None:
                    data = forms.with_own_files(ctx, data, instance_id=again)
                if "save" in request.form:
                    forms.save_start_draft(ctx, data=data, draft_id=draft_id, **way)
                    flash(gettext("Saved. You can go on later."), "success")
                    return see_other("RequestsView.list", view="drafts")
                if "preview" in request.form:
                    path = forms.preview_with_form(ctx, data=data, **told)
                else:
                    begun = forms.start_with_form(ctx, data=data, draft_id=draft_id, **told)
            except (InvalidSubmission, TooManyRequests, Forbidden, NotFound, Conflict) as error:
                status = status_of(error)
                for problem in error.problems:
                    errors.setdefault(problem.path, []).append(say(web().locale, problem))
                if not error.problems:
                    flash_refusal(error)
            else:
                if path is None:
                    number = begun.business_key or chosen["title"]
                    flash(gettext("Started: %(number)s", number=number), "success")
                    return see_other("InstanceView.show", instance_id=begun.id)
        with ctx.read():
            rendered = forms.render_start(
                ctx,
                process_key=key,
                start_event=event,
                form=form_key,
                filled=_filled(ctx, draft_id, again) if request.method == "GET" else None,
            )
            rendered = with_data(rendered, data or _given(rendered))
            definition = get_definition(ctx, key=key)
            shown = page(
                "catalogue/begin.html",
                start=chosen,
                rendered=rendered,
                errors=errors,
                fields={"form": form_key or "", "draft": draft_id or "", "again": again or ""},
                again=again,
                approves=definition.spec.approves,
                path=None if path is None else shown_path(ctx, definition, path),
                for_others=_for_others(ctx),
                initiator=said.get("initiator", ""),
            )
        return make_response(shown, status)

    @expose("/drafts/<draft_id>")
    @needs()
    def go_on(self, draft_id: str) -> Any:
        """Go on with a draft of a start."""
        ctx = context()
        with ctx.read():
            draft = forms.get_start_draft(ctx, draft_id=draft_id)
            start = next(
                (
                    one
                    for one in startable(ctx)
                    if (one["key"], one["event"]) == (draft.process_key, draft.event)
                    and one["form"] in ("", draft.form_key)
                ),
                None,
            )
        if start is None:
            flash(gettext("You may not start this process any more."), "warning")
            return see_other("RequestsView.list", view="drafts")
        chosen = {"key": start["key"], "event": start["event"], "form": start["form"]}
        return see_other("CatalogueView.begin", **chosen, draft=draft_id)

    @expose("/again/<instance_id>")
    @needs()
    def again(self, instance_id: str) -> Any:
        """Begin anew with what an old request was."""
        try:
            old = forms.start_again(context(), instance_id=instance_id)
        except (Forbidden, Conflict) as error:
            flash_refusal(error)
            return see_other("InstanceView.show", instance_id=instance_id)
        chosen = {"key": old.process_key, "event": old.event, "form": old.form or ""}
        return see_other("CatalogueView.begin", **chosen, again=instance_id)


def _text_of(start: Mapping[str, str]) -> str:
    return " ".join(start[name] for name in ("title", "summary", "category", "key")).casefold()


def _filled(ctx: Context, draft_id: str | None, again: str | None) -> Mapping[str, Any] | None:
    """Return what is filled in already, of a draft or of an old request."""
    if draft_id is not None:
        return forms.load_start_draft(ctx, draft_id=draft_id)
    return forms.start_again(ctx, instance_id=again).data if again is not None else None


def _given(rendered: Rendered | None) -> dict[str, str]:
    """Return what the address fills in: fields of text, which whoever starts may still change."""
    components: Any = [] if rendered is None else rendered.schema["components"]
    texts = {one["key"] for one in components if one["type"] in ("textfield", "textarea")}
    return {key: request.args[key] for key in texts & set(request.args)}


def shown_path(ctx: Context, definition: Definition, path: Preview) -> dict[str, Any]:
    """Return a path as people read it: each step's name and its people's, in the language of the page."""
    locale = web().locale
    names = person_names(ctx, [key for step in path.steps for key in step.people])
    groups = names_of_groups(ctx, [key for step in path.steps for key in step.groups])
    return {
        "steps": [
            {
                "name": definition.text(locale, step.name),
                "who": [
                    *(names.get(key, key) for key in step.people),
                    *(groups.get(key, key) for key in step.groups),
                ],
                "kind": step.kind,
                "given": step.given,
            }
            for step in path.steps
        ],
        "unknown": definition.text(locale, path.unknown) if path.unknown else None,
        "reason": translate(locale, path.reason[0], **path.reason[1]) if path.reason else None,
        "facts": [(definition.text(locale, fact["label"]), fact["text"]) for fact in path.facts],
        "told": path.told,
    }


def _for_others(ctx: Context) -> list[Any]:
    """Return the people for whom whoever is signed in may hand in; nobody where they lead nobody."""
    key = ctx.actor.key
    leads = select(Unit.key).where(Unit.head_key == key).limit(1)
    if not permitted(START_FOR_OTHERS) and ctx.connection.execute(leads).first() is None:
        return []
    people = select(Person.key, Person.name).where(Person.closed_at.is_(None), Person.key != key)
    return [*ctx.connection.execute(people.order_by(Person.name).limit(500))]


def register(appbuilder: Any) -> None:
    """Add the pages and their line in the menu."""
    appbuilder.add_view_no_menu(CatalogueView)
    add_menu(
        appbuilder,
        MenuEntry(
            label=_("Start something"), endpoint="CatalogueView.list", icon="plus", category="Work", order=20
        ),
    )
