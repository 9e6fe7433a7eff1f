"""Instances that go on in another version of their process: tried, done, reported, taken back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import marshmallow as ma

from admin.api.definitions import SEE
from admin.api.fields import Body, Fields, Flag, IdText, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from admin.api.instances import OPERATE_IT, InstanceSchema, instance_row, need_seen, seen_instance
from admin.api.operation import Api, Page, changes, computes, lists, reads
from admin.api.paging import page_of
from engine.context import Context
from engine.definition import get_definition_by_id
from engine.errors import Problem
from engine.i18n import say
from engine.runtime import (
    check_migration,
    get_instance,
    get_migration,
    list_migrated,
    list_migrations,
    migrate_instance,
    migrate_instances,
    revert_instance,
    revert_migration,
)

_STATES = ("waiting", "migrated", "blocked", "reverted")
_ITEM_SORTS = {
    "state": lambda row: row["state"],
    "business_key": lambda row: row["business_key"],
    "ended_at": lambda row: row["ended_at"],
}
_SORTS = {"asked_at": lambda row: row["asked_at"]}


class BlockerSchema(Row):
    """Something that keeps an instance from going on in another version."""

    element_id = Text(metadata={"description": "Where; empty where it is not about one element."})
    element_name = Text(allow_none=True)
    message = Text()


class CheckSchema(Row):
    """Whether an instance can go on in another version."""

    instance_id = Text()
    business_key = Text(allow_none=True)
    version = Whole(metadata={"description": "The version it ran in."})
    blockers = Items(ma.fields.Nested(BlockerSchema), metadata={"description": "Empty where it can."})


class ChecksSchema(Row):
    """Whether instances can go on in another version."""

    count = Whole(metadata={"description": "How many were looked at, at most 1,000."})
    blocked_count = Whole()
    instances = Items(ma.fields.Nested(CheckSchema))


class TriedSchema(CheckSchema):
    """Whether an instance can go on in another version, or has."""

    to_version = Whole()
    migrated = Flag(metadata={"description": "False for a dry run."})


class MigrationSchema(Row):
    """Instances that are taken to another version, and how far that is."""

    id = Text()
    process_key = Text()
    from_version = Whole(allow_none=True)
    to_version = Whole()
    mapping = Fields()
    reason = Text()
    asked_by = Text()
    asked_at = Instant()
    waiting_count = Whole()
    migrated_count = Whole()
    blocked_count = Whole()
    reverted_count = Whole()


class MigratedSchema(CheckSchema):
    """How an instance of a migration fared."""

    state = Text(known=_STATES)
    ended_at = Instant()
    reverted_at = Instant()


class MigrateOneBody(Body):
    """Where an instance goes on."""

    to_version = Whole(required=True, least=1)
    mapping = Fields(load_default=dict, metadata={"description": "Ids there, by the ids here that differ."})
    dry_run = Flag(load_default=False, metadata={"description": "Only say what stands in the way."})
    reason = Text(load_default="", most=2000)


class CheckBody(Body):
    """Which instances would go on where."""

    to_version = Whole(required=True, least=1)
    from_version = Whole(least=1, metadata={"description": "Of any version where omitted."})
    instances = Items(IdText(), metadata={"description": "Only these; all open ones where omitted."})
    mapping = Fields(load_default=dict, metadata={"description": "Ids there, by the ids here that differ."})


class MigrateBody(CheckBody):
    """Which instances go on where, and why."""

    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})


class RevertBody(Body):
    """Why a migration is taken back."""

    reason = Text(required=True, least=1, most=2000, metadata={"description": "Kept in the audit log."})


class RevertedSchema(Row):
    """How many instances are asked to go back."""

    count = Whole()


class MigratedArgs(ListArgs):
    """What the report of a migration takes."""

    state = Text(known=_STATES)
    sort = sort_of(_ITEM_SORTS, "business_key")


class MigrationArgs(ListArgs):
    """What the list of migrations takes."""

    sort = sort_of(_SORTS, "-asked_at")


class InstanceMigrationsApi(Api):
    """One instance to another version, and back."""

    resource_name = "process-instances"

    @changes("/<uuid:instance_id>/migrate", body=MigrateOneBody, answer=TriedSchema, needs=OPERATE_IT)
    def migrate(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Let an instance go on in another version of its process; a dry run only says what prevents it.

        What stands in the way is 409 with one detail each; nothing is changed then.
        """
        instance = seen_instance(ctx, instance_id)
        dry_run = said.pop("dry_run")
        found = {
            "instance_id": instance_id,
            "business_key": instance["business_key"],
            "version": get_definition_by_id(ctx, instance["definition_id"]).version,
            "to_version": said["to_version"],
            "migrated": not dry_run,
            "blockers": [],
        }
        if dry_run:
            checks = check_migration(
                ctx,
                process_key=instance["process_key"],
                to_version=said["to_version"],
                instances=[instance_id],
                mapping=said["mapping"],
            )
            return {**found, "blockers": [one for check in checks for one in _blockers(ctx, check.problems)]}
        migrate_instance(ctx, instance_id=instance_id, **said)
        return found

    @changes("/<uuid:instance_id>/revert", body=RevertBody, answer=InstanceSchema, needs=OPERATE_IT)
    def revert(self, ctx: Context, said: dict[str, Any], instance_id: str) -> dict[str, Any]:
        """Take the last migration of an instance back, within 24 hours and while it has not moved since."""
        need_seen(ctx, instance_id)
        revert_instance(ctx, instance_id=instance_id, **said)
        return instance_row(ctx, get_instance(ctx, instance_id))


class DefinitionMigrationsApi(Api):
    """The instances of a process to another version."""

    resource_name = "process-definitions"

    @lists("/<key>/migrations", answer=MigrationSchema, args=MigrationArgs, needs=(*SEE, *OPERATE_IT))
    def list(self, ctx: Context, said: dict[str, Any], key: str) -> Page:
        """List the migrations of a process."""
        return page_of(list_migrations(ctx, key), said, _SORTS)

    @computes("/<key>/migrations/check", body=CheckBody, answer=ChecksSchema, needs=OPERATE_IT)
    def check(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Try which open instances can go on in another version; nothing is changed."""
        checks = check_migration(ctx, process_key=key, **said)
        return {
            "count": len(checks),
            "blocked_count": sum(bool(check.problems) for check in checks),
            "instances": [
                {
                    "instance_id": check.instance_id,
                    "business_key": check.business_key,
                    "version": check.version,
                    "blockers": _blockers(ctx, check.problems),
                }
                for check in checks
            ],
        }

    @changes("/<key>/migrations", body=MigrateBody, answer=MigrationSchema, status=201, needs=OPERATE_IT)
    def migrate(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Let open instances go on in another version; each goes by itself, a moment later."""
        return get_migration(ctx, migrate_instances(ctx, process_key=key, **said))


class MigrationsApi(Api):
    """Migrations."""

    resource_name = "migrations"

    @reads("/<uuid:migration_id>", answer=MigrationSchema, needs=OPERATE_IT)
    def get(self, ctx: Context, said: dict[str, Any], migration_id: str) -> dict[str, Any]:
        """Read a migration: how many instances are done, blocked, still to come."""
        return get_migration(ctx, migration_id)

    @lists("/<uuid:migration_id>/instances", answer=MigratedSchema, args=MigratedArgs, needs=OPERATE_IT)
    def instances(self, ctx: Context, said: dict[str, Any], migration_id: str) -> Page:
        """List how each instance of a migration fared."""
        rows = [
            {**row, "blockers": _blockers(ctx, row["problems"])}
            for row in list_migrated(ctx, migration_id)
            if said.get("state") in (None, row["state"])
        ]
        return page_of(rows, said, _ITEM_SORTS)

    @changes("/<uuid:migration_id>/revert", body=RevertBody, answer=RevertedSchema, needs=OPERATE_IT)
    def revert(self, ctx: Context, said: dict[str, Any], migration_id: str) -> dict[str, Any]:
        """Take a migration back for every instance that has not moved since; each goes by itself."""
        return {"count": revert_migration(ctx, migration_id=migration_id, **said)}


def _blockers(ctx: Context, problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "element_id": problem.path,
            "element_name": problem.element_name,
            "message": say(ctx.locale, problem),
        }
        for problem in problems
    ]
