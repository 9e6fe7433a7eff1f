"""What a drawing can call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypedDict

from engine import values
from engine.context import Context
from engine.errors import BpmnError, TechnicalFailure
from engine.i18n import _
from engine.plugin import Field, service_task
from engine.values import Json
from plugins.http import rules
from plugins.http.services import Answer, Call, call, read_secret, target_of
from plugins.http.services.call import LARGEST, LONGEST_S, TooLarge

_READING = ("GET", "HEAD")


class BadRequest(TechnicalFailure):
    """This cannot be sent."""

    code = "bad_input"


class RefusedBySystem(TechnicalFailure):
    """The other system does not do what it was asked."""

    code = "http_status"


class Answered(TypedDict):
    """What the other system answered."""

    status: Annotated[int, Field(label=_("Status"), help=_("Such as 200."))]
    headers: Annotated[
        dict[str, str], Field(label=_("Headers"), help=_("By their names in lowercase letters."))
    ]
    body: Annotated[Any, Field(label=_("Body"), help=_("A value where it is JSON, else text."))]


@service_task("request", title=_("Call another system (HTTP)"))
def request(
    ctx: Context,
    url: Annotated[
        str, Field(label=_("Web address"), help=_("https://… of a host that may be called: see Parameters."))
    ],
    method: Annotated[
        Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] | None,
        Field(label=_("Method"), help=_("GET if empty.")),
    ] = None,
    query: Annotated[
        dict[str, Any] | None,
        Field(label=_("Query"), help=_("What stands behind the question mark, by name.")),
    ] = None,
    headers: Annotated[dict[str, Any] | None, Field(label=_("Headers"), help=_("By name."))] = None,
    secret_headers: Annotated[
        dict[str, Any] | None,
        Field(
            label=_("Secret headers"),
            help=_(
                'Header to the name of a secret: {Authorization: "CRM_TOKEN"} sends what '
                "CALLWRIGHT_SECRET_CRM_TOKEN holds in the environment."
            ),
        ),
    ] = None,
    body: Annotated[
        Any, Field(label=_("Body"), help=_("A text is sent as it is, anything else as JSON."))
    ] = None,
    timeout_s: Annotated[
        Decimal | None, Field(label=_("Time limit"), help=_("At most 10, which is the default."), unit="s")
    ] = None,
    expected: Annotated[
        list[Any] | None,
        Field(label=_("Expected statuses"), help=_('Such as [200, 404] or ["2xx"], the default.')),
    ] = None,
    errors: Annotated[
        list[Any] | None,
        Field(
            label=_("Statuses that are errors of the drawing"),
            help=_("Such as [404, 409]: an error boundary event catches them as http_404 and http_409."),
        ),
    ] = None,
) -> Answered:
    """Call another system and bring its answer."""
    verb = method or "GET"
    for name, statuses in (("expected", expected), ("errors", errors)):
        wrong = next((one for one in statuses or () if not rules.is_status(one)), None)
        if wrong is not None:
            raise _bad(
                _("%(parameter)s: %(value)s is no status. Write 404 or 2xx."), parameter=name, value=wrong
            )
    limit_s = float(LONGEST_S if timeout_s is None else timeout_s)
    if not 0 < limit_s <= LONGEST_S:
        raise _bad(
            _("The time limit must be more than 0 and at most %(most)s seconds."), most=f"{LONGEST_S:g}"
        )
    content, content_type = _content(body)
    secrets = {name: read_secret(str(secret)) for name, secret in (secret_headers or {}).items() if secret}
    open_headers = {str(name): _text(value) for name, value in (headers or {}).items() if value is not None}
    said = {name.lower() for name in (*open_headers, *secrets)}
    own = {"User-Agent": "Callwright", "Accept": "application/json, text/*;q=0.9, */*;q=0.1"}
    if content_type is not None:
        own["Content-Type"] = content_type
    if verb not in _READING and ctx.idempotency_key is not None:
        own["Idempotency-Key"] = ctx.idempotency_key
    all_headers = {name: value for name, value in own.items() if name.lower() not in said}
    all_headers |= open_headers | secrets
    _check_headers(all_headers)
    answer = call(
        ctx,
        Call(
            method=verb,
            target=target_of(ctx, url, query),
            headers=all_headers,
            body=content,
            timeout_s=limit_s,
            close=rules.CLOSE_HEADERS | {name.lower() for name in secrets},
        ),
    )
    _judge(ctx, answer, expected, errors)
    return _answered(answer, secrets.values())


def _judge(ctx: Context, answer: Answer, expected: list[Any] | None, errors: list[Any] | None) -> None:
    """Say what a status means: an outcome of the drawing, a failure that may pass, or one that stays."""
    if errors and rules.is_expected(answer.status, errors):
        raise BpmnError(f"http_{answer.status}", f"{answer.host}: {answer.status}")
    if rules.is_expected(answer.status, expected):
        return
    with ctx.read():
        wait_s = answer.retry_after_s(ctx.now)
    raise RefusedBySystem(
        _("%(host)s answered with the status %(status)s."),
        permanent=not rules.may_pass(answer.status),
        retry_after_s=wait_s,
        host=answer.host,
        status=answer.status,
    )


def _answered(answer: Answer, secrets: Iterable[str]) -> Answered:
    hidden = tuple(secrets)
    headers = {
        name: rules.without(value, hidden)
        for name, value in answer.headers.items()
        if name not in ("set-cookie", "set-cookie2")
    }
    return {"status": answer.status, "headers": headers, "body": _body(answer, hidden)}


def _body(answer: Answer, secrets: Iterable[str]) -> Json:
    if not answer.body:
        return None
    kind, _semicolon, rest = answer.headers.get("content-type", "").lower().partition(";")
    charset = re.search(r"charset=\"?([\w.:-]+)", rest)
    try:
        text = answer.body.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = ""
    if not text or "\0" in text or answer.headers.get("content-encoding", "identity") != "identity":
        raise RefusedBySystem(
            _("%(host)s answered with something that is neither JSON nor text."),
            permanent=True,
            host=answer.host,
        )
    text = rules.without(text, secrets)
    if kind.strip() == "application/json" or kind.strip().endswith("+json"):
        try:
            return values.loads(text)
        except (ValueError, ArithmeticError, RecursionError):
            raise RefusedBySystem(
                _("%(host)s says that it answers with JSON, but does not."), permanent=True, host=answer.host
            ) from None
    return text


def _content(body: Json) -> tuple[bytes | None, str | None]:
    """Write what is sent, and say what kind of content it is."""
    if body is None:
        return None, None
    content = body if isinstance(body, str) else values.dumps(body)
    if len(content) > LARGEST:
        raise TooLarge(_("The body is larger than %(most)s bytes."), permanent=True, most=LARGEST)
    return content.encode(), "text/plain; charset=utf-8" if isinstance(body, str) else "application/json"


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not rules.is_header_name(name):
            raise _bad(_("%(name)s is no header that may be set."), name=name[:64])
        if not rules.is_header_value(value):
            raise _bad(_("The header %(name)s has a character that no header may have."), name=name)


def _bad(message: str, **params: Any) -> BadRequest:
    return BadRequest(message, permanent=True, **params)
