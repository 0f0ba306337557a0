"""The button Undo: beside the words that say what was done, for as long as it can be taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from markupsafe import Markup, escape

from intake.admin import crisis_words
from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.admin.queue import queue_place
from intake.database import reading
from intake.extensions import current_site
from intake.queries import undo_steps
from intake.rules.permissions import Permission
from intake.services import undoing
from intake.services.errors import NotFoundError, RefusedError
from intake.services.undoing import LASTS, Kept, Undone
from intake.wording.translation import gettext, ngettext

_KEY = "undo"
_STEP = re.compile("[0-9a-f]{32}")
_FIGURE = re.compile(r"/admin/reports/requests\?[A-Za-z0-9%&=.,_-]{0,600}")
_REFERENCE = re.compile("[0-9A-Z]{3}-[0-9A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be undone: the step, what was done in words, how long it can, in seconds and until when."""

    step: str
    words: str
    seconds: int
    until: str


def done(words: str) -> None:
    """Say that it is done; where it can be undone, with the button, on every page for LASTS."""
    with reading() as conn:
        step = undo_steps.made_at(conn, acting().person_id, request_time())
    if step is None:
        flash(words, "ok")
        return
    session[_KEY] = {"step": step, "words": words, "until": (request_time() + LASTS).isoformat()}


def undo_offer() -> Offer | None:
    """What the person can undo on the page that is being made; forgotten once it is too late."""
    kept = session.get(_KEY)
    if not kept:
        return None
    until = datetime.fromisoformat(kept["until"])
    left = (until - request_time()).total_seconds()
    if not 0 < left <= LASTS.total_seconds():
        session.pop(_KEY)
        return None
    return Offer(kept["step"], kept["words"], max(1, int(left)), until.isoformat(timespec="milliseconds"))


class UndoPages(PanelView):
    """One button for every change."""

    @expose("/undo", methods=("POST",))
    @needs(Permission.WORK)
    def undo(self) -> ResponseReturnValue:
        """Take the last deed back; whatever somebody has changed since stays and is named."""
        step = request.form.get("step", "")
        if not _STEP.fullmatch(step):
            raise NotFoundError
        session.pop(_KEY, None)
        try:
            _tell(undoing.undo(current_site(), acting(), step, now=request_time()), request.form.get("back", ""))
        except RefusedError as refused:
            flash(_refusal(refused.code), "bad")
        return _back(request.form.get("back", ""))


def _back(place: str) -> ResponseReturnValue:
    """To the request the button stood on, to the list behind a figure, or to the queue."""
    if _REFERENCE.fullmatch(place):
        return see_other("queue.show", reference=place)
    if _FIGURE.fullmatch(place):
        return redirect(place, code=303)
    return see_other("queue.index", **queue_place())


def _tell(undone: Undone, back: str) -> None:
    if undone.references and undone.what == "callback.noted":
        flash(gettext("Taken back. Your note is struck through in the timeline."), "ok")
    elif undone.references and undone.what == "callback.taken_down":
        said = gettext("Taken back. %(reference)s has ended as entered by mistake.", reference=undone.references[0])
        flash(said, "ok")
    elif undone.heard:
        flash(gettext("Taken back, but for what was written."), "ok")
    elif len(undone.references) == 1:
        flash(_as_it_was(undone.references[0], back), "ok")
    elif undone.references:
        flash(gettext("Taken back. %(count)s requests are as they were.", count=len(undone.references)), "ok")
    for heard in undone.heard:
        flash(crisis_words.kept(heard.reference, is_open=bool(heard.columns), is_feared=True), "bad")
    for kept in undone.kept:
        flash(_stays(kept), "bad")
    if undone.sent:
        flash(ngettext("%(num)s mail had gone out already.", "%(num)s mails had gone out already.", undone.sent))


def _as_it_was(reference: str, back: str) -> str:
    """With a link, unless it is the page that says so: what was skipped and saved is another one by now."""
    if reference == back:
        return gettext("Taken back. %(reference)s is as it was.", reference=reference)
    link = Markup('<a href="{}">{}</a>').format(url_for("queue.show", reference=reference), reference)
    words = escape(gettext("Taken back. %(reference)s is as it was.", reference="{}"))
    return Markup(words.replace("{}", "%s")) % link  # noqa: S704 - escaped


def _stays(kept: Kept) -> str:
    who = kept.by or gettext("The service or the visitor")
    if kept.by == acting().name:
        who = gettext("You")
    return gettext("%(reference)s stays as it is: %(person)s changed it since.", reference=kept.reference, person=who)


def _refusal(code: str) -> str:
    if code == "undone":
        return gettext("That was taken back already.")
    seconds = int(LASTS.total_seconds())
    return gettext("Too late: it can be taken back for %(num)s seconds. Nothing was changed.", num=seconds)
