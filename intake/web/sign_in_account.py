"""What a person does with their own account: signing out, and changing the password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user
from flask_security import login_user

from intake.extensions import current_site
from intake.services import passwords, people, sign_in
from intake.web.sign_in_form import find_person
from intake.wording.times import wait_words

HOME, ACCOUNT = "/admin/", "/admin/account/"

pages = Blueprint("account", __name__)


def plain_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page outside the panel, never stored by anybody."""
    page = render_template(template, site=current_site(), language=str(get_locale()), **context)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/logout")
def ask_to_sign_out() -> ResponseReturnValue:
    """Following a link signs nobody out: there is a button."""
    return plain_page("security/logout_user.html", is_signed_in=current_user.is_authenticated, home=HOME)


@pages.get("/admin/password")
def ask_for_password() -> ResponseReturnValue:
    """One's own password."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login", next=url_for("account.ask_for_password")))
    return _password_page()


def _password_page(status: int = 200, **errors: str) -> Response:
    email, limits = current_user.email, {"shortest": passwords.SHORTEST, "longest": passwords.LONGEST}
    return plain_page("security/change_password.html", status, errors=errors, back=ACCOUNT, email=email, **limits)


@pages.post("/admin/password")
def change_password() -> ResponseReturnValue:
    """Change it, end every session of the person, and go on in a new one."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login", next=url_for("account.ask_for_password")))
    now, actor, form = datetime.now(UTC), current_user.actor, request.form
    current, new = form.get("current", ""), form.get("new", "")
    try:
        proven = people.change_password(current_site(), actor, current=current, new=new, now=now)
        login_user(find_person(proven))
    except sign_in.NotMatchedError:
        return _password_page(422, current=gettext("This is not your current password"))
    except sign_in.TooManyTriesError as error:
        return _password_page(429, current=wait_words(error.until, now))
    except passwords.PasswordError as error:
        return _password_page(422, new=password_words(error.code))
    flash(gettext("Your password is changed. All your other sessions are signed out."))
    return redirect(ACCOUNT, 303)


def password_words(code: str) -> str:
    """What is wrong with a password, beside its field: a code of ``passwords.PasswordError``."""
    words = {
        "short": gettext("Use at least %(count)s characters", count=passwords.SHORTEST),
        "long": gettext("Use at most %(count)s characters", count=passwords.LONGEST),
        "listed": gettext("This password is on lists that attackers try first. Take four unrelated words"),
        "easy": gettext("Too easy to guess: common words, dates or keys in a row. Take four unrelated words"),
        "own": gettext("Leave out your own name, your email and the provider's name. Take four unrelated words"),
    }
    return str(words[code])
