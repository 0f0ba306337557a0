"""What is kept of each try to send a mail: written with the mark or not at all, bounded, and without an open door."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Row, select

from intake.database import reading, writing
from intake.delivery import worker
from intake.delivery.mailer import CutOffError, RefusedError, ServerDownError, StoppedError, TryLaterError
from intake.ledger import audit, outbox, tries
from intake.models import MailTry, OutboxMessage
from intake.models.records import TryOutcome
from intake.models.site import Site
from tests.delivery.conftest import MakeMailer, Post, post_office, posting
from tests.delivery.test_worker import Clock, FakeMailer, Killed, callback, clock, queued

__all__ = ["clock"]

_Y = MailTry.__table__.c


class Answering(FakeMailer):
    """Says what a mail server says."""

    def send(self, posting: Any, *, now: Any) -> str:
        super().send(posting, now=now)
        return "250 2.0.0 Ok: queued as 4F1B2"


def kept() -> list[Row[Any]]:
    with reading() as conn:
        return list(conn.execute(select(MailTry.__table__).order_by(_Y.id)))


def told() -> list[tuple[int, str, str | None]]:
    return [(row.number, row.outcome, row.answer) for row in kept()]


def test_each_try_is_kept_with_its_answer_and_what_comes_next(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    mailer = Answering(TryLaterError("451 greylisted"), CutOffError("the connection broke: EOF"))
    began = clock.now
    for _ in range(3):
        worker.run_once(site, mailer, clock)
        clock.forward(60)
    first, second, third = kept()
    assert told() == [
        (1, "later", "451 greylisted"), (2, "later", "the connection broke: EOF"),
        (3, "sent", "250 2.0.0 Ok: queued as 4F1B2"),
    ]  # fmt: skip
    assert first.tried_at == began and began + timedelta(seconds=5) <= first.next_at < began + timedelta(seconds=6)
    assert (second.tried_at, third.next_at) == (began + timedelta(seconds=60), None)
    assert (first.words, second.words) == (None, None)
    assert third.words.startswith("Requests") or "\n\n" in third.words


def test_a_refused_mail_and_one_without_an_address_end_with_their_reason(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team", "user:999")
    worker.run_once(site, FakeMailer(RefusedError("550 no such mailbox")), clock)
    assert told() == [(1, "dead", "550 no such mailbox"), (1, "dead", "there is no address to send it to")]


def test_a_silence_of_the_server_is_kept_once_and_uses_up_no_try(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    down = ServerDownError("the server does not answer: timed out")
    mailer = FakeMailer(*[down] * 20, TryLaterError("451 busy"), *[down] * 5)
    for _ in range(24):
        worker.run_once(site, mailer, clock)
        clock.forward(31)
    assert [row[:2] for row in told()] == [(1, "held"), (1, "later"), (2, "held")]


def test_a_message_handed_back_untried_leaves_no_try(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    worker.run_once(site, FakeMailer(StoppedError()), clock)
    assert kept() == []


def test_a_worker_killed_between_sending_and_marking_has_kept_nothing(
    app: Flask, site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The try is in the transaction of the mark: a kill at its end takes both."""
    queued(clock.now, "team")

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", killed)
        with suppress(Killed):
            worker.run_once(site, FakeMailer(), clock)
    assert kept() == []
    clock.forward(worker.LEASE_SECONDS)
    worker.run_once(site, FakeMailer(), clock)
    assert [row[:2] for row in told()] == [(2, "sent")]


def test_whoever_lost_the_lease_keeps_no_try(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    with writing() as conn:
        (late,) = outbox.claim(conn, now=clock.now, lease_key="late", lease_seconds=60, limit=1)
    clock.forward(60)
    worker.run_once(site, FakeMailer(), clock)
    with writing() as conn:
        assert not outbox.mark_sent(conn, late, now=clock.now)
        assert not outbox.mark_dead(conn, late, error="550 no", now=clock.now)
        assert outbox.mark_failed(conn, late, error="451 no", now=clock.now, spread=0) is None
        assert not outbox.hold(conn, late, error="gone", now=clock.now)
    assert [row[:2] for row in told()] == [(2, "sent")]


def test_a_mail_that_ends_every_worker_is_given_up_at_its_last_try(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    for _ in range(outbox.MAX_ATTEMPTS):
        with writing() as conn:
            outbox.claim(conn, now=clock.now, lease_key="x", lease_seconds=60, limit=1)
        clock.forward(60)
    worker.run_once(site, FakeMailer(), clock)
    assert told() == [(outbox.MAX_ATTEMPTS, "dead", "the worker was lost at the last attempt")]


def test_of_a_mail_sent_again_and_again_the_newest_tries_are_kept(app: Flask, clock: Clock) -> None:
    queued(clock.now, "team", "team")
    with writing() as conn:
        for number in range(tries.MOST + 7):
            tries.note(conn, 1, number, TryOutcome.DEAD, answer="x" * 500, words="y" * 9000, now=clock.now)
            tries.note(conn, 2, 1, TryOutcome.SENT, now=clock.now) if number < 3 else None
    of_first = [row for row in kept() if row.message_id == 1]
    assert [row.number for row in of_first] == list(range(7, tries.MOST + 7))
    assert len([row for row in kept() if row.message_id == 2]) == 3
    assert (len(of_first[0].answer), len(of_first[0].words)) == (tries.LONGEST_ANSWER, tries.LONGEST_WORDS)


def test_a_mail_that_is_deleted_takes_its_tries_along(app: Flask, site: Site, clock: Clock) -> None:
    queued(clock.now, "team")
    worker.run_once(site, FakeMailer(), clock)
    with writing() as conn:
        conn.execute(OutboxMessage.__table__.delete())
    assert kept() == []


def test_the_words_that_went_out_are_kept_without_the_private_link(app: Flask, site: Site, clock: Clock) -> None:
    callback_id = callback(site, clock.now)
    queued(clock.now, "visitor", kind="visitor.received", callback_id=callback_id)
    mailer = FakeMailer()
    worker.run_once(site, mailer, clock)
    (row,) = kept()
    link = site.link("ab" * 16, 1)
    assert link in mailer.sent[0].letter.text and link not in row.words
    assert row.words.startswith("Your callback request\n\n") and "/callback/…" in row.words
    assert "ana@example.org" not in row.words


def test_what_the_server_says_to_a_mail_it_takes_comes_back_without_the_mailbox(make_mailer: MakeMailer) -> None:
    post = Post(script={"DATA": ["250 2.0.0 Ok <ana@example.org>, ana: queued as 4F1B2"]})
    with post_office(post):
        mailer = make_mailer(MAIL_PORT=post.port)
        answers = [mailer.send(posting("ana@example.org"), now=Clock(posting().written_at).now) for _ in range(2)]
    assert answers[0].startswith("250 2.0.0 Ok") and answers[0].endswith("queued as 4F1B2")
    assert "ana" not in answers[0] and answers[1] == "250 taken"
