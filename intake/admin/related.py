"""The box beside a request that tells of others with the same number or email, and to which one it was joined."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from intake.admin.moments import Clock
from intake.extensions import current_site
from intake.queries import related
from intake.queries.casefile import CaseFile
from intake.queries.related import Related
from intake.wording import times
from intake.wording.translation import gettext


def kin(conn: Connection, case: CaseFile, clock: Clock) -> dict[str, Any]:
    """What the box shows: each of the others with its words, whether there are more, and the one this was joined to."""
    found = related.of(conn, current_site(), case)
    others = [(other, _words(other, clock)) for other in found.others]
    return {"others": others, "has_more": found.has_more, "survivor": found.survivor}


def _words(other: Related, clock: Clock) -> str:
    return " · ".join(filter(None, (_standing(other, clock), _match(other), _wish(other, clock))))


def _standing(other: Related, clock: Clock) -> str:
    if other.is_joined:
        return gettext("joined to this one, sent %(moment)s", moment=clock.stamp(other.first_sent_at).words)
    if other.closed_at is not None:
        return gettext("ended %(moment)s", moment=clock.stamp(other.closed_at).words)
    sent = gettext("open, sent %(moment)s", moment=clock.stamp(other.first_sent_at).words)
    return gettext("%(sent)s, with %(person)s", sent=sent, person=other.assignee_name) if other.assignee_name else sent


def _wish(other: Related, clock: Clock) -> str:
    """When they asked to be called, of whoever waits: joined, one call is to do for both."""
    if other.closed_at is not None and not other.is_joined:
        return ""
    if other.window is not None:
        words = times.window_words(*other.window, clock.zone, clock.now)
        return gettext("asks for %(window)s", window=f"{words} {times.zone_short(clock.zone, other.window[0])}")
    return gettext("asks for another time") if other.is_free_time else gettext("asks for a call as soon as possible")


def _match(other: Related) -> str:
    if other.is_same_number and other.is_same_email:
        return gettext("same number and email")
    if other.is_same_number:
        return gettext("same number")
    if other.is_former_number:
        return gettext("the number this request had before it was changed")
    return gettext("same email, another number") if other.is_same_email else ""
