"""What waits for a machine: rows written with the state, run after the commit, retried, then an incident."""

from engine.jobs.claiming import ClaimedJob, claim
from engine.jobs.incidents import (
    INCIDENT_SORTS,
    close_incidents,
    get_incident,
    incidents_of_cause,
    list_incidents,
    open_incident,
    resolve_incidents_of_job,
)
from engine.jobs.leases import HEARTBEAT, drop_dead_workers, drop_lease, hold_lease
from engine.jobs.models import Incident, Job, Lease
from engine.jobs.pressure import Behind, oldest_due_s, refuse_if_behind
from engine.jobs.queue import (
    JOB_SORTS,
    RETRIES_S,
    LostLease,
    Suspended,
    enqueue,
    finish,
    give_back,
    hasten,
    hold,
    let_go,
    list_jobs,
    return_expired,
    withdraw_failed,
    withdraw_jobs,
    withdraw_jobs_of,
    withdraw_keyed,
)
from engine.jobs.runner import run_claimed, run_due
from engine.jobs.suspending import continue_jobs, continue_waiting, suspend_job, suspend_jobs

__all__ = [
    "HEARTBEAT",
    "INCIDENT_SORTS",
    "JOB_SORTS",
    "RETRIES_S",
    "Behind",
    "ClaimedJob",
    "Incident",
    "Job",
    "Lease",
    "LostLease",
    "Suspended",
    "claim",
    "close_incidents",
    "continue_jobs",
    "continue_waiting",
    "drop_dead_workers",
    "drop_lease",
    "enqueue",
    "finish",
    "get_incident",
    "give_back",
    "hasten",
    "hold",
    "hold_lease",
    "incidents_of_cause",
    "let_go",
    "list_incidents",
    "list_jobs",
    "oldest_due_s",
    "open_incident",
    "refuse_if_behind",
    "resolve_incidents_of_job",
    "return_expired",
    "run_claimed",
    "run_due",
    "suspend_job",
    "suspend_jobs",
    "withdraw_failed",
    "withdraw_jobs",
    "withdraw_jobs_of",
    "withdraw_keyed",
]
