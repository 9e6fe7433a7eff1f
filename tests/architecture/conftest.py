"""The source as it lies in the checkout: what the house's rules are held against."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "forms", "admin", "plugins", "seed")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path below the root, migrations aside."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes(), str(path))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if not {"migrations", "node_modules"}.intersection(path.parts)
    }
