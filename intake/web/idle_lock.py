"""The lock on an idle session: a page with nothing on it, the password, and then what was there before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, jsonify, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError, generate_csrf

from intake.database import reading
from intake.extensions import csrf, current_site
from intake.queries import calendar as calendars
from intake.queries import live, worklist
from intake.queries.sign_in import LOCKED_AFTER, Ending
from intake.rules.permissions import Permission
from intake.services import idle_lock, sign_in
from intake.web.sign_in_account import HOME, plain_page
from intake.web.sign_in_form import is_way_in
from intake.web.sign_in_session import this_sign_in, what_is_over

_SECRET = frozenset({"password", "current", "new"})
_NOT_KEPT = _SECRET | {"csrf_token"}
"""Passwords are never kept: who comes back to such a form types them again."""
_WRITTEN = frozenset(
    {
        "name", "phone", "email", "message", "note", "remark", "close_note", "hand_off_note", "override", "why",
        "why_wrong", "reopen_reason", "skip_why", "snooze_reason", "take_over_reason", "preferred_time_note",
    }
)  # fmt: skip
"""Fields of somebody's own words, shown again even if it is a single one; a choice or a version is not."""
_RAN_OUT = (Ending.IDLE, Ending.TOO_LONG)

pages = Blueprint("idle_lock", __name__, url_prefix="/lock")


def init_app(app: Flask) -> None:
    """Stand before every page of the panel. Called after CSRF protection is bound: a forged form is not kept."""
    app.register_blueprint(pages)
    app.before_request(_ask_again)
    app.jinja_env.globals["page_lock"] = _page_lock


def _ask_again() -> ResponseReturnValue | None:
    """The loader has nobody for a locked session, so that what this forgot would still be closed."""
    if not request.path.startswith("/admin") or current_user.is_authenticated:
        return None
    locked = this_sign_in()
    if locked:
        return Response(status=423) if request.headers.get("X-Background") else _locked_page(locked.user_id)
    over = what_is_over()
    if request.method == "POST" and over and over.why in _RAN_OUT and not _is_all_secret():
        return _signed_out_page(idle_lock.sealed(current_site(), over.user_id, _sent()))
    return None


def _locked_page(user_id: int) -> Response:
    """Where the person was stays in the address bar; what they were sending goes along, sealed."""
    if request.method == "POST" and _is_all_secret():
        return _lock_page(_page_of(request.path))
    if request.method == "POST":
        return _lock_page(HOME, idle_lock.sealed(current_site(), user_id, _sent()))
    asked = request.full_path.rstrip("?")
    return _lock_page(asked if is_way_in(asked) else HOME)


def _sent() -> idle_lock.Draft:
    fields = tuple((name, value) for name, value in request.form.items(multi=True) if name not in _NOT_KEPT)
    return idle_lock.Draft(request.path, fields)


def _is_all_secret() -> bool:
    """Whether nothing is left to keep of what was sent, since all of it was passwords."""
    names = set(request.form)
    return bool(names & _SECRET) and names <= _NOT_KEPT


def _lock_page(target: str, draft: str = "", *, status: int = 423, error: str = "") -> Response:
    return plain_page("security/locked.html", status, target=target, draft=draft, error=error)


def _signed_out_page(draft: str, *, is_asked_again: bool = False) -> Response:
    return plain_page("security/signed_out.html", 401, draft=draft, is_asked_again=is_asked_again, home=HOME)


def _page_lock() -> dict[str, Any] | None:
    """What lock.js needs on a page of somebody who is signed in; the lock page itself has nothing to hide."""
    if not current_user.is_authenticated or _is_locked():
        return None
    who = idle_lock.owner_mark(current_site(), current_user.id)
    return {"after": int(LOCKED_AFTER.total_seconds()), "who": who}


@pages.get("")
def state() -> Response:
    """What lock.js asks. A locked page learns two numbers, and no more than that."""
    now, mine = datetime.now(UTC), this_sign_in()
    if not current_user.is_authenticated or mine is None:
        return make_response(jsonify(state="out"), 401)
    if mine.is_locked(now):
        return jsonify(state="locked", **_waiting(now))
    return _open(LOCKED_AFTER - (now - mine.last_seen_at))


def _open(left: timedelta) -> Response:
    """Whose session goes on, for how long, and the token that the forms of a page from an older session need."""
    who = idle_lock.owner_mark(current_site(), current_user.id)
    return jsonify(state="open", who=who, left=int(left.total_seconds()), token=generate_csrf())


def _waiting(now: datetime) -> dict[str, int]:
    """For those who work them: how many requests nobody has claimed, and how many of them are due, so that it rings."""
    if Permission.QUEUE not in current_user.permissions:
        return {"waiting": 0, "ring": 0}
    with reading() as conn:
        calendar = calendars.current(conn, current_site())
        due = live.alarm(conn, now=now, due_soon=timedelta(minutes=calendar.target.due_soon_minutes))
        waiting = worklist.waiting(conn, now=now)
    return {"waiting": waiting, "ring": due.unclaimed if calendar.hours.is_open(now) else 0}


@pages.post("/open")
def unlock() -> ResponseReturnValue:
    """The password, from the lock page or from lock.js, which wants no page but the state."""
    form, is_script = request.form, _is_script()
    target, draft = form.get("next", HOME), form.get("draft", "")
    target = target if is_way_in(target) else HOME
    mine, password = this_sign_in(), form.get("password", "")
    if not current_user.is_authenticated or mine is None:
        return _too_late(target, draft, is_script)
    try:
        idle_lock.unlock(current_site(), current_user.actor, mine.id, password, now=datetime.now(UTC))
    except sign_in.NotMatchedError:
        error = gettext("This is not your password")
        if is_script:
            return make_response(jsonify(state="locked", error=error), 422)
        return _lock_page(target, draft, status=422, error=error)
    except idle_lock.SignedOutError:
        return _too_late(target, draft, is_script)
    if is_script:
        return _open(LOCKED_AFTER)
    return _kept_page(draft) if draft else redirect(target, 303)


def _too_late(target: str, draft: str, is_script: bool) -> ResponseReturnValue:
    if is_script:
        return make_response(jsonify(state="out"), 401)
    return _signed_out_page(draft) if draft else redirect(url_for("security.login", next=target), 303)


@pages.post("/kept")
@csrf.exempt
def kept() -> ResponseReturnValue:
    """After signing in anew: what was typed before. It changes nothing, and only its owner's own seal opens it.

    Without the form's token: that belonged to the session which is over.
    """
    return _bring_back(request.form.get("draft", ""))


@pages.errorhandler(CSRFError)
def _token_too_old(_error: CSRFError) -> ResponseReturnValue:
    """Signed in anew in another tab while the lock page was open: no password is looked at, and nothing is lost."""
    if _is_script():
        return state()
    draft = request.form.get("draft", "")
    return _bring_back(draft) if draft else redirect(HOME, 303)


def _bring_back(draft: str) -> ResponseReturnValue:
    if current_user.is_authenticated and not _is_locked():
        return _kept_page(draft)
    return _lock_page(HOME, draft) if _is_locked() else _signed_out_page(draft, is_asked_again=True)


def _is_locked() -> bool:
    mine = this_sign_in()
    return mine is not None and mine.is_locked(datetime.now(UTC))


def _is_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _kept_page(text: str) -> ResponseReturnValue:
    """The words for reading, the form as it was for sending, and nothing sent before somebody has looked."""
    draft = idle_lock.opened(current_site(), current_user.id, text)
    if draft is None:
        flash(gettext("What was typed there belongs to somebody else, so it is not shown."))
        return redirect(HOME, 303)
    typed = [value for name, value in draft.fields if value.strip() and (name in _WRITTEN or " " in value.strip())]
    return plain_page(
        "security/kept.html", path=draft.path, fields=draft.fields, typed=typed, back=_page_of(draft.path)
    )


def _page_of(path: str) -> str:
    """The page a form stood on: its address, shortened until something opens there."""
    routes = current_app.create_url_adapter(request)
    while path.count("/") > 1 and routes is not None:
        for each in (path, f"{path}/"):
            if routes.test(each, "GET"):
                return each
        path = path.rsplit("/", 1)[0]
    return HOME
