"""What a process counts and times by itself, for Prometheus. What rows tell is read at the scrape.

Web and worker are processes of their own: where ``PROMETHEUS_MULTIPROC_DIR`` names a folder that they share
(``callwright up`` makes one), each writes its figures there and one scrape reads all of them.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

# Most of what is timed takes milliseconds; the last bucket is beyond any budget.
_SPANS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STEPS = Counter("callwright_steps", "Steps of process instances that were committed.", ["process"])
STEP_S = Histogram(
    "callwright_step_duration_seconds",
    "What a committed step took from stimulus to written rows, without its commit.",
    buckets=_SPANS_S,
)
COMMIT_S = Histogram(
    "callwright_database_commit_duration_seconds",
    "What the commits of writing transactions took.",
    buckets=_SPANS_S,
)
JOB_S = Histogram(
    "callwright_job_duration_seconds", "What one try of a job took.", ["kind", "outcome"], buckets=_SPANS_S
)
REQUESTS = Counter("callwright_http_requests", "Requests that were answered.", ["method", "route", "status"])
REQUEST_S = Histogram(
    "callwright_http_request_duration_seconds",
    "What requests took until their answer began.",
    ["method"],
    buckets=_SPANS_S,
)


def count_step(process_key: str, duration_s: float) -> None:
    """Count a step whose transaction is committed."""
    STEPS.labels(process_key).inc()
    STEP_S.observe(duration_s)
