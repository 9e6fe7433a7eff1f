"""Running processes as rows: instances, their values, the messages they wait for, their migrations."""

from engine.instance.given import given_names
from engine.instance.models import (
    LargeValue,
    ListedVariable,
    MessageSubscription,
    MigratedInstance,
    Migration,
    ProcessDeadline,
    ProcessInstance,
)

__all__ = [
    "LargeValue",
    "ListedVariable",
    "MessageSubscription",
    "MigratedInstance",
    "Migration",
    "ProcessDeadline",
    "ProcessInstance",
    "given_names",
]
