"""Holds each plug-in's manifest against its source: what one says, the other has."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from marshmallow import Schema

from admin.identity.roles import ROLES
from admin.kit.permissions import PERMISSIONS
from engine.definition.inspect import Inside
from engine.definition.resources import kind_of
from engine.errors import CallwrightError, Problem
from engine.feel.temporal import parse_duration
from engine.i18n import _
from engine.plugin import Manifest, Plugin, Registry, SettingSpec
from engine.plugin.offers import ServiceTask

# The rooms and shelves of a plug-in; engine.plugin and the README of plugins/ say who loads which.
ROOMS = (
    "demo", "views", "rest", "webhooks", "process", "schemas", "service_tasks", "lookups", "jobs", "channel",
    "public", "services", "models", "rules",
)  # fmt: skip
SHELVES = ("templates", "static", "forms", "messages", "locale", "migrations")
_BESIDE = {"plugin.toml", "README.md", "__init__.py", "__pycache__"}
# What a web room is entered by.
_ASKING = {"may", "needs", "permitted"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A plug-in's source, read once.

    Args:
        plugin: The plug-in, its rooms loaded.
        registry: Everything that is installed.
        root: What paths are shown below of.
    """

    plugin: Plugin
    registry: Registry
    root: Path

    @property
    def name(self) -> str:
        """The plug-in's name."""
        return self.plugin.name

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""
        return self.plugin.manifest

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.manifest.path

    @cached_property
    def modules(self) -> Mapping[Path, ast.Module]:
        """Its modules, migrations aside."""
        return {
            path: ast.parse(path.read_bytes())
            for path in sorted(self.folder.rglob("*.py"))
            if "migrations" not in path.relative_to(self.folder).parts
        }

    @cached_property
    def words(self) -> frozenset[str]:
        """Every text constant of its modules, and every quoted word of its templates."""
        constants = {
            node.value
            for module in self.modules.values()
            for node in ast.walk(module)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        templates = " ".join(path.read_text(encoding="utf-8") for path in self.folder.rglob("*.html"))
        return frozenset(constants | set(re.findall(r"""["']([^"']+)["']""", templates)))

    def wrong(self, where: str, message: str, /, **params: Any) -> Problem:
        """Say what is wrong with one of its files."""
        path = (self.folder / where.partition("#")[0]).relative_to(self.root).as_posix()
        return Problem(path=path + where[len(where.partition("#")[0]) :], message=message, params=params)


def check_plugin(plugin: Plugin, registry: Registry, root: Path) -> list[Problem]:
    """Return where a plug-in's manifest and source differ, and what its folder lacks.

    Args:
        plugin: The plug-in, its rooms loaded.
        registry: Everything that is installed.
        root: What paths are shown below of.
    """
    source = Source(plugin=plugin, registry=registry, root=root)
    checks: tuple[Callable[[Source], Iterator[Problem]], ...] = (
        _check_folder,
        _check_offers,
        _check_shelves,
        _check_permissions,
        _check_settings,
        _check_menu,
        _check_processes,
        _check_tables,
        _check_schemas,
        _check_doors,
        _check_readme,
    )
    return [problem for look in checks for problem in look(source)]


def _check_folder(source: Source) -> Iterator[Problem]:
    for path in sorted(source.folder.iterdir()):
        if path.name in _BESIDE or path.name.startswith("."):
            continue
        if path.stem not in ROOMS and path.name not in SHELVES:
            yield source.wrong(
                path.name,
                _("A plug-in has no room of this name. Its rooms are: %(known)s."),
                known=", ".join((*ROOMS, *SHELVES)),
            )


def _check_offers(source: Source) -> Iterator[Problem]:
    manifest, registry, prefix = source.manifest, source.registry, f"{source.name}."
    gateways = {
        name
        for name, gateway in registry.gateways.items()
        if type(gateway).__module__.startswith(f"{source.plugin.package}.")
    }
    held: dict[str, tuple[tuple[str, ...], set[str], str]] = {
        "service_tasks": (manifest.service_tasks, _of(registry.service_tasks, prefix), "service_tasks.py"),
        "lookups": (manifest.lookups, _of(registry.lookups, prefix), "lookups.py"),
        "jobs": (manifest.jobs, _of(registry.job_kinds, prefix), "jobs.py"),
        "gateways": (manifest.gateways, gateways, "channel.py"),
        "messages": (manifest.messages, _stems(source.folder, "messages/*.toml"), "messages/"),
        "forms": (manifest.forms, _stems(source.folder, "forms/*.form"), "forms/"),
    }
    for key, (said, there, where) in held.items():
        for name in sorted(set(said) - there):
            yield source.wrong(
                f"plugin.toml#{key}",
                _("%(name)s is listed, but %(where)s has nothing of this name. Write it, or take it off."),
                name=name,
                where=where,
            )
        for name in sorted(there - set(said)):
            yield source.wrong(
                f"plugin.toml#{key}", _("%(where)s has %(name)s. List it here."), name=name, where=where
            )


def _check_shelves(source: Source) -> Iterator[Problem]:
    """Look at the plug-in's forms, messages and their translations as deployment looks at a process's."""
    patterns = ("forms/*.form", "messages/*.toml", "locale/*/LC_MESSAGES/messages.po")
    paths = [path for pattern in patterns for path in source.folder.glob(pattern)]
    files = {path.relative_to(source.folder).as_posix(): path.read_bytes() for path in sorted(paths)}
    inside = Inside(files=files, registry=source.registry, key=source.name)
    for path, content in files.items():
        kind = kind_of(source.registry, path)
        for problem in kind.check(path, content, inside) if kind else ():
            yield source.wrong(problem.path, problem.message, **problem.params)


def _of(offers: Mapping[str, object], prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in offers if name.startswith(prefix)}


def _stems(folder: Path, pattern: str) -> set[str]:
    return {path.stem for path in folder.glob(pattern)}


def _check_permissions(source: Source) -> Iterator[Problem]:
    declared = source.manifest.permissions
    known = {permission.name for permission in PERMISSIONS}
    for plugin in source.registry.plugins.values():
        known |= set(plugin.manifest.permissions)
    for name in declared:
        if not name.startswith(f"{source.name}."):
            yield source.wrong(
                "plugin.toml#permissions",
                _("%(name)s must begin with the plug-in's name."),
                name=name,
            )
        if name not in source.words | {item.permission for item in source.manifest.menu}:
            yield source.wrong(
                "plugin.toml#permissions", _("Nothing asks for %(name)s. Ask, or take it off."), name=name
            )
    for path, name in _asked(source):
        if name not in known:
            yield source.wrong(
                path, _("It asks for %(name)s, which no manifest declares. Declare it."), name=name
            )
    for role, granted in source.manifest.roles.items():
        alike = next((own for own in ROLES if own.lower() == role.lower() and own != role), None)
        if alike:
            yield source.wrong(
                "plugin.toml#roles", _("Role %(role)s is written %(own)s."), role=role, own=alike
            )
        for name in granted:
            if name not in known:
                yield source.wrong(
                    "plugin.toml#roles",
                    _("%(role)s gets %(name)s, which no manifest declares."),
                    role=role,
                    name=name,
                )


def _asked(source: Source) -> Iterator[tuple[str, str]]:
    for item in source.manifest.menu:
        if item.permission:
            yield "plugin.toml#menu", item.permission
    for path, module in source.modules.items():
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            if ast.unparse(call.func).split(".")[-1] in _ASKING:
                for said in call.args:
                    if isinstance(said, ast.Constant) and isinstance(said.value, str) and "." in said.value:
                        yield path.relative_to(source.folder).as_posix(), said.value


def _check_settings(source: Source) -> Iterator[Problem]:
    for key, setting in source.manifest.settings.items():
        where = f"plugin.toml#settings.{key}"
        if setting.key not in source.words:
            yield source.wrong(where, _("Nothing reads %(name)s. Read it, or take it off."), name=setting.key)
        if not _fits(setting):
            yield source.wrong(
                where,
                _("The default %(default)s is no %(type)s."),
                default=str(setting.default),
                type=setting.type,
            )


def _fits(setting: SettingSpec) -> bool:
    default = setting.default
    kinds = {"integer": int, "boolean": bool}
    if setting.type == "duration":
        try:
            return isinstance(default, str) and parse_duration(default) is not None
        except (CallwrightError, ValueError):
            return False
    if setting.type == "decimal":
        return isinstance(default, str | int | float) and _is_number(default)
    if isinstance(default, bool) and setting.type != "boolean":
        return False
    return isinstance(default, kinds.get(setting.type, str)) and (
        setting.type != "choice" or default in setting.choices
    )


def _is_number(default: object) -> bool:
    try:
        return Decimal(str(default)).is_finite()
    except ArithmeticError:
        return False


def _check_menu(source: Source) -> Iterator[Problem]:
    views = source.plugin.rooms.get("views")
    for item in source.manifest.menu:
        view, _dot, method = item.view.partition(".")
        if not item.view.startswith("/") and not callable(getattr(getattr(views, view, None), method, None)):
            yield source.wrong(
                "plugin.toml#menu",
                _("views.py has no %(view)s. Write Class.method, or a path that begins with /."),
                view=item.view,
            )


def _check_processes(source: Source) -> Iterator[Problem]:
    own = f"{source.plugin.package}.process"
    for entry in source.manifest.processes:
        path = source.folder.joinpath(*entry.module.removeprefix(f"{source.plugin.package}.").split("."))
        if entry.module != own and not entry.module.startswith(f"{own}."):
            yield source.wrong(
                "plugin.toml#process",
                _("%(module)s must be %(own)s, or in it."),
                module=entry.module,
                own=own,
            )
        elif not _has_run(source, path):
            yield source.wrong(
                "plugin.toml#process", _("%(module)s has no function run."), module=entry.module
            )


def _has_run(source: Source, path: Path) -> bool:
    module = source.modules.get(path.with_suffix(".py")) or source.modules.get(path / "__init__.py")
    return module is not None and any(
        isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.body
    )


def _check_tables(source: Source) -> Iterator[Problem]:
    """Ask for the plug-in's name in front of its tables: nobody else's can meet them."""
    said = [
        node.value.value
        for module in source.modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        and any(ast.unparse(target) == "__tablename__" for target in node.targets)
        and isinstance(node.value, ast.Constant)
    ]
    for table in said:
        if not str(table).startswith(f"{source.name}_"):
            yield source.wrong(
                "models.py",
                _("Table %(table)s must begin with the plug-in's name."),
                table=table,
            )
    if said and not (source.folder / "migrations").is_dir():
        yield source.wrong("models.py", _("Its tables have no migrations/. Make a first one."))


def _check_schemas(source: Source) -> Iterator[Problem]:
    import_module("admin.api.nouns")
    known = (*(plugin.package for plugin in source.registry.plugins.values()), "admin")
    named: dict[str, set[str]] = {}
    for schema in _below(Schema):
        if schema.__module__.startswith(tuple(f"{package}." for package in known)):
            named.setdefault(schema.__name__.removesuffix("Schema"), set()).add(schema.__module__)
    for name, modules in sorted(named.items()):
        others = sorted(module for module in modules if not module.startswith(f"{source.plugin.package}."))
        if others and len(others) < len(modules):
            yield source.wrong(
                f"schemas.py#{name}",
                _(
                    "%(other)s has a schema of this name too, and the description of REST knows one. "
                    "Rename yours."
                ),
                other=others[0],
            )


def _below(kind: type[Schema]) -> Iterator[type[Schema]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _check_doors(source: Source) -> Iterator[Problem]:
    """Let nobody reach past another plug-in's public door, nor through the door of one it does not name."""
    package, _dot, _name = source.plugin.package.rpartition(".")
    for path, module in source.modules.items():
        where = path.relative_to(source.folder).as_posix()
        for imported in imports_of(module):
            parts = imported.removeprefix(f"{package}.").split(".")
            if not imported.startswith(f"{package}.") or parts[0] == source.name:
                continue
            if parts[1:2] != ["public"]:
                yield source.wrong(
                    where, _("%(name)s is behind another plug-in's door. Use its public."), name=imported
                )
            elif parts[0] not in source.manifest.depends:
                yield source.wrong(
                    "plugin.toml#depends",
                    _("%(where)s uses %(name)s. List it here."),
                    where=where,
                    name=parts[0],
                )


def imports_of(module: ast.Module) -> Iterator[str]:
    """Yield the full name of everything a module imports: ``plugins.tickets.public.read_ticket``."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _check_readme(source: Source) -> Iterator[Problem]:
    readme = source.folder / "README.md"
    if not readme.is_file():
        yield source.wrong("README.md", _("There is no README.md. Say what it is and what it offers."))
        return
    lines = readme.read_text(encoding="utf-8").splitlines()
    for name, offer in source.registry.service_tasks.items():
        if not name.startswith(f"{source.name}."):
            continue
        row = next((line for line in lines if line.startswith(f"| `{name}` |")), None)
        wanted = _row(name, offer)
        if row is None or _named(row) != _named(wanted):
            yield source.wrong("README.md", _("The table of service tasks must say: %(row)s"), row=wanted)


def _row(name: str, offer: ServiceTask) -> str:
    takes, gives = (
        ", ".join(parameter.name for parameter in parameters) for parameters in (offer.inputs, offer.outputs)
    )
    return f"| `{name}` | {takes} | {gives} |"


def _named(row: str) -> list[list[str]]:
    """Return the names in the cells of a row; what stands in brackets is for people."""
    cells = re.sub(r"\(.*?\)", "", row).strip().strip("|").split("|")
    return [[word.strip(" `") for word in cell.split(",") if word.strip()] for cell in cells][:3]
