"""One's own second factor: set it up with an app, keep recovery codes, turn it off; nothing else until it is set."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, Flask, Response, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_login import current_user
from markupsafe import Markup

from intake.database import reading
from intake.extensions import current_site
from intake.queries import second_factor as queries
from intake.services import one_time_codes, second_factor, sign_in
from intake.services.errors import NotFoundError, RefusedError
from intake.web.sign_in_account import HOME, plain_page
from intake.web.sign_in_session import this_sign_in
from intake.wording import times
from intake.wording.times import wait_words

_FRESH = "password_at"
_WITHOUT = frozenset({"second_factor.show", "second_factor.change", "second_factor.show_secret",
                      "second_factor.confirm", "second_factor.download",
                      "account.ask_for_password", "account.change_password"})  # fmt: skip
"""What somebody may do under /admin before a second factor is set up, where one is needed."""
_CODES = re.compile(r"[0-9a-z]{5}-[0-9a-z]{5}")

pages = Blueprint("second_factor", __name__, url_prefix="/admin/second-factor")


def init_app(app: Flask) -> None:
    """Add the pages, and the rule that they come first."""
    app.register_blueprint(pages)
    app.before_request(_set_up_first)


def _set_up_first() -> ResponseReturnValue | None:
    if not request.path.startswith("/admin") or not current_site().needs_second_factor:
        return None
    if not current_user.is_authenticated or g.get("has_second_factor") or request.endpoint in _WITHOUT:
        return None
    return redirect(url_for("second_factor.show"), 303)


@pages.before_request
def _only_signed_in() -> ResponseReturnValue | None:
    if current_user.is_authenticated:
        return None
    return redirect(url_for("security.login", next=url_for("second_factor.show")))


@pages.get("")
def show() -> ResponseReturnValue:
    """Where things stand, and the password is asked for each change."""
    return _state_page()


@pages.post("")
def change() -> ResponseReturnValue:
    """The password is right: a new secret to confirm, new recovery codes, or off."""
    site, actor, now = current_site(), current_user.actor, datetime.now(UTC)
    password, wanted = request.form.get("password", ""), request.form.get("do")
    try:
        if wanted == "codes":
            return _codes_page(second_factor.renew_codes(site, actor, password=password, now=now))
        if wanted == "off":
            second_factor.turn_off(site, actor, password=password, now=now)
            flash(gettext("Your second factor is off. You sign in with your password alone."), "ok")
            return redirect(url_for("second_factor.show"), 303)
        second_factor.propose(site, actor, password=password, now=now)
    except sign_in.NotMatchedError:
        return _state_page(422, error=gettext("This is not your current password"))
    except sign_in.TooManyTriesError as error:
        return _state_page(429, error=wait_words(error.until, now))
    except RefusedError as refused:
        return _state_page(422, problem=_refusal(refused.code))
    session[_FRESH] = now.timestamp()
    return redirect(url_for("second_factor.show_secret"), 303)


def _refusal(code: str) -> str:
    if code == "factor_needed":
        return gettext("Everybody here needs a second factor, so it cannot be turned off.")
    return gettext("It was turned off meanwhile, perhaps in another window. Set it up again.")


def _state_page(status: int = 200, **words: str) -> Response:
    now, site = datetime.now(UTC), current_site()
    with reading() as conn:
        factor = queries.factor_of(conn, current_user.id)
    is_set = factor is not None and factor.since is not None
    since = times.moment(factor.since, site.time_zone, now) if factor and factor.since else ""
    return _page(
        "security/second_factor.html", status, is_set=is_set, since=since, left=factor.codes_left if factor else 0,
        is_needed=site.needs_second_factor, **words,
    )  # fmt: skip


def _page(template: str, status: int = 200, **context: Any) -> Response:
    return plain_page(template, status, email=current_user.email, home=HOME, **context)


@pages.get("/set-up")
def show_secret() -> ResponseReturnValue:
    """The picture for the app and the same key in letters, to this browser and for ten minutes after the password."""
    return _secret_page()


def _secret_page(status: int = 200, error: str = "") -> ResponseReturnValue:
    now, site = datetime.now(UTC), current_site()
    is_fresh = now.timestamp() - float(session.get(_FRESH, 0)) < queries.LONGEST_STEP.total_seconds()
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, current_user.id, now=now) if is_fresh else None
    if secret is None:
        return redirect(url_for("second_factor.show"), 303)
    address = one_time_codes.address_for_apps(secret, f"{site.provider_short_name} Intake", current_user.email)
    key = one_time_codes.in_fours(secret)
    return _page("security/second_factor_set_up.html", status, picture=_picture(address), key=key, error=error)


def _picture(text: str) -> Markup:
    """A QR code as inline SVG: our policy lets no image in from a data: address. Dark on white, whatever the theme."""
    drawn = BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, light="#fff", title=_picture_words()
    )
    return Markup(drawn.getvalue().decode())  # noqa: S704 - segno's own drawing; the text is in it as squares only


def _picture_words() -> str:
    return gettext("QR code for your authenticator app")


@pages.post("/set-up")
def confirm() -> ResponseReturnValue:
    """The app shows the right code: it is set, and the recovery codes are shown this once."""
    mine, typed = this_sign_in(), request.form.get("code", "")
    try:
        codes = second_factor.confirm(
            current_site(), current_user.actor, typed, kept_id=mine.id if mine else 0, now=datetime.now(UTC)
        )
    except NotFoundError:
        flash(gettext("That took too long, or it is set up already."))
        return redirect(url_for("second_factor.show"), 303)
    except sign_in.NotMatchedError:
        words = gettext("This code does not match. Is your telephone’s clock right? Type the code it shows now")
        return _secret_page(422, words)
    session.pop(_FRESH, None)
    return _codes_page(codes)


def _codes_page(codes: tuple[str, ...]) -> Response:
    return _page("security/recovery_codes.html", codes=codes)


@pages.post("/recovery-codes.txt")
def download() -> ResponseReturnValue:
    """The codes of the page this came from as a file; they are not kept here, so the page brings them along."""
    codes = [code for code in request.form.getlist("code")[: one_time_codes.RECOVERY_CODES] if _CODES.fullmatch(code)]
    head = gettext("Recovery codes for Intake, %(provider)s", provider=current_site().provider_name)
    foot = gettext("Each works once, instead of the code from your app. Keep them where your telephone is not.")
    response = Response("\r\n".join([head, "", *codes, "", foot, ""]), mimetype="text/plain")
    response.headers["Content-Disposition"] = 'attachment; filename="intake-recovery-codes.txt"'
    response.headers["Content-Language"] = str(get_locale())
    return response
