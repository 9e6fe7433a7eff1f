"""What waits for a machine: rows written with the state, run after the commit, retried, then an incident."""

from engine.jobs.incidents import (
    INCIDENT_SORTS,
    get_incident,
    incidents_of_cause,
    list_incidents,
    open_incident,
    resolve_incidents_of_job,
)
from engine.jobs.leases import drop_lease, hold_lease
from engine.jobs.models import Incident, Job, Lease
from engine.jobs.queue import (
    JOB_SORTS,
    RETRIES_S,
    ClaimedJob,
    LostLease,
    cancel_jobs,
    claim,
    enqueue,
    finish,
    give_back,
    hold,
    list_jobs,
    return_expired,
)
from engine.jobs.runner import run_claimed, run_due

__all__ = [
    "INCIDENT_SORTS",
    "JOB_SORTS",
    "RETRIES_S",
    "ClaimedJob",
    "Incident",
    "Job",
    "Lease",
    "LostLease",
    "cancel_jobs",
    "claim",
    "drop_lease",
    "enqueue",
    "finish",
    "get_incident",
    "give_back",
    "hold",
    "hold_lease",
    "incidents_of_cause",
    "list_incidents",
    "list_jobs",
    "open_incident",
    "resolve_incidents_of_job",
    "return_expired",
    "run_claimed",
    "run_due",
]
