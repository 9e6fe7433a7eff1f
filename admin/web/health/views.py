"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import hmac
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from admin.identity.models import LoginSession
from admin.kit.current import context, web
from engine.context import PUBLIC, Busy, Context
from engine.errors import ConfigurationError, Forbidden
from engine.i18n import _
from engine.metrics import REQUEST_S, REQUESTS
from engine.runtime import counts, vitals
from engine.settings import Settings

log = logging.getLogger(__name__)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
# Behind by more than this, the product takes work in faster than it does it.
_BEHIND_S = 60.0
# With less room than this, transactions and files begin to fail.
_LEAST_FREE_BYTES = 64 * 1024 * 1024
_GAUGES = {
    "jobs": ("callwright_jobs", "Jobs that are not done.", ("kind", "state")),
    "instances": ("callwright_instances", "Process instances that live.", ("process", "state")),
    "incidents": ("callwright_incidents_open", "Incidents that are open.", ("code",)),
    "notifications": (
        "callwright_notifications_last_day",
        "Messages to people that were made within the last 24 hours.",
        ("channel", "state"),
    ),
}


def healthz() -> Response:
    """Say that the process lives."""
    return jsonify(status="ok")


def readyz() -> AnyResponse | tuple[Response, int]:
    """Say whether it can work: 503 where it cannot, ``degraded`` where it falls behind."""
    try:
        web().centre.database.reach()
        with context(PUBLIC).read() as ctx:
            ctx.connection.execute(select(LoginSession.id).limit(1))
            found = vitals(ctx)
    except ConfigurationError as error:
        # Addresses are for the log: anybody may ask here.
        log.warning("%s", error)
        return jsonify(status="the database cannot be reached; the log says why", database="unreachable"), 503
    except (SQLAlchemyError, Busy):
        status = "the database is busy, or was not prepared by callwright init"
        return jsonify(status=status, database="busy or not prepared"), 503
    free = _free_bytes(web().centre.settings)
    degraded = found.worker_count == 0 or found.oldest_due_s > _BEHIND_S
    full = free is not None and free < _LEAST_FREE_BYTES
    said = jsonify(
        status="the disk is full" if full else "degraded" if degraded else "ok",
        database="ok",
        workers=found.worker_count,
        oldest_due_s=round(found.oldest_due_s, 3),
        disk_free_bytes=free,
    )
    return (said, 503) if full else said


def metrics() -> Response:
    """Hand out figures to Prometheus: with the token, or from this machine where the product is its own."""
    centre = web().centre
    if not _may_scrape(centre.settings):
        raise Forbidden(
            _(
                "Figures are handed out on this machine only, or to whoever sends the token that "
                "CALLWRIGHT_METRICS_TOKEN sets."
            )
        )
    of_rows = CollectorRegistry()
    of_rows.register(_Rows(context(PUBLIC)))
    counted = REGISTRY
    if os.environ.get(SHARED):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return Response(generate_latest(counted) + generate_latest(of_rows), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(settings: Settings) -> bool:
    if settings.metrics_token:
        sent = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(sent, f"Bearer {settings.metrics_token}".encode())
    # Behind a proxy everybody comes from this machine: then only the token tells who asks.
    return settings.loopback and request.remote_addr in ("127.0.0.1", "::1")


def _free_bytes(settings: Settings) -> int | None:
    """Return the room where database and files lie; None where neither lies on this machine."""
    folder = next((found for found in (settings.files, settings.data_dir) if Path(found).exists()), None)
    return None if folder is None else shutil.disk_usage(folder).free


class _Rows:
    """What the rows tell at the moment of a scrape."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask the database, once for everything."""
        with self.ctx.read() as ctx:
            began_s = time.perf_counter()
            ctx.connection.execute(select(1))
            round_trip_s = time.perf_counter() - began_s
            found, counted = vitals(ctx), counts(ctx)
        for name, (metric, help_, labels) in _GAUGES.items():
            family = GaugeMetricFamily(metric, help_, labels=labels)
            for values, count in counted[name]:
                family.add_metric(values, count)
            yield family
        free, behind_s = _free_bytes(self.ctx.settings), found.oldest_due_s
        for metric, help_, value in (
            (
                "callwright_job_oldest_due_seconds",
                "How long the oldest due job has waited.",
                behind_s,
            ),
            ("callwright_workers", "Workers that live.", found.worker_count),
            ("callwright_database_round_trip_seconds", "What the smallest question took.", round_trip_s),
            ("callwright_disk_free_bytes", "Room where database and files lie.", free),
        ):
            if value is not None:
                yield GaugeMetricFamily(metric, help_, value=value)


def _begin() -> None:
    g.callwright_began_s = time.perf_counter()


def _count(response: Response) -> Response:
    route = str(request.url_rule) if request.url_rule is not None else "none"
    REQUESTS.labels(request.method, route, response.status_code).inc()
    if "callwright_began_s" in g:
        REQUEST_S.labels(request.method).observe(time.perf_counter() - g.callwright_began_s)
    return response


def register(appbuilder: Any) -> None:
    """Add the addresses, and count every request."""
    for path, view in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        current_app.add_url_rule(path, path[1:], view)
    current_app.before_request(_begin)
    current_app.after_request(_count)
