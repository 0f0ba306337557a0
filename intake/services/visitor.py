"""What the visitor does with their private link: another time, number or message rule, or taking it all back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from intake.database import writing
from intake.ledger import audit, letters, outbox, search_words, throttle
from intake.models import CallbackRequest
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import calls
from intake.queries.as_told import as_told
from intake.queries.private_link import LINK_DAYS
from intake.queries.suppression import is_suppressed, phone_indexes
from intake.rules.crisis import due_at_once, is_crisis, is_in_danger
from intake.rules.due import is_at_once
from intake.rules.permissions import VISITOR
from intake.rules.phone import PhoneNumber
from intake.rules.promise import WINDOW_GRACE
from intake.rules.spam import was_check
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Status, Voicemail
from intake.services import clock, danger, duplicates
from intake.services.callbacks import contact_columns
from intake.services.casework import NOT_ENDED, begin_again, confirmation, promised_after_all
from intake.services.do_not_call import set_aside
from intake.services.errors import EndedError, NotFoundError, RefusedError
from intake.services.locking import change, ensure_open, lock_link

_C = CallbackRequest.__table__.c
TOLD_EVERY = timedelta(minutes=15)
"""The team hears of a request that comes back no more often; the queue shows it at once."""

MOST_NUMBERS, NUMBERS_WITHIN = 5, timedelta(hours=1)
"""So often one link changes the number."""

MOST_TIMES, TIMES_WITHIN = 10, timedelta(days=1)
"""So often one link changes the time: each is a promise of its own, and on record."""

MOST_UNDONE, UNDONE_WITHIN = 10, timedelta(days=1)
"""So often one link takes its cancelling back, for the same reasons. Cancelling itself is never refused."""


@contextmanager
def _own(site: Site, token: str, now: datetime, *, is_ending: bool = False) -> Iterator[tuple[Connection, Row[Any]]]:
    """The visitor's own open request, locked. NotFoundError for a wrong or expired link, EndedError when it is over.

    ``is_ending``: what is joined to it is locked with it, to be let go.
    """
    with writing() as conn:
        if is_ending:
            duplicates.lock_joined(conn, _C.link_hash == link_hash(token))
        row = lock_link(conn, link_hash(token))
        if row.duplicate_of_id is not None and duplicates.stand_alone(conn, site, row, now):
            row = lock_link(conn, link_hash(token))
        if row.closed_at is not None and now - row.closed_at > timedelta(days=LINK_DAYS):
            raise NotFoundError
        ensure_open(row)
        yield conn, row


def _note(
    conn: Connection, site: Site, row: Row[Any], action: str, now: datetime, details: dict[str, Any] | None = None
) -> None:
    audit.record(conn, site, VISITOR, action, callback_id=row.id, details=details, now=now)


def change_time(
    site: Site, token: str, *, window: Window | None = None, is_free_time: bool = False, preferred_note: str = "",
    now: datetime,
) -> None:  # fmt: skip
    """Ask to be called at another time. That is a new promise; a target already missed stays missed.

    Asking once more for what was asked before changes nothing: it must not push a promise back. Other words for a time
    of one's own are for staff to read, and no new promise either. What a request joined to theirs was promised sooner
    stands. RefusedError("too_often") beyond MOST_TIMES of one link, which leaves the wish before as it was; words that
    sound like danger are never refused.
    """
    with _own(site, token, now) as (conn, row):
        ring = site.keyring
        before, after = _wish(_window(row), row.is_free_time), _wish(window, is_free_time)
        told = ring.open("callback_request.preferred_note", row.public_id, row.preferred_note_encrypted) or ""
        if before == after and told == preferred_note:
            return
        if not is_crisis(preferred_note):
            _count(conn, site, row, "time", now, most=MOST_TIMES, within=TIMES_WITHIN)
        sealed = ring.seal("callback_request.preferred_note", row.public_id, preferred_note or None)
        if before == after:
            columns, promised = {"free_time_seen_at": None}, {}
        else:
            columns = _wished_anew(conn, site, row, window, is_free_time, now)
            promised = clock.replaced_promise(as_told(conn, row), columns)
            columns = duplicates.sooner(conn, row, columns, now)
        if is_crisis(preferred_note):
            columns |= due_at_once(now)
            if not is_at_once(row):
                danger.tell_managers(conn, site, row.id, is_doubtful=_is_undecided(row), now=now)
        change(conn, row, preferred_note_encrypted=sealed, **columns)
        details = {"from": before, "to": after} | promised
        kept = told if row.has_legal_hold and told != preferred_note else None  # under a hold nothing is written over
        audit.record(
            conn, site, VISITOR, "visitor.changed_time", callback_id=row.id, details=details, typed=kept or None,
            now=now,
        )  # fmt: skip
        _confirm(conn, site, row, "visitor.changed", now)


def _wish(window: Window | None, is_free_time: bool) -> str:
    return window.value if window else "other" if is_free_time else "asap"


def _window(row: Row[Any]) -> Window | None:
    return Window(row.window_from, row.window_until) if row.window_from else None


def _wished_anew(
    conn: Connection, site: Site, row: Row[Any], window: Window | None, is_free_time: bool, now: datetime
) -> dict[str, Any]:
    """The columns of another wish: when, the promise that goes with it, and what was missed before."""
    columns = clock.wish_columns(window, is_free_time) | {"status": _status_for(row, window)}
    columns |= {"is_window_kept": None, "agreed_until": None} | clock.missed_so_far(row, now)
    is_kept = window is None and not is_free_time and row.first_attempt_at is None and now > row.target_at
    if is_kept:
        return columns
    columns |= clock.promised_anew(conn, site, row, row.calling_key, now, window=window, is_free_time=is_free_time)
    if window and row.is_promised and not clock.is_wish(row, columns):
        columns["agreed_until"] = window.until_at
    return columns


def _due_again(row: Row[Any], now: datetime) -> dict[str, Any]:
    """After a wrong number there is one to call again: at once, or in the time they asked for if that is to come."""
    window = _window(row)
    if window is None or window.from_at <= now:
        return {"next_at": now, "due_at": now, "last_disposition": None}
    due_at = min(window.from_at + WINDOW_GRACE, window.until_at)
    return {"next_at": window.from_at, "due_at": due_at, "last_disposition": None}


def _status_for(row: Row[Any], window: Window | None) -> Status:
    if row.status == Status.CHECK:
        return Status.CHECK
    if window:
        return Status.SCHEDULED
    if row.status == Status.SCHEDULED:
        return Status.ASSIGNED if row.assignee_id else Status.NEW
    return Status(row.status)


def change_number(site: Site, token: str, phone: PhoneNumber, *, now: datetime) -> None:
    """Be called at another number. After a wrong number the request is due again at once, and the team is told.

    The same number once more changes nothing, unless it was said to be wrong. RefusedError("too_often") beyond
    MOST_NUMBERS of one link.
    """
    with _own(site, token, now) as (conn, row):
        ring = site.keyring
        was_wrong = row.last_disposition == Disposition.WRONG_NUMBER
        before = ring.open("callback_request.phone", row.public_id, row.phone_encrypted) or ""
        if before == phone.dialled and not was_wrong:
            return
        # A few in an hour: the page shows whether a number asked not to be called, and must not tell of many.
        _count(conn, site, row, "number", now, most=MOST_NUMBERS, within=NUMBERS_WITHIN)
        name = ring.open("callback_request.name", row.public_id, row.name_encrypted) or ""
        email = ring.open("callback_request.email", row.public_id, row.email_encrypted)
        columns = contact_columns(site, row.public_id, phone)
        if row.is_promised:
            columns |= _repromised(conn, site, row, columns["calling_key"], now)
        columns |= _due_again(row, now) if was_wrong else {}
        if is_suppressed(conn, ring.indexes_of("phone", phone.e164)):
            columns |= set_aside(conn, site, row, now)
        elif not row.is_promised:
            columns |= _taken_back_up(conn, site, row, columns["calling_key"], now)
        elif was_wrong:
            _tell_team(conn, row, now)
        change(conn, row, **columns)
        search_words.replace(conn, site, row.id, name=name, e164=phone.e164, email=email)
        both = f"{before.partition(';')[0]} {phone.e164}"
        audit.record(
            conn, site, VISITOR, "visitor.changed_number", callback_id=row.id,
            details=clock.replaced_promise(row, columns), typed=both, now=now,
        )  # fmt: skip
        _confirm(conn, site, row, "visitor.changed", now)


def _count(
    conn: Connection, site: Site, row: Row[Any], what: str, now: datetime, *, most: int, within: timedelta
) -> None:
    """Count a change by this link. One that is refused is not counted, as nothing of it is kept."""
    key = site.keyring.index_of("throttle", f"{what}|{row.id}")
    if throttle.count(conn, key, now=now, window=within) > most:
        raise RefusedError("too_often")


def _taken_back_up(conn: Connection, site: Site, row: Row[Any], key: str, now: datetime) -> dict[str, Any]:
    """The number before was not to be called; this one may be, so that nobody has to decide about it any more."""
    columns = promised_after_all(conn, site, row, key, now)
    if _is_undecided(row):
        return columns | {"status": Status.CHECK}
    _tell_team(conn, row, now)
    return columns


def _repromised(conn: Connection, site: Site, row: Row[Any], key: str, now: datetime) -> dict[str, Any]:
    """A number in another zone may be called at other hours: a new promise, unless the old one is kept or missed."""
    is_settled = row.first_attempt_at is not None or now > row.target_at
    if key == row.clock_key or is_settled or row.is_free_time or row.window_from is not None:
        return {}
    return clock.promised_anew(conn, site, row, key, now)


def change_voicemail(site: Site, token: str, voicemail: Voicemail, *, now: datetime) -> None:
    """Choose what may be left on an answering machine."""
    with _own(site, token, now) as (conn, row):
        before = as_told(conn, row).voicemail
        if before == voicemail:
            return
        change(conn, row, **duplicates.wishes(conn, row, {"voicemail": voicemail.value}))
        _note(conn, site, row, "visitor.changed_voicemail", now, {"before": before, "voicemail": voicemail})
        _confirm(conn, site, row, "visitor.changed", now)


def call_once_only(site: Site, token: str, *, now: datetime) -> None:
    """Be called a single time. EndedError once a call was made: there is no single one left, only cancelling."""
    with _own(site, token, now) as (conn, row):
        if row.attempt_count:
            raise EndedError
        if not as_told(conn, row).is_once_only:
            change(conn, row, **duplicates.wishes(conn, row, {"is_once_only": True}))
            _note(conn, site, row, "visitor.once_only", now)
            _confirm(conn, site, row, "visitor.changed", now)


def withdraw(site: Site, token: str, *, now: datetime) -> None:
    """Take the request back: nobody calls. Withdrawn uncalled after the target, it stays a miss.

    A call already under way stays known, so that whoever made it can still say what came of it. So it ends also for
    somebody who may be in danger, as they wish; then the managers are told.
    """
    with _own(site, token, now, is_ending=True) as (conn, row):
        duplicates.let_go(conn, site, row, now)
        in_danger = is_in_danger(row, calls.said(conn, row))
        figures = clock.uncalled_figures(row, calendars.version(conn, site, row.calendar_id), now)
        change(
            conn, row, status=Status.WITHDRAWN, closed_reason=ClosedReason.WITHDRAWN, closed_at=now, withdrawn_at=now,
            next_at=None, **figures,
        )  # fmt: skip
        _note(conn, site, row, "visitor.withdrew", now)
        if in_danger:
            danger.tell_of_cancelling(conn, site, row.id, is_doubtful=_is_undecided(row), now=now)
        _confirm(conn, site, row, "visitor.withdrawn", now)


def undo_withdrawal(site: Site, token: str, *, now: datetime) -> None:
    """Call me after all. A promise still ahead stands again as it was; else there is a new one, from now.

    EndedError when it ended otherwise, or the number must not be called; once it is open again, nothing happens.
    RefusedError("too_often") beyond MOST_UNDONE of one link: it stays cancelled. Who may be in danger never is.
    """
    with writing() as conn:
        row = lock_link(conn, link_hash(token))
        if row.closed_at is None:
            return
        if now - row.closed_at > timedelta(days=LINK_DAYS) or row.phone_encrypted is None:
            raise NotFoundError
        if row.status != Status.WITHDRAWN or is_suppressed(conn, phone_indexes(site, row)):
            raise EndedError
        in_danger = is_in_danger(row, calls.said(conn, row))
        if not in_danger:
            _count(conn, site, row, "undone", now, most=MOST_UNDONE, within=UNDONE_WITHIN)
        window = _window(row) if row.window_from and row.window_from > now else None
        wanted = Status.SCHEDULED if window else Status.NEW
        status = Status.CHECK if _is_undecided(row) else wanted
        last = Disposition.WRONG_NUMBER if row.last_disposition == Disposition.WRONG_NUMBER else None
        if row.is_promised and (window or _is_to_be_kept(row, now)):
            change(conn, row, status=status, next_at=row.window_from, **NOT_ENDED, **_not_owed(row, now))
        else:
            wish: dict[str, Any] = {"window": window, "is_free_time": row.is_free_time}
            begin_again(conn, site, row, status=status, **wish, last=last, now=now)
        _note(conn, site, row, "visitor.undid_withdrawal", now)
        if in_danger:
            danger.tell_of_cancelling(conn, site, row.id, is_doubtful=_is_undecided(row), now=now)
        if status is not Status.CHECK:
            if last is None:
                _tell_team(conn, row, now)
            letters.enqueue_for(conn, site, row, confirmation(last), now=now, delay=letters.A_MOMENT)


def _not_owed(row: Row[Any], now: datetime) -> dict[str, Any]:
    """A time agreed with them that passed while their request was cancelled is neither kept nor missed."""
    is_past = row.agreed_until is not None and row.closed_at < row.agreed_until <= now
    return {"agreed_until": None} if is_past else {}


def _is_undecided(row: Row[Any]) -> bool:
    """It was laid under "Check" as it came, and nobody has said yet what it is."""
    return row.check_decided_at is None and was_check(row.spam_reasons.split(","))


def _is_to_be_kept(row: Row[Any], now: datetime) -> bool:
    """Nobody has called yet, and the time told to the visitor lies ahead (docs/metrics.md, 7)."""
    return row.first_attempt_at is None and row.promised_by_at > now


def _tell_team(conn: Connection, row: Row[Any], now: datetime) -> None:
    """Once in a while only: whoever holds the link could fill the team's mailbox by cancelling to and fro."""
    if not outbox.was_told(conn, "team.new", row.id, since=now - TOLD_EVERY):
        outbox.enqueue(conn, "team.new", "team", callback_id=row.id, now=now)


def _confirm(conn: Connection, site: Site, row: Row[Any], kind: str, now: datetime) -> None:
    letters.enqueue_for(conn, site, row, kind, now=now, delay=letters.A_MOMENT)
