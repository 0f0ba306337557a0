"""Who asks twice: joined by itself only as the same person's same wish; whoever is to call knows of all else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.models import Alert, Audit, CallbackRequest, DuplicateLink, OutboxMessage
from intake.models.site import Site
from intake.queries import mail, private_link
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.spam import Signals
from intake.rules.workflow import Status, Voicemail
from intake.services import alerting, callbacks, claims, duplicates, repeats, visitor
from intake.services.errors import EndedError
from tests.making import actions, ask, count, mails, person, stored
from tests.points import point

MINUTE = timedelta(minutes=1)
NUMBER, AGAIN = "212-736-5000", "+1 (212) 736 5000"


def two(site: Site, now: datetime, minutes: int = 10, **newer: Any) -> tuple[callbacks.Submitted, callbacks.Submitted]:
    older = ask(site, now, name="Ana", phone=NUMBER, voicemail=Voicemail.SAY_WHO)
    return older, ask(site, now + minutes * MINUTE, **{"name": "ANA ", "phone": AGAIN, **newer})


def seen(site: Site, one: callbacks.Submitted, now: datetime) -> Any:
    with reading() as conn:
        return private_link.find(conn, site, one.link_token, now=now)


def is_open(one: callbacks.Submitted) -> bool:
    return stored(one.reference).closed_at is None


def told(site: Site, now: datetime) -> list[tuple[str, list[list[str]]]]:
    alerting.tell(site, now=now)
    with reading() as conn:
        o = OutboxMessage.__table__.c
        rows = conn.execute(select(o.recipient, o.details).where(o.kind == "staff.alerts").order_by(o.id)).all()
    return [(row.recipient, [item[:2] for item in row.details["items"]]) for row in rows]


@point(62)
def test_the_same_name_and_number_in_any_spelling_are_joined_by_itself_and_can_be_taken_apart(
    site: Site, now: datetime
) -> None:
    older, newer = two(site, now)
    before, later = stored(older.reference), now + 11 * MINUTE
    assert repeats.look(site, now=later) == 1 and repeats.look(site, now=later) == 0
    kept, gone = stored(older.reference), stored(newer.reference)
    assert (kept.due_at, kept.target_at, kept.voicemail) == (before.due_at, before.target_at, "none")
    assert (gone.status, gone.closed_reason, gone.duplicate_of_id) == ("closed", "duplicate", kept.id)
    assert actions(older.reference)[-1] == actions(newer.reference)[-1] == "callback.linked"
    duplicates.unlink(site, person(site, "Maria", now=now), newer.reference, now=later)
    assert actions(newer.reference)[-1] == "callback.unlinked"
    assert repeats.look(site, now=later) == 0, "whoever took them apart knows better"
    assert (stored(older.reference).voicemail, stored(newer.reference).status) == ("say_who", Status.NEW)


@point(62)
@pytest.mark.parametrize(
    ("newer", "minutes"),
    [
        ({"name": "Luis"}, 10),
        ({"phone": "312-736-5000", "email": "ana@example.com"}, 10),
        ({}, 31),
        ({"signals": Signals(honeypot=True, seconds_to_fill=0.5)}, 10),
    ],
    ids=["a son", "another number", "too late", "under check"],
)
def test_whoever_may_be_another_person_is_never_joined_by_itself(
    site: Site, now: datetime, newer: dict[str, Any], minutes: int
) -> None:
    pair = two(site, now, minutes, **newer)
    repeats.look(site, now=now + 32 * MINUTE)
    assert all(is_open(one) for one in pair) and count(DuplicateLink) == 0


@point(62)
@pytest.mark.parametrize("is_first", [True, False])
def test_words_of_a_crisis_in_either_put_the_living_one_on_top_and_the_mail_leads_there(
    site: Site, now: datetime, is_first: bool
) -> None:
    said = [{"message": "I want to die"}, {"message": "after two, please"}]
    first, second = said if is_first else reversed(said)
    older = ask(site, now, name="Ana", phone=NUMBER, **first)
    newer = ask(site, now + 10 * MINUTE, name="Ana", phone=AGAIN, **second)
    assert repeats.look(site, now=now + 11 * MINUTE) == 1
    row = stored(older.reference)
    assert row.crisis_at == row.due_at + AHEAD_OF_ALL == now + (0 if is_first else 10) * MINUTE
    told_of = older if is_first else newer
    assert ("manager.crisis", "managers") in mails(told_of.reference)
    with reading() as conn:
        about = mail.about(conn, site, stored(told_of.reference).id, leads_on=True)
    assert about is not None and about.reference == older.reference and about.is_open


def test_nobody_is_joined_while_a_colleague_is_on_the_phone_and_afterwards_they_are(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    dev = person(site, "Dev", now=now)
    claims.start_call(site, dev, older.reference, now=now + 9 * MINUTE)
    repeats.look(site, now=now + 10 * MINUTE)
    assert is_open(newer) and actions(older.reference)[-1] == "callback.asked_again"
    repeats.look(site, now=now + timedelta(hours=3))
    assert not is_open(newer)


def test_whoever_holds_the_request_is_told_once_and_at_most_every_quarter_of_an_hour(site: Site, now: datetime) -> None:
    sam = person(site, "Sam", now=now)
    older = ask(site, now, name="Ana", phone=NUMBER, email="ana@example.com")
    claims.claim(site, sam, older.reference, now=now)
    me = f"user:{sam.user_id}"
    for minutes, more in ((1, {"name": "Luis", "phone": AGAIN}), (2, {"name": "Eva", "phone": AGAIN})):
        ask(site, now + minutes * MINUTE, **more)
        assert repeats.look(site, now=now + minutes * MINUTE) >= 1
        assert repeats.look(site, now=now + minutes * MINUTE) == 0
        assert told(site, now + minutes * MINUTE) == [(me, [[older.reference, "again"]])]
    ask(site, now + 3 * MINUTE, name="Jo", phone="312-736-5000", email="ANA@example.com")
    repeats.look(site, now=now + 3 * MINUTE)
    assert told(site, now + 20 * MINUTE)[1:] == [(me, [[older.reference, "again"]])]
    assert actions(older.reference).count("callback.asked_again") == 3
    assert count(Alert, Alert.kind == "again") == 3


def test_nobody_is_told_of_their_own_number_who_is_over_or_held_by_nobody(site: Site, now: datetime) -> None:
    two(site, now, name="Luis")
    repeats.look(site, now=now + 10 * MINUTE)
    assert told(site, now + 10 * MINUTE) == [] and count(Audit, Audit.action == "callback.asked_again") == 1


def test_a_look_at_nothing_new_asks_one_question_and_a_look_at_what_is_known_four(
    site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    ask(site, now, name="Ana", phone=NUMBER)
    count_queries()
    repeats.look(site, now=now)
    assert count_queries() == 1
    for number in range(5):
        ask(site, now, name=f"Name {number}", phone=NUMBER)
    repeats.look(site, now=now)
    count_queries()
    repeats.look(site, now=now)
    assert count_queries() == 4


def test_a_pair_in_trouble_is_left_and_told_once_all_others_are_done(
    site: Site, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    pairs = [two(site, now, phone=NUMBER), *(
        [ask(site, now + at * MINUTE, name="Bo", phone=f"312-555-010{number}") for at in (0, 10)] for number in (1, 2)
    )]  # fmt: skip
    broken = stored(pairs[0][0].reference).id
    with writing() as conn:  # sealed under a key that is not there
        table = CallbackRequest.__table__
        conn.execute(update(CallbackRequest).where(table.c.id == broken).values(name_encrypted=b"\x00" * 40))
    with pytest.raises(ExceptionGroup):
        repeats.look(site, now=now + 11 * MINUTE)
    assert [is_open(newer) for _, newer in pairs] == [True, False, False]
    assert caplog.text.count(f"requests {broken} and") == 1
    assert actions(pairs[0][0].reference)[-1] == "callback.asked_again", "whoever is to call still reads of it"


def test_neither_visitor_reads_that_their_requests_were_joined(site: Site, now: datetime) -> None:
    pair = two(site, now, is_free_time=True)
    before = [seen(site, one, now) for one in pair]
    repeats.look(site, now=now + 11 * MINUTE)
    assert [seen(site, one, now) for one in pair] == before
    assert stored(pair[0].reference).voicemail == "none"


def test_what_the_older_chooses_anew_never_says_more_than_the_joined_one_allows(site: Site, now: datetime) -> None:
    older, newer = two(site, now, voicemail=Voicemail.NUMBER_ONLY)
    later = now + 11 * MINUTE
    repeats.look(site, now=later)
    for chosen, held in ((Voicemail.NONE, "none"), (Voicemail.SAY_WHO, "number_only")):
        visitor.change_voicemail(site, older.link_token, chosen, now=later)
        assert stored(older.reference).voicemail == held and seen(site, older, later).voicemail == chosen
    visitor.call_once_only(site, older.link_token, now=later)
    duplicates.unlink(site, person(site, "Maria", now=now), newer.reference, now=later)
    row = stored(older.reference)
    assert (row.voicemail, row.is_once_only, stored(newer.reference).is_once_only) == ("say_who", True, False)


def test_what_the_joined_one_does_changes_nothing_that_the_older_one_reads(site: Site, now: datetime) -> None:
    older, newer = two(site, now)
    later = now + 11 * MINUTE
    repeats.look(site, now=later)
    before = seen(site, older, later)
    visitor.withdraw(site, newer.link_token, now=later)
    assert seen(site, older, later) == before and stored(older.reference).voicemail == "none"
    visitor.change_voicemail(site, older.link_token, Voicemail.NONE, now=later)
    assert seen(site, older, later).voicemail == Voicemail.NONE
    visitor.change_voicemail(site, older.link_token, Voicemail.SAY_WHO, now=later)
    assert stored(older.reference).voicemail == "say_who", "the other one is gone"
    with pytest.raises(EndedError):
        visitor.call_once_only(site, newer.link_token, now=later)


def test_all_of_a_crowd_at_one_instant_belong_to_the_first(site: Site, now: datetime) -> None:
    crowd = [ask(site, now, name="Ana", phone=NUMBER) for _ in range(5)]
    repeats.look(site, now=now)
    assert [is_open(one) for one in crowd] == [True, False, False, False, False]
    assert count(CallbackRequest, CallbackRequest.duplicate_of_id == stored(crowd[0].reference).id) == 4
