"""Finds plug-ins by their manifests and loads them in the order of their needs. Fails loudly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from engine.errors import ConfigurationError
from engine.plugin.manifest import Manifest, read_manifest
from engine.plugin.registry import WEB_ROOMS, WORKER_ROOMS, Plugin, Registry, load_rooms


def find_manifests(package: str) -> dict[str, Manifest]:
    """Read the manifest of every plug-in folder in a package, importing none of them.

    Args:
        package: The package whose folders are plug-ins: ``plugins``.

    Raises:
        ConfigurationError: A manifest is no manifest.
    """
    root = Path(next(iter(import_module(package).__path__)))
    return {path.parent.name: read_manifest(path) for path in sorted(root.glob("*/plugin.toml"))}


def load_plugins(registry: Registry, packages: Sequence[str], *, web: bool) -> None:
    """Load every plug-in of the packages into the registry, needs first.

    Args:
        registry: Where to.
        packages: Packages whose folders are plug-ins.
        web: Whether the web's rooms are loaded too.

    Raises:
        ConfigurationError: A manifest, a room or a need is wrong.
    """
    found: dict[str, tuple[str, Manifest]] = {}
    for package in packages:
        for name, manifest in find_manifests(package).items():
            if name in found:
                raise ConfigurationError(
                    "%(path)s: a plug-in of this name is there already.", path=manifest.path / "plugin.toml"
                )
            found[name] = (f"{package}.{name}", manifest)
    rooms = WORKER_ROOMS + (WEB_ROOMS if web else ())
    for name in in_order({name: manifest for name, (_, manifest) in found.items()}):
        package, manifest = found[name]
        registry.add_plugin(
            Plugin(manifest=manifest, package=package, rooms=load_rooms(package, manifest, rooms))
        )


def in_order(manifests: Mapping[str, Manifest]) -> list[str]:
    """Sort plug-ins so that each comes after those it depends on.

    Raises:
        ConfigurationError: One needs something that is not installed, or they need each other in a ring.
    """
    ordered: list[str] = []
    visiting: list[str] = []

    def visit(name: str, needed_by: Manifest | None) -> None:
        if name in ordered:
            return
        if name not in manifests:
            assert needed_by is not None
            raise ConfigurationError(
                "%(path)s: depends names %(needed)s, which is not installed.",
                path=needed_by.path / "plugin.toml",
                needed=name,
            )
        if name in visiting:
            ring = " > ".join([*visiting[visiting.index(name) :], name])
            raise ConfigurationError(
                "%(path)s: depends goes in a ring: %(ring)s.",
                path=manifests[name].path / "plugin.toml",
                ring=ring,
            )
        visiting.append(name)
        for needed in manifests[name].depends:
            visit(needed, manifests[name])
        visiting.pop()
        ordered.append(name)

    for name in sorted(manifests):
        visit(name, None)
    return ordered
