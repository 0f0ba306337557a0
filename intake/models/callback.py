"""The callback request, the calls made for it, notes, and the keyed words it can be found by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from intake.models.base import Base, BigId, Instant, Short, big_id, one_of
from intake.rules.promise import PromiseKind
from intake.rules.workflow import Channel, ClosedReason, Disposition, ForWhom, Status, Voicemail

_OPEN = text("closed_at IS NULL")
_ENDED = text("closed_at IS NOT NULL")
_HELD = text("closed_at IS NULL AND lease_until IS NOT NULL")
_MAILED = text("email_index IS NOT NULL")
_JOINED = text("duplicate_of_id IS NOT NULL")
_DECIDED = text("check_decided_at IS NOT NULL")
_CORRECTING = text("corrects_id IS NOT NULL")
_WAITS = text("closed_at IS NULL AND all_seconds IS NULL")
_SNOOZED = text("closed_at IS NULL AND snoozed_at IS NOT NULL")
# What every filter of the queue asks about: in the index, so that no row is read that is not shown.
_ASKED = ("assignee_id", "status", "channel", "language", "source")
# What a report reads of a request that has ended: all of it in the index. Open ones are few, and read as they are.
_REPORTED = (
    "received_on", "id", "is_imported", "channel", "promise_kind", "is_promised", "closed_reason", "closed_at",
    "duplicate_of_id", "uncounted_at", "target_at", "promised_by_at", "is_open_arrival", "is_preempted", "is_met",
    "is_promise_kept", "is_wish_kept", "is_agreed_kept", "agreed_until", "open_seconds", "all_seconds", "reached_at",
    "reach_tries", "attempt_count", "first_attempt_by_id", "unassigned_seconds", "waited_open_seconds",
    "waited_all_seconds", "hour_of_week", "source", "language", "for_whom",
)  # fmt: skip


class CallbackRequest(Base):
    """One person's wish to be called. Columns ending in ``_encrypted`` hold AES-GCM values bound to ``public_id``."""

    __tablename__ = "callback_request"
    __table_args__ = (
        one_of("status", Status),
        one_of("closed_reason", ClosedReason),
        one_of("voicemail", Voicemail),
        one_of("for_whom", ForWhom),
        one_of("channel", Channel),
        one_of("promise_kind", PromiseKind),
        Index(
            "ix_callback_request_open_due",
            "due_at",
            "id",
            *_ASKED,
            "received_at",
            "next_at",
            "snoozed_at",
            "closed_at",
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        # All that is asked of most requests on the way to the next one to call: the rows between are not read.
        Index(
            "ix_callback_request_open_assignee",
            "assignee_id",
            "due_at",
            "id",
            "calling_key",
            "next_at",
            "status",
            "closed_at",
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        # closed_at is NULL throughout; with it SQLite counts here without reading the rows.
        Index(
            "ix_callback_request_open_status",
            "status",
            "due_at",
            "id",
            "closed_at",
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        # The places where somebody waits, each found from the one before it.
        Index("ix_callback_request_open_place", "calling_key", "closed_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_callback_request_closed", "closed_at", "id", postgresql_where=_ENDED, sqlite_where=_ENDED),
        Index("ix_callback_request_received", "received_at", "id"),
        Index("ix_callback_request_phone_index", "phone_index"),
        Index("ix_callback_request_email_index", "email_index", postgresql_where=_MAILED, sqlite_where=_MAILED),
        Index("ix_callback_request_lease", "lease_until", "id", postgresql_where=_HELD, sqlite_where=_HELD),
        Index("ix_callback_request_joined", "duplicate_of_id", postgresql_where=_JOINED, sqlite_where=_JOINED),
        Index(
            "ix_callback_request_decided",
            "check_decided_at",
            "rescued_at",
            "check_by_at",
            postgresql_where=_DECIDED,
            sqlite_where=_DECIDED,
        ),
        Index("ix_callback_request_snoozed", "next_at", "id", postgresql_where=_SNOOZED, sqlite_where=_SNOOZED),
        # As each database spells the condition, so that it knows its index by it.
        Index(
            "ix_callback_request_on_hold",
            "id",
            postgresql_where=text("has_legal_hold"),
            sqlite_where=text("has_legal_hold = 1"),
        ),
        *(
            Index(
                f"ix_callback_request_ended_{name}",
                name,
                "received_at",
                "id",
                postgresql_where=_ENDED,
                sqlite_where=_ENDED,
            )
            for name in _ASKED
        ),
        Index(
            "ix_callback_request_ended_received",
            "received_at",
            "id",
            *_ASKED,
            "closed_at",
            postgresql_where=_ENDED,
            sqlite_where=_ENDED,
        ),
        Index("ix_callback_request_waiting", "received_on", "id", postgresql_where=_WAITS, sqlite_where=_WAITS),
        Index("ix_callback_request_reported", *_REPORTED, postgresql_where=_ENDED, sqlite_where=_ENDED),
    )

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)

    status: Mapped[Short]
    closed_reason: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8), default="en")
    source: Mapped[str] = mapped_column(String(32), default="")
    # The database fills in the form's own: the accept path does not send it.
    channel: Mapped[str] = mapped_column(String(24), server_default=Channel.WEB.value)
    for_whom: Mapped[str | None] = mapped_column(String(16))
    voicemail: Mapped[str] = mapped_column(String(16))
    is_once_only: Mapped[bool] = mapped_column(Boolean, default=False)
    is_imported: Mapped[bool] = mapped_column(Boolean, default=False)
    has_legal_hold: Mapped[bool] = mapped_column(Boolean, default=False)

    # What the visitor gave, readable only with the keys.
    name_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_typed_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    message_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    preferred_note_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    source_path_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary(33))
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary(33))
    address_index: Mapped[bytes | None] = mapped_column(LargeBinary(33))

    # The promise, as it stood at receipt.
    received_at: Mapped[datetime] = mapped_column(Instant)
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar_version.id"))
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent_wording.id"))
    target_at: Mapped[datetime] = mapped_column(Instant)
    promised_by_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    # The visitor's note held words of a crisis (rules.crisis): due at once, measured like all others.
    crisis_at: Mapped[datetime | None] = mapped_column(Instant)
    is_open_arrival: Mapped[bool] = mapped_column(Boolean)
    is_promised: Mapped[bool] = mapped_column(Boolean, default=True)
    promise_kind: Mapped[str] = mapped_column(String(16), server_default=PromiseKind.SPEED.value)
    window_from: Mapped[datetime | None] = mapped_column(Instant)
    window_until: Mapped[datetime | None] = mapped_column(Instant)
    is_free_time: Mapped[bool] = mapped_column(Boolean, default=False)
    free_time_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    calling_key: Mapped[str] = mapped_column(String(400), default="")
    clock_key: Mapped[str] = mapped_column(String(400), default="")
    is_zone_known: Mapped[bool] = mapped_column(Boolean, default=False)

    # Work.
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    call_started_at: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    # A claim holds until then, unless its holder does something; NULL while nobody holds it.
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    # Somebody put it off until next_at; NULL once anything else has been decided.
    snoozed_at: Mapped[datetime | None] = mapped_column(Instant)
    # No foreign key: SQLite could add one by rewriting the table only.
    duplicate_of_id: Mapped[int | None] = mapped_column(big_id)
    # Until when somebody had to say of a request under "Check" what it is, and when they did; rescued_at too where it
    # was a real person.
    check_by_at: Mapped[datetime | None] = mapped_column(Instant)
    check_decided_at: Mapped[datetime | None] = mapped_column(Instant)
    rescued_at: Mapped[datetime | None] = mapped_column(Instant)
    attempt_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_attempt_at: Mapped[datetime | None] = mapped_column(Instant)
    last_disposition: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    reopened_count: Mapped[int] = mapped_column(SmallInteger, default=0)

    # Figures, written in the transaction that makes them true (docs/metrics.md).
    first_attempt_at: Mapped[datetime | None] = mapped_column(Instant)
    first_attempt_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reached_at: Mapped[datetime | None] = mapped_column(Instant)
    open_seconds: Mapped[int | None] = mapped_column(Integer)
    all_seconds: Mapped[int | None] = mapped_column(Integer)
    reach_open_seconds: Mapped[int | None] = mapped_column(Integer)
    reach_all_seconds: Mapped[int | None] = mapped_column(Integer)
    unassigned_seconds: Mapped[int | None] = mapped_column(Integer)
    is_met: Mapped[bool | None] = mapped_column(Boolean)
    is_promise_kept: Mapped[bool | None] = mapped_column(Boolean)
    is_window_kept: Mapped[bool | None] = mapped_column(Boolean)
    # The time asked for: settled once, whatever is agreed afterwards.
    is_wish_kept: Mapped[bool | None] = mapped_column(Boolean)
    # Times agreed later: false once one passed without a call in it, true while all that passed had one; and until when
    # the one lasts that is neither kept nor missed.
    is_agreed_kept: Mapped[bool | None] = mapped_column(Boolean)
    agreed_until: Mapped[datetime | None] = mapped_column(Instant)
    # How many calls it took to reach them; 0 where they called us.
    reach_tries: Mapped[int | None] = mapped_column(SmallInteger)
    # How long somebody waited who was never called: until they took it back, or called us.
    waited_open_seconds: Mapped[int | None] = mapped_column(Integer)
    waited_all_seconds: Mapped[int | None] = mapped_column(Integer)
    # A manager agreed that it is no miss although it was marked as spam, test or duplicate only after it was due.
    uncounted_at: Mapped[datetime | None] = mapped_column(Instant)
    uncounted_by_id: Mapped[int | None] = mapped_column(Integer)
    is_preempted: Mapped[bool] = mapped_column(Boolean, default=False)
    received_on: Mapped[date] = mapped_column(Date)
    hour_of_week: Mapped[int] = mapped_column(SmallInteger)

    # Spam is a mark, never a reason to drop.
    is_marked: Mapped[bool] = mapped_column(Boolean, default=False)
    spam_reasons: Mapped[str] = mapped_column(String(200), default="")

    # The private link and the replay guard.
    link_version: Mapped[int] = mapped_column(SmallInteger, default=1)
    link_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    idempotency_key: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)


class CallAttempt(Base):
    """One outcome as it was logged. Append-only by trigger; a correction is a new row."""

    __tablename__ = "call_attempt"
    __table_args__ = (
        one_of("disposition", Disposition),
        one_of("voicemail_rule", Voicemail),
        Index("ix_call_attempt_callback_id_started_at", "callback_id", "started_at"),
        # How many calls each person made is counted in here; with is_attempt SQLite does so without reading the rows.
        Index(
            "ix_call_attempt_made",
            "by_id",
            "started_at",
            "is_attempt",
            postgresql_where=text("is_attempt"),
            sqlite_where=text("is_attempt = 1"),
        ),
        Index(
            "ix_call_attempt_begun",
            "started_at",
            "id",
            postgresql_where=text("is_attempt"),
            sqlite_where=text("is_attempt = 1"),
        ),
        Index(
            "ix_call_attempt_correcting",
            "started_at",
            "corrects_id",
            postgresql_where=_CORRECTING,
            sqlite_where=_CORRECTING,
        ),
    )

    id: Mapped[BigId]
    callback_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    episode: Mapped[int] = mapped_column(SmallInteger, default=0)
    disposition: Mapped[Short]
    is_attempt: Mapped[bool]
    is_reach: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(Instant)
    logged_at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    voicemail_rule: Mapped[str] = mapped_column(String(16))
    window_from: Mapped[datetime | None] = mapped_column(Instant)
    window_until: Mapped[datetime | None] = mapped_column(Instant)
    # As of before it, like the window: of the request's columns of that name.
    agreed_until: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    override_reason: Mapped[str | None] = mapped_column(String(32))
    # The outcome this one stands for instead. No foreign key: SQLite could add one by rewriting the table only.
    corrects_id: Mapped[int | None] = mapped_column(big_id)


class Note(Base):
    """What a member of staff wrote down. Encrypted and redactable, so it lies apart from the attempt."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_callback_id", "callback_id", "id"),)

    id: Mapped[BigId]
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    callback_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    attempt_id: Mapped[int | None] = mapped_column(big_id, ForeignKey("call_attempt.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    written_at: Mapped[datetime] = mapped_column(Instant)
    text_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)


class SearchToken(Base):
    """A keyed 64-bit word by which a request is found; deleted with the name it came from.

    No foreign key: each of a request's dozen words would be checked against the request just stored before it.
    """

    __tablename__ = "search_token"
    __table_args__ = (Index("ix_search_token_callback_id", "callback_id"), {"sqlite_with_rowid": False})

    token: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    callback_id: Mapped[int] = mapped_column(big_id, primary_key=True, autoincrement=False)


class SuppressedNumber(Base):
    """A number nobody may call again: a keyed hash only, which outlives the request."""

    __tablename__ = "suppressed_number"

    id: Mapped[BigId]
    phone_index: Mapped[bytes] = mapped_column(LargeBinary(33), unique=True)
    suppressed_at: Mapped[datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class Episode(Base):
    """A run of the clock that is over: what the figures were when a request was closed and then opened again."""

    __tablename__ = "episode"
    __table_args__ = (
        one_of("promise_kind", PromiseKind),
        Index("uq_episode_callback_id_number", "callback_id", "number", unique=True),
        Index("ix_episode_received_on", "received_on", "id"),
    )

    id: Mapped[BigId]
    callback_id: Mapped[int] = mapped_column(big_id, ForeignKey("callback_request.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    received_at: Mapped[datetime] = mapped_column(Instant)
    target_at: Mapped[datetime] = mapped_column(Instant)
    promised_by_at: Mapped[datetime] = mapped_column(Instant)
    promise_kind: Mapped[str] = mapped_column(String(16), server_default=PromiseKind.SPEED.value)
    is_promised: Mapped[bool] = mapped_column(Boolean, server_default=true())
    attempt_count: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    closed_at: Mapped[datetime] = mapped_column(Instant)
    closed_reason: Mapped[str | None] = mapped_column(String(32))
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendar_version.id"))
    first_attempt_at: Mapped[datetime | None] = mapped_column(Instant)
    first_attempt_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reached_at: Mapped[datetime | None] = mapped_column(Instant)
    open_seconds: Mapped[int | None] = mapped_column(Integer)
    all_seconds: Mapped[int | None] = mapped_column(Integer)
    reach_open_seconds: Mapped[int | None] = mapped_column(Integer)
    reach_all_seconds: Mapped[int | None] = mapped_column(Integer)
    unassigned_seconds: Mapped[int | None] = mapped_column(Integer)
    is_met: Mapped[bool | None] = mapped_column(Boolean)
    is_promise_kept: Mapped[bool | None] = mapped_column(Boolean)
    is_window_kept: Mapped[bool | None] = mapped_column(Boolean)
    # The time asked for: settled once, whatever is agreed afterwards.
    is_wish_kept: Mapped[bool | None] = mapped_column(Boolean)
    # Times agreed later: false once one passed without a call in it, true while all that passed had one; and until when
    # the one lasts that is neither kept nor missed.
    is_agreed_kept: Mapped[bool | None] = mapped_column(Boolean)
    agreed_until: Mapped[datetime | None] = mapped_column(Instant)
    # How many calls it took to reach them; 0 where they called us.
    reach_tries: Mapped[int | None] = mapped_column(SmallInteger)
    # How long somebody waited who was never called: until they took it back, or called us.
    waited_open_seconds: Mapped[int | None] = mapped_column(Integer)
    waited_all_seconds: Mapped[int | None] = mapped_column(Integer)
    # A manager agreed that it is no miss although it was marked as spam, test or duplicate only after it was due.
    uncounted_at: Mapped[datetime | None] = mapped_column(Instant)
    uncounted_by_id: Mapped[int | None] = mapped_column(Integer)
    is_preempted: Mapped[bool] = mapped_column(Boolean, default=False)
    is_open_arrival: Mapped[bool] = mapped_column(Boolean)
    received_on: Mapped[date] = mapped_column(Date)
    hour_of_week: Mapped[int] = mapped_column(SmallInteger)
