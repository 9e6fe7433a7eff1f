"""The verbs: each one transaction, version-checked; what leaves the building is a job of that transaction."""

from engine.runtime.advance import Gone, InstanceRef, lock_instance
from engine.runtime.approvals import (
    SignerState,
    add_signer,
    remove_signer,
    return_task,
    returns_of,
    signers_of,
    take_back_decision,
    transfer_task,
)
from engine.runtime.health import Vitals, counts, vitals
from engine.runtime.instances import begin, cancel_instance, start_process
from engine.runtime.jobs import register
from engine.runtime.kept import Published, awaited_by, deliver_inbound, discard_inbound, publish_message
from engine.runtime.messages import (
    Unmatched,
    broadcast_signal,
    correlate_message,
    start_by_message,
    waiting_for,
)
from engine.runtime.migration import (
    Check,
    NotMigratable,
    check_migration,
    get_migration,
    list_migrated,
    list_migrations,
    migrate_instance,
    migrate_instances,
)
from engine.runtime.offered import offered_now
from engine.runtime.operate import (
    Step,
    correct_variables,
    move_token,
    resolve_incident,
    retry_incident,
    retry_incidents_of_cause,
    retry_job,
    skip_element,
    skip_incident,
    steps_of,
)
from engine.runtime.paused import resume_version, suspend_version
from engine.runtime.queries import (
    find_instance,
    get_instance,
    history_of,
    list_instances,
    variables_of,
    writes_of,
)
from engine.runtime.reverting import revert_instance, revert_migration
from engine.runtime.suspend import resume_instance, suspend_instance
from engine.runtime.tasks import (
    AlreadyEnded,
    acknowledge_task,
    add_comment,
    choose_activity,
    claim_task,
    complete_task,
    unclaim_task,
)
from engine.runtime.versions import RunningVersion, list_running_versions

__all__ = [
    "AlreadyEnded",
    "Check",
    "Gone",
    "InstanceRef",
    "NotMigratable",
    "Published",
    "RunningVersion",
    "SignerState",
    "Step",
    "Unmatched",
    "Vitals",
    "acknowledge_task",
    "add_comment",
    "add_signer",
    "awaited_by",
    "begin",
    "broadcast_signal",
    "cancel_instance",
    "check_migration",
    "choose_activity",
    "claim_task",
    "complete_task",
    "correct_variables",
    "correlate_message",
    "counts",
    "deliver_inbound",
    "discard_inbound",
    "find_instance",
    "get_instance",
    "get_migration",
    "history_of",
    "list_instances",
    "list_migrated",
    "list_migrations",
    "list_running_versions",
    "lock_instance",
    "migrate_instance",
    "migrate_instances",
    "move_token",
    "offered_now",
    "publish_message",
    "register",
    "remove_signer",
    "resolve_incident",
    "resume_instance",
    "resume_version",
    "retry_incident",
    "retry_incidents_of_cause",
    "retry_job",
    "return_task",
    "returns_of",
    "revert_instance",
    "revert_migration",
    "signers_of",
    "skip_element",
    "skip_incident",
    "start_by_message",
    "start_process",
    "steps_of",
    "suspend_instance",
    "suspend_version",
    "take_back_decision",
    "transfer_task",
    "unclaim_task",
    "variables_of",
    "vitals",
    "waiting_for",
    "writes_of",
]
