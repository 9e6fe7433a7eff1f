"""A plug-in's manifest: its table of contents, readable without importing anything."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import ConfigurationError, Problem

_KEYS = {
    "title", "summary", "depends", "service_tasks", "jobs", "messages", "permissions", "menu", "roles",
    "settings", "gateways", "process", "forms", "lookups",
}  # fmt: skip
_SETTING_TYPES = {
    "text", "integer", "decimal", "boolean", "duration", "choice", "hosts", "networks", "toml",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """A line of the shell's menu: the view it opens, where it stands, its icon."""

    label: str
    view: str
    category: str = ""
    icon: str = ""
    permission: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEntry:
    """An operating-system process that runs wherever it wins a lease: the module whose ``run`` it is."""

    name: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """A parameter an administrator may change: its type, unit, help and default.

    ``check`` looks at a value of the right type before it is kept (``engine.plugin.checks``).
    """

    key: str
    type: str
    default: Any
    label: str
    help: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    check: Callable[[Any], Sequence[Problem]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a plug-in says it is and offers."""

    name: str
    path: Path
    title: str
    summary: str
    depends: tuple[str, ...] = ()
    service_tasks: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    menu: tuple[MenuItem, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: Mapping[str, SettingSpec] = field(default_factory=dict)
    processes: tuple[ProcessEntry, ...] = ()


def read_manifest(path: Path) -> Manifest:
    """Read ``plugin.toml``.

    Args:
        path: The file; its folder's name is the plug-in's.

    Raises:
        ConfigurationError: The manifest is no manifest; the message names the file and the key.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("%(path)s: %(reason)s", path=path, reason=error) from None
    unknown = sorted(set(said) - _KEYS)
    if unknown:
        raise ConfigurationError(
            "%(path)s: unknown key %(key)s. Known are: %(known)s.",
            path=path,
            key=unknown[0],
            known=", ".join(sorted(_KEYS)),
        )
    for key in ("title", "summary"):
        if not isinstance(said.get(key), str) or not said[key].strip():
            raise ConfigurationError("%(path)s: key %(key)s must be a sentence.", path=path, key=key)
    for key in ("depends", "service_tasks", "lookups", "jobs", "gateways", "messages", "forms"):
        _need_names(path, key, said.get(key, []))
    try:
        return Manifest(
            name=path.parent.name,
            path=path.parent,
            title=said["title"],
            summary=said["summary"],
            depends=tuple(said.get("depends", ())),
            service_tasks=tuple(said.get("service_tasks", ())),
            lookups=tuple(said.get("lookups", ())),
            jobs=tuple(said.get("jobs", ())),
            gateways=tuple(said.get("gateways", ())),
            messages=tuple(said.get("messages", ())),
            forms=tuple(said.get("forms", ())),
            permissions=dict(said.get("permissions", {})),
            menu=tuple(MenuItem(**item) for item in said.get("menu", ())),
            roles={role: tuple(granted) for role, granted in said.get("roles", {}).items()},
            settings={key: _setting(path, key, spec) for key, spec in said.get("settings", {}).items()},
            processes=tuple(ProcessEntry(**entry) for entry in said.get("process", ())),
        )
    except TypeError as error:
        raise ConfigurationError("%(path)s: %(reason)s", path=path, reason=error) from None


def _need_names(path: Path, key: str, names: object) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError("%(path)s: key %(key)s must be a list of names.", path=path, key=key)


def _setting(path: Path, key: str, spec: Mapping[str, Any]) -> SettingSpec:
    if spec.get("type") not in _SETTING_TYPES:
        raise ConfigurationError(
            "%(path)s: settings.%(key)s.type must be one of %(known)s.",
            path=path,
            key=key,
            known=", ".join(sorted(_SETTING_TYPES)),
        )
    said = dict(spec)
    said["choices"] = tuple(said.get("choices", ()))
    return SettingSpec(key=f"{path.parent.name}.{key}", **said)
