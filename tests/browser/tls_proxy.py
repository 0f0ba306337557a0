"""A proxy that ends TLS in front of the service, as a production installation has one; small, and for tests only."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_OURS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-request-id"}
_OF_THE_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class _Forward(BaseHTTPRequestHandler):
    """One request handed on whole, with the headers a proxy answers for and none that pose as those."""

    protocol_version = "HTTP/1.1"
    behind = 0

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS | _OF_THE_HOP}
        headers |= {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "https"}
        service = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=40)
        try:
            service.request(self.command, self.path, body or None, headers)
            answer = service.getresponse()
            content = answer.read()
        finally:
            service.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_THE_HOP | {"content-length"}:
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = do_OPTIONS = _forward

    def log_message(self, *_: object) -> None:
        """Paths can be keys: nothing is logged here either."""


class _Server(ThreadingHTTPServer):
    """Each connection shakes hands in its own thread, so that a browser's spare ones hold up nobody."""

    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: object, client_address: object) -> None:
        try:
            with self.context.wrap_socket(request, server_side=True) as wire:  # type: ignore[call-overload]
                super().finish_request(wire, client_address)
        except OSError:  # gone before it said anything
            return


@contextmanager
def tls_in_front(context: ssl.SSLContext, port: int, behind: int) -> Iterator[None]:
    """Serve https on ``port`` and hand on to http on ``behind``, for the time of the block."""
    server = _Server(("127.0.0.1", port), type("Forward", (_Forward,), {"behind": behind}))
    server.context = context
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
