"""Instances as people read them: lists, one instance, its variables and its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, or_, select

from engine.context import Context
from engine.db import equal_to, order_by, page_of
from engine.errors import NotFound
from engine.history import ElementVisit, VariableWrite
from engine.i18n import _
from engine.instance import LargeValue, ListedVariable, ProcessInstance
from engine.machine.scopes import Scopes, View
from engine.values import Json
from engine.work import seen_instances, supervised_processes

INSTANCE_SORTS = {
    "started_at": ProcessInstance.started_at,
    "ended_at": ProcessInstance.ended_at,
    "business_key": ProcessInstance.business_key,
    "process_key": ProcessInstance.process_key,
    "title": ProcessInstance.title,
    "state": ProcessInstance.state,
    "initiator": ProcessInstance.initiator,
    "incident_count": ProcessInstance.incident_count,
}
_COLUMNS = [column for column in ProcessInstance.__table__.columns if column.name != "machine_state"]
_INSTANCE = select(*_COLUMNS).where(ProcessInstance.id == bindparam("instance"))


def get_instance(ctx: Context, instance_id: str) -> Mapping[str, Any]:
    """Return an instance's row, without its state.

    Raises:
        NotFound: There is none of this id.
    """
    row = ctx.connection.execute(_INSTANCE, {"instance": instance_id}).mappings().first()
    if row is None:
        raise NotFound(_("There is no such process instance."))
    return dict(row)


def find_instance(ctx: Context, *, business_key: str) -> Mapping[str, Any]:
    """Return an instance by the key people know it by.

    Raises:
        NotFound: There is none of this key.
    """
    row = (
        ctx.connection.execute(
            select(*_COLUMNS)
            .where(ProcessInstance.business_key == business_key)
            .order_by(ProcessInstance.id.desc())
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(_("There is nothing with the key %(key)s."), key=business_key)
    return dict(row)


def list_instances(
    ctx: Context,
    *,
    root: str | None = None,
    key: str | None = None,
    business_key: str | None = None,
    state: str | None = None,
    initiator: str | None = None,
    mine: str | None = None,
    supervised: bool = False,
    called: bool = True,
    search: str | None = None,
    variables: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    seen: bool = False,
    sort: str = "-started_at",
    page: int = 1,
    page_size: int = 25,
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many instances match and one page of them.

    Args:
        ctx: Any open transaction.
        root: Called, directly or not, by this instance; the instance itself too.
        key: Of this process.
        business_key: With this key.
        state: In this state.
        initiator: Started by this person.
        mine: Started by this person, or handed in by them for somebody else.
        supervised: Only of processes that the context's actor supervises.
        called: Those that another instance called too.
        search: In title or business key.
        variables: Listed variables and their values.
        only: Among these ids.
        seen: Only what the context's actor may see.
        sort: Keys, ``-`` before a descending one.
        page: From 1.
        page_size: At most 100.

    Raises:
        UnknownFilter: The sort key is not known; the message lists the known ones.
    """
    wanted = equal_to(
        {
            ProcessInstance.root_id: root,
            ProcessInstance.process_key: key,
            ProcessInstance.business_key: business_key,
            ProcessInstance.state: state,
            ProcessInstance.initiator: initiator,
        }
    )
    if mine is not None:
        wanted.append(or_(ProcessInstance.initiator == mine, ProcessInstance.submitter == mine))
    if supervised:
        wanted.append(ProcessInstance.process_key.in_(supervised_processes(ctx)))
    if not called:
        wanted.append(ProcessInstance.parent_id.is_(None))
    if search:
        wanted.append(
            or_(
                ProcessInstance.title.icontains(search, autoescape=True),
                ProcessInstance.business_key.icontains(search, autoescape=True),
            )
        )
    if only is not None:
        wanted.append(ProcessInstance.id.in_(only))
    if seen:
        wanted.append(seen_instances(ctx))
    for name, value in (variables or {}).items():
        wanted.append(
            select(ListedVariable.instance_id)
            .where(
                ListedVariable.instance_id == ProcessInstance.id,
                ListedVariable.name == name,
                ListedVariable.value == value,
            )
            .exists()
        )
    return page_of(
        ctx.connection,
        select(*_COLUMNS).where(*wanted),
        order_by(sort, INSTANCE_SORTS, last=ProcessInstance.id),
        page=page,
        page_size=page_size,
    )


def facts_of(ctx: Context, instance_ids: Iterable[str]) -> dict[str, list[Mapping[str, str]]]:
    """Return what lists say of some instances beside their titles: label and text of each, by id."""
    wanted = ProcessInstance.id.in_(set(instance_ids))
    rows = ctx.connection.execute(select(ProcessInstance.id, ProcessInstance.facts).where(wanted))
    return {row.id: row.facts or [] for row in rows}


def variables_of(ctx: Context, instance_id: str, *, visit: str | None = None) -> dict[str, Json]:
    """Return an instance's variables.

    Args:
        ctx: Any open transaction.
        instance_id: Which instance.
        visit: The element visit (a task's id) that they are seen from: those of its scope and outwards.
            The instance's own where omitted, or where the visit is over.

    Raises:
        NotFound: There is no such instance.
    """
    written = ctx.connection.execute(
        select(ProcessInstance.machine_state).where(ProcessInstance.id == instance_id)
    ).scalar()
    if written is None:
        raise NotFound(_("There is no such process instance."))
    if not written:
        return {}
    tokens, scopes_written = orjson.loads(written)[2:4]
    scopes = Scopes(
        {scope: texts for scope, _outer, texts in scopes_written},
        {scope: outer for scope, outer, _texts in scopes_written if scope is not None},
    )
    view = View(scopes, _scope_of(visit, tokens, scopes), {}, {}, lambda hash_: _large_value(ctx, hash_))
    return dict(view)


def _scope_of(visit: str | None, tokens: Sequence[Sequence[Any]], scopes: Scopes) -> str | None:
    """Return the variable scope that an element visit reads from."""
    number = next((number for number, token in enumerate(tokens) if token[0] == visit), -1)
    while number >= 0 and tokens[number][0] not in scopes.texts:
        number = tokens[number][3]
    return tokens[number][0] if number >= 0 else None


def _large_value(ctx: Context, hash_: str) -> str:
    text: str = ctx.connection.execute(select(LargeValue.text).where(LargeValue.hash == hash_)).scalar_one()
    return text


def history_of(ctx: Context, instance_id: str, *, called: bool = False) -> list[Mapping[str, Any]]:
    """Return the element visits of an instance in their order.

    Args:
        ctx: Any open transaction.
        instance_id: Which instance.
        called: Those of the processes it called too.
    """
    whose = ElementVisit.instance_id == instance_id
    if called:
        below = select(ProcessInstance.id).where(ProcessInstance.parent_id == instance_id).cte(recursive=True)
        deeper = select(ProcessInstance.id).join(below, ProcessInstance.parent_id == below.c.id)
        whose = whose | ElementVisit.instance_id.in_(select(below.union_all(deeper).c.id))
    rows = ctx.connection.execute(
        select(ElementVisit.__table__).where(whose).order_by(ElementVisit.seq)
    ).mappings()
    return [dict(row) for row in rows]


def writes_of(ctx: Context, instance_id: str) -> list[Mapping[str, Any]]:
    """Return the variable writes of an instance in their order."""
    rows = ctx.connection.execute(
        select(VariableWrite.__table__)
        .where(VariableWrite.instance_id == instance_id)
        .order_by(VariableWrite.seq)
    ).mappings()
    return [dict(row) for row in rows]
