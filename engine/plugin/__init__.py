"""What is installed: manifests, the loader, the registry, and how a plug-in says what it offers."""

from engine.plugin.manifest import Manifest, MenuItem, ProcessEntry, SettingSpec
from engine.plugin.offers import (
    PROCESS_EVENTS,
    CheckContext,
    Field,
    Gateway,
    JobKind,
    Outgoing,
    ProcessEvent,
    Receipt,
    ResourceKind,
    Sent,
    ServiceTask,
    job,
    listener,
    service_task,
)
from engine.plugin.registry import Plugin, Registry

__all__ = [
    "PROCESS_EVENTS",
    "CheckContext",
    "Field",
    "Gateway",
    "JobKind",
    "Manifest",
    "MenuItem",
    "Outgoing",
    "Plugin",
    "ProcessEntry",
    "ProcessEvent",
    "Receipt",
    "Registry",
    "ResourceKind",
    "Sent",
    "ServiceTask",
    "SettingSpec",
    "job",
    "listener",
    "service_task",
]
