"""The numbers on the places of the rail, which every page of the panel carries."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from intake.database import reading
from intake.queries import outbox
from intake.rules.permissions import Permission
from intake.wording.translation import gettext


def badge(place: str, due_now: str, given_up: int | None = None) -> tuple[str, str]:
    """A place's number and what it counts, or two empty texts.

    ``due_now``: what the page has counted for the queue itself. Mails that were given up are for those only who may
    see mails; where the page has not counted them either, they are one small read, and none for a script.
    """
    if place == "queue":
        return str(due_now), gettext("due now")
    may_see = current_user.is_authenticated and Permission.OUTBOX in current_user.permissions
    if place != "outbox" or not may_see or request.headers.get("X-Background"):
        return "", ""
    found = _given_up() if given_up is None else given_up
    most = outbox.BADGE_COUNTED_TO
    return f"{most - 1}+" if found >= most else str(found or ""), gettext("given up")


def _given_up() -> int:
    with reading() as conn:
        return outbox.given_up(conn)
