"""Killed between any two steps: insert, outbox, commit, claim, send, mark. All is well again within one lease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, func, select

from intake.database import reading
from intake.delivery import worker
from intake.delivery.mailer import Posting
from intake.ledger import audit, mail_channel, outbox, search_words
from intake.models import Audit, CallbackRequest, OutboxMessage, SearchToken
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.rules import phone
from intake.rules.spam import Signals
from intake.services import callbacks
from intake.services.callbacks import Answers, Arrival

LEASE = timedelta(seconds=worker.LEASE_SECONDS)
ANSWERS = Answers("Ada Vance", phone.parse("212-555-0182"))
ARRIVAL = Arrival("a-form-of-its-own", Signals(seconds_to_fill=30.0))
STORED: tuple[Any, ...] = (CallbackRequest, SearchToken, Audit, OutboxMessage)


class Killed(BaseException):
    """The process is gone: no code of ours may catch this."""


@dataclass
class Mailbox:
    """A mailer that remembers, and may die with a message in its hands."""

    sent: list[str] = field(default_factory=list)
    dies: bool = False

    def send(self, posting: Posting, *, now: datetime) -> None:
        if self.dies:
            raise Killed
        self.sent.append(posting.public_id)

    def close(self) -> None: ...

    def stop(self) -> None: ...


def dying(step: Callable[..., Any], *, first_works: bool) -> Callable[..., Any]:
    """``step`` as it is when the process is killed just after it, or just before."""

    def killed(*args: Any, **names: Any) -> Any:
        if first_works:
            step(*args, **names)
        raise Killed

    return killed


def count(table: Any) -> int:
    wanted: Table = table.__table__
    with reading() as conn:
        return int(conn.execute(select(func.count()).select_from(wanted)).scalar_one())


def submit(site: Site, now: datetime) -> callbacks.Submitted:
    return callbacks.submit(site, ANSWERS, ARRIVAL, now=now)


BEFORE_COMMIT = {
    "after the insert": (search_words, "write", False),
    "after the search words": (search_words, "write", True),
    "before the audit entry": (audit, "record", False),
    "after the audit entry": (audit, "record", True),
    "before the outbox row": (outbox, "enqueue", False),
    "after the outbox row, before the commit": (outbox, "enqueue", True),
}


@pytest.mark.parametrize("step", BEFORE_COMMIT)
def test_killed_before_the_commit_nothing_is_there_and_the_same_form_can_be_sent_again(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    module, name, first_works = BEFORE_COMMIT[step]
    with monkeypatch.context() as patch:
        patch.setattr(module, name, dying(getattr(module, name), first_works=first_works))
        with pytest.raises(Killed):
            submit(site, now)
    assert [count(table) for table in STORED] == [0, 0, 0, 0]
    done = submit(site, now + timedelta(seconds=3))
    assert not done.is_replay
    assert (count(CallbackRequest), count(OutboxMessage)) == (1, 1)


def test_killed_after_the_commit_the_same_form_finds_what_it_became(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(callbacks, "_store", dying(callbacks._store, first_works=True))
        with pytest.raises(Killed):
            submit(site, now)
    again = submit(site, now + timedelta(seconds=3))
    assert again.is_replay
    with reading() as conn:
        assert conn.execute(select(CallbackRequest.__table__.c.reference)).scalars().all() == [again.reference]
    assert (count(CallbackRequest), count(OutboxMessage)) == (1, 1)


def run(site: Site, mailbox: Mailbox, at: datetime) -> int:
    return worker.run_once(site, mailbox, lambda: at)


def state() -> str:
    with reading() as conn:
        return str(conn.execute(select(OutboxMessage.__table__.c.state)).scalar_one())


def test_killed_while_claiming_the_message_is_free_at_once(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(site, now)
    mailbox = Mailbox()
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "claim", dying(outbox.claim, first_works=True))
        with pytest.raises(Killed):
            run(site, mailbox, now)
    assert state() == OutboxState.PENDING
    assert run(site, mailbox, now) == 1
    assert len(mailbox.sent) == 1


def test_killed_between_claim_and_send_it_goes_out_after_one_lease_and_not_before(
    app: Flask, site: Site, now: datetime
) -> None:
    submit(site, now)
    with pytest.raises(Killed):
        run(site, Mailbox(dies=True), now)
    mailbox = Mailbox()
    assert run(site, mailbox, now + LEASE - timedelta(seconds=1)) == 0
    assert run(site, mailbox, now + LEASE) == 1
    assert len(mailbox.sent) == 1
    assert state() == OutboxState.SENT


AROUND_THE_MARK = {
    "after sending, before the mark": (outbox, "mark_sent", False),
    "after the mark, before its audit entry": (outbox, "mark_sent", True),
    "after the audit entry, before the commit": (mail_channel, "mark_up", True),
}


@pytest.mark.parametrize("step", AROUND_THE_MARK)
def test_killed_between_send_and_mark_it_goes_out_once_more_under_the_same_message_id(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    submit(site, now)
    module, name, first_works = AROUND_THE_MARK[step]
    mailbox = Mailbox()
    with monkeypatch.context() as patch:
        patch.setattr(module, name, dying(getattr(module, name), first_works=first_works))
        with pytest.raises(Killed):
            run(site, mailbox, now)
    assert state() == OutboxState.LEASED
    assert run(site, mailbox, now + LEASE - timedelta(seconds=1)) == 0
    assert run(site, mailbox, now + LEASE) == 1
    assert len(mailbox.sent) == 2
    assert len(set(mailbox.sent)) == 1
    assert state() == OutboxState.SENT
    assert run(site, mailbox, now + LEASE * 10) == 0, "and never again"


def test_killed_in_a_batch_only_what_was_not_marked_is_sent_again(
    app: Flask, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        callbacks.submit(site, ANSWERS, Arrival(f"form {number}", ARRIVAL.signals), now=now)
    mailbox, real = Mailbox(), worker._mark_sent

    def third_time(*args: Any) -> None:
        if len(mailbox.sent) == 3:
            raise Killed
        real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_mark_sent", third_time)
        with pytest.raises(Killed):
            run(site, mailbox, now)
    for _ in range(3):  # what was held by a lost worker comes one by one
        run(site, mailbox, now + LEASE)
    assert len(set(mailbox.sent)) == 5
    assert len(mailbox.sent) == 6, "the third, sent and not marked, came twice"
