"""Words typed for the record lie apart from it, and are proven with it all the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.database import writing
from intake.ledger import audit
from intake.models.site import Site
from intake.queries.proof import Fault
from intake.rules.permissions import SYSTEM
from intake.rules.retention import Retention
from intake.rules.workflow import ClosedReason
from intake.services import casework, retention, sealing
from tests.making import ask, person
from tests.services.test_sealing import past_the_triggers

_MOVE = "UPDATE audit_text SET audit_id = {} WHERE audit_id = {}"


@pytest.fixture
def sealed(app: Flask, site: Site, now: datetime) -> Site:
    """Three entries with words and one without, under one seal."""
    for words in ("first", "second", "third", None):
        with writing() as conn:
            audit.record(conn, site, SYSTEM, "audit.exported", typed=words, now=now)
    sealing.seal_all(site, now=now)
    assert sealing.verify(site).finding is None
    return site


TAMPERING = {
    "two swapped": ([_MOVE.format(9, 1), _MOVE.format(1, 2), _MOVE.format(2, 9)], Fault.WORDS_CHANGED, 1),
    "another salt": (["UPDATE audit_text SET salt = text_encrypted WHERE audit_id = 2"], Fault.WORDS_CHANGED, 2),
    "other words": (["UPDATE audit_text SET text_encrypted = salt WHERE audit_id = 3"], Fault.WORDS_CHANGED, 3),
    "words for an entry that had none": ([_MOVE.format(4, 3)], Fault.WORDS_CHANGED, 4),
    "a row removed": (["DELETE FROM audit_text WHERE audit_id = 2"], Fault.WORDS_MISSING, 2),
    "emptied without a word": (
        ["UPDATE audit_text SET salt = NULL, text_encrypted = NULL WHERE audit_id = 2"], Fault.WORDS_MISSING, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
def test_other_words_than_those_that_were_sealed_are_found(sealed: Site, what: str) -> None:
    statements, fault, entry = TAMPERING[what]
    with past_the_triggers() as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)
    found = sealing.verify(sealed).finding
    assert found is not None and (found.fault, found.first_id) == (fault, entry)


def test_words_that_were_purged_are_no_fault(sealed: Site, now: datetime) -> None:
    maria, reference = person(sealed, "Maria", now=now), ask(sealed, now).reference
    casework.close(sealed, maria, reference, ClosedReason.TEST, now=now)
    with writing() as conn:
        audit.record(conn, sealed, SYSTEM, "callback.exported", callback_id=1, typed="about Ana", now=now)
    later = now + timedelta(days=7 * 366)
    done = list(retention.purge(sealed, Retention(), now=later))
    assert sum(each.requests for each in done) == 1 and sum(each.texts for each in done) == 3
    sealing.seal_all(sealed, now=later)
    assert sealing.verify(sealed).finding is None
