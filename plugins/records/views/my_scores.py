"""The page on which everybody sees their own scores, and begins an appeal."""

from __future__ import annotations

from typing import Any

from flask import url_for

from admin.kit import View, context, expose, needs, page, read_paging, signed_in
from admin.kit.names import person_names
from engine.context import Context
from engine.definition import get_definition, starts_for
from engine.errors import NotFound
from engine.values import number_text
from plugins.records import services
from plugins.records.rules import SCORE_TITLES, appeal_hindrance


class MyScoresView(View):
    """My scores."""

    route_base = "/my-scores"
    default_view = "list"

    @expose("")
    @needs()
    def list(self) -> str:
        """List the scores of whoever is signed in, each in the version that holds."""
        paging = read_paging(sorts=tuple(services.SCORE_SORTS), default="-published_at")
        ctx = context()
        with ctx.read():
            count, rows = services.list_scores(
                ctx,
                person_key=_key(),
                holds=True,
                sort=paging.sort,
                page=paging.page,
                page_size=paging.page_size,
            )
            return page(
                "records/my_scores.html",
                rows=rows,
                count=count,
                paging=paging,
                appeals={row["id"]: _appeal_url(ctx, row) for row in rows},
                kinds=SCORE_TITLES,
                number=number_text,
                now=ctx.now,
            )

    @expose("/<uuid:score_id>")
    @needs()
    def show(self, score_id: Any) -> str:
        """Show one of them with its parts and all its versions."""
        ctx = context()
        with ctx.read():
            score = services.get_score(ctx, str(score_id))
            if score.person_key != _key():
                raise services.NoScore()
            _count, rows = services.list_scores(
                ctx,
                person_key=score.person_key,
                kind=score.kind,
                reference=score.reference,
                sort="-version",
                page_size=100,
            )
            return page(
                "records/my_score.html",
                score=rows[0],
                versions=rows,
                appeal_url=_appeal_url(ctx, rows[0]),
                names=person_names(ctx, {row["published_by"] for row in rows}),
                kinds=SCORE_TITLES,
                number=number_text,
                now=ctx.now,
            )


def _key() -> str:
    who = signed_in()
    assert who is not None
    return who.key


def _appeal_url(ctx: Context, row: dict[str, Any]) -> str | None:
    """Return where an appeal begins, its form filled in; None where it cannot.

    It is the first start of the process ``KIND_appeal`` that this person may start.
    """
    said = {"appeal_until": row["appeal_until"], "is_appealed": row["is_appealed"], "now": ctx.now}
    if appeal_hindrance(**said) is not None:
        return None
    try:
        definition = get_definition(ctx, key=f"{row['kind']}_appeal")
    except NotFound:
        return None
    start = next((one for one in starts_for(ctx, definition) if one.form), None)
    if start is None:
        return None
    where: dict[str, Any] = {"key": definition.key, "event": start.event, "form": start.form}
    return url_for("CatalogueView.begin", **where, reference=row["reference"])
