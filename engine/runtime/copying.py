"""A process is copied: deployed under another key, and held where it would begin by itself."""

from __future__ import annotations

from engine.context import Context, verb
from engine.definition import (
    Checked,
    Definition,
    Deployed,
    check,
    copied_files,
    get_definition,
    list_definitions,
    put_deployment,
)
from engine.errors import Conflict
from engine.history import audit
from engine.i18n import _
from engine.runtime.paused import suspend_version


def copy_process(
    ctx: Context, *, process_key: str, key: str, title: str, version: int | None = None
) -> Deployed:
    """Deploy a process again under another key: see ``check_copy`` and ``put_copy``."""
    with ctx.read():
        checked = check_copy(ctx, process_key=process_key, key=key, title=title, version=version)
    return put_copy(ctx, checked=checked, process_key=process_key)


def check_copy(
    ctx: Context, *, process_key: str, key: str, title: str, version: int | None = None
) -> Checked:
    """Make a copy of a process and check it, before a transaction writes it.

    Args:
        ctx: Any open transaction.
        process_key: What is copied.
        key: The copy's own key.
        title: What people call the copy.
        version: Which version is copied; the latest where omitted.

    Raises:
        NotFound: There is no such process or version.
        Conflict: It was deployed together with other processes.
        InvalidSubmission: There is no title, or the key is that of an element of the drawing.
        DefinitionError: The key is none, or what it needs is not installed any more.
    """
    definition = get_definition(ctx, key=process_key, version=version)
    return check(ctx.registry, copied_files(definition, key=key, title=title))


@verb
def put_copy(ctx: Context, *, checked: Checked, process_key: str) -> Deployed:
    """Deploy a copy that was checked. Who hears of what, as an administrator said it, does not come along.

    Where messages, signals, timers or the public would begin it, it is paused: else the process that was
    copied would share or lose what was meant for it.

    Args:
        ctx: Who copies.
        checked: The copy.
        process_key: What it is a copy of.

    Raises:
        Conflict: The key is taken.
    """
    taken = {one.key for one in list_definitions(ctx)} & set(checked.package.processes)
    if taken:
        raise Conflict(
            _("There is a process %(key)s already. Choose another key."), key=", ".join(sorted(taken))
        )
    deployed = put_deployment(ctx, checked=checked, source="copy")
    for copy in deployed.definitions:
        audit(ctx, "process.copy", "process", copy.key, {"of": process_key})
        if begins_unasked(copy):
            suspend_version(
                ctx, process_key=copy.key, version=copy.version, reason=f"A copy of {process_key}."
            )
    return deployed


def begins_unasked(definition: Definition) -> bool:
    """Whether a process begins without anybody who signed in and started it."""
    drawn = any(node.triggers for node in definition.spec.starts)
    return drawn or any(start.public or start.inbound for start in definition.manifest.starts)
