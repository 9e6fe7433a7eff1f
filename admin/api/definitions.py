"""Process definitions: what is deployed, its drawing, and starting it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask import Response

from admin.api.deployments import DeploymentSchema, deployment_row
from admin.api.fields import Args, Body, Fields, Flag, Instant, Items, ListArgs, Row, Text, Whole, sort_of
from admin.api.instances import InstanceSchema, instance_row
from admin.api.operation import Api, Page, changes, lists, reads, serves
from admin.api.paging import page_of
from admin.kit.packages import ZIP, hand_out_package
from admin.kit.permissions import ADMINISTERS
from engine.context import Context
from engine.definition import (
    Definition,
    administers,
    get_definition,
    get_definition_by_id,
    list_definitions,
    list_versions,
    may_start,
)
from engine.errors import Forbidden, NotFound
from engine.i18n import _
from engine.runtime import (
    begin,
    check_copy,
    get_instance,
    list_running_versions,
    put_copy,
    resume_version,
    suspend_version,
)

SEE = ("processes.see", "processes.deploy")
DEPLOY = ("processes.deploy",)
OPERATE = ("instances.operate", ADMINISTERS)
_SORTS = {
    "key": lambda row: row["key"],
    "title": lambda row: row["title"].casefold(),
    "deployed_at": lambda row: row["deployed_at"],
}
_VERSION_SORTS = {
    "version": lambda row: row["version"],
    "deployed_at": lambda row: row["deployed_at"],
    "active_count": lambda row: row["active_count"],
    "suspended_count": lambda row: row["suspended_count"],
    "incident_count": lambda row: row["incident_count"],
}


class StartSchema(Row):
    """A way to start a process."""

    event = Text(metadata={"description": "The start event's id."})
    title = Text()
    form = Text(allow_none=True)
    public = Flag()


class VariableSchema(Row):
    """A variable that the process declares."""

    name = Text()
    type = Text(metadata={"description": "Its FEEL type."})
    kind = Text(metadata={"description": "`telephone`: read as people write it, kept as E.164; else empty."})
    label = Text()
    sensitive = Flag()


class DefinitionSchema(Row):
    """A version of a process."""

    id = Text()
    key = Text()
    version = Whole()
    title = Text()
    summary = Text()
    category = Text()
    deployment_id = Text()
    deployed_at = Instant()
    may_start = Flag(metadata={"description": "Whether you may start it."})


class WholeDefinitionSchema(DefinitionSchema):
    """A version of a process with what its manifest says."""

    versions = Items(Whole(), metadata={"description": "All there are, the newest first."})
    starts = Items(ma.fields.Nested(StartSchema))
    variables = Items(ma.fields.Nested(VariableSchema))


class VersionSchema(Row):
    """A version of a process, and what runs in it."""

    id = Text()
    version = Whole()
    title = Text()
    deployment_id = Text()
    deployed_at = Instant()
    suspended_at = Instant(metadata={"description": "Since when nothing begins in it."})
    active_count = Whole()
    suspended_count = Whole()
    incident_count = Whole(metadata={"description": "Open instances that an operator must help."})


class VersionsArgs(ListArgs):
    """What the list of versions takes."""

    sort = sort_of(_VERSION_SORTS, "-version")


class DefinitionArgs(ListArgs):
    """What the list of processes takes."""

    category = Text()
    sort = sort_of(_SORTS, "key")


class VersionArgs(Args):
    """Which version is meant."""

    version = Whole(least=1, metadata={"description": "The latest where omitted."})


class SuspendBody(Body):
    """Why a version is held."""

    reason = Text(required=True, least=1, most=2000)
    instances = Flag(load_default=False, metadata={"description": "What runs in it is held too."})


class ResumeBody(Body):
    """Why a version goes on."""

    reason = Text(required=True, least=1, most=2000)


class CopiedBody(Body):
    """What a copy is called."""

    key = Text(required=True, least=1, most=128, metadata={"description": "One that no process has."})
    title = Text(required=True, least=1, most=200)
    version = Whole(least=1, metadata={"description": "Which version is copied; the latest where omitted."})


class StartBody(Body):
    """What a process begins with."""

    variables = Fields(load_default=dict)
    business_key = Text(least=1, most=128, metadata={"description": "Else the next of its counter."})
    version = Whole(least=1, metadata={"description": "The latest where omitted."})
    initiator = Text(
        least=1,
        metadata={"description": "Whose request it is, where you hand it in for somebody below you."},
    )


def _may_see(ctx: Context, definition: Definition) -> bool:
    seen = any(map(ctx.actor.may, SEE)) or may_start(ctx, definition)
    return seen or administers(ctx, definition.key)


def _row(ctx: Context, definition: Definition) -> dict[str, Any]:
    manifest = definition.manifest
    return {
        "id": definition.id,
        "key": definition.key,
        "version": definition.version,
        "title": definition.text(ctx.locale, definition.title),
        "summary": definition.text(ctx.locale, manifest.summary),
        "category": manifest.category,
        "deployment_id": definition.package.id,
        "deployed_at": definition.deployed_at,
        "may_start": may_start(ctx, definition),
    }


def _version_rows(ctx: Context, key: str) -> list[dict[str, Any]]:
    return [
        {**asdict(one), "title": get_definition_by_id(ctx, one.id).text(ctx.locale, one.title)}
        for one in list_running_versions(ctx, key)
    ]


def _version_row(ctx: Context, key: str, version: int) -> dict[str, Any]:
    return next(row for row in _version_rows(ctx, key) if row["version"] == version)


def _copied(ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
    """Make the copy and check it, before the transaction opens."""
    asked = {"key": said["key"], "title": said["title"], "version": said.get("version")}
    return {"checked": check_copy(ctx, process_key=key, **asked)}


def _startable(ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
    """Read what is started, before the transaction opens: the first time means to compile it."""
    return {"definition": startable_definition(ctx, key, said.get("version"))}


def startable_definition(ctx: Context, key: str, version: int | None) -> Definition:
    """Return what the caller may start.

    Raises:
        NotFound: There is none, or none that they may see.
        Forbidden: They may not start it.
    """
    definition = get_definition(ctx, key=key, version=version)
    if not may_start(ctx, definition):
        if _may_see(ctx, definition):
            raise Forbidden(_("You may not start this process."))
        raise NotFound(_("There is no process %(key)s. Deploy it first."), key=key)
    return definition


class DefinitionsApi(Api):
    """Process definitions."""

    resource_name = "process-definitions"

    @lists("", answer=DefinitionSchema, args=DefinitionArgs)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List the latest version of every process that you may start or see."""
        rows = [_row(ctx, definition) for definition in list_definitions(ctx) if _may_see(ctx, definition)]
        if "category" in said:
            rows = [row for row in rows if row["category"] == said["category"]]
        return page_of(rows, said, _SORTS)

    @reads("/<key>", answer=WholeDefinitionSchema, args=VersionArgs)
    def get(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Read a process."""
        definition = get_definition(ctx, key=key, version=said.get("version"))
        if not _may_see(ctx, definition):
            raise NotFound(_("There is no process %(key)s. Deploy it first."), key=key)
        manifest = definition.manifest
        return {
            **_row(ctx, definition),
            "versions": [one.version for one in list_versions(ctx, key)],
            "starts": [
                {
                    "event": start.event,
                    "title": definition.text(ctx.locale, start.title or definition.title),
                    "form": start.form,
                    "public": start.public,
                }
                for start in manifest.starts
                if start.inbound is None
            ],
            "variables": [
                {
                    "name": name,
                    "type": spec.type,
                    "kind": spec.kind,
                    "label": definition.text(ctx.locale, spec.label),
                    "sensitive": spec.sensitive,
                }
                for name, spec in manifest.variables.items()
            ],
        }

    @lists("/<key>/versions", answer=VersionSchema, args=VersionsArgs, needs=(*SEE, ADMINISTERS))
    def versions(self, ctx: Context, said: dict[str, Any], key: str) -> Page:
        """List the versions of a process with the instances that run in each."""
        return page_of(_version_rows(ctx, key), said, _VERSION_SORTS)

    @serves("/<key>/versions/<int:version>/xml", media="application/xml", needs=(*SEE, ADMINISTERS))
    def xml(self, ctx: Context, said: dict[str, Any], key: str, version: int) -> Response:
        """Read a version's drawing."""
        with ctx.read():
            definition = get_definition(ctx, key=key, version=version)
        return Response(definition.package.files[definition.path], mimetype="application/xml")

    @serves("/<key>/versions/<int:version>/zip", media=ZIP, needs=(*SEE, ADMINISTERS))
    def export(self, ctx: Context, said: dict[str, Any], key: str, version: int) -> Response:
        """Read all the files of a version as a zip, as they were deployed.

        Sent to `POST /deployments`, here or in another product, they are the same process again: drawing,
        forms, words, and the rights and groups that its manifest names. Where nothing was changed meanwhile,
        it makes no new version. What an administrator said about who hears of what stays where it is.
        """
        with ctx.read():
            definition = get_definition(ctx, key=key, version=version)
        return hand_out_package(definition)

    @changes("/<key>/copy", body=CopiedBody, answer=DeploymentSchema, status=201, check=_copied, needs=DEPLOY)
    def copy(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Deploy a process again under another key and title, with its forms, words, groups and rights.

        A key that a process has is 409. What an administrator said about who hears of what does not come
        along. Where messages, signals, timers or the public would begin the copy, its version is paused.
        """
        deployed = put_copy(ctx, checked=said["checked"], process_key=key)
        return deployment_row(ctx, deployed, said["checked"])

    @changes("/<key>/versions/<int:version>/suspend", body=SuspendBody, answer=VersionSchema, needs=OPERATE)
    def suspend(self, ctx: Context, said: dict[str, Any], key: str, version: int) -> dict[str, Any]:
        """Hold a version: nothing begins in it, and where asked for its instances and their timers pause."""
        suspend_version(ctx, process_key=key, version=version, **said)
        return _version_row(ctx, key, version)

    @changes("/<key>/versions/<int:version>/resume", body=ResumeBody, answer=VersionSchema, needs=OPERATE)
    def resume(self, ctx: Context, said: dict[str, Any], key: str, version: int) -> dict[str, Any]:
        """Let a held version begin instances again; those that were held with it go on."""
        resume_version(ctx, process_key=key, version=version, **said)
        return _version_row(ctx, key, version)

    @changes("/<key>/start", body=StartBody, answer=InstanceSchema, status=201, check=_startable)
    def start(self, ctx: Context, said: dict[str, Any], key: str) -> dict[str, Any]:
        """Start a process; the answer comes when it has reached its first wait states.

        Its manifest says who may. Unknown variables are kept.
        """
        started = begin(
            ctx,
            said["definition"],
            variables=said["variables"],
            business_key=said.get("business_key"),
            initiator=said.get("initiator"),
        )
        return instance_row(ctx, get_instance(ctx, started.id))
