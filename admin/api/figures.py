"""Figures about a process: how often it ran, how long its steps took, what was late, where its time goes."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from admin.api.fields import Args, Day, Flag, Instant, Items, Rate, Row, Seconds, Text, Whole
from admin.api.operation import Api, reads
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.errors import NotFound
from engine.work import StepFigures, figures_of, may_see_figures


class TookSchema(Row):
    """How long something took, in seconds of elapsed time; nulls where nothing has ended."""

    median_s = Seconds(allow_none=True)
    p90_s = Seconds(allow_none=True, metadata={"description": "Nine of ten took no longer."})
    mean_s = Seconds(allow_none=True)


class OutcomeFigureSchema(Row):
    """How often people decided in one way at a step; each of several who are asked counts."""

    name = Text()
    label = Text()
    count = Whole()


class StepFiguresSchema(Row):
    """How one step of a process fared."""

    element_id = Text()
    name = Text()
    type = Text(metadata={"description": "Its BPMN tag."})
    by_people = Flag(metadata={"description": "Whether people do it."})
    visit_count = Whole(metadata={"description": "How often it was reached."})
    ended_count = Whole(metadata={"description": "How often it was done."})
    waiting_count = Whole(metadata={"description": "How often it waits now."})
    waiting_since = Instant(metadata={"description": "Since when the one waits that waits longest."})
    took = ma.fields.Nested(TookSchema, metadata={"description": "From reached until done."})
    late_count = Whole(metadata={"description": "Done after it was due, or open still though it was due."})
    in_time_count = Whole()
    in_time_rate = Rate(allow_none=True, metadata={"description": "Null where nothing was due."})
    timed_out_count = Whole(metadata={"description": "Ended by time and by no person."})
    returned_count = Whole(metadata={"description": "Sent back from there."})
    spent_s = Seconds(metadata={"description": "Time spent there within the span, all visits together."})
    share_rate = Rate(metadata={"description": "Its part of the time spent at all steps."})
    outcomes = Items(ma.fields.Nested(OutcomeFigureSchema))


class ProcessFiguresSchema(Row):
    """How a process fared in a span of days."""

    process_key = Text()
    version = Whole(allow_none=True, metadata={"description": "Null for all versions."})
    first_on = Day()
    last_on = Day()
    started_count = Whole()
    completed_count = Whole()
    cancelled_count = Whole()
    failed_count = Whole(metadata={"description": "Ended by an error that nothing caught."})
    running_count = Whole(metadata={"description": "Those that have not ended now."})
    took = ma.fields.Nested(TookSchema, metadata={"description": "From start to end, where completed."})
    smooth_count = Whole(metadata={"description": "Completed without any incident."})
    smooth_rate = Rate(allow_none=True)
    steps = Items(
        ma.fields.Nested(StepFiguresSchema), metadata={"description": "Those with most time spent first."}
    )


class FiguresArgs(Args):
    """Which days, and which version."""

    first_on = Day(metadata={"description": "In the centre's time zone; 30 days with the last if omitted."})
    last_on = Day(metadata={"description": "It belongs to the span of at most 366 days; today if omitted."})
    version = Whole(least=1, metadata={"description": "Every version where omitted."})


class DefinitionFiguresApi(Api):
    """Figures about processes."""

    resource_name = "process-definitions"

    @reads("/<key>/figures", answer=ProcessFiguresSchema, args=FiguresArgs)
    def figures(self, ctx: Context, said: dict[str, Any], key: str) -> Any:
        """Read how a process fared in a span of days.

        For who may see every instance, and for the supervisors of the process.
        """
        if not may_see_figures(ctx, key):
            raise NotFound()
        found = figures_of(ctx, process_key=key, **said)
        names = (name for name in ProcessFiguresSchema._declared_fields if name != "steps")
        return {
            **{name: getattr(found, name) for name in names},
            "steps": [_step_row(ctx, step) for step in found.steps],
        }


def _step_row(ctx: Context, step: StepFigures) -> dict[str, Any]:
    """Write a step in the caller's language."""
    definition = get_definition_by_id(ctx, step.definition_id)
    row = {name: getattr(step, name) for name in StepFiguresSchema._declared_fields}
    row["name"] = definition.text(ctx.locale, step.name)
    row["outcomes"] = [
        {"name": one.name, "label": definition.text(ctx.locale, one.label), "count": one.count}
        for one in step.outcomes
    ]
    return row
