"""The login library's session: on our database, in our modes, reading unless its page may change."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from flask.globals import app_ctx
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from engine.db import Database, Mode
from engine.db.database import MODE_OPTION

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
    engines = {mode: database.engine.execution_options(**{MODE_OPTION: mode}) for mode in Mode}

    class Store(Session):
        def get_bind(self, mapper: Any = None, **kwargs: Any) -> Engine | Connection:
            return engines[g.get("login_store_mode", Mode.READ)]

    def of_this_context() -> int:
        return id(app_ctx._get_current_object())  # type: ignore[attr-defined]

    store: scoped_session[Session] = scoped_session(sessionmaker(class_=Store), scopefunc=of_this_context)

    @app.before_request
    def choose_mode() -> None:
        if request.method in _CHANGING and request.blueprint in changing:
            g.login_store_mode = Mode.WRITE

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        store.remove()

    return store
