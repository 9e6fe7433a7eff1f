"""Errors as people and programs see them: one status per error, one shape for everything under ``/api``."""

from __future__ import annotations

import logging
import math
import sqlite3
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from admin.kit.current import for_machine, signed_in, web
from engine.context import Busy
from engine.errors import (
    BudgetExceeded,
    CallwrightError,
    Conflict,
    DefinitionError,
    Forbidden,
    InvalidSubmission,
    NotFound,
    TechnicalFailure,
    TooManyRequests,
    UnknownFilter,
)
from engine.i18n import _, say, translate

log = logging.getLogger(__name__)

# How long a busy product asks to wait, in seconds.
_BUSY_S = 1


class BadRequest(CallwrightError):
    """This request is not understood."""

    code = "bad_request"


class Unauthorized(CallwrightError):
    """Sign in first: the token or the session is missing or has ended."""

    code = "unauthorized"


STATUS: tuple[tuple[type[CallwrightError], int], ...] = (
    (BadRequest, 400),
    (UnknownFilter, 400),
    (Unauthorized, 401),
    (NotFound, 404),
    (Conflict, 409),
    (Forbidden, 403),
    (InvalidSubmission, 422),
    (DefinitionError, 422),
    (BudgetExceeded, 422),
    (TooManyRequests, 429),
    (TechnicalFailure, 503),
)

# What is said where whoever refused said nothing of their own.
_SAID = {
    400: ("bad_request", _("This request is not understood.")),
    401: ("unauthorized", _("Sign in first: the token or the session is missing or has ended.")),
    403: ("forbidden", _("You may not do this.")),
    404: ("not_found", _("There is nothing here, or nothing that you may see.")),
    405: ("method_not_allowed", _("This address does not take requests of this kind.")),
    409: ("conflict", _("Someone was faster: look again and decide anew.")),
    413: ("too_large", _("This is larger than allowed.")),
    415: ("unsupported_media_type", _("This kind of content is not taken here.")),
    422: ("invalid_submission", _("Some of what was sent cannot be accepted.")),
    429: ("too_many_requests", _("Too much in a short time: wait a moment and try again.")),
    500: ("internal_error", _("Something went wrong on our side. Nothing was half done.")),
    503: ("busy", _("The product is busy: try again in a moment.")),
}


def status_of(error: CallwrightError) -> int:
    """Return the HTTP status an error answers with."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_body(code: str, message: str, details: Iterable[tuple[str, str]] = ()) -> dict[str, dict[str, Any]]:
    """Make the one shape of errors of the programming interface."""
    listed = [{"path": path, "message": said} for path, said in details]
    return {"error": {"code": code, "message": message, "details": listed}}


def install_errors(app: Flask) -> None:
    """Let the app answer every error in its one way."""
    app.register_error_handler(CallwrightError, _callwright_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(DataError, _too_long)
    app.register_error_handler(Exception, _unforeseen)
    app.after_request(_shape)


def flash_refusal(error: CallwrightError) -> None:
    """Say on the next page why something was refused: its problems where it names some."""
    locale = web().locale
    reasons = [say(locale, problem) for problem in error.problems]
    flash(" ".join(reasons) or say(locale, error), "danger")


def _callwright_error(error: CallwrightError) -> Response:
    status = status_of(error)
    if status == 500:
        log.error("%s", error, exc_info=error)
    locale = web().locale
    details = [(problem.path, say(locale, problem)) for problem in error.problems]
    response = _answer(status, error.code, say(locale, error), details)
    if isinstance(error, TooManyRequests | TechnicalFailure):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s or _BUSY_S))
    return response


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    if isinstance(error, CSRFError) and not for_machine():
        return _old_form()
    code, said = _SAID.get(status, (f"http_{status}", error.name))
    response = _answer(status, code, translate(web().locale, said), heading_only=True)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _old_form() -> Response:
    """Say why a form was not taken whose token is no longer good: most often its session has ended."""
    if signed_in() is None:
        said = _(
            "Nothing was saved: you are no longer signed in. Sign in, open the page again and send it anew."
        )
        return _answer(401, "unauthorized", translate(web().locale, said))
    said = _("Nothing was saved: the page was too old. Open it again and send it anew.")
    return _answer(400, "bad_request", translate(web().locale, said))


def _database_error(error: OperationalError) -> Response:
    # SQLite calls a missing column operational too; asking again would never help.
    if isinstance(error.orig, sqlite3.OperationalError) and "locked" not in str(error.orig):
        return _unforeseen(error)
    log.warning("The database did not answer: %s", error)
    return _callwright_error(Busy())


def _too_long(error: DataError) -> Response:
    # PostgreSQL's word where no rule of ours was as strict as the column.
    log.warning("%s %s: %s", request.method, _route(), type(error.orig).__name__)
    return _callwright_error(InvalidSubmission(_("Something in it is longer or larger than can be kept.")))


def _route() -> str:
    """Say which page it was without what stands in its address: links carry secrets."""
    return str(request.url_rule) if request.url_rule is not None else "an unknown address"


def _unforeseen(error: Exception) -> Response:
    log.error("%s %s", request.method, _route(), exc_info=error)
    code, said = _SAID[500]
    return _answer(500, code, translate(web().locale, said), heading_only=True)


def _answer(
    status: int,
    code: str,
    message: str,
    details: Iterable[tuple[str, str]] = (),
    *,
    heading_only: bool = False,
) -> Response:
    """Answer a program with JSON, a person with a page.

    ``heading_only``: the page's own sentence for this status says more than the message.
    """
    if for_machine() or request.accept_mimetypes.best == "application/json":
        return make_response(jsonify(error_body(code, message, details)), status)
    try:
        shown = render_template(
            "error.html",
            code=status,
            message=None if heading_only else message,
            details=[said for _path, said in details],
        )
    except Exception:
        log.exception("The error page itself failed")
        shown = f"<!DOCTYPE html><title>{status}</title><p>{message}</p>"
    return make_response(shown, status)


def _shape(response: Response) -> Response:
    """Give the login library's and the token library's own errors the one shape."""
    if not for_machine() or response.status_code < 400 or response.is_streamed:
        return response
    said = response.get_json(silent=True) if response.is_json else None
    if isinstance(said, dict) and isinstance(said.get("error"), dict):
        return response
    code, default = _SAID.get(response.status_code, (f"http_{response.status_code}", ""))
    default = translate(web().locale, default) if default else HTTPStatus(response.status_code).phrase
    message = (said.get("message", said.get("msg")) if isinstance(said, dict) else None) or default
    details: list[tuple[str, str]] = []
    if response.status_code == 401:
        # The token library's reasons are English, and nothing that a caller could act on otherwise.
        message = default
    if isinstance(message, dict):
        details = [(str(path), "; ".join(map(str, _many(why)))) for path, why in message.items()]
        message = default
    response.set_data(jsonify(error_body(code, gettext(str(message)), details)).get_data())
    response.mimetype = "application/json"
    return response


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def errors_by_field(error: CallwrightError, otherwise: str = "name") -> dict[str, list[str]]:
    """Say an error's problems under the fields they are about.

    Args:
        error: What was raised.
        otherwise: The field of an error that names none.
    """
    locale = web().locale
    found: dict[str, list[str]] = {}
    for problem in error.problems:
        found.setdefault(problem.path, []).append(say(locale, problem))
    return found or {otherwise: [say(locale, error)]}
