"""Accounts: made, changed and disabled by the rules, each with its entry in the record."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, OutboxMessage, SignIn, User
from intake.models.site import Site
from intake.queries import directory
from intake.queries import people as people_queries
from intake.queries import sign_in as queries
from intake.rules.permissions import Actor, ActorKind, ForbiddenError, permissions_of
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims, passwords, people, sign_in
from intake.services.accounts import PeopleError
from intake.services.errors import ChangedError
from tests import making
from tests.making import open_session

GOOD = "lamp tuesday orange"
BETTER = "kettle window seven"


def make(site: Site, now: datetime, email: str = "maria@example.com", *roles: str) -> int:
    return people.create_user(site, email=email, name="Maria", roles=roles or ("staff",), password=GOOD, now=now)


def actor(user_id: int, *roles: str) -> Actor:
    return Actor(ActorKind.PERSON, user_id, "Maria", permissions_of(roles))


def actions() -> list[str]:
    with reading() as conn:
        return list(conn.execute(select(Audit.__table__.c.action).order_by(Audit.__table__.c.id)).scalars())


def test_an_account_keeps_no_readable_password(app: Flask, site: Site, now: datetime) -> None:
    user_id = make(site, now)
    with reading() as conn:
        found = queries.credentials_of(conn, user_id)
    assert found is not None and found.password is not None
    assert found.password.startswith("$argon2id$") and GOOD not in found.password
    assert passwords.is_right(GOOD, found.password) and not passwords.is_right(BETTER, found.password)
    assert actions() == ["person.created"]


def test_an_email_is_one_account_whatever_its_case(app: Flask, site: Site, now: datetime) -> None:
    make(site, now)
    with pytest.raises(PeopleError) as refused:
        make(site, now, "MARIA@Example.COM")
    assert refused.value.code == "exists"
    with reading() as conn:
        person = people_queries.by_email(conn, " Maria@EXAMPLE.com ")
    assert person is not None and person.name == "Maria" and person.roles == ("staff",)


def test_several_roles_are_all_kept(app: Flask, site: Site, now: datetime) -> None:
    make(site, now, "maria@example.com", "staff", "auditor", "staff")
    with reading() as conn:
        person = people_queries.by_email(conn, "maria@example.com")
    assert person is not None and person.roles == ("auditor", "staff")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"name": "\u202e\x00"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"roles": ()}, "role"),
        ({"roles": ("staff", "owner")}, "role"),
    ],
)
def test_a_wrong_value_is_refused_in_plain_words(
    app: Flask, site: Site, now: datetime, changes: dict[str, object], code: str
) -> None:
    values = {"email": "maria@example.com", "name": "Maria", "roles": ("staff",), "password": GOOD, **changes}
    with pytest.raises(PeopleError) as refused:
        people.create_user(site, now=now, **values)  # type: ignore[arg-type]
    assert refused.value.code == code and str(refused.value).endswith(".")
    assert actions() == []


def test_without_a_name_the_email_gives_one(app: Flask, site: Site, now: datetime) -> None:
    people.create_user(site, email="ana.b@example.com", roles=("staff",), password=GOOD, now=now)
    with reading() as conn:
        person = people_queries.by_email(conn, "ana.b@example.com")
    assert person is not None and person.name == "Ana B"


def test_only_somebody_with_the_right_makes_or_disables_accounts(app: Flask, site: Site, now: datetime) -> None:
    maria = make(site, now)
    with pytest.raises(ForbiddenError):
        people.disable(site, actor(99, "manager"), maria, now=now)
    with pytest.raises(ForbiddenError):
        people.create_user(
            site, email="x@example.com", roles=("admin",), password=GOOD, actor=actor(maria, "staff"), now=now
        )


def test_disabling_a_person_ends_every_session(app: Flask, site: Site, now: datetime) -> None:
    maria, boss = make(site, now), make(site, now, "boss@example.com", "admin")
    for sid in ("one", "two"):
        open_session(site, actor(maria, "staff"), sid, now=now)
    people.disable(site, actor(boss, "admin"), maria, now=now)
    with reading() as conn:
        assert all(queries.live(conn, sign_in.sid_hash(sid), now=now) is None for sid in ("one", "two"))
        assert set(conn.execute(select(SignIn.__table__.c.ended_reason)).scalars()) == {"disabled"}
        assert [person.email for person in people_queries.working(conn)] == ["boss@example.com"]
    assert actions()[-1] == "person.disabled"


def test_nobody_disables_themselves_or_the_last_administrator(app: Flask, site: Site, now: datetime) -> None:
    boss, other = make(site, now, "boss@example.com", "admin"), make(site, now, "other@example.com", "admin")
    with pytest.raises(PeopleError, match="own account"):
        people.disable(site, actor(boss, "admin"), boss, now=now)
    people.disable(site, actor(boss, "admin"), other, now=now)
    with pytest.raises(PeopleError, match="last administrator"):
        people.disable(site, actor(other, "admin"), boss, now=now)


def test_what_a_disabled_person_had_claimed_goes_back_to_the_queue(app: Flask, site: Site, now: datetime) -> None:
    maria, boss = making.person(site, "Maria", now=now), making.person(site, "Alex", "admin", now=now)
    fresh, called, done = (making.ask(site, now).reference for _ in range(3))
    for reference in (fresh, called, done):
        claims.claim(site, maria, reference, now=now)
    claims.start_call(site, maria, called, now=now)
    casework.close(site, maria, done, ClosedReason.TEST, now=now)
    assert people.disable(site, boss, maria.person_id, now=now) == people.Disabled(claims=2, sign_ins=0)
    for reference in (fresh, called):
        row = making.stored(reference)
        assert (row.assignee_id, row.claimed_at, row.call_started_at, row.status) == (None, None, None, "new")
        assert making.actions(reference)[-1] == "callback.released"
    assert making.stored(done).assignee_id == maria.user_id and making.actions(done)[-1] == "callback.closed"
    assert people.disable(site, boss, maria.person_id, now=now) == people.Disabled(0, 0)
    assert actions().count("person.disabled") == 1


def test_an_enabled_person_signs_in_again_and_nothing_that_was_ended_comes_back(
    app: Flask, site: Site, now: datetime
) -> None:
    maria, boss = make(site, now), make(site, now, "boss@example.com", "admin")
    open_session(site, actor(maria, "staff"), "sid", now=now)
    people.disable(site, actor(boss, "admin"), maria, now=now)
    people.enable(site, actor(boss, "admin"), maria, now=now)
    with reading() as conn:
        assert queries.live(conn, sign_in.sid_hash("sid"), now=now) is None
    assert sign_in.check(site, "maria@example.com", GOOD, "10.0.0.1", now=now).user_id == maria
    assert actions()[-1] == "person.enabled"


def test_ending_sign_ins_ends_all_of_one_person_and_none_of_another(app: Flask, site: Site, now: datetime) -> None:
    maria, boss = make(site, now), make(site, now, "boss@example.com", "admin")
    for user_id, sid in ((maria, "one"), (maria, "two"), (boss, "three")):
        open_session(site, actor(user_id, "staff"), sid, now=now)
    assert people.end_sign_ins(site, actor(boss, "admin"), maria, now=now) == 2
    with reading() as conn:
        live = [sid for sid in ("one", "two", "three") if queries.live(conn, sign_in.sid_hash(sid), now=now)]
    assert live == ["three"] and actions()[-1] == "person.sign_ins_ended"


def test_a_name_and_roles_are_changed_with_what_they_were_on_record(app: Flask, site: Site, now: datetime) -> None:
    maria, boss = make(site, now), make(site, now, "boss@example.com", "admin")
    people.change(site, actor(boss, "admin"), maria, name=" Maria  Lopez ", roles=("manager", "staff"), now=now)
    with reading() as conn:
        person = people_queries.by_id(conn, maria)
        entry = conn.execute(select(Audit.__table__).order_by(Audit.__table__.c.id.desc())).first()
        (told, *_) = directory.record_of(conn, site, maria)
    assert person is not None and (person.name, person.roles) == ("Maria Lopez", ("manager", "staff"))
    assert entry is not None and entry.details == {"user_id": maria, "was": ["staff"], "roles": ["manager", "staff"]}
    assert told.text == "Maria → Maria Lopez"
    people.change(site, actor(boss, "admin"), maria, name="Maria Lopez", roles=("staff", "manager"), now=now)
    assert actions().count("person.changed") == 1


def test_of_two_who_change_a_person_the_second_is_told(app: Flask, site: Site, now: datetime) -> None:
    maria, boss = make(site, now), actor(make(site, now, "boss@example.com", "admin"), "admin")
    with reading() as conn:
        person = people_queries.by_id(conn, maria)
    assert person is not None
    people.change(site, boss, maria, name="Maria", roles=("auditor",), expected_mark=person.mark, now=now)
    with pytest.raises(ChangedError):
        people.change(site, boss, maria, name="Mary", roles=("staff",), expected_mark=person.mark, now=now)


def test_nobody_makes_themself_auditor(app: Flask, site: Site, now: datetime) -> None:
    boss, other = make(site, now, "boss@example.com", "admin"), make(site, now, "other@example.com", "admin")
    with pytest.raises(PeopleError, match="themself auditor"):
        people.change(site, actor(boss, "admin"), boss, name="Boss", roles=("admin", "auditor"), now=now)
    people.change(site, actor(other, "admin"), boss, name="Boss", roles=("admin", "auditor"), now=now)
    people.change(site, actor(boss, "admin"), boss, name="Chief", roles=("admin", "auditor"), now=now)


def test_nobody_takes_administration_from_themself_or_from_the_last_one(app: Flask, site: Site, now: datetime) -> None:
    boss, other = make(site, now, "boss@example.com", "admin"), make(site, now, "other@example.com", "admin")
    with pytest.raises(PeopleError, match="themself"):
        people.change(site, actor(boss, "admin"), boss, name="Boss", roles=("staff",), now=now)
    people.change(site, actor(boss, "admin"), other, name="Other", roles=("staff",), now=now)
    with pytest.raises(PeopleError, match="last administrator"):
        people.change(site, actor(other, "admin"), boss, name="Boss", roles=("staff",), now=now)
    people.change(site, actor(boss, "admin"), boss, name="Chief", roles=("admin", "staff"), now=now)


def test_of_two_administrators_who_disable_each_other_at_once_one_stays(app: Flask, site: Site, now: datetime) -> None:
    boss, other = make(site, now, "boss@example.com", "admin"), make(site, now, "other@example.com", "admin")
    refused: list[str] = []

    def one(who: int, whom: int) -> None:
        with app.app_context():
            try:
                people.disable(site, actor(who, "admin"), whom, now=now)
            except PeopleError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=one, args=pair) for pair in ((boss, other), (other, boss))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_admin"] and actions().count("person.disabled") == 1


def test_a_new_password_ends_the_old_one_and_every_session(app: Flask, site: Site, now: datetime) -> None:
    maria = make(site, now)
    open_session(site, actor(maria, "staff"), "sid", now=now)
    people.change_password(site, actor(maria, "staff"), current=GOOD, new=BETTER, now=now)
    with reading() as conn:
        assert queries.live(conn, sign_in.sid_hash("sid"), now=now) is None
        mail = conn.execute(select(OutboxMessage.__table__.c.kind, OutboxMessage.__table__.c.recipient)).one()
    assert tuple(mail) == ("person.security", f"user:{maria}")
    assert actions()[-1] == "person.password_changed"
    assert sign_in.check(site, "maria@example.com", BETTER, "10.0.0.1", now=now).user_id == maria
    with pytest.raises(sign_in.NotMatchedError):
        sign_in.check(site, "maria@example.com", GOOD, "10.0.0.1", now=now)


def test_an_open_session_cannot_be_used_to_guess_its_password(app: Flask, site: Site, now: datetime) -> None:
    maria = make(site, now)
    for _ in range(sign_in.TRIES):
        with pytest.raises(sign_in.NotMatchedError):
            people.change_password(site, actor(maria, "staff"), current="wrong", new=BETTER, now=now)
    with pytest.raises(sign_in.TooManyTriesError):
        people.change_password(site, actor(maria, "staff"), current=GOOD, new=BETTER, now=now)
    people.change_password(site, actor(maria, "staff"), current=GOOD, new=BETTER, now=now + sign_in.WINDOW)


def test_working_people_are_active_and_may_work(app: Flask, site: Site, now: datetime) -> None:
    make(site, now, "zoe@example.com", "staff")
    make(site, now, "ann@example.com", "auditor")
    make(site, now, "bob@example.com", "auditor", "manager")
    with reading() as conn:
        working = people_queries.working(conn)
    assert {(person.email, person.roles) for person in working} == {
        ("zoe@example.com", ("staff",)),
        ("bob@example.com", ("auditor", "manager")),
    }


def test_accounts_have_unguessable_names_for_the_cookie(app: Flask, site: Site, now: datetime) -> None:
    make(site, now)
    make(site, now + timedelta(seconds=1), "bob@example.com")
    with reading() as conn:
        uniques = list(conn.execute(select(User.__table__.c.fs_uniquifier)).scalars())
    assert len(set(uniques)) == 2 and all(len(unique) == 64 for unique in uniques)


def test_whoever_may_not_work_the_queue_any_more_leaves_no_claim_behind(app: Flask, site: Site, now: datetime) -> None:
    boss, maria = make(site, now, "boss@example.com", "admin"), make(site, now)
    held, free = making.ask(site, now).reference, making.ask(site, now).reference
    claims.claim(site, actor(maria, "staff"), held, now=now)
    people.change(site, actor(boss, "admin"), maria, name="Maria", roles=("staff", "auditor"), now=now)
    assert making.stored(held).assignee_id == maria
    people.change(site, actor(boss, "admin"), maria, name="Maria", roles=("auditor",), now=now)
    assert making.stored(held).assignee_id is None
    assert making.actions(held)[-1] == "callback.released" and making.actions(free)[-1] == "callback.received"
