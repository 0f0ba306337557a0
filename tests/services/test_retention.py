"""Forgetting: what expired is gone everywhere, figures and the record stay, and a kill in the middle does no harm."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from bench.processes import ROOT, environment
from intake.database import db, reading, writing
from intake.ledger import outbox, suppression, tries
from intake.models import (
    Alert,
    AuditText,
    CallAttempt,
    CallbackRequest,
    MailTry,
    Note,
    OutboxMessage,
    SearchToken,
    SuppressedNumber,
    UndoStep,
)
from intake.models.records import TryOutcome
from intake.models.site import Site
from intake.queries import casefile
from intake.queries import retention as expiry
from intake.rules.permissions import Actor
from intake.rules.retention import Retention
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import alerting, calls, casework, claims, retention
from intake.services.calls import Outcome
from intake.services.errors import RefusedError
from tests.conftest import KEYS
from tests.making import actions, ask, count, stored

KEPT = Retention()
C = CallbackRequest.__table__.c


def ended(site: Site, maria: Actor, now: datetime, reason: ClosedReason = ClosedReason.INFORMATION) -> str:
    """A request that was called, noted and closed at ``now``, full of words."""
    reference = ask(
        site, now, name="Marguerite", email="marguerite@example.com", message="after the detox",
        is_free_time=True, preferred_note="when she sleeps", source_path="/programs",
    ).reference  # fmt: skip
    casework.acknowledge_time(site, maria, reference, now=now)
    calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER, note="her brother answered"), now=now)
    casework.close(site, maria, reference, reason, note="spoke in person", now=now)
    return reference


def test_alerts_go_with_what_the_request_said_of_a_person(site: Site, maria: Actor, now: datetime) -> None:
    reference, waiting = ask(site, now).reference, ask(site, now, phone="(212) 555-0101").reference
    assert alerting.raise_due(site, now=now + timedelta(minutes=12)) == 2
    casework.close(site, maria, reference, ClosedReason.INFORMATION, note="called", now=now + timedelta(minutes=13))
    assert run(site, now + timedelta(days=200))[0] == 1
    assert count(Alert) == count(Alert, Alert.callback_id == stored(waiting).id) == 1


def run(site: Site, now: datetime, batch: int = 100) -> tuple[int, int]:
    done = list(retention.purge(site, KEPT, now=now, batch=batch))
    return sum(one.requests for one in done), sum(one.texts for one in done)


def left_of(reference: str) -> list[str]:
    """What still says something about the person."""
    row = stored(reference)
    names = [column.name for column in C]
    left = [name for name in names if name.endswith(("_encrypted", "_index")) and getattr(row, name) is not None]
    left += ["note"] * count(Note, Note.callback_id == row.id, Note.text_encrypted.is_not(None))
    return left + ["token"] * count(SearchToken, SearchToken.callback_id == row.id)


def test_tries_to_send_go_with_their_request_and_those_about_none_after_as_long(site, maria, now):
    gone, held = (ended(site, maria, now) for _ in range(2))
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.reference == held).values(has_legal_hold=True))
        outbox.enqueue(conn, "team.check_digest", "team", now=now)
        for message in conn.execute(select(OutboxMessage.id)).scalars().all():
            tries.note(conn, message, 1, TryOutcome.SENT, words="Your callback request", now=now)
    mails = count(OutboxMessage)
    run(site, now + timedelta(days=179))
    assert count(MailTry) == mails
    run(site, now + timedelta(days=181))
    left = count(OutboxMessage, OutboxMessage.callback_id == stored(held).id)
    assert count(MailTry) == left > 0 and count(OutboxMessage) == mails
    assert not count(MailTry, MailTry.message_id.in_(
        select(OutboxMessage.id).where(OutboxMessage.callback_id == stored(gone).id)))  # fmt: skip


def test_an_expired_request_says_nothing_of_a_person_and_keeps_its_figures(site, maria, lee, now):
    reference = ended(site, maria, now)
    casework.reopen(site, lee, reference, reason="she asked for it by phone", now=now)
    casework.close(site, maria, reference, ClosedReason.INFORMATION, now=now)
    before, later = stored(reference), now + timedelta(days=181)
    assert run(site, now + timedelta(days=179)) == (0, 0)
    assert run(site, later) == (1, 0)
    assert left_of(reference) == []
    assert count(AuditText, AuditText.text_encrypted.is_not(None)) == count(AuditText, AuditText.salt.is_not(None)) == 0
    after = stored(reference)
    same = ("received_at", "target_at", "closed_at", "closed_reason", "is_met", "open_seconds", "attempt_count")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert count(CallAttempt) == 1 and count(AuditText) == 1
    assert {"callback.received", "callback.reopened"} <= set(actions(reference))
    assert actions(reference).count("callback.redacted") == 1
    assert run(site, later) == (0, 0), "a second run finds nothing and writes nothing"
    with pytest.raises(RefusedError, match="redacted"):
        casework.reopen(site, lee, reference, now=later)
    with reading() as conn:
        case = casefile.find(conn, site, reference, with_contact=True)
        assert case is not None and (case.name, case.message, case.last4) == ("", "", "")
        assert casefile.timeline(conn, site, case.id, with_contact=True).entries


def test_spam_goes_sooner_a_held_request_never_and_a_wish_not_to_be_called_outlives_it(site, maria, now):
    spam, plain = ended(site, maria, now, ClosedReason.SPAM), ended(site, maria, now)
    held, still_open = ended(site, maria, now), ask(site, now).reference
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.reference == held).values(has_legal_hold=True))
        suppression.suppress(conn, site.keyring.index_of("phone", "+12125550182"), by_id=None, now=now)
    assert run(site, now + timedelta(days=31)) == (1, 0)
    assert left_of(spam) == [] and left_of(plain)
    assert run(site, now + timedelta(days=4000)) == (1, 0)
    assert left_of(plain) == [] and left_of(held) and left_of(still_open)
    assert count(SuppressedNumber) == 1


def test_the_hash_of_a_barred_number_leaves_what_undo_kept_with_the_next_run(site, maria, now):
    reference, other = ask(site, now).reference, ask(site, now, phone="212-555-0146").reference
    calls.log_attempt(site, maria, reference, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    claims.claim(site, maria, other, now=now + timedelta(minutes=50))
    run(site, now + timedelta(hours=1, seconds=1))
    with reading() as conn:
        assert list(conn.execute(select(UndoStep.action)).scalars()) == ["callback.claimed"], "whoever did it, or left"
    retention.forget(site, reference, now=now + timedelta(hours=2))
    assert count(UndoStep) == 0 and count(SuppressedNumber) == 1


def test_words_in_the_record_go_after_six_years_and_its_entries_stay(site, maria, lee, now):
    references = [ended(site, maria, now) for _ in range(2)]
    for reference in references:
        casework.reopen(site, lee, reference, reason="typed words", now=now)
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.reference == references[1]).values(has_legal_hold=True))
    entries = len(actions(references[0]))
    assert run(site, now + timedelta(days=365 * 5)) == (0, 0), "both are open"
    assert run(site, now + timedelta(days=366 * 6)) == (0, 1)
    assert count(AuditText, AuditText.text_encrypted.is_not(None)) == 1
    assert len(actions(references[0])) == entries


def test_what_was_written_after_a_purge_goes_with_the_next(site, maria, now):
    reference, later = ended(site, maria, now), now + timedelta(days=200)
    assert run(site, later) == (1, 0)
    casework.add_note(site, maria, reference, "her sister called", now=later)
    assert run(site, later) == (1, 0)
    assert left_of(reference) == []


def test_stopped_between_two_batches_the_rest_is_whole_and_the_next_run_takes_it(site, maria, now):
    references, later = [ended(site, maria, now) for _ in range(5)], now + timedelta(days=200)
    going = retention.purge(site, KEPT, now=later, batch=2)
    assert next(going).requests == 2
    going.close()
    assert [bool(left_of(reference)) for reference in references] == [False, False, True, True, True]
    assert run(site, later, batch=2) == (3, 0)
    assert not any(left_of(reference) for reference in references)


KILLED = """
import os, signal, sys
from datetime import datetime
from app import create_app
from intake.rules.retention import Retention
from intake.services import retention
recorded, real = [], retention.audit.record
def record(*args, **more):
    recorded.append(1)
    if len(recorded) == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*args, **more)
retention.audit.record = record
app = create_app()
with app.app_context():
    list(retention.purge(app.extensions["intake"], Retention(), now=datetime.fromisoformat(sys.argv[1]), batch=4))
"""


def test_killed_inside_a_batch_whole_batches_are_done_and_nothing_is_half_done(app, site, maria, now, tmp_path):
    references, later = [ended(site, maria, now) for _ in range(9)], now + timedelta(days=200)
    url = db.engine.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", KILLED, later.isoformat()], cwd=ROOT,
                          env=environment(url, tmp_path, KEYS), capture_output=True, check=False)  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    whole = len(left_of(references[-1]))
    assert [len(left_of(reference)) for reference in references] == [0] * 4 + [whole] * 5
    assert run(site, later, batch=4) == (5, 0)
    assert not any(left_of(reference) for reference in references)


def test_sqlite_keeps_no_trace_in_its_files(sqlite_app: Flask, now: datetime, tmp_path: Path) -> None:
    site = sqlite_app.extensions["intake"]
    reference = ask(site, now, message="a rather long message " * 20).reference
    trace = stored(reference).message_encrypted[-64:]
    with writing() as conn:
        conn.execute(update(CallbackRequest).values(closed_at=now, status="closed", closed_reason="information"))

    def is_there() -> bool:
        return any(trace in path.read_bytes() for path in tmp_path.glob("intake.db*"))

    assert is_there()
    run(site, now + timedelta(days=200))
    retention.tidy_up()
    assert not is_there()


def test_the_command_counts_first_and_then_takes(app: Flask, site: Site, maria: Actor, now: datetime) -> None:
    reference = ended(site, maria, now - timedelta(days=3650))
    shell = app.test_cli_runner()
    assert "1 requests and 0 old texts" in shell.invoke(args=["intake", "purge", "--dry-run"]).output
    assert left_of(reference)
    assert "1 requests" in shell.invoke(args=["intake", "purge"]).output
    assert left_of(reference) == []
    with reading() as conn:
        assert expiry.counts(conn, KEPT, now=now) == (0, 0)
        assert conn.execute(select(func.count()).select_from(CallbackRequest)).scalar_one() == 1


def test_one_request_is_emptied_at_once_when_its_person_asks(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    gone, stays = ended(site, maria, now), ended(site, maria, now)
    still_open = ask(site, now).reference
    runner = app.test_cli_runner()
    done = runner.invoke(args=["intake", "purge", "--reference", gone.lower()])
    assert done.exit_code == 0 and f"{gone} was emptied" in done.output
    assert (stored(gone).name_encrypted, stored(gone).phone_index) == (None, None)
    assert actions(gone)[-1] == "callback.redacted"
    assert stored(stays).name_encrypted is not None
    with reading() as conn:
        words = select(func.count()).select_from(Note).join(CallbackRequest, C.id == Note.callback_id)
        words = words.where(C.reference == gone, Note.text_encrypted.is_not(None))
        assert conn.execute(words).scalar_one() == 0
    for reference, said in ((still_open, "close it first"), ("0ZZ-0ZZ", "no request"), ("nonsense", "--reference")):
        refused = runner.invoke(args=["intake", "purge", "--reference", reference])
        assert refused.exit_code != 0 and said in refused.output
    with writing() as conn:
        conn.execute(update(CallbackRequest).where(C.reference == stays).values(has_legal_hold=True))
    assert "legal hold" in runner.invoke(args=["intake", "purge", "--reference", stays]).output
    assert stored(stays).name_encrypted is not None
