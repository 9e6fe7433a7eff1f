"""Figures about a process, for those who see all its instances or supervise it: as a page, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext

from admin.kit.current import context, permitted, web
from admin.kit.names import Texts
from admin.kit.permissions import needs
from admin.kit.sheets import Cell, csv_file
from admin.kit.views import View, expose, page
from engine.context import Context
from engine.definition import Definition, list_definitions, list_versions
from engine.errors import Forbidden, NotFound, Problem, UnknownFilter
from engine.i18n import _, say
from engine.work import ProcessFigures, StepFigures, figures_of, may_see_figures

ASKED = ("process", "first_on", "last_on", "version")


class FiguresView(View):
    """How processes fare."""

    route_base = "/figures"

    @expose("/")
    @needs()
    def show(self) -> Any:
        """Show the figures of the process, the days and the version that the address names."""
        ctx = context()
        with ctx.read():
            processes = _processes(ctx)
            definition = _chosen(processes)
            asked = {name: request.args.get(name, "") for name in ASKED}
            errors: dict[str, str] = {}
            figures = None
            if definition is not None:
                try:
                    figures = _figures(ctx, definition.key)
                except UnknownFilter as error:
                    errors = {one.path: say(web().locale, one) for one in error.problems}
                except NotFound as error:
                    # It was chosen for another process.
                    errors = {"version": say(web().locale, error)}
            if figures is not None:
                asked |= {"first_on": str(figures.first_on), "last_on": str(figures.last_on)}
            shown = page(
                "library/figures.html",
                processes=[(one.key, _title(one)) for one in processes],
                title=_title(definition) if definition is not None else None,
                versions=[one.version for one in list_versions(ctx, definition.key)] if definition else [],
                asked={**asked, "process": definition.key if definition else ""},
                errors=errors,
                figures=figures,
                texts=Texts(ctx),
                library=any(map(permitted, ("processes.see", "processes.deploy", "instances.operate"))),
                all_=permitted("instances.see_all"),
                now=ctx.now,
            )
        return (shown, 400) if errors else shown

    @expose("/table.csv")
    @needs()
    def table(self) -> Any:
        """Give the same figures as a table to save: a line for the whole process, and one for each step."""
        ctx = context()
        with ctx.read():
            definition = _chosen(_processes(ctx))
            if definition is None:
                raise UnknownFilter(problems=[Problem(path="process", message=_("Choose a process."))])
            figures, texts = _figures(ctx, definition.key), Texts(ctx)
            columns = _columns()
            rows = [_whole(figures, _title(definition)), *(_line(texts, one) for one in figures.steps)]
        name = f"{definition.key} {figures.first_on} {figures.last_on}"
        return csv_file(name, list(columns.values()), [[row.get(key) for key in columns] for row in rows])


def _processes(ctx: Context) -> list[Definition]:
    """Return the processes of which the reader may see figures, by title.

    Raises:
        Forbidden: There are processes, but of none of them they may.
    """
    everything = list_definitions(ctx)
    processes = [one for one in everything if may_see_figures(ctx, one.key)]
    if everything and not processes:
        raise Forbidden()
    return sorted(processes, key=lambda one: (_title(one).casefold(), one.key))


def _chosen(processes: list[Definition]) -> Definition | None:
    """Return the process that the address names; None where it names none.

    Raises:
        NotFound: There is none of this key, or none of which they may see figures.
    """
    key = request.args.get("process", "")
    chosen = next((one for one in processes if one.key == key), None)
    if key and chosen is None:
        raise NotFound()
    return chosen


def _title(definition: Definition) -> str:
    return definition.text(web().locale, definition.title)


def _figures(ctx: Context, key: str) -> ProcessFigures:
    """Return the figures that the address asks for.

    Raises:
        UnknownFilter: A day or the version cannot be.
        NotFound: There is no such version.
    """
    problems: list[Problem] = []
    days = {name: _day(name, problems) for name in ("first_on", "last_on")}
    version = request.args.get("version", "")
    if version and not (version.isascii() and version.isdigit() and len(version) < 10):
        problems.append(Problem(path="version", message=_("Must be a whole number.")))
    if problems:
        raise UnknownFilter(problems=problems)
    return figures_of(ctx, process_key=key, version=int(version) if version else None, **days)


def _day(name: str, problems: list[Problem]) -> date | None:
    text = request.args.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        problems.append(Problem(path=name, message=_("Write a day such as 2026-03-02.")))
        return None


# -- the table that is saved ---------------------------------------------------------------------------------


def _columns() -> dict[str, str]:
    return {
        "name": gettext("Step"),
        "element_id": gettext("Element"),
        "visit_count": gettext("Reached"),
        "ended_count": gettext("Done"),
        "waiting_count": gettext("Waiting now"),
        "waiting_since": gettext("Longest since"),
        "median_s": gettext("Median, in seconds"),
        "p90_s": gettext("9 of 10 within, in seconds"),
        "mean_s": gettext("On average, in seconds"),
        "spent_s": gettext("Time spent, in seconds"),
        "share_rate": gettext("Share of all time"),
        "late_count": gettext("Late"),
        "in_time_count": gettext("In time"),
        "in_time_rate": gettext("Share in time"),
        "timed_out_count": gettext("Ended by time-out"),
        "returned_count": gettext("Sent back"),
        "outcomes": gettext("Decisions"),
        "cancelled_count": gettext("Cancelled"),
        "failed_count": gettext("Failed"),
        "smooth_rate": gettext("Without a problem"),
    }


def _whole(figures: ProcessFigures, title: str) -> Mapping[str, Cell]:
    return {
        "name": title,
        "visit_count": figures.started_count,
        "ended_count": figures.completed_count,
        "waiting_count": figures.running_count,
        "median_s": figures.took.median_s,
        "p90_s": figures.took.p90_s,
        "mean_s": figures.took.mean_s,
        "cancelled_count": figures.cancelled_count,
        "failed_count": figures.failed_count,
        "smooth_rate": _rounded(figures.smooth_rate),
    }


def _line(texts: Texts, step: StepFigures) -> Mapping[str, Cell]:
    said = ((texts.say(step.definition_id, one.label), one.count) for one in step.outcomes)
    return {
        "name": texts.say(step.definition_id, step.name),
        "element_id": step.element_id,
        "visit_count": step.visit_count,
        "ended_count": step.ended_count,
        "waiting_count": step.waiting_count,
        "waiting_since": step.waiting_since.isoformat() if step.waiting_since else None,
        "median_s": step.took.median_s,
        "p90_s": step.took.p90_s,
        "mean_s": step.took.mean_s,
        "spent_s": step.spent_s,
        "share_rate": _rounded(step.share_rate),
        "late_count": step.late_count,
        "in_time_count": step.in_time_count,
        "in_time_rate": _rounded(step.in_time_rate),
        "timed_out_count": step.timed_out_count,
        "returned_count": step.returned_count,
        "outcomes": "; ".join(f"{label}: {count}" for label, count in said),
    }


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
