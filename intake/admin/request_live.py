"""One request while its page stays open: who is there too, what was done meanwhile, and a look that loses nothing."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.base import acting, read_instant, request_time
from intake.admin.live_answers import alarm, told
from intake.admin.live_words import news, watching
from intake.admin.queue import due_soon
from intake.admin.request import RequestPages
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import live
from intake.services import presence
from intake.services.errors import NotFoundError


class RequestLivePages(RequestPages):
    """What desk.js says and asks of one request."""

    @expose("/<reference>/here", methods=("POST",))
    def here(self, reference: str) -> ResponseReturnValue:
        """Say that this person is here, or, with ``left``, that they have gone; and be told what is new.

        Nobody looks at a page that is ``hidden`` behind another, but it wants to know all the same.
        """
        left = read_instant(request.form.get("left", ""))
        if left is not None:
            presence.leave(acting(), reference, seen_at=left, now=request_time())
            return told({})
        if not request.form.get("hidden"):
            presence.stay(acting(), reference, now=request_time())
        who, now = acting().person_id, request_time()
        with reading() as conn:
            stands = live.standing(conn, reference, besides=who, now=now)
            if stands is None:
                raise NotFoundError
            acts = live.acts_since(conn, stands.id, _number(request.form.get("act", "")))
            calendar = calendars.current(conn, current_site())
            rings = live.alarm(conn, now=now, due_soon=due_soon(calendar))
        found = news(acts, stands, acting(), now)
        answer = {
            "here_at": now.isoformat(),
            "watching": watching(stands, stands.viewers),
            "news": found.as_told() if found else None,
        }
        return told(answer | alarm(rings.due, rings.unclaimed, calendar))

    @expose("/<reference>/again", methods=("POST",))
    def again(self, reference: str) -> ResponseReturnValue:
        """The page as it is now, with all that was typed and, after a look, with what others did. Nothing is saved.

        A look says since when; a press that took along what was typed does not.
        """
        typed = self.typed()
        return self._render(reference, typed=typed.values, collided=typed if typed.text("seen") else None)


def _number(text: str) -> int:
    """An id out of a page of ours; anything else tells everything as new."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
