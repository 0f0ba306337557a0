"""The page behind a private link: the promise, where the request stands, and changing or cancelling it by POST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, Response, abort, redirect, request, url_for

from intake.database import reading
from intake.extensions import current_site
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import private_link
from intake.queries.calendar import Calendar
from intake.queries.private_link import PrivateView
from intake.services import visitor
from intake.services.errors import EndedError, NotFoundError, RefusedError
from intake.web import look, opening, standing
from intake.web.form_page import choices
from intake.web.forms import ASAP, OTHER, PhoneForm, TimeForm, VisitorForm, VoicemailForm
from intake.wording import answers, numbers
from intake.wording.translation import gettext as _

blueprint = Blueprint("private", __name__)


def _find(token: str, now: datetime) -> tuple[PrivateView, Calendar]:
    """The request and today's opening hours. A wrong, expired and a made-up link cost and say the same."""
    site = current_site()
    with reading() as conn:
        view = private_link.find(conn, site, token, now=now)
        calendar = calendars.current(conn, site)
    if view is None:
        abort(404)
    return view, calendar


@blueprint.get("/callback/<token>")
def show(token: str) -> Response:
    """The confirmation, and later the state of things. Opening it changes nothing: mail scanners open every link.

    With ``open`` the row of the number is open, without JavaScript too.
    """
    now = datetime.now(UTC)
    view, calendar = _find(token, now)
    opened = "number" if request.args.get("open") == "number" else ""
    return _page(token, view, calendar, now, saved=_saved(request.args.get("saved")), opened=opened)


@blueprint.post("/callback/<token>")
def change(token: str) -> Response:
    """Change one thing: ``change`` is time, number, voicemail, once or undo (of a cancellation)."""
    now, what = datetime.now(UTC), request.form.get("change", "")
    view, calendar = _find(token, now)
    if what not in _CHANGES:
        abort(400)
    form = _form(what, calendar, view, now)
    if not form.validate():
        return _page(token, view, calendar, now, status=422, opened=what, form=form)
    try:
        _CHANGES[what](current_site(), token, form, now)
    except NotFoundError:
        abort(404)
    except EndedError:  # somebody was faster; the page says what is true now
        return _back(token)
    except RefusedError:
        field, words = _TOO_OFTEN[what]
        refused = {field: words(current_site().provider_phone)}
        return _page(token, view, calendar, now, status=429, opened=what, form=form, refused=refused)
    return _back(token, saved=what)


@blueprint.get("/callback/<token>/cancel")
def ask_cancel(token: str) -> Response:
    """The question; only the answer below does something."""
    now = datetime.now(UTC)
    view, calendar = _find(token, now)
    state = standing.standing(view, current_site().time_zone, now, calendar.calling)
    if state.is_over:
        return _back(token)
    offer = opening.offer(calendar, current_site().time_zone, now)
    return look.page("public/cancel.html", token=token, plan=state.plan, offer=offer)


@blueprint.post("/callback/<token>/cancel")
def cancel(token: str) -> Response:
    """Take the request back."""
    try:
        visitor.withdraw(current_site(), token, now=datetime.now(UTC))
    except NotFoundError:
        abort(404)
    except EndedError:
        pass
    return _back(token)


def _back(token: str, saved: str | None = None) -> Response:
    return cast(Response, redirect(url_for("private.show", token=token, saved=saved), 303))


def _saved(what: str | None) -> str:
    return {
        "time": _("Your new time is saved."),
        "number": _("Your new number is saved."),
        "voicemail": _("Your choice is saved."),
        "once": _("We will call you once only."),
        "undo": _("Your request stands again."),
    }.get(what or "", "")


def _form(what: str, calendar: Calendar, view: PrivateView, now: datetime) -> VisitorForm:
    kind = {"time": TimeForm, "number": PhoneForm, "voicemail": VoicemailForm}.get(what, VisitorForm)
    zone = current_site().time_zone
    asked = view.window if view.window and view.window.until_at > now else None
    return kind(
        request.form, calendar=calendar, zone=zone, now=now, opened_at=now, calling_key=view.calling_key, chosen=asked,
    )  # fmt: skip


def _change_time(site: Site, token: str, form: Any, now: datetime) -> None:
    visitor.change_time(
        site, token, window=form.window, is_free_time=form.is_free_time, preferred_note=form.note, now=now
    )


def _change_number(site: Site, token: str, form: Any, now: datetime) -> None:
    visitor.change_number(site, token, form.number, now=now)


def _change_voicemail(site: Site, token: str, form: Any, now: datetime) -> None:
    visitor.change_voicemail(site, token, form.voicemail_choice, now=now)


def _once_only(site: Site, token: str, _form: Any, now: datetime) -> None:
    visitor.call_once_only(site, token, now=now)


def _undo(site: Site, token: str, _form: Any, now: datetime) -> None:
    visitor.undo_withdrawal(site, token, now=now)


_CHANGES: Mapping[str, Callable[[Site, str, Any, datetime], None]] = {
    "time": _change_time,
    "number": _change_number,
    "voicemail": _change_voicemail,
    "once": _once_only,
    "undo": _undo,
}

_TOO_OFTEN: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "time": ("preferred_time", answers.time_too_often),
    "number": ("phone", answers.number_too_often),
    "undo": ("undo", answers.undone_too_often),
}


def _page(
    token: str, view: PrivateView, calendar: Calendar, now: datetime, *,
    status: int = 200, saved: str = "", opened: str = "", form: VisitorForm | None = None,
    refused: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    zone = current_site().time_zone
    state = standing.standing(view, zone, now, calendar.calling)
    number = _whole_number(view)
    return look.page(
        "public/request.html",
        status,
        token=token,
        view=view,
        standing=state,
        offer=opening.offer(calendar, zone, now, view.window if view.window and view.window.from_at > now else None),
        number=number,
        shown_number=number if state.is_fresh else _("Ending %(last4)s", last4=view.last4),
        wish=standing.wish(view, zone, now),
        missed=standing.missed_row(view.voicemail),
        tries=standing.tries(view, calendar.calling),
        choices=choices(),
        typed=_chosen(view) | (form.typed if form else {}),
        problems=refused or (form.problems if form else {}),
        saved=saved,
        opened=opened or ("number" if state.has_wrong_number else ""),
    )


def _whole_number(view: PrivateView) -> str:
    number = numbers.national(view.e164)
    if not view.extension:
        return number
    return _("%(number)s, ext. %(extension)s", number=number, extension=view.extension)


def _chosen(view: PrivateView) -> dict[str, str]:
    """What the change forms start from. The number is not among it: only its end may be seen here."""
    time = view.window.value if view.window else OTHER if view.is_free_time else ASAP
    return {"preferred_time": time, "preferred_time_note": view.preferred_note, "voicemail": view.voicemail}
