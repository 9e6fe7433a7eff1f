"""What waits for a machine: rows written with the state, run after the commit, retried, then an incident."""

from engine.jobs.incidents import incidents_of_cause, list_incidents, open_incident, resolve_incidents_of_job
from engine.jobs.models import Incident, Job
from engine.jobs.queue import (
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
    "RETRIES_S",
    "ClaimedJob",
    "Incident",
    "Job",
    "LostLease",
    "cancel_jobs",
    "claim",
    "enqueue",
    "finish",
    "give_back",
    "hold",
    "incidents_of_cause",
    "list_incidents",
    "list_jobs",
    "open_incident",
    "resolve_incidents_of_job",
    "return_expired",
    "run_claimed",
    "run_due",
]
