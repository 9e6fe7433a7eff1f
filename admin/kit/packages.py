"""Process folders that come in by a browser or a program, and those that go out."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import FileStorage

from engine.definition import Definition, read_zip, write_zip
from engine.errors import DefinitionError, Problem
from engine.i18n import _

ZIP = "application/zip"
_HEAD_OF_ZIP = b"PK\x03\x04"


def sent_package(files: Iterable[FileStorage]) -> dict[str, bytes]:
    """Read what was sent: one zip file, or any number of files with their paths as names.

    Returns:
        Path in the package to content.

    Raises:
        DefinitionError: Nothing was sent, a name is no path inside of a folder, or it is no zip file.
    """
    sent = [file for file in files if file.filename]
    if not sent:
        raise _refused("files", _("Send a zip file or some files in the field files."))
    first = sent[0].read()
    if len(sent) == 1 and first.startswith(_HEAD_OF_ZIP):
        return read_zip(first)
    contents = [first, *(file.read() for file in sent[1:])]
    package: dict[str, bytes] = {}
    for file, content in zip(sent, contents, strict=True):
        path = _path(file.filename or "")
        if path in package:
            raise _refused(path, _("This file is there twice. Send it once."))
        package[path] = content
    return package


def _path(name: str) -> str:
    """Return a file's path in its folder, whatever the sender's system writes between folders."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise _refused(name, _("This is no path inside of a folder."))
    return "/".join(parts)


def _refused(path: str, message: str) -> DefinitionError:
    return DefinitionError(problems=[Problem(path=path, message=message)])


def hand_out_package(definition: Definition) -> Response:
    """Answer with the files of a version as a zip that can be deployed again, here or elsewhere."""
    response = Response(write_zip(definition.package.files), mimetype=ZIP)
    name = quote(f"{definition.key}-{definition.version}.zip")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response
