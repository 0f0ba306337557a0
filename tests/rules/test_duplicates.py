"""Whose names are one, whose wish about messages holds, and which second request is the first one sent twice."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.crisis import due_at_once
from intake.rules.duplicates import (
    TOGETHER,
    as_told,
    folded_name,
    inherited,
    joins_by_itself,
    read,
    strictest,
    strictest_wishes,
    written,
)
from intake.rules.workflow import Disposition, Status, Voicemail

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
VOICEMAIL = st.sampled_from(Voicemail)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana", " ANA "),
        ("Ana María", "ana  maría"),
        ("Ana-María", "Ana María"),
        ("J. Smith", "j smith"),
        ("O’Brien", "OBrien"),
        ("O'Brien", "Oʼbrien"),
        ("\uff21\uff4e\uff41", "Ana"),
        ("An\u200da", "Ana"),
        ("Jose\u0301", "José"),
        ("Straße", "STRASSE"),
        ("Ana,", "(Ana)"),
    ],
)
def test_spelled_otherwise_it_is_the_same_name(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Ana", "Anna"), ("José", "Jose"), ("Ana", "Ana B"), ("Li Na", "Lina")])
def test_another_name_is_another_person(one: str, other: str) -> None:
    assert folded_name(one) != folded_name(other)


@given(st.text(max_size=60))
def test_folding_once_more_changes_nothing(name: str) -> None:
    assert folded_name(folded_name(name)) == folded_name(name)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30), st.sampled_from(" -.,\t\u00a0"))
def test_neither_what_stands_around_a_name_nor_its_form_matters(name: str, mark: str) -> None:
    assert folded_name(f"{mark}{name}{mark * 2}") == folded_name(unicodedata.normalize("NFD", name))


@given(VOICEMAIL, VOICEMAIL, VOICEMAIL)
def test_the_stricter_wish_does_not_depend_on_the_order(one: Voicemail, two: Voicemail, three: Voicemail) -> None:
    assert strictest(one, two) == strictest(two, one)
    assert strictest(strictest(one, two), three) == strictest(one, strictest(two, three))
    assert strictest(one, one) == one and strictest(one, Voicemail.NONE) is Voicemail.NONE


def request(minutes: int = 0, **more: Any) -> SimpleNamespace:
    at = NOON + timedelta(minutes=minutes)
    plain = {
        "received_at": at, "target_at": at + timedelta(minutes=15), "promised_by_at": at + timedelta(minutes=30),
        "due_at": at + timedelta(minutes=15), "next_at": None, "window_from": None, "window_until": None,
        "is_free_time": False, "preferred_note_encrypted": None, "status": Status.NEW, "closed_at": None,
        "assignee_id": None, "attempt_count": 0, "last_disposition": None, "voicemail": Voicemail.SAY_WHO,
        "is_once_only": False, "crisis_at": None,
        "snoozed_at": None, "check_by_at": None,
    }  # fmt: skip
    return SimpleNamespace(**(plain | more))


TOMORROW = {"window_from": NOON + timedelta(days=1), "window_until": NOON + timedelta(days=1, hours=2)}


@pytest.mark.parametrize(
    ("survivor", "later", "is_same_wish"),
    [
        (request(), request(1), True),
        (request(), request(30), True),
        (request(), request(31), False),
        (request(1), request(0), False),
        (request(assignee_id=5), request(1), True),
        (request(), request(1, assignee_id=5), False),
        (request(), request(1, attempt_count=1), False),
        (request(status=Status.ATTEMPTING, due_at=NOON + timedelta(hours=2)), request(20), True),
        (request(closed_at=NOON), request(1), False),
        (request(status=Status.CHECK), request(1), False),
        (request(), request(1, status=Status.CHECK), False),
        (request(last_disposition=Disposition.WRONG_NUMBER, status=Status.ATTEMPTING), request(1), False),
        (request(**TOMORROW), request(1), False),
        (request(), request(1, **TOMORROW), True),
        (request(**TOMORROW), request(1, **TOMORROW), True),
        (request(is_free_time=True, preferred_note_encrypted=b"1"), request(1, is_free_time=True), False),
    ],
)
def test_only_the_same_wish_sent_twice_is_joined_by_itself(survivor: Any, later: Any, is_same_wish: bool) -> None:
    assert joins_by_itself(survivor, later) is is_same_wish
    assert timedelta(minutes=30) == TOGETHER


def test_whoever_may_be_in_danger_makes_the_older_request_urgent() -> None:
    later = request(10, **due_at_once(NOON + timedelta(minutes=10)))
    assert inherited(request(), later) == {"crisis_at": later.crisis_at, "due_at": later.due_at}
    waits = request(status=Status.ATTEMPTING, due_at=NOON + timedelta(hours=3), next_at=NOON + timedelta(hours=3))
    assert inherited(waits, later) | {"next_at": None} == inherited(waits, later)


@pytest.mark.parametrize("wish", [TOMORROW, {"is_free_time": True}, {}])
def test_whoever_was_promised_a_call_sooner_is_due_by_that_promise_whatever_the_older_waits_for(wish: Any) -> None:
    later, waits = request(10), NOON + timedelta(days=1)
    survivor = request(due_at=waits, next_at=waits, promised_by_at=waits, target_at=waits, **wish)
    clocks = ("target_at", "promised_by_at", "due_at", "next_at")
    assert inherited(survivor, later) == {name: getattr(later, name) for name in clocks}
    assert inherited(request(**wish), request(10, due_at=waits, next_at=waits)) == {}, "the earlier one is kept"


@given(VOICEMAIL, st.booleans(), st.lists(st.tuples(VOICEMAIL, st.booleans()), min_size=1, max_size=4))
def test_what_one_chose_oneself_can_be_told_whatever_others_made_of_it(
    voicemail: Voicemail, is_once_only: bool, others: list[tuple[Voicemail, bool]]
) -> None:
    own: dict[str, Any] = {"voicemail": voicemail.value, "is_once_only": is_once_only}
    links, held = [], own
    for one, once in others:
        made = strictest_wishes(held, [SimpleNamespace(voicemail=one, is_once_only=once)])
        links.append({"survivor": held, "after": made})
        held = made
    assert held["voicemail"] == min((voicemail, *(one for one, _ in others)), key=list(Voicemail).index)
    assert held["is_once_only"] is (is_once_only or any(once for _, once in others))
    assert own == {**held, **as_told(SimpleNamespace(**held), reversed(links))}


def test_columns_come_back_from_the_link_as_they_went_in() -> None:
    columns = {"closed_at": None, "next_at": NOON, "status": "new", "is_once_only": True}
    assert read(written(columns)) == columns
