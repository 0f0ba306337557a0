"""Sign-in: Flask-Security's views, bound so that nothing but a password opens them and the server can end a session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from flask import Flask, Response, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_security import Security, SQLAlchemyUserDatastore
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError

from intake.database import db
from intake.models import Role, User
from intake.queries.sign_in import Ending
from intake.services import passwords
from intake.services.sign_in import NotMatchedError
from intake.web import idle_lock, second_factor, sign_in_session, sign_in_step, welcome
from intake.web.security_mail import OutboxMail
from intake.web.sign_in_account import HOME, pages, plain_page
from intake.web.sign_in_form import SignInForm, forget_odd_targets

_FLASK_SECURITY = "security"
_SIGN_IN_PAGE = "security/login_user.html"


def init_app(app: Flask) -> None:
    """Bind Flask-Security and everything that makes its sessions end."""
    app.config.update(_cookie(app.config["IS_PRODUCTION"]) | _security())
    security = Security(mail_util_cls=OutboxMail)
    security.init_app(app, SQLAlchemyUserDatastore(db, User, Role), login_form=SignInForm, render_template=_page)
    security.want_json(lambda _request: False)
    sign_in_session.init_app(app)
    idle_lock.init_app(app)
    app.before_request(_only_plain_input)
    _own_errors(app)
    app.register_blueprint(pages)
    app.register_blueprint(sign_in_step.pages)
    second_factor.init_app(app)
    app.register_blueprint(welcome.pages)
    passwords.prepare()


def _cookie(is_production: bool) -> dict[str, Any]:
    """``__Host-`` binds the cookie to this very host; browsers take it over TLS only."""
    return {
        "SESSION_COOKIE_NAME": "__Host-session" if is_production else "session",
        "SESSION_COOKIE_SECURE": is_production,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_PROTECTION": None,  # the row decides, not the browser's name
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a sign-in page left open overnight still works
        "WTF_CSRF_SSL_STRICT": False,  # our pages send no Referer; the token and SameSite protect
    }


def _security() -> dict[str, Any]:
    settings = {
        "LOGOUT_METHODS": ["POST"],
        "LOGOUT_CSRF": True,
        "POST_LOGIN_VIEW": HOME,
        "POST_LOGOUT_VIEW": "/logout",
        "FRESHNESS": timedelta(seconds=-1),  # who asks for it again has a field of their own: no /verify
        "FLASH_MESSAGES": False,
        "CACHE_CONTROL": None,  # its own reads "no-store=True", which is no directive; ours stands on every answer
        "STATIC_FOLDER": None,
        "CLI_USERS_NAME": None,
        "CLI_ROLES_NAME": None,
        "PASSWORD_SCHEMES": ["argon2"],
        "PASSWORD_SINGLE_HASH": {"argon2"},
        "PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__time_cost": passwords.TIME_COST,
            "argon2__memory_cost": passwords.MEMORY_KIB,
            "argon2__parallelism": passwords.LANES,
        },
        "PASSWORD_LENGTH_MIN": passwords.SHORTEST,
        "API_ENABLED_METHODS": ["session"],
    }
    return {f"SECURITY_{name}": value for name, value in settings.items()}


def _only_plain_input() -> None:
    """Flask-Security also reads JSON and any ``next`` of this host: neither is wanted here."""
    if request.blueprint != _FLASK_SECURITY:
        return
    if request.is_json:
        abort(415)
    forget_odd_targets(request)


def _own_errors(app: Flask) -> None:
    """Flask-Security's blueprint is registered by itself, so its error handlers are entered where Flask looks."""
    handlers = app.error_handler_spec[_FLASK_SECURITY]
    handlers[400][CSRFError] = _form_too_old
    handlers[None][SQLAlchemyError] = _out_of_order
    handlers[None][NotMatchedError] = _too_late


def _form_too_old(_error: Exception) -> ResponseReturnValue:
    """A second tab, a lost cookie, or somebody else's page: nothing was done; here is the form again."""
    if current_user.is_authenticated:
        return redirect(HOME if request.endpoint == "security.login" else url_for("account.ask_to_sign_out"))
    problem = gettext("This page was open for too long. Please sign in again.")
    return plain_page(_SIGN_IN_PAGE, 400, problem=problem)


def _too_late(_error: Exception) -> ResponseReturnValue:
    """The password was changed, or the account disabled, in the moment between checking and opening the session."""
    return plain_page(_SIGN_IN_PAGE, 422, error=gettext("Email and password do not match"))


def _out_of_order(_error: Exception) -> ResponseReturnValue:
    """Sign-in fails closed: without the database nobody gets in."""
    problem = gettext("Signing in does not work at the moment. Please try again in a minute.")
    response = plain_page(_SIGN_IN_PAGE, 503, problem=problem)
    response.headers["Retry-After"] = "60"
    return response


def _page(template: str, **context: Any) -> Response:
    """Render Flask-Security's pages; a refused sign-in carries its own status."""
    if "sign_in_answer" in g:
        return cast(Response, g.sign_in_answer)
    form = context.get("login_user_form")
    if form is None:
        return plain_page(template, **context)
    response = plain_page(
        _SIGN_IN_PAGE,
        g.get("sign_in_status", 200),
        problem=next(iter(form.form_errors), None),
        error=next(iter(form.password.errors), None),
        email=form.email.data or "",
        target=form.next.data or "",
        notice=_ending_words() if request.method == "GET" else None,
    )
    if "sign_in_retry_after" in g:
        response.headers["Retry-After"] = str(g.sign_in_retry_after)
    return response


def _ending_words() -> str | None:
    """Why the person is asked to sign in again."""
    over = sign_in_session.what_is_over()
    words = {
        Ending.IDLE: gettext("You were signed out after 60 minutes without use."),
        Ending.TOO_LONG: gettext("You were signed out after 12 hours. Please sign in again."),
        Ending.WRONG_UNLOCK: gettext("You were signed out, because a wrong password was typed too often."),
        Ending.ENDED: gettext("You are signed out."),
    }
    return words[over.why] if over else None
