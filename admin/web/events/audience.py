"""Who may hear of a change: asked once for an event, not once for every listener."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from engine.context import Context
from engine.errors import NotFound
from engine.instance import ProcessInstance
from engine.notify import Notification
from engine.people import people_of
from engine.work import Candidate, UserTask, supervisors_of

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEES_INSTANCES = frozenset({"instances.see_all", "instances.operate"})
_SEES_TASKS = _SEES_INSTANCES | {"tasks.see_all"}
_ROOT = aliased(ProcessInstance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who may hear of something: these persons, members of these groups, holders of these permissions."""

    persons: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()


def audience_of(ctx: Context, topic: str, ref: str) -> Audience:
    """Return who may hear that something changed; nobody, where nothing is known of the topic.

    A plug-in says it of a topic of its own by a port ``audience_<topic>``: ``function(ctx, ref)`` that
    returns a mapping with ``persons``, ``groups`` and ``permissions``, each optional.

    Args:
        ctx: An open transaction.
        topic: What kind of thing.
        ref: Which one.
    """
    if topic in _TOPICS:
        return _TOPICS[topic](ctx, ref)
    port = ctx.registry.ports.get(f"audience_{topic}")
    if port is None:
        return Audience()
    return Audience(**{name: frozenset(keys) for name, keys in port(ctx, ref).items()})


def _of_task(ctx: Context, ref: str) -> Audience:
    instance_id = ctx.connection.execute(select(UserTask.instance_id).where(UserTask.id == ref)).scalar()
    return Audience() if instance_id is None else _of_family(ctx, instance_id, _SEES_TASKS)


def _of_instance(ctx: Context, ref: str) -> Audience:
    return _of_family(ctx, ref, _SEES_INSTANCES)


def _of_family(ctx: Context, instance_id: str, permissions: frozenset[str]) -> Audience:
    """Return whoever sees an instance: see ``engine.work.seen_instances``."""
    found = ctx.connection.execute(
        select(
            ProcessInstance.root_id,
            ProcessInstance.initiator,
            ProcessInstance.submitter,
            ProcessInstance.process_key,
            _ROOT.process_key.label("root_key"),
        )
        .join(_ROOT, _ROOT.id == ProcessInstance.root_id)
        .where(ProcessInstance.id == instance_id)
    ).first()
    if found is None:
        return Audience(permissions=permissions)
    family = select(ProcessInstance.id).where(ProcessInstance.root_id == found.root_id)
    tasks = ctx.connection.execute(
        select(UserTask.assignee, UserTask.ended_by).where(UserTask.instance_id.in_(family))
    )
    candidates = ctx.connection.execute(
        select(Candidate.kind, Candidate.key)
        .join(UserTask, UserTask.id == Candidate.task_id)
        .where(UserTask.instance_id.in_(family))
        .distinct()
    ).all()
    took_part = {key for task in tasks for key in task if key}
    named = {one.key for one in candidates if one.kind == "person"}
    groups = {one.key for one in candidates if one.kind == "group"}
    for word in {word for key in {found.process_key, found.root_key} for word in supervisors_of(ctx, key)}:
        kind, _colon, key = word.partition(":")
        if kind == "group":
            groups.add(key)
        else:
            named |= _meant(ctx, word)
    own = {found.initiator or "", found.submitter or ""}
    return Audience(
        persons=frozenset(took_part | named | own),
        groups=frozenset(groups),
        permissions=permissions,
    )


def _meant(ctx: Context, word: str) -> set[str]:
    try:
        return {person.key for person in people_of(ctx, word)}
    except NotFound:
        return set()


def _of_notification(ctx: Context, ref: str) -> Audience:
    """Return who reads a notification; its event names it, or the person whose inbox it came to."""
    key: str | None = ref
    if _ID.fullmatch(ref):
        key = ctx.connection.execute(select(Notification.person_key).where(Notification.id == ref)).scalar()
    return Audience(persons=frozenset({key} if key else ()), permissions=frozenset({"notifications.see"}))


def _of_person(_ctx: Context, ref: str) -> Audience:
    return Audience(persons=frozenset({ref}), permissions=frozenset({"people.manage"}))


def _whoever(*permissions: str) -> Callable[[Context, str], Audience]:
    audience = Audience(permissions=frozenset(permissions))
    return lambda _ctx, _ref: audience


_TOPICS: dict[str, Callable[[Context, str], Audience]] = {
    "task": _of_task,
    "instance": _of_instance,
    "notification": _of_notification,
    "inbound": _whoever("notifications.see"),
    "incident": _whoever("incidents.operate"),
    "job": _whoever("incidents.operate"),
    "definition": _whoever("processes.see", "processes.deploy"),
    "person": _of_person,
    "unit": _whoever("people.manage"),
    "group": _whoever("people.manage"),
    "post": _whoever("people.manage"),
}
