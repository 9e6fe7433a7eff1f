"""The checker: what manifests, drawings and catalogues say is what the source has. Needs no database.

``callwright check`` prints what it finds; the tests hold it against everything that ships.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from admin.centre import PLUGIN_PACKAGES, installed
from admin.check.catalogues import check_catalogues, find_owners, process_owner
from admin.check.plugins import check_plugin
from admin.check.processes import check_process
from engine.errors import ConfigurationError, Problem
from engine.i18n import _
from engine.plugin import Registry
from engine.settings import Settings

__all__ = ["check", "check_plugins", "check_processes", "check_texts", "load"]


def check(root: Path) -> list[Problem]:
    """Return everything that is wrong below a folder, each with its file and the remedy.

    Args:
        root: A process folder; or a folder with processes in ``bpmn`` and packages of plug-ins: a checkout.
    """
    root = root.resolve()
    try:
        registry = load(root)
    except ConfigurationError as error:
        return [Problem(path=".", message=error.message, params=error.params)]
    if (root / "process.toml").is_file():
        shown_below = root.parent.parent
        found = check_process(root, registry, shown_below)
        return found or check_catalogues(process_owner(root), shown_below)
    return [*check_plugins(root, registry), *check_processes(root, registry), *check_texts(root)]


def load(root: Path) -> Registry:
    """Load everything that is installed, and the plug-ins of the folder among it.

    Args:
        root: A checkout; its packages of plug-ins must be the ones that are imported.

    Raises:
        ConfigurationError: A manifest or a room does not load, or the plug-ins are another checkout's.
    """
    packages = dict.fromkeys(PLUGIN_PACKAGES)
    for folder in sorted({path.parent.parent for path in root.glob("*/*/plugin.toml")}):
        spec = find_spec(folder.name)
        if spec is None or str(folder) not in map(str, spec.submodule_search_locations or ()):
            raise ConfigurationError(
                _("The plug-ins in %(folder)s are not the installed ones. Use that checkout's callwright."),
                folder=folder,
            )
        packages[folder.name] = None
    return installed(Settings(), web=True, packages=tuple(packages))


def check_plugins(root: Path, registry: Registry) -> list[Problem]:
    """Return what is wrong with the plug-ins below a folder."""
    return [
        problem
        for plugin in registry.plugins.values()
        if plugin.manifest.path.is_relative_to(root)
        for problem in check_plugin(plugin, registry, root)
    ]


def check_processes(root: Path, registry: Registry) -> list[Problem]:
    """Return what is wrong with the process folders in ``bpmn``."""
    return [
        problem
        for manifest in sorted(root.glob("bpmn/*/process.toml"))
        for problem in check_process(manifest.parent, registry, root)
    ]


def check_texts(root: Path) -> list[Problem]:
    """Return what is wrong with the catalogues of floors, plug-ins and processes."""
    broken: list[Problem] = []
    for owner in find_owners(root):
        broken += check_catalogues(owner, root)
    return broken
