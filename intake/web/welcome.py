"""The page behind the link in an invitation: choosing a password, the first one or a new one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from intake.database import reading
from intake.extensions import current_site
from intake.queries import invitations
from intake.services import inviting, passwords
from intake.services.errors import NotFoundError
from intake.services.passwords import PasswordError
from intake.web.sign_in_account import password_words, plain_page
from intake.wording import times

pages = Blueprint("welcome", __name__)


@pages.get("/welcome/<token>")
def ask(token: str) -> ResponseReturnValue:
    """Who invites to what, and the form. Opening it changes nothing: mail scanners open every link."""
    return _page(token, datetime.now(UTC))


@pages.post("/welcome/<token>")
def choose(token: str) -> ResponseReturnValue:
    """Use the link, and go on to signing in."""
    now = datetime.now(UTC)
    if current_user.is_authenticated:
        return _page(token, now)
    try:
        inviting.choose_password(current_site(), token, request.form.get("new", ""), now=now)
    except NotFoundError:
        return _nothing()
    except PasswordError as error:
        return _page(token, now, 422, password_words(error.code))
    flash(gettext("Your password is set. Sign in with it now."), "ok")
    return redirect(url_for("security.login"), 303)


def _page(token: str, now: datetime, status: int = 200, error: str = "") -> Response:
    with reading() as conn:
        link = invitations.find(conn, token, now=now)
    if link is None:
        return _nothing()
    if (
        current_user.is_authenticated
    ):  # one browser, two people: whoever is signed in must not be mistaken for the other
        return plain_page("security/welcome_signed_in.html", 409, name=current_user.name)
    until = times.moment(link.expires_at, current_site().time_zone, now)
    limits = {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
    return plain_page("security/welcome.html", status, link=link, token=token, until=until, error=error, **limits)


def _nothing() -> Response:
    """Wrong, used, revoked, too old, or its person disabled: one page, byte for byte."""
    return plain_page("security/welcome_gone.html", 404)
