"""Alembic's entry: migrates, or compares, on the connection it is handed."""

from __future__ import annotations

from alembic import context

from engine.db import metadata

config = context.config
connection = config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="engine.db.",
    include_object=config.attributes.get("include_object"),
)
context.run_migrations()
