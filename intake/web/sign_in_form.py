"""The sign-in form: one message for everything that does not match, and where to go afterwards."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import Request, current_app, g, redirect, request, session, url_for
from flask_babel import gettext
from flask_security import LoginForm
from flask_security.forms import Form
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from wtforms import PasswordField, StringField

from intake.database import db
from intake.extensions import current_site
from intake.models import User
from intake.services import second_step, sign_in
from intake.web.addresses import client_network
from intake.wording.times import wait_words

_PLAIN_PATH = re.compile(r"/admin/(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]*(?:\?[A-Za-z0-9_.~=&%+-]*)?")
_LONGEST_PATH = 500
STEP_KEY, STEP_TARGET = "step", "step_target"
"""What the cookie keeps between the password and the code."""


def is_way_in(target: str) -> bool:
    """Whether sign-in may lead there: a plain path of the panel. An allow-list, since browsers read odd ones oddly."""
    return len(target) <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(target) is not None


def forget_odd_targets(asked: Request) -> None:
    """Drop every ``next`` that is not a plain path of the panel before anything reads it."""
    asked.args = _without_odd_targets(asked.args)
    if asked.method == "POST":
        asked.form = _without_odd_targets(asked.form)


def _without_odd_targets(values: MultiDict[str, str]) -> ImmutableMultiDict[str, str]:
    return ImmutableMultiDict(
        [(key, value) for key, value in values.items(multi=True) if key != "next" or is_way_in(value)]
    )


class SignInForm(LoginForm):
    """Flask-Security's form with our own check: counted, slow on purpose, and silent about which part was wrong."""

    email = StringField()
    password = PasswordField()
    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Leave the person in ``self.user``, or one error and the response's status in ``g``."""
        now = datetime.now(UTC)
        if not Form.validate(self, **kwargs):
            return False
        try:
            proven = sign_in.check(current_site(), self.email.data or "", self.password.data or "", sender(), now=now)
            if _needs_code(proven, self.next.data or "", now):
                return False
            self.user = find_person(proven)
        except sign_in.NotMatchedError:
            self.password.errors = [gettext("Email and password do not match")]
            g.sign_in_status = 422
            return False
        except sign_in.TooManyTriesError as error:
            self.form_errors.append(wait_words(error.until, now))
            g.sign_in_status, g.sign_in_retry_after = 429, max(1, int((error.until - now).total_seconds()))
            return False
        return True


def _needs_code(proven: sign_in.Proven, target: str, now: datetime) -> bool:
    """Whether the password alone does not sign this person in: then this browser, and no other, may give the code."""
    key = secrets.token_urlsafe(32)
    if not second_step.ask_for_code(current_site(), proven, key, now=now):
        return False
    session[STEP_KEY], session[STEP_TARGET] = key, target
    g.sign_in_answer = redirect(url_for("sign_in_step.ask"), 303)
    return True


def sender() -> str:
    """Where this request comes from, for the counters."""
    return client_network(request, current_app.config["INTAKE_TRUSTED_PROXIES"]) or "unknown"


def find_person(proven: sign_in.Proven) -> User:
    """The person for Flask-Login, complete and detached, so that no transaction stays open behind the page.

    ``sign_in.NotMatchedError`` if they were disabled, or the password was changed, since it was looked at.
    """
    user = db.session.get(User, proven.user_id)
    db.session.close()
    if user is None or not user.active or user.password != proven.stored:
        raise sign_in.NotMatchedError
    return user
