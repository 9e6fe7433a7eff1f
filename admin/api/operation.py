"""One call of the interface: what it takes, what it answers, who may, what it says of itself.

A noun is a class of ``Api``; each of its calls is a method under one of the decorators here, which reads the
request, opens the transaction, writes the answer and describes all of it for OpenAPI:

    @changes("/<uuid:task_id>/claim", answer=TaskSchema)
    def claim(self, ctx, said, task_id):
        \"\"\"Take a task that several may do.\"\"\"
        return task_row(ctx, claim_task(ctx, task_id=task_id))
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import marshmallow as ma
from apispec.exceptions import DuplicateComponentNameError
from flask import Response, make_response, request
from flask_appbuilder.api import BaseApi, expose

from admin.api.fields import Args, Body, ListArgs, declared
from admin.api.once import Answer, act_once
from admin.api.reading import body_hash, idempotency_key, read_args, read_body
from admin.kit import context
from admin.kit import needs as guarded
from admin.kit.permissions import ADMINISTERS
from engine import values
from engine.context import Context
from engine.values import Json

JSON = "application/json"
_CONVERTED = re.compile(r"<(?:(\w+):)?(\w+)>")
_PATH_TYPES = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    "": {"type": "string"},
}
_ERRORS = {
    400: "The request is not understood; the details name what is known.",
    401: "There is no token, or its session has ended.",
    403: "You may not do this.",
    404: "There is nothing here, or nothing that you may see.",
    409: "Someone was faster, or it is in no state for this.",
    413: "It is larger than allowed.",
    415: "The body is not of the declared kind.",
    422: "Something that was sent cannot be accepted; the details say what.",
    429: "Too much in a short time; Retry-After says how many seconds to wait.",
    503: "The product is busy; Retry-After says how many seconds to wait.",
}
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["path", "message"],
                        "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Names this call: sent again within 7 days it is not done again, its answer is the same.",
}


class Page(NamedTuple):
    """One page of a list: how many there are in all, and the rows of the page."""

    total: int
    rows: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body of files, and how it is read before the transaction opens.

    Args:
        read: Makes of the request what the call is given.
        schema: How it is described.
    """

    read: Callable[[Context], dict[str, Any]]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a call declares.

    Args:
        method: GET or POST.
        path: Under the noun's own.
        answer: What it answers: a row's schema, or an OpenAPI schema.
        status: With which status.
        many: Whether it answers a list of it.
        args: What its address may say after the question mark.
        body: What it is sent.
        once: Whether it honours an ``Idempotency-Key``.
        needs: Permissions, of which the caller has one.
        media: What kind of content it answers.
        check: What it does before its transaction opens.
    """

    method: str
    path: str
    answer: type[ma.Schema] | Mapping[str, Any]
    status: int = 200
    many: bool = False
    args: type[ma.Schema] = Args
    body: type[ma.Schema] | Upload | None = None
    once: bool = False
    needs: tuple[str, ...] = ()
    media: str = JSON
    check: Callable[..., Mapping[str, Any]] | None = None

    def write(self, found: Any) -> str:
        """Write what the call found as JSON."""
        if isinstance(found, Page):
            return values.dumps({"count": found.total, "result": [self._dump(row) for row in found.rows]})
        return values.dumps(self._dump(found))

    def _dump(self, found: Any) -> Json:
        return declared(self.answer).dump(found) if isinstance(self.answer, type) else found


def reads(path: str, *, answer: Any, args: type[ma.Schema] = Args, needs: tuple[str, ...] = ()) -> Any:
    """Answer one thing, read in one transaction: ``call(self, ctx, said, **ids)``."""
    operation = Operation(method="GET", path=path, answer=answer, args=args, needs=needs)
    return lambda call: _exposed(call, operation, _read)


def lists(path: str, *, answer: Any, args: type[ma.Schema] = ListArgs, needs: tuple[str, ...] = ()) -> Any:
    """Answer a ``Page``, read in one transaction: ``call(self, ctx, said, **ids)``."""
    operation = Operation(method="GET", path=path, answer=answer, args=args, needs=needs, many=True)
    return lambda call: _exposed(call, operation, _read)


def serves(path: str, *, media: str, args: type[ma.Schema] = Args, needs: tuple[str, ...] = ()) -> Any:
    """Answer something that is no JSON: ``call(self, ctx, said, **ids)``, with no transaction open."""
    binary = {"type": "string", "format": "binary"}
    operation = Operation(method="GET", path=path, answer=binary, args=args, needs=needs, media=media)
    return lambda call: _exposed(call, operation, _serve)


def changes(
    path: str,
    *,
    answer: Any,
    body: Any = Body,
    status: int = 200,
    needs: tuple[str, ...] = (),
    check: Callable[..., Mapping[str, Any]] | None = None,
) -> Any:
    """Change something in one transaction, once per ``Idempotency-Key``: ``call(self, ctx, said, **ids)``.

    Nothing parses or validates while a write transaction is open: ``check(ctx, said, **ids)`` does so before,
    reading only, and what it answers is added to ``said``. It must leave to the call to say that somebody was
    faster: perhaps that was this very request, sent twice.
    """
    operation = Operation(
        method="POST", path=path, answer=answer, body=body, status=status, needs=needs, once=True, check=check
    )
    return lambda call: _exposed(call, operation, _change)


def computes(path: str, *, answer: Any, body: type[ma.Schema], needs: tuple[str, ...] = ()) -> Any:
    """Answer what follows from a body, changing nothing: ``call(self, ctx, said, **ids)``."""
    operation = Operation(method="POST", path=path, answer=answer, body=body, needs=needs)
    return lambda call: _exposed(call, operation, _compute)


Call = Callable[[Context, dict[str, Any]], Any]
Ids = Mapping[str, str | int]


def _read(operation: Operation, call: Call, _ids: Ids) -> Response:
    said = read_args(operation.args)
    ctx = context()
    with ctx.read():
        return _response(operation.status, operation.write(call(ctx, said)))


def _serve(operation: Operation, call: Call, _ids: Ids) -> Response:
    return make_response(call(context(), read_args(operation.args)))


def _compute(operation: Operation, call: Call, _ids: Ids) -> Response:
    read_args(operation.args)
    said = read_body(operation.body)  # type: ignore[arg-type]
    ctx = context()
    with ctx.read():
        return _response(operation.status, operation.write(call(ctx, said)))


def _change(operation: Operation, call: Call, ids: Ids) -> Response:
    read_args(operation.args)
    key, ctx = idempotency_key(), context()
    # The hash first: reading an upload moves its streams.
    told_by = body_hash() if key is not None else ""
    body = operation.body
    said = _uploaded(ctx, body) if isinstance(body, Upload) else read_body(body)  # type: ignore[arg-type]
    if operation.check is not None:
        with ctx.read():
            said = {**said, **operation.check(ctx, said, **ids)}

    def act(ctx: Context) -> Answer:
        return Answer(status=operation.status, text=operation.write(call(ctx, said)))

    answer = act_once(ctx, key=key, path=request.path.rstrip("/"), body_hash=told_by, act=act)
    response = _response(answer.status, answer.text)
    if answer.again:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _uploaded(ctx: Context, body: Upload) -> dict[str, Any]:
    # Whatever did not fit into memory lies in a file that is open until then.
    with closing(request):
        return body.read(ctx)


def _response(status: int, text: str) -> Response:
    response = make_response(text, status)
    response.mimetype = JSON
    return response


def _exposed(
    call: Callable[..., Any], operation: Operation, run: Callable[[Operation, Call, Ids], Response]
) -> Any:
    @functools.wraps(call)
    def view(self: Api, **ids: Any) -> Response:
        known = {name: one if isinstance(one, int) else str(one) for name, one in ids.items()}
        return run(operation, lambda ctx, said: call(self, ctx, said, **known), known)

    view.operation = operation  # type: ignore[attr-defined]
    return expose(operation.path, methods=[operation.method])(guarded(*operation.needs)(view))


class Api(BaseApi):
    """A noun of the interface. A browser's session may call it too, with its form token."""

    allow_browser_login = True
    csrf_exempt = False

    def __init__(self) -> None:
        self.openapi_spec_tag = type(self).__name__.removesuffix("Api")
        super().__init__()

    def add_apispec_components(self, api_spec: Any) -> None:
        """Describe what every call shares: its errors."""
        super().add_apispec_components(api_spec)
        components = api_spec.components
        shared: list[tuple[Callable[..., Any], str, Mapping[str, Any]]] = [
            (components.schema, "Error", _ERROR_SCHEMA)
        ]
        shared += [
            (
                components.response,
                f"error_{status}",
                {
                    "description": said,
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            )
            for status, said in _ERRORS.items()
        ]
        for add, name, described in shared:
            try:
                add(name, dict(described))
            except DuplicateComponentNameError:
                return

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, Any] | None = None,
        methods: list[str] | None = None,
        func: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Describe a call by what it declares."""
        operation: Operation = func.operation  # type: ignore[union-attr]
        name = f"{type(self).__name__.removesuffix('Api')}.{func.__name__}"  # type: ignore[union-attr]
        operations[operation.method.lower()] = {  # type: ignore[index]
            "operationId": name,
            **_told(func, operation),
            "security": [{"jwt": []}],
            "parameters": _parameters(operation),
            **_request_body(operation),
            "responses": _responses(operation),
        }


def _told(func: Any, operation: Operation) -> dict[str, str]:
    """Say what a call does: its docstring, and who may."""
    summary, _blank, more = (inspect.getdoc(func) or "").partition("\n")
    if operation.needs:
        ways = [f"the permission {name}" for name in operation.needs if name != ADMINISTERS]
        ways += ["to administer the process"] if ADMINISTERS in operation.needs else []
        more += f"\n\nNeeds {' or '.join(ways)}."
    return {"summary": summary, "description": more.strip() or summary}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": _PATH_TYPES[kind]}
        for kind, name in _CONVERTED.findall(operation.path)
    ]
    if declared(operation.args).fields:
        found.append({"in": "query", "schema": operation.args})
    return [*found, _KEY] if operation.once else found


def _request_body(operation: Operation) -> dict[str, Any]:
    body = operation.body
    schema: Any
    if body is None or body is Body:
        return {}
    if isinstance(body, Upload):
        media, schema, required = "multipart/form-data", dict(body.schema), True
    else:
        media, schema = JSON, body
        required = any(field.required for field in declared(body).fields.values())
    return {"requestBody": {"required": required, "content": {media: {"schema": schema}}}}


def _responses(operation: Operation) -> dict[str, Any]:
    schema: Any = operation.answer
    if operation.many:
        schema = {
            "type": "object",
            "required": ["count", "result"],
            "properties": {
                "count": {"type": "integer", "description": "How many there are in all."},
                "result": {"type": "array", "items": operation.answer},
            },
        }
    errors = {400, 401, 503}
    errors |= {403} if operation.needs or operation.once else set()
    errors |= {404} if "<" in operation.path or operation.method == "POST" else set()
    errors |= {409, 429} if operation.once else set()
    errors |= {413, 415, 422} if operation.body is not None else set()
    said = "The answer."
    return {
        str(operation.status): {"description": said, "content": {operation.media: {"schema": schema}}},
        **{str(status): {"$ref": f"#/components/responses/error_{status}"} for status in sorted(errors)},
    }
