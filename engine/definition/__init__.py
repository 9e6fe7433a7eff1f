"""What was deployed and what it means: manifests, packages, definitions, the check before deployment."""

from engine.definition.administration import administered_processes, administers
from engine.definition.copying import copied_files
from engine.definition.definitions import (
    Definition,
    get_definition,
    get_definition_by_id,
    get_package,
    list_definitions,
    list_versions,
)
from engine.definition.deploy import (
    Checked,
    Deployed,
    check,
    deploy,
    put_deployment,
    read_folder,
    read_zip,
    write_zip,
)
from engine.definition.groups import group_names
from engine.definition.manifest import ProcessManifest, ProcessStart, VariableSpec
from engine.definition.package import NAMES, Package
from engine.definition.resources import register
from engine.definition.starts import (
    get_startable,
    may_start,
    paused_since,
    refuse_if_paused,
    starts_for,
)

__all__ = [
    "NAMES",
    "Checked",
    "Definition",
    "Deployed",
    "Package",
    "ProcessManifest",
    "ProcessStart",
    "VariableSpec",
    "administered_processes",
    "administers",
    "check",
    "copied_files",
    "deploy",
    "get_definition",
    "get_definition_by_id",
    "get_package",
    "get_startable",
    "group_names",
    "list_definitions",
    "list_versions",
    "may_start",
    "paused_since",
    "put_deployment",
    "read_folder",
    "read_zip",
    "refuse_if_paused",
    "register",
    "starts_for",
    "write_zip",
]
