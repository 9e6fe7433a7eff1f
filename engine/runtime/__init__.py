"""The verbs: each one transaction, version-checked; what leaves the building is a job of that transaction."""

from engine.runtime.advance import Gone, InstanceRef
from engine.runtime.instances import cancel_instance, resume_instance, start_process, suspend_instance
from engine.runtime.jobs import register
from engine.runtime.messages import (
    Unmatched,
    broadcast_signal,
    correlate_message,
    start_by_message,
    waiting_for,
)
from engine.runtime.operate import (
    resolve_incident,
    retry_incident,
    retry_incidents_of_cause,
    retry_job,
)
from engine.runtime.queries import (
    find_instance,
    get_instance,
    history_of,
    list_instances,
    variables_of,
    writes_of,
)
from engine.runtime.tasks import (
    AlreadyEnded,
    acknowledge_task,
    add_comment,
    claim_task,
    complete_task,
    unclaim_task,
)

__all__ = [
    "AlreadyEnded",
    "Gone",
    "InstanceRef",
    "Unmatched",
    "acknowledge_task",
    "add_comment",
    "broadcast_signal",
    "cancel_instance",
    "claim_task",
    "complete_task",
    "correlate_message",
    "find_instance",
    "get_instance",
    "history_of",
    "list_instances",
    "register",
    "resolve_incident",
    "resume_instance",
    "retry_incident",
    "retry_incidents_of_cause",
    "retry_job",
    "start_by_message",
    "start_process",
    "suspend_instance",
    "unclaim_task",
    "variables_of",
    "waiting_for",
    "writes_of",
]
