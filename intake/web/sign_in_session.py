"""Sessions the server can end: the cookie names a row, and without a live row there is nobody."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from flask import Flask, Request, Response, after_this_request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user, user_logged_in, user_logged_out
from sqlalchemy.exc import OperationalError

from intake.database import db, reading
from intake.extensions import current_site
from intake.models import User
from intake.queries import sign_in as queries
from intake.services import idle_lock, sign_in

_SID = "sid"
_VISITORS = frozenset({"", "accessibility", "callback", "favicon.ico", "favicon.svg", "leave", "privacy", "robots.txt",
                       "staying-private"})  # fmt: skip
"""How a visitor's address begins."""
OPEN_WHEN_LOCKED = frozenset({
    "idle_lock.state", "idle_lock.unlock", "account.ask_to_sign_out", "security.logout", "queue.board",
})  # fmt: skip
"""The only places where a locked session still stands for its person. The wallboard shows figures and nobody's name."""
BY_ITSELF = frozenset({"queue.board", "queue.here", "queue.live"})
"""What comes again without anybody's hand: however it is asked, it is no use of a session."""
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
            over = None if live else queries.over(conn, sign_in.sid_hash(sid), now=now)
        g.sign_in, g.sign_in_over = live, over
        if over and not over.is_noted:
            _note(lambda: idle_lock.expire(current_site(), sid, now=now))
        if live is None or (live.is_locked(now) and request.endpoint not in OPEN_WHEN_LOCKED):
            return None
        user = stock(unique)
        db.session.close()
        if user is None or user.id != live.user_id:
            return None
        _note_seen(sid, live, now)
        g.has_second_factor, g.has_lost = live.has_second_factor, live.has_lost
        return user

    return load


def _note_seen(sid: str, live: queries.LiveSignIn, now: datetime) -> None:
    """A request by hand keeps the session alive; polling does not, and only the password opens a locked one."""
    is_by_hand = not request.headers.get("X-Background") and request.endpoint not in BY_ITSELF
    if not is_by_hand or live.is_locked(now) or now - live.last_seen_at < sign_in.SEEN_EVERY:
        return
    _note(lambda: sign_in.seen(sid, now=now))


def _note(write: Callable[[], None]) -> None:
    """A busy database costs a note, not the page: the next request makes it."""
    try:
        write()
    except OperationalError:
        current_app.logger.warning("a session's last use or its end could not be noted")


def _begin(_app: Flask, user: User, **_more: Any) -> None:
    """A new session: nothing from before sign-in stays, not even the form's token."""
    sid, before = secrets.token_urlsafe(32), str(session.get(_SID, ""))
    kept = {name: session[name] for name in _KEPT_AT_SIGN_IN if name in session}
    session.clear()
    g.pop(current_app.config["WTF_CSRF_FIELD_NAME"], None)
    said, now = request.user_agent.string, datetime.now(UTC)
    sign_in.start(current_site(), user.actor, sid, stored=user.password, instead_of=before, user_agent=said, now=now)
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


def this_sign_in() -> queries.LiveSignIn | None:
    """The session of this request, locked or not."""
    current_user.is_authenticated  # noqa: B018 - asking is what looks it up
    return cast("queries.LiveSignIn | None", g.get("sign_in"))


def what_is_over() -> queries.Over | None:
    """The session this browser still carries, if it is over."""
    return None if current_user.is_authenticated else cast("queries.Over | None", g.get("sign_in_over"))
