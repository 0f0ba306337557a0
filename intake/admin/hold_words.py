"""A legal hold in words: since when a request is kept, and who said so."""

from __future__ import annotations

from sqlalchemy import Connection

from intake.admin.moments import Clock
from intake.extensions import current_site
from intake.queries import legal_hold
from intake.queries.casefile import CaseFile
from intake.queries.legal_hold import Held
from intake.wording.translation import gettext


def kept(conn: Connection, case: CaseFile, clock: Clock) -> str:
    """For the page of a request; why takes reading its timeline."""
    held = legal_hold.of(conn, current_site(), case.id, with_contact=False)
    return f"{since(held, clock)} {gettext('Nothing of it is deleted until the hold is lifted.')}" if held else ""


def since(held: Held, clock: Clock) -> str:
    """Since when and by whom, as far as the record knows."""
    if held.since is None:
        return gettext("Kept because of a legal hold.")
    words = {"moment": clock.stamp(held.since).words, "person": held.by or gettext("The service")}
    return gettext("Kept because of a legal hold since %(moment)s, placed by %(person)s.", **words)
