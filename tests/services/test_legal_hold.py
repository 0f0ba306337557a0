"""A legal hold: who may place and lift it, what it keeps, and that the work on the request goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from intake.database import db, reading, writing
from intake.models import Audit, AuditText, CallbackRequest, MailTry, Note
from intake.models.site import Site
from intake.queries import audit, legal_hold
from intake.queries.legal_hold import Held
from intake.rules.permissions import Actor, ForbiddenError, Permission
from intake.rules.retention import Retention
from intake.rules.workflow import ClosedReason
from intake.services import casework, retention
from intake.services import legal_hold as holds
from intake.services.errors import NotFoundError, RefusedError
from tests.making import actions, ask, count, person, stored
from tests.services.test_retention import ended, left_of, run

YEAR = timedelta(days=366)


def on_hold(site: Site, reference: str, *, with_contact: bool = True) -> Held | None:
    with reading() as conn:
        return legal_hold.of(conn, site, stored(reference).id, with_contact=with_contact)


def test_a_hold_says_since_when_by_whom_and_why_and_lifting_it_is_on_record_too(site, maria, lee, now):
    reference, later = ended(site, maria, now), now + timedelta(days=3)
    assert on_hold(site, reference) is None
    holds.place(site, lee, reference, reason=" Her lawyer wrote ", now=later)
    found = on_hold(site, reference)
    assert found is not None and (found.since, found.by, found.reason) == (later, "Lee", "Her lawyer wrote")
    holds.lift(site, lee, reference, reason="Settled", now=later + YEAR)
    assert on_hold(site, reference) is None
    assert actions(reference)[-2:] == ["callback.hold_placed", "callback.hold_lifted"]


def test_the_reason_takes_the_right_to_see_names_and_lies_where_it_can_be_deleted(site, maria, lee, now):
    reference = ended(site, maria, now)
    holds.place(site, lee, reference, reason="Marguerite complained", now=now)
    found = on_hold(site, reference, with_contact=False)
    assert found is not None and (found.by, found.reason) == ("Lee", "") and "Marguerite" not in repr(found)
    with reading() as conn:
        assert "Marguerite" not in str(conn.execute(Audit.__table__.select()).all())


def test_of_several_holds_the_last_one_is_told(site, maria, lee, now):
    reference, ida = ended(site, maria, now), person(site, "Ida", "admin", now=now)
    holds.place(site, lee, reference, reason="First", now=now)
    holds.lift(site, lee, reference, reason="Over", now=now)
    holds.place(site, ida, reference, reason="Second", now=now + YEAR)
    found = on_hold(site, reference)
    assert found is not None and (found.since, found.by, found.reason) == (now + YEAR, "Ida", "Second")


def test_a_hold_that_no_page_placed_stands_and_says_so(site, maria, lee, now):
    reference = ended(site, maria, now)
    with writing() as conn:
        conn.execute(update(CallbackRequest).values(has_legal_hold=True))
    found = on_hold(site, reference)
    assert found is not None and (found.since, found.by, found.reason) == (None, "", "")
    holds.lift(site, lee, reference, reason="Nobody knows of it", now=now)
    assert on_hold(site, reference) is None


def test_only_whoever_gives_work_to_others_may_place_or_lift_one(site, maria, lee, now):
    reference = ended(site, maria, now)
    rae = person(site, "Rae", "auditor", now=now)
    for actor in (maria, rae):
        with pytest.raises(ForbiddenError) as refused:
            holds.place(site, actor, reference, reason="x", now=now)
        assert refused.value.permission is Permission.ASSIGN
    holds.place(site, lee, reference, reason="x", now=now)
    with pytest.raises(ForbiddenError):
        holds.lift(site, maria, reference, reason="x", now=now)
    assert stored(reference).has_legal_hold


@pytest.mark.parametrize(("turn", "code"), [(holds.place, "held"), (holds.lift, "not_held")])
def test_it_takes_a_reason_and_something_to_change(site: Site, lee: Actor, now: datetime, turn: Any, code: str) -> None:
    reference = ask(site, now).reference
    with pytest.raises(RefusedError, match="reason_needed"):
        turn(site, lee, reference, reason="  ", now=now)
    if turn is holds.place:
        turn(site, lee, reference, reason="x", now=now)
    with pytest.raises(RefusedError, match=f"^{code}$"):
        turn(site, lee, reference, reason="x", now=now)
    with pytest.raises(NotFoundError):
        turn(site, lee, "0ZZ-0ZZ", reason="x", now=now)


def test_neither_the_nightly_run_nor_a_wish_takes_anything_until_the_hold_is_lifted(site, maria, lee, now):
    reference, other = ended(site, maria, now), ended(site, maria, now)
    holds.place(site, lee, reference, reason="Complaint", now=now)
    before = left_of(reference)
    for after in (YEAR, 8 * YEAR):
        run(site, now + after)
        assert left_of(reference) == before and left_of(other) == []
        assert count(AuditText, AuditText.text_encrypted.is_not(None)) == 1, "why it is held is kept as well"
    with pytest.raises(RefusedError, match="on_hold"):
        retention.forget(site, reference, now=now)
    holds.lift(site, lee, reference, reason="Settled", now=now + 8 * YEAR)
    run(site, now + 8 * YEAR)
    assert left_of(reference) == [] and count(MailTry) == 0
    assert count(Note, Note.text_encrypted.is_not(None)) == count(AuditText, AuditText.text_encrypted.is_not(None)) == 0


def _hold_after(monkeypatch: pytest.MonkeyPatch, name: str, hold: Any) -> None:
    """Somebody places a hold between the purge's question and its deed."""
    asks = getattr(retention, name)

    def asked(*args: Any) -> list[int]:
        found: list[int] = asks(*args)
        hold(found)
        return found

    monkeypatch.setattr(retention, name, asked)


@pytest.mark.parametrize(("name", "is_closed"), [("_next", True), ("_old_texts", False)])
def test_a_hold_placed_while_the_nightly_run_is_at_it_is_in_time(
    site: Site, maria: Actor, lee: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch, name: str, is_closed: bool
) -> None:
    """Its requests, and the words typed for one that is still open."""
    reference, later = ended(site, maria, now), now + 7 * YEAR
    casework.reopen(site, lee, reference, reason="typed words", now=now)
    if is_closed:
        casework.close(site, maria, reference, ClosedReason.INFORMATION, now=now)

    def hold(found: list[int]) -> None:
        if found and not stored(reference).has_legal_hold:
            holds.place(site, lee, reference, reason="Just now", now=later)

    _hold_after(monkeypatch, name, hold)
    assert list(retention.purge(site, Retention(), now=later)) == [retention.Purged()] and left_of(reference)
    assert count(AuditText, AuditText.text_encrypted.is_not(None)) == 2
    assert "audit.texts_redacted" not in _acts(site)


def _acts(site: Site) -> set[str]:
    with reading() as conn:
        return {entry.action for entry in audit.page(conn, site, audit.Filter()).entries}


def test_whoever_is_writing_about_it_saves_as_if_nothing_had_happened(site, maria, lee, now):
    reference = ask(site, now).reference
    version = stored(reference).version
    holds.place(site, lee, reference, reason="Complaint", now=now)
    casework.close(site, maria, reference, ClosedReason.INFORMATION, expected_version=version, now=now)
    assert stored(reference).has_legal_hold


def test_all_on_hold_are_listed_page_by_page_by_few_questions(site, lee, now, count_queries):
    references = [ask(site, now + timedelta(minutes=minute)).reference for minute in range(5)]
    for reference in references[1:]:
        holds.place(site, lee, reference, reason="Complaint", now=now)
    count_queries()
    with reading() as conn:
        first = legal_hold.page(conn, site, with_contact=True, most=3)
        assert count_queries() == 1
        rest = legal_hold.page(conn, site, before=first.older, with_contact=True, most=3)
    assert [one.reference for one in (*first.held, *rest.held)] == references[:0:-1]
    assert first.older and rest.older is None and first.held[0].reason == "Complaint"


def test_they_are_found_by_an_index_of_their_own(site: Site, lee: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    holds.place(site, lee, reference, reason="Complaint", now=now)
    statement = str(legal_hold._asked().compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True}))
    with reading() as conn:
        if conn.dialect.name == "sqlite":
            plan = str(conn.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all())
        else:
            conn.execute(text("SET LOCAL enable_seqscan = off"))
            plan = str(conn.execute(text(f"EXPLAIN {statement}")).all())
    assert "ix_callback_request_on_hold" in plan
