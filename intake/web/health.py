"""For monitors and supervisors: whether the process answers, whether the service is ready, and its figures.

No session, no cookie, nothing written, nothing about anybody. The figures come from the database, so that every
process tells the same; they are shown only to whoever holds INTAKE_METRICS_TOKEN, since a peer on this machine may be
the proxy with a stranger behind it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, current_app, json, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from intake.database import reading
from intake.extensions import schema_head
from intake.queries import service
from intake.queries.service import Figures
from intake.rules.readiness import NO_DATABASE, Cause, causes

blueprint = Blueprint("health", __name__)


def init_app(app: Flask) -> None:
    """Three addresses for machines."""
    app.register_blueprint(blueprint)


@blueprint.get("/livez")
def live() -> Response:
    """The process answers. It asks nobody else: a database that is away is no reason to restart the web service."""
    return _say({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Everything needed is there; otherwise 503 and every cause."""
    wrong = _causes(datetime.now(UTC))
    if not wrong:
        return _say({"status": "ready"})
    return _say({"status": "not ready", "causes": [{"what": cause.what, "why": cause.why} for cause in wrong]}, 503)


def _causes(now: datetime) -> tuple[Cause, ...]:
    try:
        with reading() as conn:
            return causes(service.standing(conn, now), schema_head(), now)
    except SQLAlchemyError:
        return (NO_DATABASE,)


@blueprint.get("/metrics")
def metrics() -> Response:
    """The figures as Prometheus reads them; nothing is here without a token in the settings."""
    token = current_app.config["INTAKE_METRICS_TOKEN"]
    if not token:
        return _say({"status": "off"}, 404)
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        refused = _say({"status": "the token is missing or wrong"}, 401)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    now = datetime.now(UTC)
    with reading() as conn:
        wrong = causes(service.standing(conn, now), schema_head(), now)
        found = service.figures(conn, now)
    registry = CollectorRegistry()
    registry.register(_Told(found, is_ready=not wrong))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _say(words: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps(words) + "\n", status, content_type="application/json")


class _Told(Collector):
    """The figures of one moment."""

    def __init__(self, figures: Figures, *, is_ready: bool) -> None:
        self._figures, self._is_ready = figures, is_ready

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every figure with what it means."""
        by_status = GaugeMetricFamily("intake_requests_open", "Open requests by status.", labels=["status"])
        for status, count in self._figures.open_by_status.items():
            by_status.add_metric([status], count)
        yield by_status
        for name, (meaning, value) in self._single().items():
            yield GaugeMetricFamily(f"intake_{name}", meaning, value=float(value))

    def _single(self) -> dict[str, tuple[str, float]]:
        told = self._figures
        return {
            "ready": ("1 when /readyz says so.", self._is_ready),
            "requests_overdue": ("Open requests past the time they are due.", told.overdue),
            "requests_longest_overdue_seconds": ("For how long, the worst of them.", told.longest_overdue_seconds),
            "requests_received_last_day": ("Requests received in the last 24 hours.", told.received_last_day),
            "first_calls_last_week": ("Requests of the last 7 days that were called.", told.first_calls_last_week),
            "first_calls_met_last_week": ("Those of them called within the target.", told.first_calls_met_last_week),
            "mail_waiting": ("Mails not sent yet, later ones included.", told.mail_waiting),
            "mail_dead": ("Mails that were given up.", told.mail_dead),
            "mail_oldest_due_seconds": ("How long the oldest due mail has waited.", told.mail_oldest_due_seconds),
            "mail_server_up": ("1 while the mail server takes mail.", told.is_mail_server_up),
            "people_signed_in": ("Staff seen in the last 15 minutes.", told.people_signed_in),
        }
