"""Inviting: one link, for one person, once, for three days; and nothing of it is kept that opens anything."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, Invitation, OutboxMessage, User
from intake.models.site import Site
from intake.queries import directory, invitations
from intake.queries import people as people_queries
from intake.queries import sign_in as sign_ins
from intake.queries.directory import PersonState
from intake.rules.permissions import Actor, ForbiddenError
from intake.services import inviting, passwords, people, sign_in
from intake.services.accounts import PeopleError
from intake.services.errors import NotFoundError
from tests.making import PASSWORD, open_session, person

BETTER = "kettle window seven"


@pytest.fixture
def boss(site: Site, now: datetime) -> Actor:
    return person(site, "Alex", "admin", now=now)


def invite(site: Site, boss: Actor, now: datetime, email: str = "rose@example.com") -> int:
    return inviting.invite(site, boss, email=email, name="Rose", roles=("staff",), now=now)


def newest(site: Site) -> str:
    """The secret of the last link, made again as the mail makes it."""
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.details).where(o.kind == "person.invite").order_by(o.id.desc()))
        return site.keyring.invitation_token(rows.scalars().first()["invitation"])  # type: ignore[index]


def opens(token: str, now: datetime) -> bool:
    with reading() as conn:
        return invitations.find(conn, token, now=now) is not None


def state(user_id: int, now: datetime) -> PersonState:
    with reading() as conn:
        entry = directory.one(conn, user_id, now=now)
    assert entry is not None
    return entry.state(now)


def entries() -> list[str]:
    with reading() as conn:
        return list(conn.execute(select(Audit.__table__.c.action).order_by(Audit.__table__.c.id)).scalars())


def test_an_invited_person_chooses_a_password_and_is_in(site: Site, boss: Actor, now: datetime) -> None:
    rose = invite(site, boss, now)
    assert state(rose, now) is PersonState.INVITED
    with reading() as conn:
        link = invitations.find(conn, newest(site), now=now)
    assert link is not None and (link.name, link.invited_by, link.is_first) == ("Rose", "Alex", True)
    inviting.choose_password(site, newest(site), BETTER, now=now)
    assert sign_in.check(site, "rose@example.com", BETTER, "10.0.0.1", now=now).user_id == rose
    assert state(rose, now) is PersonState.ACTIVE
    assert entries()[1:] == ["person.invited", "person.password_chosen"]


def test_the_secret_of_a_link_is_stored_nowhere(site: Site, boss: Actor, now: datetime) -> None:
    invite(site, boss, now)
    token = newest(site)
    with reading() as conn:
        for table in (Invitation.__table__, OutboxMessage.__table__, Audit.__table__):
            for row in conn.execute(select(table)):
                assert token not in str(row) and token.encode() not in str(row).encode()
        message = conn.execute(select(OutboxMessage.__table__)).mappings().one()
    assert "rose" not in str(message["details"]).lower() and message["recipient"].startswith("user:")


def test_a_link_works_once(site: Site, boss: Actor, now: datetime) -> None:
    invite(site, boss, now)
    inviting.choose_password(site, newest(site), BETTER, now=now)
    with pytest.raises(NotFoundError):
        inviting.choose_password(site, newest(site), PASSWORD, now=now)
    with pytest.raises(sign_in.NotMatchedError):
        sign_in.check(site, "rose@example.com", PASSWORD, "10.0.0.1", now=now)


def test_a_link_lives_three_days(site: Site, boss: Actor, now: datetime) -> None:
    rose = invite(site, boss, now)
    assert opens(newest(site), now + timedelta(hours=72) - timedelta(seconds=1))
    late = now + timedelta(hours=72)
    with pytest.raises(NotFoundError):
        inviting.choose_password(site, newest(site), BETTER, now=late)
    assert state(rose, late) is PersonState.NO_LINK


def test_only_the_newest_link_opens(site: Site, boss: Actor, now: datetime) -> None:
    rose = invite(site, boss, now)
    first = newest(site)
    inviting.send_link(site, boss, rose, now=now)
    assert not opens(first, now) and opens(newest(site), now)


def test_a_made_up_link_and_a_visitors_link_open_nothing(site: Site, boss: Actor, now: datetime) -> None:
    invite(site, boss, now)
    token = newest(site)
    for odd in ("", "x", token[:-1], token + "x", token.swapcase(), site.keyring.link_token("0" * 32, 1)):
        assert not opens(odd, now)


def test_a_password_that_is_easily_guessed_uses_nothing_up(site: Site, boss: Actor, now: datetime) -> None:
    invite(site, boss, now)
    for weak in ("short", "Password2026!", "rose@example.com", "x" * 129):
        with pytest.raises(passwords.PasswordError):
            inviting.choose_password(site, newest(site), weak, now=now)
    assert opens(newest(site), now)


def test_a_forgotten_password_is_replaced_by_a_link(site: Site, boss: Actor, now: datetime) -> None:
    maria = person(site, "Maria", now=now)
    open_session(site, maria, "sid", now=now)
    inviting.send_link(site, boss, maria.person_id, now=now)
    assert sign_in.check(site, "maria@example.com", PASSWORD, "10.0.0.1", now=now).user_id == maria.user_id
    inviting.choose_password(site, newest(site), BETTER, now=now)
    assert sign_in.check(site, "maria@example.com", BETTER, "10.0.0.1", now=now).user_id == maria.user_id
    with pytest.raises(sign_in.NotMatchedError):
        sign_in.check(site, "maria@example.com", PASSWORD, "10.0.0.1", now=now)
    with reading() as conn:
        assert sign_ins.live(conn, sign_in.sid_hash("sid"), now=now) is None
        kinds = list(
            conn.execute(select(OutboxMessage.__table__.c.kind).order_by(OutboxMessage.__table__.c.id)).scalars()
        )
    assert kinds == ["person.invite", "person.security"]


def test_a_password_changed_in_the_meantime_makes_the_link_worthless(site: Site, boss: Actor, now: datetime) -> None:
    maria = person(site, "Maria", now=now)
    inviting.send_link(site, boss, maria.person_id, now=now)
    people.change_password(site, maria, current=PASSWORD, new=BETTER, now=now)
    assert not opens(newest(site), now)


def test_whoever_is_disabled_gets_no_link_and_the_one_they_have_opens_nothing(
    site: Site, boss: Actor, now: datetime
) -> None:
    rose = invite(site, boss, now)
    people.disable(site, boss, rose, now=now)
    assert not opens(newest(site), now)
    with pytest.raises(PeopleError, match="disabled"):
        inviting.send_link(site, boss, rose, now=now)
    people.enable(site, boss, rose, now=now)
    assert not opens(newest(site), now) and state(rose, now) is PersonState.NO_LINK


def test_somebody_is_invited_once(site: Site, boss: Actor, now: datetime) -> None:
    invite(site, boss, now)
    with pytest.raises(PeopleError) as refused:
        invite(site, boss, now, "ROSE@example.com")
    assert refused.value.code == "exists"
    with reading() as conn:
        assert len(conn.execute(select(Invitation.__table__)).all()) == 1


def test_whoever_has_not_come_yet_is_given_no_work_and_is_no_administrator(
    site: Site, boss: Actor, now: datetime
) -> None:
    rose = inviting.invite(site, boss, email="rose@example.com", name="Rose", roles=("admin",), now=now)
    other = person(site, "Sam", "admin", now=now)
    with reading() as conn:
        assert rose not in {one.id for one in people_queries.working(conn)}
    people.disable(site, other, boss.person_id, now=now)
    with pytest.raises(PeopleError, match="last administrator"):
        people.change(site, boss, other.person_id, name="Sam", roles=("staff",), now=now)


def test_only_somebody_who_looks_after_people_invites(site: Site, boss: Actor, now: datetime) -> None:
    for role in ("staff", "manager", "auditor"):
        one = person(site, role.title(), role, now=now)
        with pytest.raises(ForbiddenError):
            invite(site, one, now)
        with pytest.raises(ForbiddenError):
            inviting.send_link(site, one, boss.person_id, now=now)


def test_of_two_who_use_a_link_at_once_one_wins(app: Flask, site: Site, boss: Actor, now: datetime) -> None:
    rose = invite(site, boss, now)
    token, met = newest(site), []

    def one(password: str) -> None:
        with app.app_context():
            try:
                inviting.choose_password(site, token, password, now=now)
            except NotFoundError:
                met.append(password)

    threads = [threading.Thread(target=one, args=(password,)) for password in (PASSWORD, BETTER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (loser,) = met
    with reading() as conn:
        stored = conn.execute(select(User.__table__.c.password).where(User.__table__.c.id == rose)).scalar_one()
    assert not passwords.is_right(loser, stored) and entries().count("person.password_chosen") == 1
