"""The worker: lease, send, mark; what a failure of the mail or of the server does to the row."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Row, insert, select

from intake.database import reading, writing
from intake.delivery import worker
from intake.delivery.mailer import CutOffError, Posting, RefusedError, ServerDownError, StoppedError, TryLaterError
from intake.ledger import mail_channel, outbox
from intake.models import Audit, CallbackRequest, OutboxMessage
from intake.models.keyring import link_hash
from intake.models.site import Site
from intake.queries import mail


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeMailer:
    """Keeps what was sent; raises the errors it was given, one for each sending."""

    def __init__(self, *errors: Exception | None, clock: Clock | None = None, takes: float = 0) -> None:
        self.errors = list(errors)
        self.sent: list[Posting] = []
        self.begun: list[str] = []
        self.clock, self.takes = clock, takes

    def send(self, posting: Posting, *, now: datetime) -> None:
        self.begun.append(posting.public_id)
        if self.clock:
            self.clock.forward(self.takes)
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        self.sent.append(posting)

    def close(self) -> None:
        """Nothing is open."""

    def stop(self) -> None:
        """Nothing is under way."""


class Killed(BaseException):
    """Not caught by anything, like SIGKILL."""


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def callback(site: Site, now: datetime, email: str | None = "ana@example.org") -> int:
    """One stored request, just deep enough for a mail."""
    public_id = "ab" * 16
    values = {
        "public_id": public_id, "reference": "K7M-4QX", "status": "new", "voicemail": "none", "received_at": now,
        "target_at": now + timedelta(minutes=15), "promised_by_at": now + timedelta(minutes=30),
        "due_at": now + timedelta(minutes=15), "is_open_arrival": True, "received_on": date(2026, 11, 18),
        "hour_of_week": 60, "link_hash": link_hash(site.keyring.link_token(public_id, 1)), "idempotency_key": b"k" * 32,
        "email_encrypted": site.keyring.seal("callback_request.email", public_id, email),
    }  # fmt: skip
    with writing() as conn:
        return int(conn.execute(insert(CallbackRequest).values(values)).inserted_primary_key[0])


def queued(now: datetime, *recipients: str, kind: str = "team.check_digest", callback_id: int | None = None) -> None:
    with writing() as conn:
        for recipient in recipients:
            outbox.enqueue(conn, kind, recipient, callback_id=callback_id, now=now)


def rows() -> list[Row[Any]]:
    with reading() as conn:
        return list(conn.execute(select(OutboxMessage.__table__).order_by(OutboxMessage.id)))


def audited() -> list[tuple[str, str]]:
    with reading() as conn:
        found = conn.execute(select(Audit.action, Audit.details).order_by(Audit.id))
        return [(action, details["kind"]) for action, details in found]


def test_the_team_and_the_visitor_are_told_and_the_record_says_so(app: Flask, site: Site, clock: Clock) -> None:
    callback_id = callback(site, clock.now)
    queued(clock.now, "team", kind="team.new", callback_id=callback_id)
    queued(clock.now, "visitor", kind="visitor.received", callback_id=callback_id)
    mailer = FakeMailer()
    assert worker.run_once(site, mailer, clock) == 2
    assert [posting.to for posting in mailer.sent] == [(site.team_email,), ("ana@example.org",)]
    assert mailer.sent[1].letter.subject == "Your callback request"
    assert [(row.state, row.sent_at, row.lease_key) for row in rows()] == [("sent", clock.now, None)] * 2
    assert audited() == [("mail.sent", "team.new"), ("mail.sent", "visitor.received")]
    assert worker.run_once(site, mailer, clock) == 0


def test_nothing_personal_lies_in_the_outbox(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "visitor", kind="visitor.received", callback_id=callback(site, clock.now))
    worker.run_once(site, FakeMailer(RefusedError("550 …")), clock)
    assert "ana" not in str(rows())


def test_a_visitor_without_an_address_leaves_a_dead_message_with_its_reason(
    app: Flask, site: Site, clock: Clock
) -> None:
    queued(clock.now, "visitor", kind="visitor.received", callback_id=callback(site, clock.now, email=None))
    worker.run_once(site, FakeMailer(), clock)
    assert [(row.state, row.last_error) for row in rows()] == [("dead", "there is no address to send it to")]
    assert audited() == [("mail.dead", "visitor.received")]


def test_a_person_who_is_gone_gets_no_mail_and_managers_fall_back_on_the_team(
    app: Flask, site: Site, clock: Clock
) -> None:
    queued(clock.now, "user:999", "managers")
    mailer = FakeMailer()
    worker.run_once(site, mailer, clock)
    assert [posting.to for posting in mailer.sent] == [(site.team_email,)]
    assert [row.state for row in rows()] == ["dead", "sent"]


def test_a_refused_mail_is_dead_at_once_and_rings_the_alarm(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    worker.run_once(site, FakeMailer(RefusedError("550 no such mailbox")), clock)
    assert [(row.state, row.last_error) for row in rows()] == [("dead", "550 no such mailbox")]
    assert audited() == [("mail.dead", "team.check_digest")]
    with reading() as conn:
        assert mail.health(conn).dead == 1


def test_a_mail_put_off_is_tried_again_after_five_seconds(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    mailer = FakeMailer(TryLaterError("451 greylisted"))
    worker.run_once(site, mailer, clock)
    clock.forward(4)
    assert worker.run_once(site, mailer, clock) == 0
    clock.forward(1.6)
    assert worker.run_once(site, mailer, clock) == 1
    assert [(row.state, row.attempt_count) for row in rows()] == [("sent", 2)]
    assert mailer.begun[0] == mailer.begun[1]


def test_a_mail_that_fails_for_ever_ends_as_a_dead_letter(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    mailer = FakeMailer(*[TryLaterError("451 later")] * 99)
    for _ in range(30):
        worker.run_once(site, mailer, clock)
        clock.forward(80_000)
    assert len(mailer.begun) == outbox.MAX_ATTEMPTS
    assert [row.state for row in rows()] == ["dead"] and audited() == [("mail.dead", "team.check_digest")]


def test_a_mail_that_cannot_be_worded_does_not_stop_the_others(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team", kind="team.unheard_of")
    queued(clock.now, "team")
    worker.run_once(site, FakeMailer(ValueError("a fault of ours")), clock)
    dead, waiting = rows()
    assert (dead.state, dead.last_error) == ("dead", "there is no mail called team.unheard_of")
    assert (waiting.state, waiting.last_error) == ("pending", "could not be made: ValueError")


def test_a_server_that_is_down_uses_up_no_attempts_and_is_asked_by_one_message(
    app: Flask, site: Site, clock: Clock
) -> None:
    queued(clock.now, *["team"] * 5)
    began, mailer = clock.now, FakeMailer(*[ServerDownError("does not answer")] * 99)
    worker.run_once(site, mailer, clock)
    assert len(mailer.begun) == 1
    for _ in range(600):
        clock.forward(1)
        worker.run_once(site, mailer, clock)
    assert len(mailer.begun) == 1 + 600 // mail_channel.PROBE_SECONDS
    with reading() as conn:
        health = mail.health(conn)
    assert (health.down_since, health.waiting, health.dead) == (began, 5, 0)
    assert [row.attempt_count for row in rows()] == [0] * 5


@pytest.mark.parametrize("answer", [RefusedError("550 nobody"), TryLaterError("451 later")])
def test_a_server_that_says_no_to_the_asking_message_is_back_for_the_others(
    app: Flask, site: Site, clock: Clock, answer: Exception
) -> None:
    queued(clock.now, *["team"] * 5)
    mailer = FakeMailer(ServerDownError("does not answer"), answer)
    worker.run_once(site, mailer, clock)
    clock.forward(mail_channel.PROBE_SECONDS)
    worker.run_once(site, mailer, clock)
    worker.run_once(site, mailer, clock)
    assert len(mailer.sent) == 4


def test_a_cut_line_says_nothing_about_whether_the_server_is_back(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, *["team"] * 5)
    mailer = FakeMailer(ServerDownError("does not answer"), CutOffError("the connection broke"))
    worker.run_once(site, mailer, clock)
    clock.forward(mail_channel.PROBE_SECONDS)
    worker.run_once(site, mailer, clock)
    assert worker.run_once(site, mailer, clock) == 0
    assert sorted(row.attempt_count for row in rows()) == [0, 0, 0, 0, 1]


def test_when_the_server_is_back_everything_goes_out_within_a_minute(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, *["team"] * 45)
    mailer = FakeMailer(*[ServerDownError("does not answer")] * 20)
    while mailer.errors:
        worker.run_once(site, mailer, clock)
        clock.forward(1)
    back = clock.now
    while any(row.state != "sent" for row in rows()):
        worker.run_once(site, mailer, clock)
        clock.forward(1)
        assert clock.now - back < timedelta(seconds=60)
    with reading() as conn:
        assert mail.health(conn).down_since is None
    assert {row.attempt_count for row in rows()} == {1}


def test_a_batch_never_outlives_its_lease(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, *["team"] * 6)
    until = clock.now + timedelta(seconds=worker.LEASE_SECONDS)
    mailer = FakeMailer(clock=clock, takes=15)
    worker.run_once(site, mailer, clock)
    assert clock.now <= until and len(mailer.sent) == 3
    assert [row.state for row in rows()] == ["sent"] * 3 + ["pending"] * 3
    assert [row.attempt_count for row in rows()][3:] == [0] * 3


@pytest.mark.parametrize("place", ["before sending", "after sending"])
def test_a_worker_killed_in_the_middle_loses_nothing(app: Flask, site: Site, clock: Clock, place: str) -> None:
    class Doomed(FakeMailer):
        def send(self, posting: Posting, *, now: datetime) -> None:
            if place == "after sending":
                super().send(posting, now=now)
            raise Killed

    queued(clock.now, "team")
    doomed, heir = Doomed(), FakeMailer()
    with pytest.raises(Killed):
        worker.run_once(site, doomed, clock)
    clock.forward(worker.LEASE_SECONDS - 1)
    assert worker.run_once(site, heir, clock) == 0
    clock.forward(1)
    assert worker.run_once(site, heir, clock) == 1
    assert [row.state for row in rows()] == ["sent"]
    assert {posting.public_id for posting in doomed.sent + heir.sent} == {rows()[0].public_id}


class KilledBy(FakeMailer):
    """One message of the batch ends the worker each time it is sent."""

    def __init__(self, poison: str) -> None:
        super().__init__()
        self.poison = poison

    def send(self, posting: Posting, *, now: datetime) -> None:
        super().send(posting, now=now)
        if posting.public_id == self.poison:
            raise Killed


def test_a_mail_that_kills_its_worker_each_time_is_given_up_and_takes_no_other_with_it(
    app: Flask, site: Site, clock: Clock
) -> None:
    queued(clock.now, *["team"] * 5)
    mailer = KilledBy(rows()[0].public_id)
    for _ in range(60):
        with suppress(Killed):
            worker.run_once(site, mailer, clock)
        clock.forward(worker.LEASE_SECONDS / 2)
    poison, *others = rows()
    assert (poison.state, poison.last_error) == ("dead", "the worker was lost at the last attempt")
    assert mailer.begun.count(poison.public_id) == outbox.MAX_ATTEMPTS
    assert [(row.state, row.attempt_count) for row in others] == [("sent", 2)] * 4
    assert audited().count(("mail.dead", "team.check_digest")) == 1


def test_stopping_hands_everything_back_unused(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, *["team"] * 3)
    stop = threading.Event()

    class Stopped(FakeMailer):
        def send(self, posting: Posting, *, now: datetime) -> None:
            stop.set()
            raise StoppedError

    worker.run_once(site, Stopped(), clock, stop)
    assert [(row.state, row.attempt_count) for row in rows()] == [("pending", 0)] * 3


def test_two_workers_at_once_send_each_message_once(app: Flask, site: Site, now: datetime) -> None:
    queued(now, *["team"] * 60)
    mailers = [FakeMailer() for _ in range(3)]

    def work(mailer: FakeMailer) -> None:
        with app.app_context():
            while worker.run_once(site, mailer, lambda: now):
                pass

    threads = [threading.Thread(target=work, args=(mailer,)) for mailer in mailers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [posting.public_id for mailer in mailers for posting in mailer.sent]
    assert len(sent) == len(set(sent)) == 60
    assert {row.state for row in rows()} == {"sent"}


def test_no_transaction_is_open_while_a_mail_is_sent(app: Flask, site: Site, clock: Clock) -> None:
    class Nosy(FakeMailer):
        def send(self, posting: Posting, *, now: datetime) -> None:
            with writing() as conn:  # would wait for ten seconds and fail on SQLite if the worker held its lock
                mail_channel.mark_up(conn)
            super().send(posting, now=now)

    queued(clock.now, "team")
    worker.run_once(site, Nosy(), clock)
    assert [row.state for row in rows()] == ["sent"]
