"""Reading a request: what it says, checked against what the call declares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import abort, request

from admin.api.fields import declared
from admin.kit.errors import BadRequest
from engine import values
from engine.errors import InvalidSubmission, NotFound, Problem
from engine.i18n import _
from engine.values import Json

LARGEST_BODY = 8 * 1024 * 1024
_DEEPEST = 64
_LONGEST_KEY = 255
_LONGEST_PATH = 255


def read_args(schema: type[ma.Schema]) -> dict[str, Any]:
    """Read what the address says after its question mark.

    Raises:
        BadRequest: It names something unknown, or a value cannot be; the details say what is known.
    """
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise BadRequest(problems=[Problem(path=name, message=_("Say this once.")) for name in twice])
    return _checked(schema, request.args.to_dict(), BadRequest)


def read_body(schema: type[ma.Schema]) -> dict[str, Any]:
    """Read a JSON body. A null stands for what was left out, except where null is a value.

    Raises:
        BadRequest: It is no JSON object, or names something unknown.
        InvalidSubmission: A value cannot be.
    """
    content = request.get_data()
    if not content.strip():
        return _checked(schema, {}, InvalidSubmission)
    if len(content) > LARGEST_BODY:
        abort(413)
    if not request.is_json:
        abort(415)
    try:
        said = values.loads(content)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadRequest(_("The body is no JSON: %(reason)s"), reason=str(error)[:200]) from None
    if not isinstance(said, dict):
        raise BadRequest(_("Send a JSON object."))
    if _is_deep(said):
        raise BadRequest(_("The body is nested more than %(depth)s deep."), depth=_DEEPEST)
    nullable = {name for name, field in declared(schema).fields.items() if field.allow_none}
    said = {name: value for name, value in said.items() if value is not None or name in nullable}
    return _checked(schema, said, InvalidSubmission)


def body_hash() -> str:
    """Tell this body from every other one. Files count by name and content, not by how they are wrapped."""
    digest = hashlib.sha256()
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data())
        return digest.hexdigest()
    for name, value in request.form.items(multi=True):
        digest.update(f"{len(name)} {len(value)} {name}{value}".encode())
    for name, file in request.files.items(multi=True):
        content = hashlib.file_digest(file.stream, "sha256")  # type: ignore[arg-type]
        file.stream.seek(0)
        digest.update(f"{name}\0{file.filename}\0".encode() + content.digest())
    return digest.hexdigest()


def idempotency_key() -> str | None:
    """Return how the request names itself.

    Raises:
        BadRequest: The name is empty or too long.
        NotFound: No call has an address that long.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and len(request.path) > _LONGEST_PATH:
        raise NotFound()
    if key is not None and not 0 < len(key) <= _LONGEST_KEY:
        raise BadRequest(_("An Idempotency-Key has 1 to %(most)s characters."), most=_LONGEST_KEY)
    return key


def _checked(
    schema: type[ma.Schema], said: Mapping[str, Json], wrong: type[BadRequest] | type[InvalidSubmission]
) -> dict[str, Any]:
    fields = declared(schema).fields
    known = ", ".join(fields) or "-"
    unknown = [
        Problem(
            path=name,
            message=_("There is no %(name)s here. Known are: %(known)s."),
            params={"name": name, "known": known},
        )
        for name in said
        if name not in fields
    ]
    if unknown:
        raise BadRequest(problems=unknown)
    try:
        loaded: dict[str, Any] = declared(schema).load(said)
    except ma.ValidationError as error:
        raise wrong(problems=_problems(error.messages, "")) from None
    return loaded


def _problems(messages: Any, path: str) -> list[Problem]:
    """Take marshmallow's messages apart: ours are problems already, or source texts."""
    if isinstance(messages, Problem):
        return [Problem(path=path, message=messages.message, params=messages.params)]
    if isinstance(messages, Mapping):
        return [
            problem
            for name, inner in messages.items()
            for problem in _problems(inner, f"{path}.{name}" if path else str(name))
        ]
    if isinstance(messages, list):
        return [problem for message in messages for problem in _problems(message, path)]
    return [Problem(path=path, message=str(messages))]


def _is_deep(value: Json) -> bool:
    level = [value]
    for _depth in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True
