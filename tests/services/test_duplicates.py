"""Two requests of one person: joined the older goes on, taken apart both stand as they were, whoever says it when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import casefile, private_link, related
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition, Status, Voicemail
from intake.services import calls, casework, claims, do_not_call, duplicates, visitor
from intake.services.calls import Outcome
from intake.services.errors import EndedError, RefusedError, TakenError
from tests.making import actions, ask, person, stored
from tests.points import point

NUMBER = "212-736-5000"
CLOCKS = ("received_at", "target_at", "promised_by_at", "due_at", "next_at", "voicemail", "is_once_only")


def two(site: Site, now: datetime, **newer: Any) -> tuple[str, str]:
    """The older request says more on a machine than the newer one, which comes ten minutes later."""
    older = ask(site, now, name="Ana", phone=NUMBER, voicemail=Voicemail.SAY_WHO).reference
    later = now + timedelta(minutes=10)
    return older, ask(site, later, name="Ana", phone="+1 (212) 736 5000", voicemail=Voicemail.NONE, **newer).reference


def clocks(reference: str) -> dict[str, Any]:
    row = stored(reference)
    return {name: getattr(row, name) for name in CLOCKS}


@pytest.mark.parametrize("from_the_older", [True, False])
def test_joined_the_older_goes_on_with_its_clock_and_the_stricter_wish(
    site: Site, now: datetime, from_the_older: bool
) -> None:
    older, newer = two(site, now)
    before, maria = clocks(older), person(site, "Maria", now=now)
    pressed = (older, newer) if from_the_older else (newer, older)
    assert duplicates.link(site, maria, *pressed, now=now + timedelta(minutes=12)) == older
    assert clocks(older) == before | {"voicemail": "none"}
    gone = stored(newer)
    assert (gone.status, gone.closed_reason, gone.duplicate_of_id) == ("closed", "duplicate", stored(older).id)
    assert actions(older)[-1] == actions(newer)[-1] == "callback.linked"


def test_taken_apart_both_are_what_they_were(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    before, maria = (clocks(older), clocks(newer)), person(site, "Maria", now=now)
    duplicates.link(site, maria, older, newer, now=now)
    assert duplicates.unlink(site, maria, newer, now=now) == older
    assert (clocks(older), clocks(newer)) == before
    assert stored(newer).status == Status.NEW and stored(newer).duplicate_of_id is None
    with pytest.raises(RefusedError, match="not_linked"):
        duplicates.unlink(site, maria, newer, now=now)


def test_what_was_changed_since_is_not_changed_back(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    maria = person(site, "Maria", now=now)
    claims.claim(site, maria, older, now=now)
    calls.log_attempt(site, maria, older, Outcome(Disposition.NO_ANSWER), now=now)
    duplicates.link(site, maria, older, newer, now=now)
    assert stored(older).next_at is None, "asked again: callable as the newer request is"
    calls.log_attempt(site, maria, older, Outcome(Disposition.BUSY), now=now)
    after_call = stored(older).next_at
    duplicates.unlink(site, maria, newer, now=now)
    assert stored(older).next_at == after_call and stored(older).voicemail == "say_who"


def test_what_was_joined_to_the_newer_belongs_to_the_oldest(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    newest = ask(site, now + timedelta(minutes=20), name="Ana", phone=NUMBER).reference
    maria = person(site, "Maria", now=now)
    duplicates.link(site, maria, newer, newest, now=now)
    duplicates.link(site, maria, newer, older, now=now)
    assert stored(newest).duplicate_of_id == stored(newer).duplicate_of_id == stored(older).id
    duplicates.unlink(site, maria, newest, now=now)
    assert stored(newest).status == Status.NEW and stored(newer).duplicate_of_id == stored(older).id


def test_what_is_over_under_check_or_on_the_phone_is_not_joined(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    maria, dev = person(site, "Maria", now=now), person(site, "Dev", now=now)
    with pytest.raises(RefusedError, match="same_request"):
        duplicates.link(site, maria, older, older, now=now)
    claims.start_call(site, dev, newer, now=now)
    with pytest.raises(RefusedError, match="on_call"):
        duplicates.link(site, maria, older, newer, now=now)
    calls.log_attempt(site, dev, newer, Outcome(Disposition.SPOKE_REFERRED), now=now)
    with pytest.raises(EndedError):
        duplicates.link(site, maria, older, newer, now=now)


def test_a_number_that_asked_for_silence_meanwhile_goes_to_a_manager(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    maria = person(site, "Maria", now=now)
    duplicates.link(site, maria, older, newer, now=now)
    claims.claim(site, maria, older, now=now)
    calls.log_attempt(site, maria, older, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)
    duplicates.unlink(site, maria, newer, now=now)
    row = stored(newer)
    assert row.status == Status.CHECK and not row.is_promised and do_not_call.SUPPRESSED in row.spam_reasons


def test_opened_again_it_is_no_duplicate_any_more_and_can_be_joined_anew(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    maria = person(site, "Maria", now=now)
    duplicates.link(site, maria, older, newer, now=now)
    casework.reopen(site, maria, newer, now=now)
    assert stored(newer).duplicate_of_id is None
    assert duplicates.link(site, maria, newer, older, now=now) in (older, newer)


@point(62)
def test_opposite_links_at_once_leave_exactly_one_open(app: Flask, site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    maria, dev = person(site, "Maria", now=now), person(site, "Dev", now=now)
    errors: list[Exception] = []

    def press(actor: Actor, pair: tuple[str, str], gate: threading.Barrier) -> None:
        with app.app_context():
            gate.wait()
            try:
                duplicates.link(site, actor, *pair, now=now)
            except (EndedError, TakenError) as error:
                errors.append(error)

    gate = threading.Barrier(2)
    pairs: tuple[tuple[Actor, tuple[str, str]], ...] = ((maria, (older, newer)), (dev, (newer, older)))
    threads = [threading.Thread(target=press, args=(*each, gate)) for each in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stored(one).closed_at is None for one in (older, newer)] == [True, False] and len(errors) == 1


@point(62)
def test_the_box_finds_the_number_and_the_email_in_any_spelling(
    site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    first = ask(site, now, name="Ana", phone="212-736-5000", email="ana@example.com").reference
    other = ask(site, now, name="Luis", phone="312-736-5000", email="Ana@Example.com").reference
    last = ask(site, now, name="Ana", phone="+1 (212) 736 5000").reference
    with reading() as conn:
        case = casefile.find(conn, site, first, with_contact=True)
        assert case
        count_queries()
        found = {one.reference: (one.is_same_number, one.is_same_email) for one in related.of(conn, site, case).others}
        assert count_queries() <= 2
        blind = casefile.find(conn, site, first, with_contact=False)
        assert blind and not related.of(conn, site, blind).others
    assert found == {other: (False, True), last: (True, False)}


def test_its_visitor_reads_of_a_joined_request_what_they_were_told(site: Site, now: datetime) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER)
    newer = ask(site, now + timedelta(minutes=10), name="Ana", phone=NUMBER)
    maria = person(site, "Maria", now=now)
    with reading() as conn:
        before = private_link.find(conn, site, newer.link_token, now=now)
    duplicates.link(site, maria, older.reference, newer.reference, now=now)
    with reading() as conn:
        assert private_link.find(conn, site, newer.link_token, now=now) == before
    claims.claim(site, maria, older.reference, now=now)
    calls.log_attempt(site, maria, older.reference, Outcome(Disposition.SPOKE_INFORMATION), now=now)
    with reading() as conn:
        after = private_link.find(conn, site, newer.link_token, now=now)
    assert after and after.status == Status.CLOSED and after.closed_at == now


def test_whoever_cancels_a_joined_request_cancels_that_one_only(site: Site, now: datetime) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER)
    newer = ask(site, now + timedelta(minutes=10), name="Ana", phone=NUMBER)
    duplicates.link(site, person(site, "Maria", now=now), older.reference, newer.reference, now=now)
    visitor.withdraw(site, newer.link_token, now=now)
    assert stored(newer.reference).status == Status.WITHDRAWN and stored(older.reference).status == Status.NEW


def test_when_the_older_one_is_cancelled_the_joined_one_waits_by_itself(site: Site, now: datetime) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER)
    newer = ask(site, now + timedelta(minutes=10), name="Ana", phone=NUMBER)
    duplicates.link(site, person(site, "Maria", now=now), older.reference, newer.reference, now=now)
    visitor.withdraw(site, older.link_token, now=now)
    assert stored(newer.reference).status == Status.NEW and stored(newer.reference).duplicate_of_id is None
