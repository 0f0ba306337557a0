"""How gunicorn serves the app: a few processes with threads, mail beside them, no access log (links are private)."""

import os
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 30
graceful_timeout = 10
keepalive = 5
accesslog = None
control_socket_disable = True

_deliveries: list[Any] = []


def post_worker_init(worker: Any) -> None:
    """After fork, since a thread does not survive one: deliver mail from here if the settings say so."""
    app = worker.wsgi
    if app.config["INTAKE_EMBEDDED_WORKER"]:
        from intake.delivery.worker import start_embedded

        _deliveries.append(start_embedded(app))


def worker_exit(_server: Any, _worker: Any) -> None:
    """Let the mail under way finish before the process goes."""
    for delivery in _deliveries:
        delivery.stop()
