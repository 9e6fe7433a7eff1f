"""Lists of instances: my requests and drafts, what I supervise, everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

import forms
from admin.kit.current import context, permitted, signed_in
from admin.kit.names import Texts, names_of_groups, person_names, process_titles
from admin.kit.permissions import needs
from admin.kit.tables import Paging, read_paging
from admin.kit.views import View, expose, page
from engine import runtime
from engine.context import Context
from engine.errors import Forbidden
from engine.work import Task, candidates_by_task, supervised_processes, waiting_at

SORTS = ("started_at", "ended_at", "title", "business_key", "state")


class RequestsView(View):
    """What one asked for, has begun to fill in, and supervises."""

    route_base = "/requests"

    @expose("/")
    @needs()
    def list(self) -> Any:
        """Show my requests, my drafts, or what I supervise."""
        return list_page(context(), "mine")


def list_page(ctx: Context, default: str) -> str:
    """Show the list that the address names.

    Args:
        ctx: With no transaction open.
        default: Which, where it names none.

    Raises:
        Forbidden: It asks for everybody's, and they may not see them.
    """
    who = signed_in()
    assert who is not None
    which = request.args.get("view", default)
    if which == "all" and not permitted("instances.see_all"):
        raise Forbidden()
    if which == "drafts":
        return _drafts_page(ctx)
    paging = read_paging(sorts=SORTS, default="-started_at")
    views: dict[str, dict[str, Any]] = {
        "mine": {"mine": who.key, "called": False},
        "supervised": {"supervised": True},
        "all": {},
    }
    which = which if which in views else "mine"
    with ctx.read():
        count, found = runtime.list_instances(
            ctx,
            **views[which],
            key=request.args.get("process") or None,
            state=request.args.get("state") or None,
            search=paging.search or None,
            sort=paging.sort,
            page=paging.page,
            page_size=paging.page_size,
        )
        waiting = waiting_at(ctx, [one["id"] for one in found])
        people = [key for one in found for key in (one["initiator"], one["submitter"])]
        return page(
            "instance/instances.html",
            instances=found,
            count=count,
            state=request.args.get("state", ""),
            chosen_process=request.args.get("process", ""),
            processes=process_titles(ctx).items(),
            texts=Texts(ctx),
            names=person_names(ctx, people),
            waiting={key: nearest(tasks) for key, tasks in waiting.items()},
            who=who_has(ctx, [task for tasks in waiting.values() for task in tasks]),
            allowed=runtime.allowed_of(ctx, found, waiting),
            own=who.key,
            now=ctx.now,
            **_around(ctx, which, paging),
        )


def _drafts_page(ctx: Context) -> str:
    paging = read_paging(sorts=("written_at",), default="-written_at")
    with ctx.read():
        count, found = forms.list_drafts(ctx, page=paging.page, page_size=paging.page_size)
        return page(
            "instance/drafts.html",
            drafts=found,
            count=count,
            titles=process_titles(ctx),
            texts=Texts(ctx),
            now=ctx.now,
            **_around(ctx, "drafts", paging),
        )


def _around(ctx: Context, which: str, paging: Paging) -> dict[str, Any]:
    """Return what every list shows around its rows."""
    return {
        "which": which,
        "paging": paging,
        "all_": permitted("instances.see_all"),
        "supervises": bool(supervised_processes(ctx)),
        "draft_count": forms.list_drafts(ctx, page_size=1)[0],
    }


def nearest(tasks: Sequence[Task]) -> list[Task]:
    """Return tasks so that what is due first comes first."""
    return sorted(tasks, key=lambda task: (task.due_at is None, task.due_at, task.id))


def who_has(ctx: Context, tasks: Sequence[Task]) -> Mapping[str, list[str]]:
    """Return the names of those who have tasks, or may take them while they are nobody's, by task."""
    named = candidates_by_task(ctx, [task.id for task in tasks if task.assignee is None])
    keys = [task.assignee for task in tasks]
    keys += [key for whom in named.values() for kind, key in whom if kind == "person"]
    groups = names_of_groups(ctx, [key for whom in named.values() for kind, key in whom if kind == "group"])
    people = person_names(ctx, keys)
    return {
        task.id: [people.get(task.assignee, task.assignee)]
        if task.assignee
        else [(people if kind == "person" else groups).get(key, key) for kind, key in named.get(task.id, ())]
        for task in tasks
    }
