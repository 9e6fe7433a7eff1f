"""Input that no page expects is refused before any page sees it: 400, never 500."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import prison  # type: ignore[import-untyped]
from flask import Flask, abort, request

from admin.kit.errors import BadRequest
from engine.i18n import _
from engine.values import UNFIT

# More digits than any number column holds; text of digits (a telephone number) is shorter.
_HUGE = re.compile(r"[-+]?\d{19,}")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def install_guard(app: Flask) -> None:
    """Let the app refuse text with NUL or half characters, broken filters and numbers beyond any column."""
    app.before_request(_refuse)


def _refuse() -> None:
    if request.endpoint == "static":
        return
    for part in request.path.split("/"):
        if not _well_formed(part) or _HUGE.fullmatch(part):
            abort(400)
    if not _is_utf8(request.query_string):
        abort(400)
    for name, value in request.args.items(multi=True):
        if not _well_formed(name) or not _well_formed(value) or _HUGE.fullmatch(value):
            abort(400)
    if request.path.startswith("/api/") and "q" in request.args:
        _refuse_broken_filter(request.args["q"])
    if request.mimetype in _FORMS:
        values = (text for pair in request.form.items(multi=True) for text in pair)
        names = (file.filename or "" for file in request.files.values())
        _refuse_bad_text((*values, *names))
    elif request.is_json:
        try:
            _refuse_bad_text(_texts(request.get_json(silent=True)))
        except RecursionError:
            abort(400)


def _refuse_bad_text(texts: Iterable[str]) -> None:
    if not all(map(_well_formed, texts)):
        raise BadRequest(_("There is a character in it that cannot be kept."))


def _refuse_broken_filter(text: str) -> None:
    # The login library's interfaces read rison here; to ours it is a search box.
    if text.startswith(("(", "!")):
        try:
            prison.loads(text)
        except Exception:
            abort(400)


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return True


def _well_formed(text: str) -> bool:
    # Bytes that are no UTF-8 arrive as replacement characters.
    return UNFIT.search(text) is None and "\ufffd" not in text


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
