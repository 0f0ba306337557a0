"""The delivery worker, a loop that can be read: lease what is due, send it, mark it, each its own short transaction.

Nothing is open in the database while a mail is worded or sent. A worker that is killed loses nothing: its lease runs
out and another one sends the mail again under the same Message-ID; a mail that ends every worker is given up. It
lives in a thread beside the web service or in a process of its own, and stops within 10 s.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import random
import signal
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

from flask import Flask
from sqlalchemy import Connection

from intake.database import reading, writing
from intake.delivery import messages
from intake.delivery.mailer import (
    DEADLINE_SECONDS,
    GOODBYE_SECONDS,
    CutOffError,
    Mailer,
    Posting,
    RefusedError,
    ServerDownError,
    StoppedError,
    TryLaterError,
    UndeliverableError,
    mailer_for,
)
from intake.delivery.turns import all_turns
from intake.delivery.webhook import Webhook, run_hooks, withdraw
from intake.ledger import audit, mail_channel, outbox
from intake.ledger.outbox import Leased
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import kept_report, mail
from intake.rules.permissions import SYSTEM
from intake.services import alerting

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
BATCH = 20
IDLE_SECONDS = 1.0
TROUBLE_SECONDS = 5.0
LET_FINISH_SECONDS = 5
"""How long the mail under way may take after we were asked to stop; then its connection is cut."""
HANG_UP_SECONDS = 3
LOCK_SECONDS = 5
_LOST = "the worker was lost at the last attempt"

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The machine's clock: the worker is the one place in this room that reads it."""
    return datetime.now(UTC)


def run_once(site: Site, mailer: Mailer, clock: Clock, stop: threading.Event | None = None) -> int:
    """Send what is due, at most one batch. Returns how many messages were taken up; 0 means nothing to do now."""
    batch = _lease(clock())
    is_server_up = True
    try:
        for message in batch:
            if is_server_up and _has_time(message, clock()) and not (stop and stop.is_set()):
                is_server_up = _deliver(site, mailer, message, clock)
            else:
                _hand_back(message, clock())
    finally:
        mailer.close()
    return len(batch)


def _lease(now: datetime) -> list[Leased]:
    """Take a batch, or one message to knock with while the server is down."""
    with reading() as conn:
        channel = mail_channel.state(conn)
        if channel.is_closed(now) or not outbox.is_due(conn, now):
            return []
    with writing() as conn:
        if channel.down_since and not mail_channel.take_probe(conn, now=now):
            return []
        limit = 1 if channel.down_since else BATCH
        return outbox.claim(conn, now=now, lease_key=uuid.uuid4().hex, lease_seconds=LEASE_SECONDS, limit=limit)


def _has_time(message: Leased, now: datetime) -> bool:
    """A message is begun only if even the slowest end lies inside its lease: nobody else may send it meanwhile."""
    return now + timedelta(seconds=DEADLINE_SECONDS + GOODBYE_SECONDS) <= message.leased_until


def _hand_back(message: Leased, now: datetime) -> None:
    with writing() as conn:
        outbox.defer(conn, message, now=now)


def _deliver(site: Site, mailer: Mailer, message: Leased, clock: Clock) -> bool:
    """Send one message and mark what came of it. False when the server takes nothing at the moment."""
    if message.is_used_up:
        _give_up(site, message, _LOST, clock())
        return True
    try:
        message = _as_it_stands(message, clock())
        posting = _posting(site, message, clock())
        answer = mailer.send(posting, now=clock())
    except UnneededError as why:
        withdraw(site, message, str(why), clock())
    except StoppedError:
        _hand_back(message, clock())
    except ServerDownError as error:
        _mark_down(message, str(error), clock())
        return False
    except RefusedError as error:
        _give_up(site, message, str(error), clock(), has_answered=True)
    except (UndeliverableError, messages.UnknownKindError, messages.NothingToSayError) as error:
        _give_up(site, message, str(error), clock())
    except TryLaterError as error:
        _try_later(site, message, str(error), clock(), has_answered=True)
    except CutOffError as error:
        _try_later(site, message, str(error), clock())
    except Exception as error:
        log.exception("mail %s of kind %s could not be made", message.public_id, message.kind)
        _try_later(site, message, f"could not be made: {type(error).__name__}", clock())
    else:
        _mark_sent(site, message, answer, messages.kept(posting.letter), clock())
    return True


class UnneededError(Exception):
    """Nobody needs this mail any more; the code of why."""


def _as_it_stands(message: Leased, now: datetime) -> Leased:
    """A digest of alerts tells what is so when it goes out, be it hours after it was written; others stay as they are.

    UnneededError: "newer" (one that is waiting tells of this as well), "over".
    """
    if message.kind != alerting.DIGEST:
        return message
    with reading() as conn:
        if outbox.has_newer(conn, message):
            raise UnneededError("newer")
        details = alerting.digest_by_now(conn, message.recipient, now)
    if details is None:
        raise UnneededError("over")
    return replace(message, details=details)


def _posting(site: Site, message: Leased, now: datetime) -> Posting:
    """Words and address, looked up now. UndeliverableError when there is nobody to send it to any more."""
    with reading() as conn:
        is_for_visitor, about = message.recipient == "visitor", message.callback_id
        whose = {"for_visitor": is_for_visitor, "leads_on": not is_for_visitor}
        callback = mail.about(conn, site, about, **whose) if about else None
        if is_for_visitor:
            to: tuple[str, ...] = (callback.email,) if callback and callback.email else ()
        else:
            to = mail.staff_addresses(conn, site, message.recipient, messages.NEEDED.get(message.kind))
        limits = calendars.current(conn, site).calling
        report = kept_report.by_id(conn, message.details["kept"]) if "kept" in message.details else None
    if not to:
        raise UndeliverableError("there is no address to send it to")
    letter = messages.write(message.kind, messages.Occasion(site, now, callback, message.details, limits, report))
    return Posting(message.public_id, message.kind, to, letter, message.created_at)


def _mark_sent(site: Site, message: Leased, answer: str, words: str, now: datetime) -> None:
    with writing() as conn:
        if outbox.mark_sent(conn, message, answer=answer or "", words=words, now=now):
            _record(conn, site, message, "mail.sent", now)
        _mark_up(conn)


def _give_up(site: Site, message: Leased, reason: str, now: datetime, *, has_answered: bool = False) -> None:
    with writing() as conn:
        if outbox.mark_dead(conn, message, error=reason, now=now):
            _record(conn, site, message, "mail.dead", now)
        if has_answered:
            _mark_up(conn)
    log.error("mail %s of kind %s will not go out: %s", message.public_id, message.kind, reason)


def _try_later(site: Site, message: Leased, reason: str, now: datetime, *, has_answered: bool = False) -> None:
    with writing() as conn:
        spread = random.random()  # noqa: S311 - jitter, not a secret
        if outbox.mark_failed(conn, message, error=reason, now=now, spread=spread) is False:
            _record(conn, site, message, "mail.dead", now)
        if has_answered:
            _mark_up(conn)
    log.warning("mail %s of kind %s, attempt %d: %s", message.public_id, message.kind, message.attempt, reason)


def _mark_up(conn: Connection) -> None:
    """A server that says anything about a message, even no, is there again for all the others."""
    if mail_channel.mark_up(conn):
        log.warning("the mail server answers again")


def _mark_down(message: Leased, reason: str, now: datetime) -> None:
    """The server's fault, not the message's: it waits with all others, and its attempt is given back."""
    with writing() as conn:
        outbox.hold(conn, message, error=reason, now=now)
        is_news = mail_channel.mark_down(conn, error=reason, now=now)
    log.log(logging.ERROR if is_news else logging.WARNING, "no mail goes out: %s", reason)


def _record(conn: Connection, site: Site, message: Leased, action: str, now: datetime) -> None:
    details = {"kind": message.kind, "recipient": message.recipient, "message": message.public_id}
    audit.record(conn, site, SYSTEM, action, callback_id=message.callback_id, details=details, now=now)


def run(app: Flask, site: Site, mailer: Mailer, stop: threading.Event) -> None:
    """Deliver, and take the other turns, until told to stop. A database that is away is waited for."""
    turns = all_turns()
    while not stop.is_set():
        try:
            with app.app_context():
                handled = run_once(site, mailer, now_utc, stop)
                for turn in turns:
                    turn.take(site, now_utc())
        except Exception:
            log.exception("delivery is in trouble and goes on in %d s", TROUBLE_SECONDS)
            stop.wait(TROUBLE_SECONDS)
        else:
            if not handled:
                stop.wait(IDLE_SECONDS)


class Delivery:
    """The worker in its thread. With ``lock`` one process of this machine works and another takes over when it goes."""

    def __init__(self, app: Flask, *, lock: Path | None = None) -> None:
        self._app, self._lock = app, lock
        self._site = cast(Site, app.extensions["intake"])
        self._mailer = mailer_for(app, self._site.public_url)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="delivery", daemon=True)
        self._hooks = threading.Thread(target=self._call_out, name="webhook", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def _work(self) -> None:
        held = self._wait_for(self._lock) if self._lock else None
        try:
            self._hooks.start()
            run(self._app, self._site, self._mailer, self._stop)
        finally:
            if held:
                held.close()

    def _call_out(self) -> None:
        """Beside the mails, so that a webhook that does not answer holds none of them up."""
        while not self._stop.is_set():
            with self._app.app_context():
                handled = run_hooks(self._site, Webhook.of(self._site), now_utc, self._stop)
            if not handled and not self._site.webhook_url:
                return  # what was written for one that is gone is given up by now
            if not handled:
                self._stop.wait(IDLE_SECONDS)

    def _wait_for(self, lock: Path) -> IO[bytes] | None:
        """Hold the lock file until the thread ends; the system lets go of it when the process dies."""
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "rb+")
        while not self._stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._stop.wait(LOCK_SECONDS)
            else:
                return file
        file.close()
        return None

    def wait(self) -> None:
        """Until somebody asks to stop, or the thread is gone."""
        while self._thread.is_alive() and not self._stop.wait(0.5):
            pass

    def ask_to_stop(self) -> None:
        """Take up nothing more. Safe in a signal handler."""
        self._stop.set()

    def stop(self) -> None:
        """Let the mail under way finish, then cut it; what was not sent goes back. At most 8 s."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(LET_FINISH_SECONDS)
        if self._thread.is_alive():
            self._mailer.stop()
            self._thread.join(HANG_UP_SECONDS)
        if self._hooks.is_alive():  # cut off in the middle, its lease runs out and it is sent again
            self._hooks.join(1)


def start_embedded(app: Flask) -> Delivery:
    """Deliver in a thread of this web process; call it after fork (gunicorn's ``post_worker_init``), once a process."""
    delivery = Delivery(app, lock=Path(app.config["INTAKE_INSTANCE"]) / "delivery.lock")
    delivery.start()
    atexit.register(delivery.stop)
    return delivery


def deliver_once(app: Flask) -> int:
    """Send everything that is due now and return how many messages were taken up."""
    site = cast(Site, app.extensions["intake"])
    mailer = mailer_for(app, site.public_url)
    total = 0
    with app.app_context():
        while handled := run_once(site, mailer, now_utc):
            total += handled
        while handled := run_hooks(site, Webhook.of(site), now_utc):
            total += handled
    return total


def deliver_forever(app: Flask, once: bool = False) -> int:
    """What ``flask intake deliver [--once]`` does: until SIGTERM or SIGINT, or just what is due now.

    Returns how many messages ``once`` took up (sent or not; their rows say which), otherwise 0.
    """
    if once:
        return deliver_once(app)
    delivery = Delivery(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: delivery.ask_to_stop())
    delivery.start()
    delivery.wait()
    delivery.stop()
    return 0
