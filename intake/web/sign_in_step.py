"""The second step of signing in: the page between the right password and the session, which opens nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, flash, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_login import current_user
from flask_security import login_user
from flask_wtf.csrf import CSRFError

from intake.database import reading
from intake.extensions import current_site
from intake.queries import second_factor as queries
from intake.services import second_step, sign_in
from intake.services.errors import NotFoundError
from intake.services.sign_in import Proven
from intake.web.sign_in_account import HOME, plain_page
from intake.web.sign_in_form import STEP_KEY, STEP_TARGET, find_person, is_way_in, sender
from intake.wording.times import wait_words

_FEW = 3

pages = Blueprint("sign_in_step", __name__)


@pages.get("/login/code")
def ask() -> ResponseReturnValue:
    """The app's code."""
    return _asked(is_recovery=False)


@pages.get("/login/recovery-code")
def ask_for_recovery_code() -> ResponseReturnValue:
    """One of the codes that were printed."""
    return _asked(is_recovery=True)


def _asked(*, is_recovery: bool) -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(HOME)
    return _page(is_recovery)


@pages.post("/login/code")
def give() -> ResponseReturnValue:
    """Sign in, if the app shows this code now."""

    def check(typed: str, now: datetime) -> Proven:
        return second_step.pass_code(current_site(), _key(), typed, sender(), now=now)

    return _checked(check, is_recovery=False)


@pages.post("/login/recovery-code")
def give_recovery_code() -> ResponseReturnValue:
    """Sign in, if this is a recovery code that was never used, and say how many are left."""
    left: list[int] = []

    def check(typed: str, now: datetime) -> Proven:
        found = second_step.pass_recovery_code(current_site(), _key(), typed, sender(), now=now)
        left.append(found.codes_left)
        return found.proven

    answer = _checked(check, is_recovery=True)
    if left:
        flash(_left_words(left[0]), "ok" if left[0] > _FEW else "bad")
    return answer


def _checked(check: Callable[[str, datetime], Proven], *, is_recovery: bool) -> ResponseReturnValue:
    now, target, typed = datetime.now(UTC), session.get(STEP_TARGET, ""), request.form.get("code", "")
    try:
        proven = check(typed, now)
    except NotFoundError:
        return _start_again()
    except sign_in.NotMatchedError:
        return _page(is_recovery, 422, error=_wrong_words(is_recovery), typed=typed[:40] if is_recovery else "")
    except sign_in.TooManyTriesError as error:
        response = make_response(_page(is_recovery, 429, error=wait_words(error.until, now)))
        response.headers["Retry-After"] = str(max(1, int((error.until - now).total_seconds())))
        return response
    try:
        login_user(find_person(proven))
    except sign_in.NotMatchedError:
        return _start_again()
    return redirect(target if is_way_in(target) else HOME, 303)


def _page(is_recovery: bool, status: int = 200, **context: str) -> ResponseReturnValue:
    with reading() as conn:
        halfway = queries.halfway(conn, sign_in.sid_hash(_key()), now=datetime.now(UTC))
    if halfway is None:
        return _start_again()
    return plain_page("security/code.html", status, is_recovery=is_recovery, email=halfway.email, **context)


def _key() -> str:
    return str(session.get(STEP_KEY, ""))


@pages.errorhandler(CSRFError)
def _start_again(_error: Exception | None = None) -> ResponseReturnValue:
    """Ten minutes are over, the password was changed, or this was never asked here: the password comes first."""
    session.pop(STEP_KEY, None)
    flash(gettext("That took too long. Please sign in again."))
    return redirect(url_for("security.login"), 303)


def _wrong_words(is_recovery: bool) -> str:
    if is_recovery:
        return gettext("This is not one of your recovery codes, or it was used already")
    return gettext("This code does not match, or was used already. Wait for the next one")


def _left_words(left: int) -> str:
    if left == 0:
        return gettext("That was your last recovery code. Make new ones now, on the page Second factor.")
    one = "You are signed in. %(num)s recovery code is left: make new ones on the page Second factor."
    many = "You are signed in. %(num)s recovery codes are left."
    return str(ngettext(one, many, left))
