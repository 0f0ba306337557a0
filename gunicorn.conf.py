"""How gunicorn serves the app: a few processes with threads, mail beside them, no access log (links are private)."""

import contextlib
import gc
import os
import socket
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

_host = os.environ.get("HOST") or "127.0.0.1"
_port = os.environ.get("PORT") or "8000"
bind = f"[{_host}]:{_port}" if ":" in _host else f"{_host}:{_port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 8
timeout = 30
graceful_timeout = 10
keepalive = 5
accesslog = None
umask = 0o077  # database, mail and lock files hold what is nobody else's
# Empty, or a header called SCRIPT_NAME or PATH_INFO from a peer on this machine (a proxy that passes all on, say)
# becomes part of every redirect: "SCRIPT_NAME: //evil.example" led there. The proxy has no need to set either.
forwarder_headers = ""
control_socket_disable = True

_deliveries: list[Any] = []


class QuietLogger(Logger):
    """gunicorn's own log names the address when a request fails, and an address can be a private link."""

    def setup(self, cfg: Any) -> None:
        """As ever, with lines that are cut and escaped. Imported here: the settings are read before the path is set."""
        from intake import logs

        super().setup(cfg)
        form = logs.chosen(os.environ.get("INTAKE_LOG_FORMAT", ""), os.environ.get("INTAKE_ENV", ""))
        own = logs.OneLine(self.error_fmt, self.datefmt) if form == "text" else logs.JsonLine()
        for handler in self.error_log.handlers:
            handler.setFormatter(own)


logger_class = QuietLogger
PARTING_SECONDS = 0.5


class Worker(ThreadWorker):
    """gunicorn waits up to two seconds for the other end to close, in the one loop that hands out all connections."""

    def handle(self, conn: Any) -> Any:
        """As ever, and the wait is here: shorter, and in the thread that has answered. The loop finds it closed."""
        is_kept = super().handle(conn)
        if is_kept is False:
            with contextlib.suppress(OSError):
                util.close_graceful(conn.sock.dup(), timeout=PARTING_SECONDS)
                conn.sock.shutdown(socket.SHUT_RD)
        return is_kept


worker_class = Worker


def on_starting(server: Any) -> None:
    """Before anything listens: whatever names the address (HOST, --bind), at a desk it is this machine's own."""
    from intake.rules.setting import NOT_FROM_OUTSIDE, is_here

    hosts = [address[0] if isinstance(address, tuple) else "" for address in server.cfg.address]
    if os.environ.get("INTAKE_ENV") == "development" and not all(is_here(host) for host in hosts):
        raise SystemExit(NOT_FROM_OUTSIDE)


def post_fork(_server: Any, _worker: Any) -> None:
    """What the app's modules make while they are loaded stays, and the search for what does not costs a fifth of it."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """After fork, since a thread does not survive one: deliver mail from here if the settings say so.

    What is loaded by now stays for good: the collector need not look through it again and again (measured: 7 % of a
    busy worker's time).
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 50)
    app = worker.wsgi
    if app.config["INTAKE_EMBEDDED_WORKER"]:
        from intake.delivery.worker import start_embedded

        _deliveries.append(start_embedded(app))


def worker_exit(_server: Any, _worker: Any) -> None:
    """Let the mail under way finish before the process goes."""
    for delivery in _deliveries:
        delivery.stop()
