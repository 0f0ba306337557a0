"""Sessions the server can end: the cookie names a row, and without a live row there is nobody."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, after_this_request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user, user_logged_in, user_logged_out
from sqlalchemy.exc import OperationalError

from intake.database import db, reading
from intake.extensions import current_site
from intake.models import User
from intake.queries import sign_in as queries
from intake.services import sign_in

_SID = "sid"
_VISITORS = frozenset({"", "accessibility", "callback", "favicon.ico", "favicon.svg", "leave", "privacy", "robots.txt",
                       "staying-private"})  # fmt: skip
"""How a visitor's address begins."""
_KEPT_AT_SIGN_IN = ("_user_id", "_fresh", "_id")


def init_app(app: Flask) -> None:
    """Tie Flask-Login's session to its row. Called after Flask-Security has made the login manager."""
    manager = app.login_manager  # type: ignore[attr-defined]
    manager.user_loader(_live_only(manager._user_callback))
    manager.request_loader(_nobody)
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)
    app.session_interface = StaffSessions()
    _keep_public_pages_free(app)


class StaffSessions(SecureCookieSessionInterface):
    """Without a cookie, and on a visitor's page whoever asks for it, the session is empty and nothing is unsealed.

    Stock makes a signer on every request, a seventh of the time of opening the form.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Empty at once, or what the cookie says."""
        if "HTTP_COOKIE" not in request.environ or request.path.split("/", 2)[1] in _VISITORS:
            return self.session_class()
        return super().open_session(app, request)


def _keep_public_pages_free(app: Flask) -> None:
    """Look at the cookie only where somebody asks who is signed in, so that a visitor's page never touches it.

    Flask-Login's context processor, its remember-me cookie (not offered here) and Flask-Principal would on every page.
    """
    manager = app.login_manager  # type: ignore[attr-defined]
    processors = app.template_context_processors[None]
    processors[:] = [each for each in processors if each.__module__ != "flask_login.utils"]
    after = app.after_request_funcs[None]
    after[:] = [each for each in after if each != manager._update_remember_cookie]
    principal = app.extensions["security"].principal
    principal.identity_loaders.clear()
    before = app.before_request_funcs[None]
    before[:] = [each for each in before if each != principal._on_before_request]
    app.jinja_env.globals["current_user"] = current_user


def _nobody(_request: object) -> None:
    """There are no sign-ins by header, token or parameter."""


def _live_only(stock: Callable[[str], User | None]) -> Callable[[str], User | None]:
    """Flask-Security's loader, asked only for the person whose session is live."""

    def load(unique: str) -> User | None:
        sid, now = session.get(_SID), datetime.now(UTC)
        if not isinstance(sid, str):
            return None
        with reading() as conn:
            live = queries.live(conn, sign_in.sid_hash(sid), now=now)
        user = stock(unique) if live else None
        db.session.close()
        if live is None or user is None or user.id != live.user_id:
            return None
        g.has_second_factor, g.sign_in_id = live.has_second_factor, live.id
        _note_seen(sid, live, now)
        return user

    return load


def _note_seen(sid: str, live: queries.LiveSignIn, now: datetime) -> None:
    """A request by hand keeps the session alive; polling does not. A busy database costs a minute, not the page."""
    if request.headers.get("X-Background") or now - live.last_seen_at < sign_in.SEEN_EVERY:
        return
    try:
        sign_in.seen(sid, now=now)
    except OperationalError:
        current_app.logger.warning("a session's last use could not be noted")


def _begin(_app: Flask, user: User, **_more: Any) -> None:
    """A new session: nothing from before sign-in stays, not even the form's token."""
    kept = {name: session[name] for name in _KEPT_AT_SIGN_IN if name in session}
    session.clear()
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)
    sid = secrets.token_urlsafe(32)
    sign_in.start(current_site(), user.actor, sid, now=datetime.now(UTC))
    session.update({**kept, _SID: sid})


def _end(_app: Flask, user: User, **_more: Any) -> None:
    """End the row, empty the cookie, and have the browser forget the pages it kept."""
    sid = session.get(_SID)
    if isinstance(sid, str) and user.is_authenticated:
        sign_in.end(current_site(), user.actor, sid, now=datetime.now(UTC))
    session.clear()
    after_this_request(_clear_site_data)


def _clear_site_data(response: Response) -> Response:
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def why_over() -> queries.Ending | None:
    """Why the session this browser still carries is over, for the sign-in page to say."""
    sid = session.get(_SID)
    if not isinstance(sid, str):
        return None
    with reading() as conn:
        return queries.ending(conn, sign_in.sid_hash(sid), now=datetime.now(UTC))
