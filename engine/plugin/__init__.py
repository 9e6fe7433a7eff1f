"""What is installed: manifests, the loader, the registry, and how a plug-in says what it offers."""

from engine.plugin.manifest import Manifest, MenuItem, ProcessEntry, SettingSpec
from engine.plugin.offers import (
    CheckContext,
    Field,
    Gateway,
    JobKind,
    Outgoing,
    Receipt,
    ResourceKind,
    Sent,
    ServiceTask,
    job,
    service_task,
)
from engine.plugin.registry import Plugin, Registry

__all__ = [
    "CheckContext",
    "Field",
    "Gateway",
    "JobKind",
    "Manifest",
    "MenuItem",
    "Outgoing",
    "Plugin",
    "ProcessEntry",
    "Receipt",
    "Registry",
    "ResourceKind",
    "Sent",
    "ServiceTask",
    "SettingSpec",
    "job",
    "service_task",
]
