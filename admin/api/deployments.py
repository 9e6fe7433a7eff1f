"""Deployments: process folders and loose drawings come in."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request
from werkzeug.datastructures import FileStorage

from admin.api.fields import Flag, Items, Row, Text, Whole
from admin.api.operation import Api, Upload, changes
from engine.context import Context
from engine.definition import check, put_deployment, read_zip
from engine.errors import DefinitionError, Problem
from engine.i18n import _, say

_HEAD_OF_ZIP = b"PK\x03\x04"


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
    sent = [file for file in request.files.getlist("files") if file.filename]
    if not sent:
        raise DefinitionError(
            problems=[Problem(path="files", message=_("Send a zip file or some files in the field files."))]
        )
    return {"checked": check(ctx.registry, _package(sent))}


def _package(sent: list[FileStorage]) -> dict[str, bytes]:
    first = sent[0].read()
    if len(sent) == 1 and first.startswith(_HEAD_OF_ZIP):
        return read_zip(first)
    contents = [first, *(file.read() for file in sent[1:])]
    files: dict[str, bytes] = {}
    for file, content in zip(sent, contents, strict=True):
        path = _path(file.filename or "")
        if path in files:
            raise DefinitionError(
                problems=[Problem(path=path, message=_("This file is there twice. Send it once."))]
            )
        files[path] = content
    return files


def _path(name: str) -> str:
    """Return a file's path in its folder, whatever the sender's system writes between folders."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise DefinitionError(problems=[Problem(path=name, message=_("This is no path inside of a folder."))])
    return "/".join(parts)


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
        needs=("processes.deploy",),
    )
    def deploy(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Deploy a process folder, or loose drawings, decisions and forms.

        With a `process.toml` it is a process folder; without one the files are taken as they are, any number
        of processes a file, and a process's id is its key. The same content makes no new version. What cannot
        run is 422, and the details name every problem with its file, its element and the remedy.
        """
        deployed = put_deployment(ctx, checked=said["checked"])
        return {
            "id": deployed.definitions[0].package.id if deployed.definitions else said["checked"].package.id,
            "new": deployed.new,
            "definitions": [
                {
                    "id": one.id,
                    "key": one.key,
                    "version": one.version,
                    "title": one.text(ctx.locale, one.title),
                }
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
