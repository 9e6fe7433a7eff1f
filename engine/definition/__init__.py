"""What was deployed and what it means: manifests, packages, definitions, the check before deployment."""

from engine.definition.definitions import (
    Definition,
    get_definition,
    get_definition_by_id,
    get_package,
    list_definitions,
    list_versions,
)
from engine.definition.deploy import Deployed, deploy, read_folder, read_zip
from engine.definition.manifest import ProcessManifest, ProcessStart, VariableSpec
from engine.definition.package import NAMES, Package
from engine.definition.resources import register

__all__ = [
    "NAMES",
    "Definition",
    "Deployed",
    "Package",
    "ProcessManifest",
    "ProcessStart",
    "VariableSpec",
    "deploy",
    "get_definition",
    "get_definition_by_id",
    "get_package",
    "list_definitions",
    "list_versions",
    "read_folder",
    "read_zip",
    "register",
]
