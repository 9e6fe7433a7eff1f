"""Lists of tasks: what waits for me, what I am done with, what is lent or decided in another's place."""

from __future__ import annotations

from typing import Any

from flask import request

from admin.kit.current import permitted
from admin.kit.names import Texts, person_names, process_titles
from admin.kit.tables import Paging, read_paging
from admin.kit.views import page
from engine import runtime
from engine.context import Context
from engine.errors import Forbidden
from engine.work import HOW, OPEN_STATES, held_since, list_handled, list_tasks

SORTS = ("due_at", "priority", "created_at", "title", "business_key", "name", "assignee")
_EVER = (*OPEN_STATES, "completed")
# What is lent, and what is decided in another's place: whose tasks, by the person's key.
_BESIDE = {
    "by_me": lambda key: {"owner": key},
    "to_me": lambda key: {"assignee": key, "lent": True},
    "as_cover": lambda key: {"assignee": key, "covered": True, "state": _EVER},
    "by_cover": lambda key: {"covers_for": key, "state": _EVER},
}


def worklist_page(ctx: Context, key: str) -> str:
    """Show the list that the address names.

    Args:
        ctx: With no transaction open.
        key: Whose list.

    Raises:
        Forbidden: It asks for everybody's tasks, and they may not see them.
    """
    which = request.args.get("view", "mine")
    if which == "all" and not permitted("tasks.see_all"):
        raise Forbidden()
    if which == "done":
        return _done_page(ctx, key)
    beside = request.args.get("beside", "by_me")
    beside = beside if beside in _BESIDE else "by_me"
    views: dict[str, dict[str, Any]] = {
        "mine": {"mine": key},
        "claimed": {"assignee": key},
        "waiting": {"candidate": key},
        "lent": _BESIDE[beside](key),
        "all": {},
    }
    which = which if which in views else "mine"
    paging = read_paging(sorts=SORTS, default="-created_at" if which == "lent" else "due_at,-priority")
    with ctx.read():
        count, found = list_tasks(
            ctx,
            **views[which],
            search=paging.search or None,
            process_key=request.args.get("process") or None,
            variables={
                name.removeprefix("v_"): value
                for name, value in request.args.items()
                if name.startswith("v_") and value
            },
            sort=paging.sort,
            page=paging.page,
            page_size=paging.page_size,
        )
        return page(
            "work/tasks.html",
            tasks=found,
            beside=beside,
            names=person_names(
                ctx, [who for task in found for who in (task.assignee, task.owner, task.covers_for)]
            ),
            several=sum(bool(task.options.get("batch")) for task in found if task.open),
            held=held_since(ctx, found),
            **_around(ctx, key, which, found, count, paging),
        )


def _done_page(ctx: Context, key: str) -> str:
    """Show what somebody is done with: decided, sent back, handed over."""
    paging = read_paging(sorts=("at",), default="-at")
    how = request.args.get("how", "")
    with ctx.read():
        count, found = list_handled(
            ctx,
            key,
            how=[how] if how in HOW else HOW,
            process_key=request.args.get("process") or None,
            search=paging.search or None,
            page=paging.page,
            page_size=paging.page_size,
        )
        return page(
            "work/done.html",
            tasks=found,
            how=how,
            names=person_names(ctx, [who for one in found for who in (one.to, one.covers_for)]),
            **_around(ctx, key, "done", found, count, paging),
        )


def _around(
    ctx: Context, key: str, which: str, found: list[Any], count: int, paging: Paging
) -> dict[str, Any]:
    """Return what every list shows around its rows."""
    return {
        "count": count,
        "paging": paging,
        "which": which,
        "counts": {
            "mine": list_tasks(ctx, mine=key, page_size=1)[0],
            "claimed": list_tasks(ctx, assignee=key, page_size=1)[0],
            "waiting": list_tasks(ctx, candidate=key, page_size=1)[0],
        },
        "texts": Texts(ctx),
        "facts": runtime.facts_of(ctx, [one.instance_id for one in found]),
        "processes": process_titles(ctx).items(),
        "chosen_process": request.args.get("process", ""),
        "now": ctx.now,
    }
