"""The page on which HR sees, publishes and corrects scores."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from flask import flash, make_response, request
from flask_babel import gettext

from admin.kit import View, context, errors_by_field, expose, fields_of, needs, page, read_paging, see_other
from admin.kit.names import person_names
from engine.context import Context
from engine.errors import CallwrightError
from engine.values import number_text
from plugins.records import services
from plugins.records.rules import SCORE_TITLES, parts_of_text, text_of_parts
from plugins.records.views.balances import MANAGE
from plugins.records.views.fields import people_here, read_day, read_number

_SAID = ("person_key", "kind", "reference", "value", "parts", "last_on", "reason")


class ScoresView(View):
    """Scores."""

    route_base = "/scores"
    default_view = "list"

    @expose("")
    @needs(MANAGE)
    def list(self) -> str:
        """List scores, each in the version that holds."""
        paging = read_paging(sorts=tuple(services.SCORE_SORTS), default="-published_at")
        asked = {name: request.args.get(name, "").strip() for name in ("person_key", "kind", "reference")}
        ctx = context()
        with ctx.read():
            count, rows = services.list_scores(
                ctx,
                person_key=asked["person_key"] or None,
                kind=asked["kind"] or None,
                reference=asked["reference"] or None,
                holds=True,
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "records/scores.html",
                rows=rows,
                count=count,
                paging=paging,
                asked=asked,
                names=person_names(ctx, {row["person_key"] for row in rows}),
                people=people_here(ctx),
                kinds=SCORE_TITLES,
                number=number_text,
                now=ctx.now,
            )

    @expose("/publish", methods=["GET", "POST"])
    @needs(MANAGE)
    def publish(self) -> Any:
        """Publish a score by hand."""
        ctx = context()
        if request.method == "GET":
            return _form(ctx, {name: request.args.get(name, "").strip() for name in _SAID}, {})
        said = fields_of(*_SAID)
        try:
            services.publish_score(
                ctx,
                person_key=said["person_key"],
                kind=said["kind"],
                reference=said["reference"],
                value=read_number(said["value"], "value") if said["value"] else None,
                parts=parts_of_text(said["parts"]),
                appeal_until=_end_of(ctx, said["last_on"]),
            )
        except CallwrightError as error:
            return make_response(_form(ctx, said, errors_by_field(error, "reference")), 422)
        flash(gettext("The score is published."), "success")
        return see_other("ScoresView.list", person_key=said["person_key"])

    @expose("/<uuid:score_id>", methods=["GET", "POST"])
    @needs(MANAGE)
    def correct(self, score_id: Any) -> Any:
        """Show a score with all its versions, and publish a new one with a reason."""
        ctx = context()
        with ctx.read():
            known = services.get_score(ctx, str(score_id))
            subject: dict[str, Any] = {
                "person_key": known.person_key,
                "kind": known.kind,
                "reference": known.reference,
            }
            score = services.read_score(ctx, **subject)
        if request.method == "GET":
            value = "" if score.parts else number_text(score.value)
            said = {"value": value, "parts": text_of_parts(score.parts), "last_on": "", "reason": ""}
            return _form(ctx, {**subject, **said}, {}, subject)
        said = {**fields_of(*_SAID), **subject}
        try:
            services.rescore(
                ctx,
                **subject,
                reason=said["reason"],
                value=read_number(said["value"], "value") if said["value"] else None,
                parts=parts_of_text(said["parts"]),
                appeal_until=_end_of(ctx, said["last_on"]),
            )
        except CallwrightError as error:
            return make_response(_form(ctx, said, errors_by_field(error, "reason"), subject), 422)
        flash(gettext("The score is changed."), "success")
        return see_other("ScoresView.correct", score_id=score_id)


def _form(
    ctx: Context, said: dict[str, str], errors: dict[str, list[str]], subject: dict[str, Any] | None = None
) -> str:
    """Show the form: of a first version, or of another one where a subject is named."""
    with ctx.read():
        versions: list[Any] = []
        if subject is not None:
            versions = services.list_scores(ctx, **subject, sort="-version", page_size=100)[1]
        return page(
            "records/score_form.html",
            said=said,
            errors=errors,
            versions=versions,
            names=person_names(ctx, {said["person_key"], *(row["published_by"] for row in versions)}),
            people=people_here(ctx),
            kinds=SCORE_TITLES,
            number=number_text,
        )


def _end_of(ctx: Context, text: str) -> datetime | None:
    """Return the last moment of a day of the centre; None where none is named.

    Raises:
        InvalidSubmission: It is no day.
    """
    if not text:
        return None
    after = datetime.combine(read_day(text, "last_on") + timedelta(days=1), time(), ctx.settings.zone)
    return after - timedelta(seconds=1)
