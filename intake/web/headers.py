"""What every answer carries, and what is said when there is no answer: plain pages, no traceback, no cookie."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, abort, request
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from intake.web import look
from intake.web.look import EVERYWHERE, STRICT_TRANSPORT, ReadyResponse
from intake.web.request_number import to_tell
from intake.wording.translation import gettext as _

log = logging.getLogger(__name__)
STRICT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
DESK = ("/admin", "/login", "/logout", "/lock", "/welcome")


def init_app(app: Flask) -> None:
    """Headers on every answer; a page of ours for every error."""
    look.init_app(app)
    headers = [*EVERYWHERE, ("Content-Security-Policy", STRICT_POLICY), ("Cache-Control", "no-store")]
    if app.config["IS_PRODUCTION"]:
        headers.append(STRICT_TRANSPORT)

    def complete(response: Response) -> Response:
        if isinstance(request.routing_exception, RequestRedirect):
            _keep_here(response)
        if not isinstance(response, ReadyResponse):
            for name, value in headers:
                response.headers.setdefault(name, value)
        return response

    app.after_request(complete)
    # First of all: whoever reads the form next (CSRF does) must not meet a broken body.
    app.before_request_funcs.setdefault(None, [])[:0] = [_only_from_here, _read_body]
    app.register_error_handler(HTTPException, _explain)
    for error in (OperationalError, InterfaceError, PoolTimeoutError):
        app.register_error_handler(error, _unavailable)
    app.register_error_handler(DataError, _unstorable)


def _keep_here(response: Response) -> None:
    """The router's own redirects name the host as the request says it, which anybody may say: the path is enough."""
    parts = urlsplit(response.headers["Location"])
    response.headers["Location"] = urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))
    response.set_data(b"")


def _only_from_here() -> None:
    """Another website's form reaches no page of the desk: it comes without our cookie, and an answer with a new one
    would sign the person out. A browser says where a form comes from; whatever does not has the form's token to show.
    """
    is_from_elsewhere = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if is_from_elsewhere and request.method == "POST" and request.path.startswith(DESK):
        abort(403)


def _read_body() -> None:
    """Read the form now. A server tells of a bad chunk or a lost client by an exception of its own: that is a 400.

    Of a body sent in chunks werkzeug reads as much as is allowed and forgets the rest: reading on makes that a 413.
    """
    if request.method not in ("POST", "PUT", "PATCH", "DELETE"):
        return
    try:
        request.form  # noqa: B018 - reading is the point
        if request.content_length is None:
            request.get_data()
            request.stream.read(1)
    except HTTPException:
        raise
    except Exception as error:
        log.info("a body could not be read: %s", type(error).__name__)
        abort(400)


def _unavailable(error: SQLAlchemyError) -> Response:
    # The name only: the message of such an error can hold what somebody typed.
    log.error("the database does not answer: %s", type(error).__name__)
    return _page(503)


def _unstorable(error: DataError) -> Response:
    """A value that no column takes, a NUL in a text say, which only PostgreSQL minds: what was sent is at fault."""
    log.error("the database cannot hold what was sent: %s", type(error.orig).__name__)
    return _page(400)


def _explain(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect that was raised
        return Response(error.get_body(), error.code or 500, error.get_headers())
    response = _page(error.code)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _page(code: int) -> Response:
    title, text = _words(code)
    at_desk = request.path.startswith(DESK)
    template = "errors/desk.html" if at_desk else "errors/page.html"
    response = look.page(template, code, title=title, text=text, **to_tell())
    if code == 503:
        response.headers["Retry-After"] = "30"
    return response


def _words(code: int) -> tuple[str, str]:
    """Title and text. A link that is wrong, one that is too old and one that never was read alike."""
    late = _("The address may be mistyped, or too old. If you wait for our call, you can call us instead.")
    known = {
        403: (_("This is not open to you"), _("Your sign-in does not include it. Ask an administrator if it should.")),
        404: (_("There is nothing here"), late),
        405: (_("This cannot be done here"), _("Go back and use the buttons on the page.")),
        413: (_("This is too much at once"), _("Nothing was sent. Go back, shorten your answers and send them again.")),
        429: (_("Too many tries"), _("Wait a few minutes, then try again.")),
        503: (_("We cannot show this right now"), _("The fault is ours. Nothing is lost. Try again in a minute.")),
    }  # fmt: skip
    if code in known:
        return known[code]
    if code < 500:
        return _("We could not read this"), _("Nothing was sent. Go back, reload the page and try again.")
    return _("Something went wrong"), _("The fault is ours. Try again, or call us.")
