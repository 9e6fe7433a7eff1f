"""Running processes as rows: instances, their values, the messages they wait for."""

from engine.instance.models import LargeValue, ListedVariable, MessageSubscription, ProcessInstance

__all__ = ["LargeValue", "ListedVariable", "MessageSubscription", "ProcessInstance"]
