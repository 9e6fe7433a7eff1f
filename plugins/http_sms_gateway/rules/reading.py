"""Reads what an administrator wrote of a provider: TOML, all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from engine import feel
from engine.errors import InvalidSubmission, Phrase, Problem
from engine.feel import FeelSyntaxError
from engine.i18n import _
from engine.values import Json, read_toml
from plugins.http_sms_gateway.rules.functions import FUNCTIONS
from plugins.http_sms_gateway.rules.profile import HOLES, MODES, Answers, Profile, Receipts, Replies, texts_in
from plugins.http_sms_gateway.rules.signing import Signature

_METHODS = ("POST", "PUT", "GET")
_ALGORITHMS = ("sha256", "sha512", "sha1")
_BODIES = ("json", "form", "query")
_URL = re.compile(r"https?://[^/{}\s?#]+(/\S.*|/)?")
_CODE = re.compile(r"\*|[1-9]\d{0,6}")
_STATUS = re.compile(r"[1-5](\d\d|xx)")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

# Tables and what stands in them; places are FEEL over what is named beside them.
_TOP: Mapping[str, type] = {
    "url": str, "method": str, "sender": str, "countries": dict, "headers": dict, "json": dict, "form": dict,
    "query": dict, "answer": dict, "signature": dict, "receipt": dict, "reply": dict,
}  # fmt: skip
_TABLES: Mapping[str, Mapping[str, type]] = {
    "answer": {
        "statuses": list, "code": str, "taken": list, "refused": list, "later": list, "id": str,
        "reason": str, "repeatable": bool,
    },
    "signature": {
        "header": str, "algorithm": str, "content": str, "timestamp": str, "window_s": int, "secret": str,
    },
    "receipt": {
        "each": str, "id": str, "key": str, "state": str, "delivered": list, "failed": list, "code": str,
        "refused": list, "reason": str, "thanks": str,
    },
    "reply": {
        "each": str, "id": str, "sender": str, "recipient": str, "text": str, "calling_code": str,
        "thanks": str,
    },
}  # fmt: skip
_PLACES: Mapping[str, frozenset[str]] = {
    **{f"answer.{key}": frozenset({"answer", "status"}) for key in ("code", "id", "reason")},
    **{f"{table}.each": frozenset({"body"}) for table in ("receipt", "reply")},
    **{
        f"receipt.{key}": frozenset({"receipt", "body"})
        for key in ("id", "key", "state", "code", "reason")
    },
    **{f"reply.{key}": frozenset({"reply", "body"}) for key in ("id", "sender", "recipient", "text")},
}  # fmt: skip
_TYPE_NAMES: Mapping[type, str] = {
    str: _("a text"), dict: _("a table"), list: _("a list"), bool: _("true or false"),
    int: _("a whole number"),
}  # fmt: skip


@lru_cache(maxsize=16)
def read_profile(text: str) -> Profile:
    """Read what an administrator wrote.

    Raises:
        InvalidSubmission: Something cannot be; ``problems`` lists everything, by key.
    """
    try:
        said = read_toml(text.encode())
    except ValueError as error:
        wrong = Problem(
            path="provider", message=_("This is no TOML: %(reason)s"), params={"reason": str(error)}
        )
        raise InvalidSubmission(problems=[wrong]) from None
    problems = list(_shape("", said, _TOP))
    for table, keys in _TABLES.items():
        if isinstance(said.get(table), dict):
            problems += _shape(f"{table}.", said[table], keys)
    if not problems:
        problems = [
            *_request(said),
            *_countries(said["countries"]),
            *_places(said),
            *_answers(said),
            *_posts(said),
        ]
    if problems:
        raise InvalidSubmission(problems=problems)
    parts = {"answer": Answers, "signature": Signature, "receipt": Receipts, "reply": Replies}
    made = {name: kind(**_frozen(said[name])) for name, kind in parts.items() if name in said}
    return Profile(**{**said, **made})


def _frozen(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(str(word) for word in value) if isinstance(value, list) else value
        for key, value in table.items()
    }


def _problem(key: str, message: str, **params: Any) -> Problem:
    return Problem(path=key, message=message, params={"key": key, **params})


def _shape(prefix: str, said: Mapping[str, Any], known: Mapping[str, type]) -> Iterator[Problem]:
    for key, value in said.items():
        if key not in known:
            names = ", ".join(known)
            yield _problem(f"{prefix}{key}", _("%(key)s is unknown. Known here are: %(known)s."), known=names)
        elif type(value) is not known[key]:
            kind = _TYPE_NAMES[known[key]]
            yield _problem(f"{prefix}{key}", _("%(key)s must be %(kind)s."), kind=Phrase(kind))
    for key in ("url", "countries") if not prefix else ():
        if not said.get(key):
            yield _problem(key, _("%(key)s is missing."))


def _request(said: Mapping[str, Any]) -> Iterator[Problem]:
    if not _URL.fullmatch(said["url"]):
        yield _problem(
            "url",
            _("%(key)s is no address that can be called. Write https://host/path; no hole in the host."),
        )
    if said.get("method", "POST") not in _METHODS:
        yield _problem("method", _("%(key)s must be one of: %(known)s."), known=", ".join(_METHODS))
    bodies = [name for name in _BODIES if name in said]
    if not bodies or ("json" in said and "form" in said):
        yield _problem("json", _("Say what is sent in one of the tables [json] and [form], or in [query]."))
    if said.get("method") == "GET" and bodies != ["query"]:
        yield _problem("method", _("A GET has no body: say what is sent in [query]."))
    yield from _hole_problems("url", said["url"], HOLES)
    for table in (*_BODIES, "headers"):
        known = HOLES | {"body"} if table == "headers" else HOLES
        for key, text in texts_in(table, said.get(table)):
            yield from _hole_problems(key, text, known)
        for name, value in said.get(table, {}).items():
            if table == "headers" and not isinstance(value, str):
                yield _problem(
                    f"{table}.{name}", _("%(key)s must be %(kind)s."), kind=Phrase(_TYPE_NAMES[str])
                )
            elif table in ("form", "query") and not _is_flat(value):
                yield _problem(f"{table}.{name}", _("%(key)s must be a text or a list of texts."))
    if not said.get("sender") and any("sender" in hole.names_used for hole in _holes_of(said)):
        yield _problem("sender", _("%(key)s is missing: a hole names it."))


def _is_flat(value: Json) -> bool:
    many = value if isinstance(value, list) else [value]
    return all(isinstance(one, str | int | float) for one in many)


def _holes_of(said: Mapping[str, Any]) -> Iterator[feel.Expression]:
    for table in ("url", *_BODIES, "headers"):
        for _key, text in texts_in(table, said.get(table)):
            try:
                yield from feel.holes(text)
            except FeelSyntaxError:
                # Its own problem says so.
                continue


def _hole_problems(key: str, text: str, known: frozenset[str]) -> Iterator[Problem]:
    try:
        holes = feel.holes(text)
    except FeelSyntaxError as error:
        yield _problem(key, _("%(key)s: %(reason)s"), reason=error.placed)
        return
    yield from _name_problems(key, holes, known | FUNCTIONS.keys())


def _name_problems(key: str, read: Sequence[feel.Expression], known: frozenset[str]) -> Iterator[Problem]:
    for name in sorted({name for one in read for name in one.names_used} - known):
        names = ", ".join(sorted(known))
        yield _problem(
            key, _("%(key)s: there is no %(name)s. Known here are: %(known)s."), name=name, known=names
        )


def _countries(said: Mapping[str, Any]) -> Iterator[Problem]:
    for code, mode in said.items():
        key = f"countries.{code}"
        if not _CODE.fullmatch(code):
            yield _problem(
                key, _("%(key)s is no calling code. Write digits without a plus, or * for all others.")
            )
        if not isinstance(mode, str) or mode not in MODES:
            yield _problem(key, _("%(key)s must be one of: %(known)s."), known=", ".join(MODES))


def _places(said: Mapping[str, Any]) -> Iterator[Problem]:
    for key, known in _PLACES.items():
        table, name = key.split(".")
        text = said.get(table, {}).get(name, "")
        if not text:
            continue
        try:
            read = feel.compile(text)
        except FeelSyntaxError as error:
            yield _problem(key, _("%(key)s: %(reason)s"), reason=error.placed)
            continue
        yield from _name_problems(key, [read], known)


def _answers(said: Mapping[str, Any]) -> Iterator[Problem]:
    answer = said.get("answer", {})
    for status in answer.get("statuses", ()):
        if not _STATUS.fullmatch(str(status)):
            yield _problem(
                "answer.statuses", _("%(key)s: %(status)s is no status. Write 200 or 2xx."), status=status
            )
    if answer.get("code") and not answer.get("taken"):
        yield _problem("answer.taken", _("%(key)s is missing: which codes say that a message was taken?"))
    if not answer.get("code") and any(answer.get(name) for name in ("taken", "refused", "later")):
        yield _problem("answer.code", _("%(key)s is missing: where does the code stand?"))


def _posts(said: Mapping[str, Any]) -> Iterator[Problem]:
    signature, receipt, reply = (said.get(name) for name in ("signature", "receipt", "reply"))
    if signature is None and (receipt is not None or reply is not None):
        yield _problem(
            "signature", _("%(key)s is missing: receipts and replies are taken only with a signature.")
        )
    if signature is not None:
        yield from _signature(signature)
    if receipt is not None:
        if not receipt.get("id") and not receipt.get("key"):
            yield _problem(
                "receipt.id", _("%(key)s is missing, and so is receipt.key: which message is it about?")
            )
        for name in ("state", "delivered"):
            if not receipt.get(name):
                yield _problem(f"receipt.{name}", _("%(key)s is missing."))
    if reply is not None:
        for name in ("sender", "text"):
            if not reply.get(name):
                yield _problem(f"reply.{name}", _("%(key)s is missing."))
        if not re.fullmatch(r"([1-9]\d{0,2})?", reply.get("calling_code", "")):
            yield _problem(
                "reply.calling_code", _("%(key)s is no calling code. Write digits without a plus.")
            )


def _signature(said: Mapping[str, Any]) -> Iterator[Problem]:
    if not said.get("header"):
        yield _problem("signature.header", _("%(key)s is missing."))
    if said.get("algorithm", "sha256") not in _ALGORITHMS:
        yield _problem(
            "signature.algorithm", _("%(key)s must be one of: %(known)s."), known=", ".join(_ALGORITHMS)
        )
    if not _SECRET_NAME.fullmatch(said.get("secret", "WEBHOOK")):
        yield _problem(
            "signature.secret", _("%(key)s is no name of a secret. Write capital letters, digits and _.")
        )
    if said.get("window_s", 1) < 1:
        yield _problem("signature.window_s", _("%(key)s must be at least 1."))
    used = Signature(header="", content=said.get("content", "{{ body }}")).names_used
    needed = {"body", "timestamp"} if said.get("timestamp") else {"body"}
    unknown = sorted(used - {"body", "timestamp", "url"})
    if unknown:
        yield _problem(
            "signature.content",
            _("%(key)s: there is no %(name)s. Known here are: %(known)s."),
            name=unknown[0],
            known="body, timestamp, url",
        )
    if needed - used or ("timestamp" in used and "timestamp" not in needed):
        yield _problem(
            "signature.content",
            _(
                "%(key)s must have the hole body, and the hole timestamp where signature.timestamp is said "
                "and only there."
            ),
        )
