"""Before anything is copied out of the panel: who gets it, what for, and that it is really this person who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.services import people
from intake.services.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever takes a copy says about it, and their password once more."""

    recipient: str
    purpose: str
    password: str = field(repr=False)


def approve(site: Site, actor: Actor, wanted: Wanted, *, now: datetime) -> str:
    """The words for the record: for whom and what for (42 CFR 2.25).

    RefusedError("recipient_needed") or ("purpose_needed"). A desk left open must not be enough: NotMatchedError if
    it is not the actor's password, ``TooManyTriesError`` after many wrong ones.
    """
    recipient, purpose = wanted.recipient.strip(), wanted.purpose.strip()
    if not recipient:
        raise RefusedError("recipient_needed")
    if not purpose:
        raise RefusedError("purpose_needed")
    people.check_current(site, actor.person_id, wanted.password, now)
    return f"{recipient}: {purpose}"
