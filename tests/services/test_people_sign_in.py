"""Checking a password: counted before it is looked at, silent about why, and never a lock on the right person."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from intake.database import reading, writing
from intake.ledger import throttle
from intake.models import Audit, Throttle
from intake.models.site import Site
from intake.queries import sign_in as queries
from intake.rules.permissions import Actor, ActorKind, permissions_of
from intake.services import people, sign_in
from intake.services.sign_in import TRIES, WINDOW, NotMatchedError, TooManyTriesError
from tests.making import open_session

EMAIL, GOOD = "maria@example.com", "lamp tuesday orange"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def maria(app: Flask, site: Site, now: datetime) -> int:
    return people.create_user(site, email=EMAIL, name="Maria", roles=("staff",), password=GOOD, now=now)


def guess(site: Site, now: datetime, *, times: int, email: str = EMAIL, address: str = HERE) -> list[str]:
    """What each of so many wrong tries met."""
    met = []
    for number in range(times):
        try:
            sign_in.check(site, email, f"wrong {number}", address, now=now)
        except (NotMatchedError, TooManyTriesError) as error:
            met.append(type(error).__name__)
    return met


def test_the_tenth_wrong_try_is_refused_unseen(site: Site, maria: int, now: datetime) -> None:
    assert guess(site, now, times=12) == ["NotMatchedError"] * TRIES + ["TooManyTriesError"] * 3
    with pytest.raises(TooManyTriesError) as refused:
        sign_in.check(site, EMAIL, GOOD, HERE, now=now + timedelta(minutes=5))
    assert refused.value.until == now + WINDOW


def test_the_right_person_elsewhere_still_gets_in(site: Site, maria: int, now: datetime) -> None:
    guess(site, now, times=40)
    assert sign_in.check(site, EMAIL, GOOD, ELSEWHERE, now=now).user_id == maria


def test_after_the_window_the_right_password_works_again(site: Site, maria: int, now: datetime) -> None:
    guess(site, now, times=20)
    assert sign_in.check(site, EMAIL, GOOD, HERE, now=now + WINDOW).user_id == maria


def test_one_address_cannot_try_one_account_after_the_other(site: Site, maria: int, now: datetime) -> None:
    met = [guess(site, now, times=1, email=f"person{number}@example.com")[0] for number in range(12)]
    assert met == ["NotMatchedError"] * TRIES + ["TooManyTriesError"] * 3


def test_a_colleague_who_mistypes_does_not_shut_out_the_office(site: Site, maria: int, now: datetime) -> None:
    sign_in.check(site, EMAIL, GOOD, HERE, now=now)
    guess(site, now, times=30, email="colleague@example.com")
    assert sign_in.check(site, EMAIL, GOOD, HERE, now=now).user_id == maria


def test_an_attack_from_many_addresses_leaves_each_new_one_three_tries(site: Site, maria: int, now: datetime) -> None:
    sign_in.check(site, EMAIL, GOOD, ELSEWHERE, now=now)
    for number in range(26):
        guess(site, now, times=2, address=f"203.0.113.{number}")
    assert guess(site, now, times=4, address="203.0.113.200") == ["NotMatchedError"] * 3 + ["TooManyTriesError"]
    assert sign_in.check(site, EMAIL, GOOD, "203.0.113.201", now=now).user_id == maria
    assert guess(site, now, times=5, address=ELSEWHERE) == ["NotMatchedError"] * 5


def test_a_right_password_takes_the_count_back(site: Site, maria: int, now: datetime) -> None:
    for _ in range(3):
        guess(site, now, times=2)
        assert sign_in.check(site, EMAIL.upper(), GOOD, HERE, now=now).user_id == maria
    assert guess(site, now, times=TRIES) == ["NotMatchedError"] * TRIES


def test_many_at_once_get_no_more_tries_than_one_after_the_other(
    app: Flask, site: Site, maria: int, now: datetime
) -> None:
    met: list[str] = []

    def one() -> None:
        with app.app_context():
            met.extend(guess(site, now, times=1))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == ["NotMatchedError"] * TRIES + ["TooManyTriesError"] * (20 - TRIES)


@pytest.mark.parametrize(
    "email", ["", " ", "a\x00b@example.com", "\ud800@example.com", "x" * 5000, "' OR 1=1 --", "мария"]
)
def test_nonsense_is_merely_unknown(site: Site, maria: int, now: datetime, email: str) -> None:
    with pytest.raises(NotMatchedError):
        sign_in.check(site, email, "\x00\ud800" * 50, HERE, now=now)


def test_a_disabled_account_is_as_unknown_as_any(site: Site, maria: int, now: datetime) -> None:
    boss = people.create_user(site, email="boss@example.com", roles=("admin",), password=GOOD, now=now)
    people.disable(site, _person(boss), maria, now=now)
    with pytest.raises(NotMatchedError):
        sign_in.check(site, EMAIL, GOOD, HERE, now=now)


def _person(user_id: int) -> Actor:
    return Actor(ActorKind.PERSON, user_id, "Boss", permissions_of(["admin"]))


def test_refusals_are_on_record_without_the_email_and_a_flood_does_not_fill_it(
    site: Site, maria: int, now: datetime
) -> None:
    guess(site, now, times=100)
    with reading() as conn:
        rows = conn.execute(
            select(Audit.__table__.c.action, Audit.__table__.c.details).order_by(Audit.__table__.c.id)
        ).all()
    refused = [row.details for row in rows if row.action == "person.refused"]
    assert refused == [{"reason": "password", "user_id": maria}] * TRIES + [{"reason": "throttled"}]


def test_counters_hold_no_address_and_no_email(site: Site, maria: int, now: datetime) -> None:
    guess(site, now, times=1)
    with reading() as conn:
        keys = list(conn.execute(select(Throttle.__table__.c.key)).scalars())
    assert len(keys) == 3 and all(len(key) == 33 for key in keys)
    assert not any(word in key for key in keys for word in (b"maria", b"192"))


def test_counters_that_say_nothing_any_more_are_dropped(site: Site, maria: int, now: datetime) -> None:
    guess(site, now, times=1)
    with writing() as conn:
        throttle.forget_before(conn, now)
    with reading() as conn:
        assert conn.execute(select(func.count()).select_from(Throttle)).scalar_one() == 0


@pytest.mark.parametrize(
    ("started", "seen", "is_live"),
    [(0, 0, True), (59, 59, True), (60, 60, False), (700, 59, True), (720, 1, False), (719, 1, True)],
)
def test_a_session_lives_an_hour_idle_and_twelve_at_most(
    site: Site, maria: int, now: datetime, started: int, seen: int, is_live: bool
) -> None:
    actor = Actor(ActorKind.PERSON, maria, "Maria")
    open_session(site, actor, "sid", now=now - timedelta(minutes=started))
    sign_in.seen("sid", now=now - timedelta(minutes=seen))
    with reading() as conn:
        assert (queries.live(conn, sign_in.sid_hash("sid"), now=now) is not None) is is_live


def test_signing_out_twice_is_one_entry(site: Site, maria: int, now: datetime) -> None:
    actor = Actor(ActorKind.PERSON, maria, "Maria")
    open_session(site, actor, "sid", now=now)
    sign_in.end(site, actor, "sid", now=now)
    sign_in.end(site, actor, "sid", now=now)
    sign_in.seen("sid", now=now + timedelta(minutes=5))
    with reading() as conn:
        actions = list(conn.execute(select(Audit.__table__.c.action)).scalars())
        assert queries.live(conn, sign_in.sid_hash("sid"), now=now) is None
        assert queries.over(conn, sign_in.sid_hash("sid"), now=now) == queries.Over(maria, queries.Ending.ENDED, True)
    assert actions.count("person.signed_out") == 1
