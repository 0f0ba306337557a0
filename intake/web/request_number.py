"""Gives every request a number: in its answer, in every line it writes, and on the page that says something failed."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from intake import logs

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-ID"
log = logging.getLogger("intake.requests")

_WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is taken for a digit when somebody reads it out."""
_BEATS = frozenset({"/livez", "/readyz", "/metrics"})
"""What machines ask all day is worth a line only when it goes wrong."""


def new_number() -> str:
    """Sixty random bits to be read out on the telephone: ``7k3m-0qxv-h2ne``."""
    letters = "".join(_LETTERS[byte & 31] for byte in secrets.token_bytes(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def to_tell() -> dict[str, str]:
    """For a page that says something failed: this request's number, and what it is for in the visitor's other language.

    Who reads Spanish only meets these pages in English as well, so they say it in both.
    """
    return {"number": logs.NUMBER.get(), "number_in_spanish": "Si nos llama, puede darnos este número."}


def init_app(app: Flask) -> None:
    """Around everything else. A number from outside counts only if there is a proxy of ours that answers for it."""
    app.wsgi_app = _Numbered(  # type: ignore[method-assign]
        app.wsgi_app,
        trusts_proxy=bool(app.config["INTAKE_TRUSTED_PROXIES"]),
        tells_each=bool(app.config["IS_PRODUCTION"]),
    )


class _Numbered:
    """The service with a number on every answer and, in production, a line for each."""

    def __init__(self, service: WSGIApplication, *, trusts_proxy: bool, tells_each: bool) -> None:
        self._service, self._trusts_proxy, self._tells_each = service, trusts_proxy, tells_each

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._trusts_proxy else ""
        number = given if _WELL_FORMED.fullmatch(given) else new_number()
        logs.NUMBER.set(number)
        began, said = time.perf_counter(), ("no route", "000")

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            nonlocal said
            said = _route(environ), status[:3]  # Flask lets go of the request before the answer is closed
            return start_response(status, [*headers, (HEADER, number)], *failure)

        def end() -> None:
            if self._tells_each:
                _tell(environ.get("REQUEST_METHOD", ""), *said, time.perf_counter() - began)
            logs.NUMBER.set("")

        return ClosingIterator(self._service(environ, start), end)


def _route(environ: WSGIEnvironment) -> str:
    request = environ.get("werkzeug.request")
    return request.url_rule.rule if request is not None and request.url_rule else "no route"


def _tell(method: str, route: str, status: str, seconds: float) -> None:
    """Method, the route's pattern, status and time: what was asked for, not by whom and about what."""
    if route in _BEATS and status == "200":
        return
    method = logs.one_line(method[:10])
    fields = {"method": method, "route": route, "status": int(status), "milliseconds": round(seconds * 1000, 1)}
    log.info("%s %s %s", method, route, status, extra={"fields": fields})
