"""``deploy``: a package becomes a deployment and a new version of each process in it."""

from __future__ import annotations

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, insert, select

from engine.context import Context, verb
from engine.db import alone_in
from engine.definition.administration import administers
from engine.definition.definitions import Definition, get_definition_by_id, keep_package
from engine.definition.inspect import inspect
from engine.definition.manifest import FILE, read_process_manifest
from engine.definition.models import DeployedFile, Deployment, ProcessDefinition, StartSubscription
from engine.definition.package import Package
from engine.definition.resources import kind_of
from engine.definition.starts import DEPLOY
from engine.errors import DefinitionError, Forbidden, Problem
from engine.history import audit
from engine.i18n import _
from engine.ids import new_id
from engine.people import Group, put_group
from engine.plugin import Registry
from engine.push import publish

MAXIMUM_FILES = 200
MAXIMUM_TOTAL_BYTES = 50_000_000
MAXIMUM_RATIO = 100
# What the ways of packing say of a broken stream, and of a directory with a place before its beginning.
_NO_ZIP = (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, zlib.error, lzma.LZMAError)
# Of a manifest, a message or a catalogue: a shipped process's catalogue has 18,000.
MAXIMUM_TEXT_BYTES = 300_000
LONGEST_KEY = 128
LONGEST_PATH = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A package that can run.

    Args:
        package: Its files, compiled.
        content_hash: What tells it from every other content.
        warnings: What runs, but perhaps not as meant.
    """

    package: Package
    content_hash: str
    warnings: Sequence[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a deployment made.

    Args:
        definitions: The version of each process; the one that was there where nothing changed.
        warnings: What runs, but perhaps not as meant.
        new: Whether there is a new version.
    """

    definitions: Sequence[Definition]
    warnings: Sequence[Problem]
    new: bool


def deploy(
    ctx: Context, *, files: Mapping[str, bytes], source: str = "upload", only_unseen: bool = False
) -> Deployed:
    """Deploy a process folder, or loose files.

    Everything is read, compiled and checked before the transaction begins; the same content makes no new
    version.

    Args:
        ctx: Who deploys.
        files: Path in the package to content. With a ``process.toml`` it is a process folder; without one
            the drawings are taken as they are, their keys are their process ids.
        source: ``folder``, ``upload`` or ``copy``.
        only_unseen: Leave it where this content was ever deployed under its key, even if a newer one came
            after: how the shipped folders are delivered.

    Raises:
        DefinitionError: Something in it cannot run; ``problems`` lists everything at once.
        Forbidden: The actor may not deploy, nor administers each of its processes.
    """
    checked = check(ctx.registry, files)
    return put_deployment(ctx, checked=checked, source=source, only_unseen=only_unseen)


def check(registry: Registry, files: Mapping[str, bytes]) -> Checked:
    """Read, compile and check a package, as ``deploy`` does before its transaction begins.

    Raises:
        DefinitionError: Something in it cannot run; ``problems`` lists everything at once.
    """
    files = _cleaned(files)
    package = Package(id=new_id(), key=_key(files), files=files, lent=registry.lent)
    warnings = inspect(registry, package)
    if package.key == "":
        package = replace(package, key=_joined(package.processes))
    return Checked(package=package, content_hash=_hash(files), warnings=warnings)


@verb
def put_deployment(
    ctx: Context, *, checked: Checked, source: str = "upload", only_unseen: bool = False
) -> Deployed:
    """Deploy a package that was checked: see ``deploy``."""
    package, warnings = checked.package, checked.warnings
    _need_may_deploy(ctx, package)
    alone_in(ctx.connection, ProcessDefinition.__table__)
    held = _held(ctx, package.key, checked.content_hash, only_unseen)
    if held is not None:
        return Deployed(definitions=_definitions_of(ctx, held), warnings=warnings, new=False)
    _insert(ctx, package, checked.content_hash, source, warnings)
    keep_package(package)
    definitions = [_insert_definition(ctx, package, key) for key in sorted(package.processes)]
    for definition in definitions:
        # What waits for a start is the work of rooms above this one.
        ctx.registry.port("deployed")(ctx, definition)
    _make_groups(ctx, package)
    audit(ctx, "process.deploy", "process", package.key, {"deployment": package.id, "source": source})
    publish(ctx, "definition", package.key)
    return Deployed(definitions=definitions, warnings=warnings, new=True)


def _need_may_deploy(ctx: Context, package: Package) -> None:
    """Make sure that the actor may deploy: anything, or new versions of what they administer.

    What a package without processes holds is nobody's to administer.
    """
    if ctx.actor.may(DEPLOY):
        return
    strange = sorted(key for key in package.processes if not administers(ctx, key))
    if strange or not package.processes:
        raise Forbidden(
            _("You administer no process %(keys)s. Whoever may deploy every process deploys it."),
            keys=", ".join(strange) or package.key,
        )


def _cleaned(files: Mapping[str, bytes]) -> dict[str, bytes]:
    kept = {
        path: content
        for path, content in files.items()
        if not any(part.startswith((".", "__")) for part in path.split("/")) and not path.endswith("/")
    }
    if not any(path.endswith((".bpmn", ".dmn", ".form")) for path in kept):
        raise DefinitionError(
            problems=[
                Problem(path="", message=_("There is nothing to deploy: no .bpmn, .dmn or .form file."))
            ]
        )
    problems = [
        Problem(
            path=path[:LONGEST_PATH],
            message=_("This is no path inside of a folder, of at most %(limit)s characters."),
            params={"limit": LONGEST_PATH},
        )
        for path in files
        if len(path) > LONGEST_PATH or path.startswith("/") or {"..", ""} & set(path.rstrip("/").split("/"))
    ]
    if len(kept) > MAXIMUM_FILES:
        problems.append(
            Problem(
                path="",
                message=_("More than %(files)s files are sent at once."),
                params={"files": MAXIMUM_FILES},
            )
        )
    problems += [
        Problem(
            path=path,
            message=_("The file is larger than %(limit)s bytes."),
            params={"limit": MAXIMUM_TEXT_BYTES},
        )
        for path, content in kept.items()
        if path.endswith((".toml", ".po")) and len(content) > MAXIMUM_TEXT_BYTES
    ]
    if problems:
        raise DefinitionError(problems=problems)
    return kept


def _key(files: Mapping[str, bytes]) -> str:
    if FILE not in files:
        return ""
    return read_process_manifest(files[FILE]).key


def _joined(keys: Iterable[str]) -> str:
    """Name loose drawings by their processes; very many by a digest of all the names."""
    joined = "+".join(sorted(keys))
    if len(joined) <= LONGEST_KEY:
        return joined
    return f"{joined[: LONGEST_KEY // 2 - 1]}+{hashlib.sha256(joined.encode()).hexdigest()}"


def _hash(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    return total.hexdigest()


def _held(ctx: Context, key: str, content_hash: str, only_unseen: bool) -> str | None:
    """Return the deployment that holds this content already: the latest one, or any."""
    rows = ctx.connection.execute(
        select(Deployment.id, Deployment.content_hash)
        .where(Deployment.key == key)
        .order_by(Deployment.deployed_at.desc(), Deployment.id.desc())
    ).all()
    looked_at = rows if only_unseen else rows[:1]
    return next((row.id for row in looked_at if row.content_hash == content_hash), None)


def _definitions_of(ctx: Context, deployment_id: str) -> list[Definition]:
    ids = ctx.connection.execute(
        select(ProcessDefinition.id)
        .where(ProcessDefinition.deployment_id == deployment_id)
        .order_by(ProcessDefinition.key)
    ).scalars()
    return [get_definition_by_id(ctx, definition_id) for definition_id in ids.all()]


def _insert(
    ctx: Context, package: Package, content_hash: str, source: str, warnings: Sequence[Problem]
) -> None:
    ctx.connection.execute(
        insert(Deployment).values(
            id=package.id,
            key=package.key,
            content_hash=content_hash,
            source=source,
            warnings=[_as_json(problem) for problem in warnings],
            deployed_by=ctx.actor.name,
            deployed_at=ctx.now,
        )
    )
    ctx.connection.execute(
        insert(DeployedFile),
        [
            {
                "deployment_id": package.id,
                "path": path,
                "kind": kind.name if (kind := kind_of(ctx.registry, path)) else "other",
                "content": content,
            }
            for path, content in package.files.items()
        ],
    )


def _insert_definition(ctx: Context, package: Package, key: str) -> Definition:
    path, spec = package.processes[key]
    version = (
        ctx.connection.execute(
            select(func.max(ProcessDefinition.version)).where(ProcessDefinition.key == key)
        ).scalar()
        or 0
    ) + 1
    definition_id = new_id()
    manifest = package.manifest
    titled = manifest is not None and manifest.key == key
    ctx.connection.execute(
        insert(ProcessDefinition).values(
            id=definition_id,
            key=key,
            version=version,
            deployment_id=package.id,
            path=path,
            content_hash=hashlib.sha256(package.files[path]).hexdigest(),
            title=manifest.title if titled and manifest else spec.title,
            deployed_at=ctx.now,
        )
    )
    ctx.connection.execute(delete(StartSubscription).where(StartSubscription.process_key == key))
    begun = [
        {
            "id": new_id(),
            "kind": trigger.kind,
            "name": trigger.name,
            "process_key": key,
            "definition_id": definition_id,
            "element_id": node.element_id,
        }
        for node in spec.starts
        for trigger in node.triggers
        if trigger.kind in ("message", "signal")
    ]
    if begun:
        ctx.connection.execute(insert(StartSubscription), begun)
    return get_definition_by_id(ctx, definition_id)


def _make_groups(ctx: Context, package: Package) -> None:
    """Make the groups that a process names and the centre does not have yet."""
    named = package.manifest.groups if package.manifest is not None else {}
    held = set(ctx.connection.execute(select(Group.key).where(Group.key.in_(list(named)))).scalars())
    for key, name in named.items():
        if key not in held:
            put_group(ctx, key=key, name=name)


def _as_json(problem: Problem) -> dict[str, Any]:
    return {"path": problem.path, "message": problem.message, "params": problem.params}


def read_folder(folder: Path | Traversable) -> dict[str, bytes]:
    """Read a process folder into memory.

    Args:
        folder: A folder on disk or in an installed package.
    """
    files: dict[str, bytes] = {}

    def walk(at: Path | Traversable, prefix: str) -> None:
        for entry in sorted(at.iterdir(), key=lambda found: found.name):
            if entry.name.startswith((".", "__")):
                continue
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            else:
                files[f"{prefix}{entry.name}"] = entry.read_bytes()

    walk(folder, "")
    return files


def read_zip(content: bytes) -> dict[str, bytes]:
    """Read an exported process folder; a single folder around everything is taken off.

    Raises:
        DefinitionError: It is no zip file, or it would unpack to too much.
    """

    def refuse(message: str, **params: Any) -> DefinitionError:
        return DefinitionError(problems=[Problem(path="", message=message, params=params)])

    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        total = sum(entry.file_size for entry in entries)
        if len(entries) > MAXIMUM_FILES or total > MAXIMUM_TOTAL_BYTES:
            raise refuse(
                _("The zip file holds more than %(files)s files or %(size)s bytes."),
                files=MAXIMUM_FILES,
                size=MAXIMUM_TOTAL_BYTES,
            )
        if total > MAXIMUM_RATIO * max(len(content), 1):
            raise refuse(
                _("The zip file unpacks to more than %(ratio)s times its size."), ratio=MAXIMUM_RATIO
            )
        files = {entry.filename: archive.read(entry) for entry in entries}
    except DefinitionError:
        raise
    except _NO_ZIP as error:
        raise refuse(_("This is no zip file: %(reason)s"), reason=str(error)) from None
    heads = {path.split("/")[0] for path in files}
    if len(heads) == 1 and FILE not in files and f"{next(iter(heads))}/{FILE}" in files:
        files = {path.split("/", 1)[1]: content for path, content in files.items()}
    return files


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Pack a process folder so that ``read_zip`` and a deployment take it again, with the same content hash.

    The same files make the same bytes.
    """
    for packing in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path, content in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(path), content, packing)
        # What is packed too well would be taken for an attack by whoever reads it.
        if sum(map(len, files.values())) <= MAXIMUM_RATIO * len(packed.getvalue()):
            break
    return packed.getvalue()
