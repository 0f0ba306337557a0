"""Two requests joined, or taken apart, by mistake: within twenty seconds both are again what they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import DuplicateLink
from intake.models.keyring import Key
from intake.models.site import Site
from intake.queries import casefile, related
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.workflow import Disposition, Voicemail
from intake.services import calls, casework, claims, duplicates, undoing, visitor
from intake.services.calls import Outcome
from intake.services.errors import RefusedError
from tests.making import actions, ask, stored
from tests.points import point
from tests.services.test_undoing import SECOND, columns, undo

NUMBER, OTHER = "212-736-5000", "312-736-5000"


def pair(site: Site, now: datetime) -> tuple[str, str]:
    """The newer one says less on a machine."""
    older = ask(site, now - timedelta(minutes=50), phone=NUMBER, voicemail=Voicemail.SAY_WHO).reference
    return older, ask(site, now - timedelta(minutes=10), phone=NUMBER, voicemail=Voicemail.NONE).reference


def links() -> list[tuple[Any, ...]]:
    """What stands between requests, and what each link keeps."""
    t = DuplicateLink.__table__.c
    with reading() as conn:
        asked = select(t.callback_id, t.survivor_id, t.before).where(t.unlinked_at.is_(None)).order_by(t.id)
        return [tuple(row) for row in conn.execute(asked)]


@point(52)
@point(62)
def test_a_join_is_taken_back_and_both_wait_as_they_did_in_the_same_hands(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    older, newer = pair(site, now)
    newest = ask(site, now - timedelta(minutes=5), phone=NUMBER).reference
    duplicates.link(site, dev, newer, newest, now=now - timedelta(minutes=4))
    claims.claim(site, dev, newer, now=now - timedelta(minutes=3))
    three, before, stood = (older, newer, newest), [columns(one) for one in (older, newer, newest)], links()
    duplicates.link(site, maria, older, newer, now=now)
    assert stored(newest).duplicate_of_id == stored(older).id
    assert set(undo(site, maria, now).references) == set(three)
    assert [columns(one) for one in three] == before and links() == stood
    assert stored(newer).assignee_id == dev.user_id and stored(newer).lease_until is not None
    assert actions(older)[-1] == actions(newer)[-1] == "callback.undone"
    assert duplicates.link(site, maria, older, newer, now=now + 9 * SECOND) == older, "and joined once more"


@point(52)
def test_taking_apart_is_taken_back_with_all_that_the_links_keep(site: Site, maria: Actor, now: datetime) -> None:
    older, newer = pair(site, now)
    newest = ask(site, now - timedelta(minutes=5), phone=NUMBER, voicemail=Voicemail.NUMBER_ONLY).reference
    for joined in (newer, newest):
        duplicates.link(site, maria, older, joined, now=now - timedelta(minutes=4))
    before, stood = [columns(one) for one in (older, newer, newest)], links()
    duplicates.unlink(site, maria, newer, now=now)
    assert stored(older).voicemail == Voicemail.NUMBER_ONLY and links() != stood
    assert set(undo(site, maria, now).references) == {older, newer}
    assert [columns(one) for one in (older, newer, newest)] == before and links() == stood
    duplicates.unlink(site, maria, newer, now=now + 9 * SECOND)
    duplicates.unlink(site, maria, newest, now=now + 9 * SECOND)
    assert stored(older).voicemail == Voicemail.SAY_WHO


def test_a_call_about_the_older_meanwhile_leaves_both_joined_and_says_who_made_it(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    older, newer = pair(site, now)
    duplicates.link(site, maria, older, newer, now=now)
    claims.start_call(site, dev, older, now=now + SECOND)
    assert undo(site, maria, now) == undoing.Undone((), (undoing.Kept(older, "Dev"),), 0)
    assert stored(newer).duplicate_of_id == stored(older).id and len(links()) == 1


def test_what_was_taken_apart_is_not_joined_again_to_one_that_ended_meanwhile(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    older = ask(site, now - timedelta(minutes=50), phone=NUMBER).reference
    newer = ask(site, now - timedelta(minutes=10), phone=NUMBER).reference
    duplicates.link(site, maria, older, newer, now=now - SECOND)
    version = stored(older).version
    duplicates.unlink(site, maria, newer, now=now)
    assert stored(older).version == version, "there was nothing to give back"
    calls.log_attempt(site, dev, older, Outcome(Disposition.SPOKE_REFERRED), now=now + SECOND)
    assert undo(site, maria, now).references == ()
    assert stored(newer).closed_at is None, "somebody still calls"


@pytest.mark.parametrize("shared", [{"phone": "+1 (212) 736 5000"}, {"phone": OTHER, "email": "ANA@example.com"}])
@point(62)
def test_a_number_or_an_email_in_any_spelling_is_enough_to_join_by_hand(
    site: Site, maria: Actor, now: datetime, shared: dict[str, str]
) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER, email="ana@example.com").reference
    newer = ask(site, now, name="A. Ruiz", **shared).reference
    assert duplicates.link(site, maria, older, newer, now=now) == older


@point(62)
def test_two_that_share_neither_number_nor_email_are_not_joined(site: Site, maria: Actor, now: datetime) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER, email="ana@example.com")
    newer = ask(site, now, name="Ana", phone=NUMBER)
    visitor.change_number(site, newer.link_token, parse(OTHER), now=now)
    third = ask(site, now, name="Ana", phone="412-736-5000").reference
    for other in (older.reference, newer.reference):
        with pytest.raises(RefusedError, match="nothing_shared"):
            duplicates.link(site, maria, other, third, now=now)
    assert stored(third).closed_at is None and links() == []


@point(62)
def test_the_number_from_before_it_was_changed_is_found_and_joins_too(
    site: Site, maria: Actor, now: datetime, count_queries: Callable[[], int]
) -> None:
    older = ask(site, now, name="Ana", phone=NUMBER)
    visitor.change_number(site, older.link_token, parse(OTHER), now=now)
    newer = ask(site, now, name="Ana", phone=NUMBER).reference
    with reading() as conn:
        case = casefile.find(conn, site, older.reference, with_contact=True)
        assert case
        count_queries()
        (found,) = related.of(conn, site, case).others
        assert count_queries() <= 3
    assert (found.reference, found.is_same_number, found.is_former_number) == (newer, False, True)
    assert duplicates.link(site, maria, newer, older.reference, now=now) == older.reference


def test_another_index_key_since_keeps_no_two_requests_apart(site: Site, maria: Actor, now: datetime) -> None:
    older = ask(site, now, phone=NUMBER).reference
    ring = replace(site.keyring, index=(Key(200, b"n" * 32), *site.keyring.index))
    newer = ask(replace(site, keyring=ring), now, phone=NUMBER).reference
    assert stored(older).phone_index != stored(newer).phone_index
    assert duplicates.link(replace(site, keyring=ring), maria, older, newer, now=now) == older


def test_opened_again_and_joined_anew_it_can_still_be_taken_back(
    site: Site, maria: Actor, lee: Actor, now: datetime
) -> None:
    older, newer = pair(site, now)
    duplicates.link(site, maria, older, newer, now=now - timedelta(minutes=3))
    casework.reopen(site, lee, newer, now=now - timedelta(minutes=2))
    before = columns(newer)
    survivor = duplicates.link(site, maria, older, newer, now=now)
    undo(site, maria, now)
    assert columns(newer) == before and survivor in (older, newer)
    with pytest.raises(RefusedError, match="not_linked"):
        duplicates.unlink(site, maria, newer, now=now)
