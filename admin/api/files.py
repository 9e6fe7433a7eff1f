"""Stored files: handed in before they are used, handed out to whoever may see what they belong to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request

from admin.api.instances import FileSchema
from admin.api.operation import Api, Upload, changes, serves
from engine.context import Context
from engine.errors import InvalidSubmission, Problem
from engine.files import LIMIT_BYTES, TooLarge, find_file, open_content, put, reference, store
from engine.files.store import UPLOAD
from engine.history import audit
from engine.i18n import _


def _read(ctx: Context) -> dict[str, Any]:
    """Put the content into its folder, before the transaction opens."""
    sent = request.files.getlist("file")
    if len(sent) != 1:
        raise InvalidSubmission(
            problems=[Problem(path="file", message=_("Send one file in the field file."))]
        )
    name = sent[0].filename or ""
    try:
        content = put(ctx.settings.files, sent[0].stream, limit_bytes=LIMIT_BYTES)  # type: ignore[arg-type]
    except TooLarge as error:
        problem = Problem(path=f"file#{name}", message=error.message, params=error.params)
        raise TooLarge(problems=[problem], **error.params) from error
    return {"content": content, "name": name}


class FilesApi(Api):
    """Files."""

    resource_name = "files"

    @changes(
        "",
        body=Upload(
            read=_read,
            schema={
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            },
        ),
        answer=FileSchema,
        status=201,
    )
    def upload(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Hand in a file; the answer is what a form's field or a note holds of it.

        It is yours until you use it, and forgotten after a day. Its type is told by its content.
        """
        return reference(store(ctx, **said, owner_kind=UPLOAD, owner_id=ctx.actor.name))

    @serves("/<uuid:file_id>", media="application/octet-stream")
    def get(self, ctx: Context, said: dict[str, Any], file_id: str) -> Response:
        """Get a file, if you may see what it belongs to. Who got it is written down."""
        file = find_file(ctx, file_id=file_id)
        content = open_content(ctx, file)
        with ctx.write():
            audit(ctx, "file.read", "file", file.id)
        response = Response(content, mimetype=file.type, direct_passthrough=True)
        response.content_length = file.size
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
        response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response.headers["Cache-Control"] = "private, no-store"
        return response
