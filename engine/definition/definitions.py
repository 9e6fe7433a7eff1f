"""Process definitions: found by key and version, compiled once per process of the operating system."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from engine.context import Context
from engine.definition.manifest import ProcessManifest
from engine.definition.models import DeployedFile, Deployment, ProcessDefinition
from engine.definition.package import Package
from engine.errors import NotFound
from engine.i18n import _
from engine.machine import ProcessSpec

# A compiled element takes some 3 kB.
_KEPT, _ELEMENTS_KEPT = 256, 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A version of a process, ready to run."""

    id: str
    key: str
    version: int
    title: str
    path: str
    deployed_at: datetime
    package: Package
    spec: ProcessSpec

    @property
    def manifest(self) -> ProcessManifest:
        """Its manifest; a plain one for a process that came as a loose file."""
        manifest = self.package.manifest
        if manifest is not None and manifest.key == self.key:
            return manifest
        return ProcessManifest(key=self.key, title=self.title)

    @property
    def element_count(self) -> int:
        """How many elements its package has."""
        return self.package.element_count

    def text(self, locale: str, source: str | None) -> str:
        """Say one of its texts in a language."""
        return self.package.text(locale, source or "")


class _Kept:
    """What was read last, as far as it fits. Deployments never change, so nothing here goes stale."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: str, value: Any) -> None:
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > 1 and self._is_full():
                self._kept.popitem(last=False)

    def _is_full(self) -> bool:
        elements = sum(value.element_count for value in self._kept.values())
        return len(self._kept) > _KEPT or elements > _ELEMENTS_KEPT


_LATEST = (
    select(ProcessDefinition.id, ProcessDefinition.suspended_at)
    .where(ProcessDefinition.key == bindparam("of"))
    .order_by(ProcessDefinition.version.desc())
    .limit(1)
)
_VERSION = select(ProcessDefinition.id, ProcessDefinition.suspended_at).where(
    ProcessDefinition.key == bindparam("of"), ProcessDefinition.version == bindparam("number")
)

_packages = _Kept()
_definitions = _Kept()


def get_package(ctx: Context, deployment_id: str) -> Package:
    """Return a deployment's files.

    Raises:
        NotFound: There is none of this id.
    """
    package: Package | None = _packages.get(deployment_id)
    if package is None:
        key = ctx.connection.execute(
            select(Deployment.key).where(Deployment.id == deployment_id)
        ).scalar_one_or_none()
        if key is None:
            raise NotFound(_("There is no deployment %(id)s."), id=deployment_id)
        rows = ctx.connection.execute(
            select(DeployedFile.path, DeployedFile.content).where(DeployedFile.deployment_id == deployment_id)
        )
        package = Package(
            id=deployment_id,
            key=key,
            files={row.path: row.content for row in rows},
            lent=ctx.registry.lent,
            deployed=True,
        )
        _packages.put(deployment_id, package)
    return package


def keep_package(package: Package) -> None:
    """Keep a package that was just compiled, so that nobody compiles it again."""
    _packages.put(package.id, package)


def get_definition_by_id(ctx: Context, definition_id: str) -> Definition:
    """Return a definition, compiled.

    Raises:
        NotFound: There is none of this id.
    """
    definition: Definition | None = _definitions.get(definition_id)
    if definition is None:
        row = ctx.connection.execute(
            select(ProcessDefinition.__table__).where(ProcessDefinition.id == definition_id)
        ).first()
        if row is None:
            raise NotFound(_("There is no process definition %(id)s."), id=definition_id)
        package = get_package(ctx, row.deployment_id)
        definition = Definition(
            id=row.id,
            key=row.key,
            version=row.version,
            title=row.title,
            path=row.path,
            deployed_at=row.deployed_at,
            package=package,
            spec=package.processes[row.key][1],
        )
        _definitions.put(definition_id, definition)
    return definition


def get_definition(ctx: Context, *, key: str, version: int | None = None) -> Definition:
    """Return a version of a process, the latest where none is named.

    Raises:
        NotFound: There is no such process or version.
    """
    return get_definition_by_id(ctx, find_version(ctx, key=key, version=version).id)


def find_version(ctx: Context, *, key: str, version: int | None = None) -> Any:
    """Return the id of a version of a process and since when it is paused, the latest where none is named.

    Raises:
        NotFound: There is no such process or version.
    """
    wanted, names = (_LATEST, {"of": key}) if version is None else (_VERSION, {"of": key, "number": version})
    found = ctx.connection.execute(wanted, names).first()
    if found is None:
        if version is None:
            raise NotFound(_("There is no process %(key)s. Deploy it first."), key=key)
        raise NotFound(_("There is no version %(version)s of process %(key)s."), key=key, version=version)
    return found


def list_definitions(ctx: Context) -> Sequence[Definition]:
    """Return the latest version of every process, by key."""
    latest = (
        select(ProcessDefinition.key, func.max(ProcessDefinition.version).label("version"))
        .group_by(ProcessDefinition.key)
        .subquery()
    )
    ids = ctx.connection.execute(
        select(ProcessDefinition.id)
        .join(
            latest,
            (ProcessDefinition.key == latest.c.key) & (ProcessDefinition.version == latest.c.version),
        )
        .order_by(ProcessDefinition.key)
    ).scalars()
    return [get_definition_by_id(ctx, definition_id) for definition_id in ids.all()]


def list_versions(ctx: Context, key: str) -> Sequence[Definition]:
    """Return every version of a process, newest first.

    Raises:
        NotFound: There is no such process.
    """
    ids = (
        ctx.connection.execute(
            select(ProcessDefinition.id)
            .where(ProcessDefinition.key == key)
            .order_by(ProcessDefinition.version.desc())
        )
        .scalars()
        .all()
    )
    if not ids:
        raise NotFound(_("There is no process %(key)s. Deploy it first."), key=key)
    return [get_definition_by_id(ctx, definition_id) for definition_id in ids]
