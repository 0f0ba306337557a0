"""A request that did not come by the form: somebody rang, was referred or came by, and staff write it down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from intake.ledger import audit, deeds, letters, outbox, search_words
from intake.models import CallbackRequest
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.rules.crisis import due_at_once, is_crisis
from intake.rules.permissions import Actor, Permission
from intake.rules.spam import Signals, assess
from intake.rules.workflow import Channel, Status
from intake.services import clock
from intake.services.callbacks import (
    Answers,
    Submitted,
    decided_columns,
    new_reference,
    plain_columns,
    sealed_columns,
    submitted_before,
    tell_later,
)
from intake.services.deeds import deed
from intake.services.errors import RefusedError

OLDEST = timedelta(days=7)
"""Who rang longer ago than this is not waiting for a first call any more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How it reached us and when; ``nonce`` names the form it was written into, so that it is stored once.

    ``is_feared``: whoever writes it down fears that they are in danger, whatever words they used.
    """

    channel: Channel
    rang_at: datetime
    nonce: str
    is_feared: bool = False


def is_possible_crisis(answers: Answers, heard: Heard) -> bool:
    """By their words, or by what staff heard in their voice."""
    return heard.is_feared or is_crisis(*answers.words())


def take_down(site: Site, actor: Actor, answers: Answers, heard: Heard, *, now: datetime) -> Submitted:
    """Store a request somebody told us. It has waited since they rang, by day or by night; the promise counts from now.

    No sentence was shown to agree to (``consent_id`` stays empty: they asked aloud), and a colleague is no program, so
    nothing is taken for spam. A number that must not be called still goes to a manager. The same form twice gives one
    request. In a possible crisis it is due since they rang, and the managers are told. Undone, it ends as entered by
    mistake.
    RefusedError: not_by_hand, time_ahead, too_old.
    """
    actor.require(Permission.WORK)
    if heard.channel is Channel.WEB:
        raise RefusedError("not_by_hand")
    if heard.rang_at > now:
        raise RefusedError("time_ahead")
    if now - heard.rang_at > OLDEST:
        raise RefusedError("too_old")
    for _ in range(5):
        try:
            return _store(site, actor, answers, heard, now)
        except IntegrityError:
            stored = submitted_before(site, answers, heard.nonce)
            if stored:
                return stored
    raise RuntimeError("no free reference was found in five tries")


def _store(site: Site, actor: Actor, answers: Answers, heard: Heard, now: datetime) -> Submitted:
    public_id, reference = secrets.token_hex(16), new_reference()
    token = site.keyring.link_token(public_id, 1)
    values: dict[str, Any] = sealed_columns(site, public_id, answers) | plain_columns(answers)
    values |= clock.arrival_columns(site, heard.rang_at) | {
        "public_id": public_id,
        "reference": reference,
        "link_hash": link_hash(token),
        "idempotency_key": site.keyring.idempotency_key(heard.nonce, answers.canonical()),
        "channel": heard.channel,
    }
    with deed(actor, "callback.taken_down", now=now) as conn:
        values |= decided_columns(conn, site, answers, values["calling_key"], assess(Signals()), now)
        has_crisis = is_possible_crisis(answers, heard)
        values |= due_at_once(heard.rang_at) if has_crisis else {}
        hours = calendars.version(conn, site, values["calendar_id"]).callable_hours(values["calling_key"])
        values["is_open_arrival"] = hours.is_open(heard.rang_at)
        row = {name: value for name, value in values.items() if value is not None and name != "consent_id"}
        added = conn.execute(insert(CallbackRequest).values(row).returning(CallbackRequest.id))
        callback_id = int(added.scalar_one())
        noted = deeds.of(conn)
        if noted is not None:
            noted.added(callback_id)
        tokens = search_words.tokens(site, name=answers.name, e164=answers.phone.e164, email=answers.email)
        search_words.write(conn, callback_id, tokens)
        audit.record(
            conn, site, actor, "callback.taken_down", callback_id=callback_id,
            details={"channel": heard.channel}, now=now,
        )  # fmt: skip
        if has_crisis:
            outbox.enqueue(conn, "manager.crisis", "managers", callback_id=callback_id, now=now)
        if row["status"] is Status.CHECK:
            tell_later(conn, now)
        else:
            outbox.enqueue(conn, "team.new", "team", callback_id=callback_id, now=now)
            if row.get("email_index") is not None:
                letters.enqueue_first(
                    conn, site, "visitor.received", callback_id=callback_id, email_index=row["email_index"], now=now
                )
    return Submitted(reference, token)
