"""The login library's session: on our database, in our modes, reading unless its page may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for
from flask.globals import app_ctx
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from werkzeug.wrappers import Response

from admin.identity.sessions import is_fresh
from admin.kit.current import Web
from engine.context import Context
from engine.db import Database, Mode, Transaction, Turn

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def open_store(app: Flask, database: Database, *, changing: frozenset[str]) -> scoped_session[Session]:
    """Make the login library's session, one for each request.

    Args:
        app: The app; the session ends with each of its contexts.
        database: The product's.
        changing: The library's own pages (blueprints) that may write when something is posted to them.

    Returns:
        What the library takes for its session.
    """
    engines = {mode: database.engine_for(mode) for mode in Mode}

    class Store(Session):
        def get_bind(self, mapper: Any = None, **kwargs: Any) -> Engine | Connection:
            return engines[g.get("login_store_mode", Mode.READ)]

    def of_this_context() -> int:
        return id(app_ctx._get_current_object())  # type: ignore[attr-defined]

    store: scoped_session[Session] = scoped_session(sessionmaker(class_=Store), scopefunc=of_this_context)

    @app.before_request
    def choose_mode() -> Response | None:
        if request.blueprint not in changing:
            return None
        shell: Web = app.extensions["callwright"]
        who = shell.signed_in
        acts = request.method in _CHANGING or (request.endpoint or "").endswith((".add", ".edit", ".delete"))
        if acts and who is not None and not is_fresh(shell.context(), session_id=who.session_id):
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect(url_for("AccountView.prove", next=here))
        if request.method in _CHANGING:
            g.login_store_mode = Mode.WRITE
        return None

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        store.remove()

    return store


@contextmanager
def joined(shell: Web) -> Iterator[Context]:
    """Give a context of the request within the transaction that the login library has open.

    What is written by it is sent when it is left and committed with whatever the library writes.
    """
    connection = current_app.extensions["appbuilder"].session.connection()
    transaction = Transaction(Turn(connection), g.get("login_store_mode", Mode.READ))
    yield replace(shell.context(), _transaction=transaction)
    transaction.flush()
