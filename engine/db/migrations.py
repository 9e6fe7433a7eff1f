"""Migrations: one Alembic branch per owner (a floor or a plug-in), all in one database.

An owner's revisions lie in its folder ``migrations``. A migration must run while the former version of the
product still works: add, fill, switch; drop a release later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, text

from engine.db.base import Base, metadata
from engine.db.database import Database, Mode

_LOCK = 4_229_771
_SCRIPTS = Path(__file__).parent / "alembic"


def migrate(database: Database, owners: Mapping[str, Path], *, to: Sequence[str] = ("heads",)) -> list[str]:
    """Bring the database to the newest revision of every owner, in one transaction.

    Several processes may call it at once: one works, the others find it done.

    Args:
        database: The product's database.
        owners: Owner's name to the folder of its revisions.
        to: Older revisions to stop at: those of an earlier release.

    Returns:
        The revisions the database is at.
    """
    transaction = database.begin(Mode.WRITE)
    try:
        connection = transaction.connection
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        for revision in to:
            command.upgrade(_config(connection, owners), revision)
        heads = list(MigrationContext.configure(connection).get_current_heads())
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()
    return heads


def is_current(connection: Connection, owners: Mapping[str, Path]) -> bool:
    """Whether the database is at the newest revision of every owner."""
    script = ScriptDirectory.from_config(_config(connection, owners))
    wanted = script.get_heads(consider_depends_on=True)
    return set(wanted) <= set(MigrationContext.configure(connection).get_current_heads())


def write_revision(database: Database, owners: Mapping[str, Path], owner: str, message: str) -> None:
    """Write a revision of an owner from what its models and the database differ in.

    Args:
        database: A database at the newest revisions.
        owners: Owner's name to the folder of its revisions.
        owner: Whose models changed.
        message: What changes.
    """
    folder = owners[owner]
    first = not any(folder.glob("*.py"))
    folder.mkdir(exist_ok=True)
    number = len(list(folder.glob(f"{owner}_*.py"))) + 1
    transaction = database.begin(Mode.WRITE)
    try:
        config = _config(transaction.connection, owners)
        config.attributes["include_object"] = _only(owner)
        command.revision(
            config,
            message=message,
            autogenerate=True,
            rev_id=f"{owner}_{number:04d}",
            head="base" if first else f"{owner}@head",
            branch_label=owner if first else None,
            version_path=str(folder),
            depends_on="engine_0001" if first and owner != "engine" else None,
        )
    finally:
        transaction.rollback()


def differences(connection: Connection) -> Sequence[Any]:
    """Return what the models and the database differ in; tables that are not ours are left out."""
    ours = set(metadata.tables)

    def include(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
        return kind != "table" or name in ours

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": include})
    return list(compare_metadata(context, metadata))


def owner_of(table: Table) -> str:
    """Return who owns a table: the floor or the plug-in whose module has its model."""
    for mapper in Base.registry.mappers:
        if mapper.local_table is table:
            parts = mapper.class_.__module__.split(".")
            return parts[0] if parts[0] in ("engine", "forms", "admin") else parts[1]
    raise KeyError(table.name)


def _only(owner: str) -> Any:
    def include(thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
        if kind == "table":
            table = metadata.tables.get(name or "")
            return table is not None and owner_of(table) == owner
        return True

    return include


def _config(connection: Connection, owners: Mapping[str, Path]) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option(
        "version_locations", "\n".join(str(folder) for folder in owners.values() if folder.is_dir())
    )
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
