"""The idle lock's own acts: the password opens it, few wrong ones end it, and what ran out is written down once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, SignIn
from intake.models.site import Site
from intake.queries import sign_in as queries
from intake.queries.sign_in import Ending
from intake.rules.permissions import Actor
from intake.services import idle_lock, people, sign_in
from intake.services.idle_lock import TRIES, Draft, SignedOutError
from tests.making import PASSWORD, open_session

QUIET = timedelta(minutes=20)


def begin(site: Site, actor: Actor, now: datetime, sid: str = "sid") -> int:
    open_session(site, actor, sid, now=now)
    with reading() as conn:
        live = queries.live(conn, sign_in.sid_hash(sid), now=now)
    assert live
    return live.id


def row(sign_in_id: int) -> tuple[datetime, str | None]:
    with reading() as conn:
        s = SignIn.__table__.c
        found = conn.execute(select(s.last_seen_at, s.ended_reason).where(s.id == sign_in_id)).one()
    return found.last_seen_at, found.ended_reason


def entries(*actions: str) -> list[tuple[str, dict[str, object]]]:
    a = Audit.__table__.c
    with reading() as conn:
        rows = conn.execute(select(a.action, a.details).where(a.action.in_(actions)).order_by(a.id))
        return [(one.action, one.details) for one in rows]


@pytest.mark.parametrize(("minutes", "is_locked"), [(0, False), (14, False), (15, True), (59, True)])
def test_fifteen_quiet_minutes_lock(site: Site, maria: Actor, now: datetime, minutes: int, is_locked: bool) -> None:
    begin(site, maria, now)
    later = now + timedelta(minutes=minutes)
    with reading() as conn:
        live = queries.live(conn, sign_in.sid_hash("sid"), now=later)
    assert live and live.is_locked(later) is is_locked


def test_the_password_opens_the_same_session_again(site: Site, maria: Actor, now: datetime) -> None:
    mine = begin(site, maria, now)
    idle_lock.unlock(site, maria, mine, PASSWORD, now=now + QUIET)
    assert row(mine) == (now + QUIET, None)
    assert entries("person.unlocked") == [("person.unlocked", {})]


def test_a_wrong_password_opens_nothing_and_is_on_record(site: Site, maria: Actor, now: datetime) -> None:
    mine = begin(site, maria, now)
    with pytest.raises(sign_in.NotMatchedError):
        idle_lock.unlock(site, maria, mine, "wrong", now=now + QUIET)
    assert row(mine) == (now, None)
    assert entries("person.refused") == [("person.refused", {"reason": "unlock", "user_id": maria.user_id})]


def test_the_fifth_wrong_password_signs_out_and_the_right_one_comes_too_late(
    site: Site, maria: Actor, now: datetime
) -> None:
    mine = begin(site, maria, now)
    for _ in range(TRIES - 1):
        with pytest.raises(sign_in.NotMatchedError):
            idle_lock.unlock(site, maria, mine, "wrong", now=now + QUIET)
    for password in ("wrong", PASSWORD, PASSWORD):
        with pytest.raises(SignedOutError):
            idle_lock.unlock(site, maria, mine, password, now=now + QUIET)
    assert row(mine) == (now, "wrong_unlock")
    ended = {"reason": "wrong_unlock", "user_id": maria.user_id}
    assert entries("person.sign_in_ended") == [("person.sign_in_ended", ended)]
    assert entries("person.unlocked") == []


def test_the_right_password_forgets_the_wrong_ones(site: Site, maria: Actor, now: datetime) -> None:
    mine = begin(site, maria, now)
    for start in (now + QUIET, now + 2 * QUIET):
        for _ in range(TRIES - 1):
            with pytest.raises(sign_in.NotMatchedError):
                idle_lock.unlock(site, maria, mine, "wrong", now=start)
        idle_lock.unlock(site, maria, mine, PASSWORD, now=start)
    assert row(mine) == (now + 2 * QUIET, None)


def test_what_is_over_is_not_unlocked(site: Site, maria: Actor, now: datetime) -> None:
    too_late = begin(site, maria, now - timedelta(minutes=60), "late")
    ended = begin(site, maria, now - QUIET, "ended")
    sign_in.end(site, maria, "ended", now=now)
    for one in (too_late, ended):
        with pytest.raises(SignedOutError):
            idle_lock.unlock(site, maria, one, PASSWORD, now=now)


def test_nobody_unlocks_the_session_of_somebody_else(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    hers = begin(site, maria, now)
    with pytest.raises(SignedOutError):
        idle_lock.unlock(site, dev, hers, PASSWORD, now=now + QUIET)
    assert row(hers) == (now, None)


@pytest.mark.parametrize(
    ("started", "seen", "reason"), [(59, 59, None), (60, 60, "idle"), (720, 5, "too_long"), (719, 5, None)]
)
def test_what_ran_out_is_written_down_once(
    site: Site, maria: Actor, now: datetime, started: int, seen: int, reason: str | None
) -> None:
    mine = begin(site, maria, now - timedelta(minutes=started))
    sign_in.seen("sid", now=now - timedelta(minutes=seen))
    for _ in range(2):
        idle_lock.expire(site, "sid", now=now)
    assert row(mine)[1] == reason
    details = {"reason": reason, "user_id": maria.user_id}
    assert entries("person.sign_in_ended") == ([("person.sign_in_ended", details)] if reason else [])
    with reading() as conn:
        over = queries.over(conn, sign_in.sid_hash("sid"), now=now)
    assert (over.why if over else None) == (Ending(reason) if reason else None)


def test_signing_in_again_ends_what_the_browser_had(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    hers = begin(site, maria, now)
    open_session(site, dev, "new", instead_of="sid", now=now + QUIET)
    assert row(hers)[1] == "replaced"
    open_session(site, dev, "newer", instead_of="sid", now=now + QUIET)
    assert len(entries("person.sign_in_ended")) == 1


def test_ones_own_others_end_and_nobody_elses(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    mine, other, theirs = begin(site, maria, now, "a"), begin(site, maria, now, "b"), begin(site, dev, now, "c")
    assert not sign_in.end_own(site, maria, theirs, now=now)
    assert sign_in.end_others(site, maria, mine, now=now) == 1
    assert [row(one)[1] for one in (mine, other, theirs)] == [None, "elsewhere", None]
    with reading() as conn:
        assert [one.id for one in queries.live_of(conn, maria.person_id, now=now)] == [mine]


def test_a_changed_password_ends_a_locked_session_too(site: Site, maria: Actor, now: datetime) -> None:
    mine = begin(site, maria, now)
    people.change_password(site, maria, current=PASSWORD, new="kettle window seven", now=now + QUIET)
    with pytest.raises(SignedOutError):
        idle_lock.unlock(site, maria, mine, "kettle window seven", now=now + QUIET)


def test_only_its_owner_opens_what_was_typed(sqlite_app: object, now: datetime) -> None:
    site = sqlite_app.extensions["intake"]  # type: ignore[attr-defined]
    draft = Draft("/admin/queue/K7M-4QX/note", (("note", "Ask for Ana\nat the desk"), ("version", "3")))
    text = idle_lock.sealed(site, 1, draft)
    assert "Ana" not in text and idle_lock.opened(site, 1, text) == draft
    assert idle_lock.opened(site, 2, text) is None
    assert {idle_lock.opened(site, 1, odd) for odd in ("", "x", "é", "AAAA")} == {None}
    assert idle_lock.owner_mark(site, 1) == idle_lock.owner_mark(site, 1) != idle_lock.owner_mark(site, 2)
