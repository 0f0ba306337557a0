"""The numbers on the places of the rail, which every page of the panel carries."""

from __future__ import annotations

from flask import request
from flask_login import current_user

from intake.database import reading
from intake.queries import outbox
from intake.rules.permissions import Permission
from intake.wording.translation import gettext

MOST_COUNTED = 99
"""A number beyond this is "99+"."""


def badge(place: str, due_now: str) -> tuple[str, str]:
    """A place's number and what it counts, or two empty texts.

    ``due_now``: what the page has counted for the queue itself. Mails that were given up are one small read, for those
    only who may see mails, and not when the page is fetched by a script.
    """
    if place == "queue":
        return str(due_now), gettext("due now")
    may_see = current_user.is_authenticated and Permission.OUTBOX in current_user.permissions
    if place != "outbox" or not may_see or request.headers.get("X-Background"):
        return "", ""
    with reading() as conn:
        found = outbox.given_up(conn, most=MOST_COUNTED + 1)
    many = f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found or "")
    return many, gettext("given up")
