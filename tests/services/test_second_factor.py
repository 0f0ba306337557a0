"""The second factor: set up after the password, asked for without a session, each code once, and taken away again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, OutboxMessage, RecoveryCode, SecondFactor, SignInStep
from intake.models.keyring import Key
from intake.models.site import Site
from intake.queries import second_factor as queries
from intake.queries import sign_in as sign_in_queries
from intake.rules.permissions import SYSTEM, Actor, ForbiddenError
from intake.services import one_time_codes, passwords, people, second_factor, second_step, sign_in
from intake.services.errors import NotFoundError, RefusedError
from intake.services.sign_in import NotMatchedError, TooManyTriesError
from tests.making import PASSWORD, count, newest_sign_in, open_session, person, proven

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
STEP = timedelta(seconds=30)


@dataclass(frozen=True)
class Phone:
    """Somebody with an authenticator app and ten printed codes."""

    site: Site
    actor: Actor
    secret: str
    codes: tuple[str, ...]

    def shows(self, at: datetime) -> str:
        return one_time_codes.code_at(self.secret, one_time_codes.step_of(at))

    def halfway(self, now: datetime, key: str = "key") -> str:
        """The right password was given in the browser that holds ``key``."""
        assert second_step.ask_for_code(self.site, proven(self.site, self.actor.person_id), key, now=now)
        return key


def set_up(site: Site, actor: Actor, now: datetime) -> Phone:
    second_factor.propose(site, actor, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, actor.person_id, now=now) or ""
    return Phone(site, actor, secret, second_factor.confirm(site, actor, code(secret, now), kept_id=0, now=now))


def code(secret: str, at: datetime) -> str:
    return one_time_codes.code_at(secret, one_time_codes.step_of(at))


@pytest.fixture
def phone(site: Site, maria: Actor, now: datetime) -> Phone:
    """Maria's, set up five minutes ago."""
    return set_up(site, maria, now - timedelta(minutes=5))


def events() -> list[str]:
    with reading() as conn:
        return list(conn.execute(select(Audit.action).order_by(Audit.id)).scalars())


def notices() -> list[str]:
    with reading() as conn:
        rows = conn.execute(select(OutboxMessage.details).order_by(OutboxMessage.id)).scalars()
        return [str(details["notice"]) for details in rows]


def test_it_is_set_once_the_app_shows_the_right_code(site: Site, phone: Phone, now: datetime) -> None:
    with reading() as conn:
        factor = queries.factor_of(conn, phone.actor.person_id)
        assert factor and factor.since == now - timedelta(minutes=5) and factor.codes_left == 10
        assert phone.secret.encode() not in (factor.secret_encrypted or b"")
        digests = list(conn.execute(select(RecoveryCode.digest)).scalars())
    plain = [one_time_codes.plain_recovery_code(each) or "" for each in phone.codes]
    assert len(digests) == 10 and not any(each.encode() in digest for each in plain for digest in digests)
    assert events()[-1] == "person.factor_set" and notices() == ["factor_set"]


def test_setting_up_asks_for_the_password_and_counts_wrong_ones(site: Site, maria: Actor, now: datetime) -> None:
    for _ in range(sign_in.TRIES):
        with pytest.raises(NotMatchedError):
            second_factor.propose(site, maria, password="wrong", now=now)
    with pytest.raises(TooManyTriesError):
        second_factor.propose(site, maria, password=PASSWORD, now=now)
    assert count(SecondFactor) == 0


def test_a_wrong_or_late_code_sets_nothing(site: Site, maria: Actor, now: datetime) -> None:
    with pytest.raises(NotFoundError):
        second_factor.confirm(site, maria, "123456", kept_id=0, now=now)
    second_factor.propose(site, maria, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, maria.person_id, now=now) or ""
    with pytest.raises(NotMatchedError):
        second_factor.confirm(site, maria, "12345", kept_id=0, now=now)
    late = now + queries.LONGEST_STEP
    with pytest.raises(NotFoundError):
        second_factor.confirm(site, maria, code(secret, late), kept_id=0, now=late)
    assert not second_step.ask_for_code(site, proven(site, maria.person_id), "key", now=now)


def test_another_telephone_takes_over_only_when_it_is_confirmed(site: Site, phone: Phone, now: datetime) -> None:
    second_factor.propose(site, phone.actor, password=PASSWORD, now=now)
    key = phone.halfway(now)
    assert second_step.pass_code(site, key, phone.shows(now), HERE, now=now).user_id == phone.actor.person_id
    newer = set_up(site, phone.actor, now)
    later = now + 4 * STEP
    with pytest.raises(NotMatchedError):
        second_step.pass_code(site, phone.halfway(later), phone.shows(later), HERE, now=later)
    assert second_step.pass_code(site, "key", newer.shows(later), HERE, now=later)


def test_the_right_code_uses_the_step_up(site: Site, phone: Phone, now: datetime) -> None:
    key = phone.halfway(now)
    assert second_step.pass_code(site, key, phone.shows(now), HERE, now=now).user_id == phone.actor.person_id
    assert count(SignInStep) == 0
    with pytest.raises(NotFoundError):
        second_step.pass_code(site, key, phone.shows(now + STEP), HERE, now=now + STEP)


def test_no_code_works_twice_nor_an_older_one_after_a_newer(site: Site, phone: Phone, now: datetime) -> None:
    second_step.pass_code(site, phone.halfway(now), phone.shows(now), HERE, now=now)
    for at in (now, now - STEP):
        with pytest.raises(NotMatchedError):
            second_step.pass_code(site, phone.halfway(now, f"key {at}"), phone.shows(at), HERE, now=now)
    assert second_step.pass_code(site, phone.halfway(now), phone.shows(now + STEP), HERE, now=now)


def test_the_code_that_confirmed_the_app_does_not_sign_in_as_well(site: Site, maria: Actor, now: datetime) -> None:
    phone = set_up(site, maria, now)
    with pytest.raises(NotMatchedError):
        second_step.pass_code(site, phone.halfway(now), phone.shows(now), HERE, now=now)


def at_once(app: Flask, *works: Callable[[], object]) -> list[str]:
    """What each met that did the same at the same moment."""
    met: list[str] = []
    start = threading.Barrier(len(works))

    def one(work: Callable[[], object]) -> None:
        with app.app_context():
            start.wait()
            try:
                work()
                met.append("in")
            except NotMatchedError:
                met.append("out")

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(met)


def test_of_two_who_use_one_code_at_once_one_gets_in(app: Flask, site: Site, phone: Phone, now: datetime) -> None:
    for turn in range(5):
        at = now + 3 * turn * STEP
        use = partial(second_step.pass_code, site, typed=phone.shows(at), address=HERE, now=at)
        keys = [phone.halfway(at, f"{turn} {browser}") for browser in "ab"]
        assert at_once(app, *(partial(use, key=key) for key in keys)) == ["in", "out"]


def test_of_two_who_use_one_recovery_code_at_once_one_gets_in(
    app: Flask, site: Site, phone: Phone, now: datetime
) -> None:
    for turn in range(5):
        use = partial(second_step.pass_recovery_code, site, typed=phone.codes[turn], address=HERE, now=now)
        keys = [phone.halfway(now, f"{turn} {browser}") for browser in "ab"]
        assert at_once(app, *(partial(use, key=key) for key in keys)) == ["in", "out"]
    assert count(RecoveryCode, RecoveryCode.used_at.is_(None)) == 5


def test_a_recovery_code_opens_once_and_says_how_many_are_left(site: Site, phone: Phone, now: datetime) -> None:
    found = second_step.pass_recovery_code(site, phone.halfway(now), phone.codes[0].upper(), HERE, now=now)
    assert (found.proven.user_id, found.codes_left) == (phone.actor.person_id, 9)
    with pytest.raises(NotMatchedError):
        second_step.pass_recovery_code(site, phone.halfway(now), phone.codes[0], HERE, now=now)
    assert events()[-2:] == ["person.code_used", "person.refused"] and notices()[-1] == "code_used"


def test_somebody_elses_recovery_code_opens_nothing(site: Site, phone: Phone, dev: Actor, now: datetime) -> None:
    other = set_up(site, dev, now)
    with pytest.raises(NotMatchedError):
        second_step.pass_recovery_code(site, phone.halfway(now), other.codes[0], HERE, now=now)


def test_new_recovery_codes_replace_the_old_ones(site: Site, phone: Phone, now: datetime) -> None:
    fresh = second_factor.renew_codes(site, phone.actor, password=PASSWORD, now=now)
    with pytest.raises(NotMatchedError):
        second_step.pass_recovery_code(site, phone.halfway(now), phone.codes[0], HERE, now=now)
    assert second_step.pass_recovery_code(site, "key", fresh[0], HERE, now=now).codes_left == 9
    assert notices() == ["factor_set", "codes_made", "code_used"]


def test_the_step_is_over_after_ten_minutes(site: Site, phone: Phone, now: datetime) -> None:
    key, late = phone.halfway(now), now + queries.LONGEST_STEP
    with pytest.raises(NotFoundError):
        second_step.pass_code(site, key, phone.shows(late), HERE, now=late)
    phone.halfway(late, "another")
    assert count(SignInStep) == 1


@pytest.mark.parametrize("what", ["password", "disable", "reset", "off"])
def test_a_step_ends_with_what_it_stood_on(site: Site, phone: Phone, lee: Actor, now: datetime, what: str) -> None:
    key, user_id = phone.halfway(now), phone.actor.person_id
    if what == "password":
        people.change_password(site, phone.actor, current=PASSWORD, new="kettle window seven", now=now)
    elif what == "disable":
        people.disable(site, SYSTEM, user_id, now=now)
    elif what == "reset":
        second_factor.reset(site, SYSTEM, user_id, now=now)
    else:
        second_factor.turn_off(site, phone.actor, password=PASSWORD, now=now)
    with pytest.raises(NotFoundError):
        second_step.pass_code(site, key, phone.shows(now), HERE, now=now)


def guess(phone: Phone, now: datetime, *, times: int, address: str = HERE) -> list[str]:
    met = []
    for _ in range(times):
        try:
            second_step.pass_code(phone.site, "key", "12345x", address, now=now)
        except (NotMatchedError, TooManyTriesError) as error:
            met.append(type(error).__name__)
    return met


def test_ten_wrong_codes_and_the_door_stays_shut_here_but_not_elsewhere(
    site: Site, phone: Phone, now: datetime
) -> None:
    phone.halfway(now)
    assert guess(phone, now, times=12) == ["NotMatchedError"] * 9 + ["TooManyTriesError"] * 3
    with pytest.raises(TooManyTriesError):
        second_step.pass_code(site, "key", phone.shows(now), HERE, now=now)
    assert notices() == ["factor_set", "codes_tried"]
    assert second_step.pass_code(site, "key", phone.shows(now), ELSEWHERE, now=now)


def test_many_addresses_together_cannot_try_a_million_codes(site: Site, phone: Phone, now: datetime) -> None:
    second_step.pass_code(site, phone.halfway(now), phone.shows(now), ELSEWHERE, now=now)
    phone.halfway(now)
    for number in range(26):
        guess(phone, now, times=2, address=f"203.0.113.{number}")
    assert guess(phone, now, times=2, address="203.0.113.200") == ["TooManyTriesError"] * 2
    assert second_step.pass_recovery_code(site, "key", phone.codes[0], "203.0.113.201", now=now)
    at = now + STEP
    assert second_step.pass_code(site, phone.halfway(at), phone.shows(at), ELSEWHERE, now=at)


def test_refusals_are_on_record_with_the_account_and_no_code(site: Site, phone: Phone, now: datetime) -> None:
    phone.halfway(now)
    guess(phone, now, times=1)
    with pytest.raises(NotMatchedError):
        second_step.pass_recovery_code(site, "key", "nonsense", HERE, now=now)
    with reading() as conn:
        details = conn.execute(select(Audit.details).where(Audit.action == "person.refused")).scalars().all()
    user_id = phone.actor.person_id
    assert details == [{"reason": "code", "user_id": user_id}, {"reason": "recovery_code", "user_id": user_id}]


def test_an_administrator_takes_it_away_and_every_session_ends(site: Site, phone: Phone, now: datetime) -> None:
    boss, user_id = person(site, "Boss", "admin", now=now), phone.actor.person_id
    open_session(site, phone.actor, "sid", now=now)
    second_factor.reset(site, boss, user_id, password=PASSWORD, now=now)
    with reading() as conn:
        assert sign_in_queries.live(conn, sign_in.sid_hash("sid"), now=now) is None
    assert count(SecondFactor) == count(RecoveryCode) == 0
    assert events()[-1] == "person.factor_reset" and notices()[-1] == "factor_reset"
    with pytest.raises(RefusedError):
        second_factor.reset(site, boss, user_id, password=PASSWORD, now=now)


def test_it_is_not_taken_away_without_the_right_nor_from_oneself(site: Site, phone: Phone, now: datetime) -> None:
    colleague = person(site, "Kim", now=now)
    with pytest.raises(ForbiddenError):
        second_factor.reset(site, colleague, phone.actor.person_id, password=PASSWORD, now=now)
    boss = person(site, "Boss", "admin", now=now)
    with pytest.raises(RefusedError):
        second_factor.reset(site, boss, boss.person_id, password=PASSWORD, now=now)
    with pytest.raises(NotFoundError):
        second_factor.reset(site, boss, 999, password=PASSWORD, now=now)
    assert count(SecondFactor) == 1


def test_it_is_turned_off_with_the_password_where_it_is_not_needed(site: Site, phone: Phone, now: datetime) -> None:
    with pytest.raises(NotMatchedError):
        second_factor.turn_off(site, phone.actor, password="wrong", now=now)
    with pytest.raises(RefusedError):
        second_factor.turn_off(replace(site, needs_second_factor=True), phone.actor, password=PASSWORD, now=now)
    second_factor.turn_off(site, phone.actor, password=PASSWORD, now=now)
    assert not second_step.ask_for_code(site, proven(site, phone.actor.person_id), "key", now=now)
    assert events()[-1] == "person.factor_off" and notices()[-1] == "factor_off"


def with_keys(site: Site, *keys: Key) -> Site:
    return replace(site, keyring=replace(site.keyring, totp=keys))


def test_an_older_key_still_reads_and_the_next_sign_in_moves_the_secret_to_the_newest(
    site: Site, phone: Phone, now: datetime
) -> None:
    (old,), new = site.keyring.totp, Key(2, bytes(range(32)))
    second_step.pass_code(with_keys(site, new, old), phone.halfway(now), phone.shows(now), HERE, now=now)
    at = now + STEP
    assert second_step.pass_code(with_keys(site, new), phone.halfway(at), phone.shows(at), HERE, now=at)


def test_without_its_key_the_app_opens_nothing_and_a_recovery_code_does(
    site: Site, phone: Phone, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    lost = with_keys(site, Key(2, bytes(range(32))))
    with pytest.raises(NotMatchedError):
        second_step.pass_code(lost, phone.halfway(now), phone.shows(now), HERE, now=now)
    assert "INTAKE_TOTP_KEYS" in caplog.text
    assert second_step.pass_recovery_code(lost, "key", phone.codes[0], HERE, now=now)


def test_a_factor_that_is_set_ends_what_began_with_the_password_alone(site: Site, maria: Actor, now: datetime) -> None:
    for sid in ("thief", "owner"):
        open_session(site, maria, sid, now=now)
    second_factor.propose(site, maria, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, maria.person_id, now=now) or ""
    mine = newest_sign_in(maria.person_id)
    second_factor.confirm(site, maria, code(secret, now), kept_id=mine, now=now)
    with reading() as conn:
        assert sign_in_queries.live(conn, sign_in.sid_hash("thief"), now=now) is None
        assert sign_in_queries.live(conn, sign_in.sid_hash("owner"), now=now) is not None


def test_nobody_uses_up_somebody_elses_codes_at_the_password(
    phone: Phone, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "is_right", lambda *_: False)
    at_risk = phone.actor.person_id
    for number in range(sign_in.ATTACK + 2):
        with pytest.raises((NotMatchedError, TooManyTriesError)):
            sign_in.check(site, f"code|{at_risk}", "x", f"203.0.113.{number % 250}", now=now)
    assert second_step.pass_code(site, phone.halfway(now), phone.shows(now), ELSEWHERE, now=now).user_id == at_risk


def test_codes_that_confirm_an_app_cannot_be_tried_for_long(site: Site, now: datetime) -> None:
    actor = person(site, "Maria", now=now)
    second_factor.propose(site, actor, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(site, conn, actor.person_id, now=now) or ""
    right = code(secret, now)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(second_factor.TRIES):
        with pytest.raises(NotMatchedError):
            second_factor.confirm(site, actor, wrong, kept_id=0, now=now)
    with pytest.raises(NotFoundError):
        second_factor.confirm(site, actor, right, kept_id=0, now=now)
    assert set_up(site, actor, now).codes
