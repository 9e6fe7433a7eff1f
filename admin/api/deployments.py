"""Deployments: process folders and loose drawings come in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request

from admin.api.fields import Flag, Items, Row, Text, Whole
from admin.api.operation import Api, Upload, changes
from admin.kit.packages import sent_package
from admin.kit.permissions import ADMINISTERS
from engine.context import Context
from engine.definition import Checked, Deployed, check, put_deployment
from engine.i18n import say


class DeployedDefinitionSchema(Row):
    """A process of a deployment."""

    id = Text()
    key = Text()
    version = Whole()
    title = Text()


class WarningSchema(Row):
    """What runs, but perhaps not as meant."""

    path = Text(metadata={"description": "The file, and after # the element."})
    message = Text()
    element_name = Text(allow_none=True)
    line = Whole(allow_none=True)


class DeploymentSchema(Row):
    """What a deployment made."""

    id = Text()
    new = Flag(metadata={"description": "False where this content was there already."})
    definitions = Items(ma.fields.Nested(DeployedDefinitionSchema))
    warnings = Items(ma.fields.Nested(WarningSchema))


def _read(ctx: Context) -> dict[str, Any]:
    """Read the files and check them, before the transaction opens."""
    return {"checked": check(ctx.registry, sent_package(request.files.getlist("files")))}


def deployment_row(ctx: Context, deployed: Deployed, checked: Checked) -> dict[str, Any]:
    """Return a deployment as it is answered."""
    return {
        "id": deployed.definitions[0].package.id if deployed.definitions else checked.package.id,
        "new": deployed.new,
        "definitions": [
            {"id": one.id, "key": one.key, "version": one.version, "title": one.text(ctx.locale, one.title)}
            for one in deployed.definitions
        ],
        "warnings": [
            {
                "path": problem.path,
                "message": say(ctx.locale, problem),
                "element_name": problem.element_name,
                "line": problem.line,
            }
            for problem in deployed.warnings
        ],
    }


class DeploymentsApi(Api):
    """Deployments."""

    resource_name = "deployments"

    @changes(
        "",
        body=Upload(
            read=_read,
            schema={
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "One zip file, or any number of files with their paths as names.",
                    }
                },
            },
        ),
        answer=DeploymentSchema,
        status=201,
        needs=("processes.deploy", ADMINISTERS),
    )
    def deploy(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Deploy a process folder, or loose drawings, decisions and forms.

        With a `process.toml` it is a process folder; without one the files are taken as they are, any number
        of processes a file, and a process's id is its key. The same content makes no new version. Without the
        permission, only new versions of what you administer are taken. What cannot
        run is 422, and the details name every problem with its file, its element and the remedy.
        """
        deployed = put_deployment(ctx, checked=said["checked"])
        return deployment_row(ctx, deployed, said["checked"])
