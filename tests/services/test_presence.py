"""Being there: told to others for 45 seconds, never to oneself, on no record, and kept for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, Presence
from intake.models.site import Site
from intake.queries import presence as queries
from intake.queries.sign_in import LONGEST_SESSION
from intake.rules.limits import STANDARD
from intake.rules.permissions import SYSTEM, Actor, ForbiddenError
from intake.rules.retention import Retention
from intake.services import people, presence, retention, viewing
from tests.making import ask, count, look, person, stored
from tests.points import point

SECOND = timedelta(seconds=1)


def seen(now: datetime, *, by: Actor) -> dict[int, tuple[str, ...]]:
    with reading() as conn:
        told = select(queries.told(besides=by.person_id, now=now))
        return queries.read(conn.execute(told).scalar())


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


@pytest.fixture
def dev(site: Site, now: datetime) -> Actor:
    return person(site, "Dev", now=now)


@point(45)
def test_whoever_is_there_is_told_to_others_for_45_seconds(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    look(dev, reference, now)
    presence.stay(dev, reference, now=now + 10 * SECOND)
    assert seen(now + 54 * SECOND, by=maria) == {stored(reference).id: ("Dev",)}
    assert seen(now + 55 * SECOND, by=maria) == {}
    assert seen(now + 54 * SECOND, by=dev) == {}


def test_several_are_told_by_name_and_each_at_their_request(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    one, other = (ask(site, now).reference for _ in range(2))
    kim = person(site, "Kim", now=now)
    for who, where in ((kim, one), (dev, one), (dev, other)):
        look(who, where, now)
    found = {stored(one).id: ("Dev", "Kim"), stored(other).id: ("Dev",)}
    assert seen(now, by=maria) == found


def test_opening_the_page_is_being_there(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    row = stored(ask(site, now).reference)
    viewing.record(site, dev, row, STANDARD, now=now, is_staying=False)
    assert seen(now, by=maria) == {}
    viewing.record(site, dev, row, STANDARD, now=now)
    assert seen(now, by=maria) == {row.id: ("Dev",)}


def test_leaving_is_told_at_once_but_not_for_another_page_of_theirs(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    reference = ask(site, now).reference
    look(dev, reference, now)
    look(dev, reference, now + SECOND)  # loaded anew before the old page could say that it is gone
    presence.leave(dev, reference, seen_at=now, now=now + SECOND)
    assert seen(now + SECOND, by=maria) == {stored(reference).id: ("Dev",)}
    presence.leave(dev, reference, seen_at=now + SECOND, now=now + SECOND)
    assert seen(now + SECOND, by=maria) == {}
    presence.stay(dev, reference, now=now + 2 * SECOND)
    assert seen(now + 2 * SECOND, by=maria), "the other page is still there, and says so"


def test_whoever_has_lost_their_access_is_nowhere(site: Site, maria: Actor, dev: Actor, now: datetime) -> None:
    look(dev, ask(site, now).reference, now)
    people.disable(site, SYSTEM, dev.person_id, now=now)
    assert seen(now, by=maria) == {}


def test_a_clock_that_is_set_back_leaves_nobody_standing_there(
    site: Site, maria: Actor, dev: Actor, now: datetime
) -> None:
    look(dev, ask(site, now).reference, now)
    assert seen(now - timedelta(hours=1), by=maria) == {}


def test_being_there_takes_the_right_to_the_queue_and_is_on_no_record(site: Site, dev: Actor, now: datetime) -> None:
    reference, auditor = ask(site, now).reference, person(site, "Rae", "auditor", now=now)
    before, version = count(Audit), stored(reference).version
    presence.stay(dev, reference, now=now)
    for deed in (
        lambda: presence.stay(auditor, reference, now=now),
        lambda: presence.leave(auditor, "", seen_at=now, now=now),
    ):
        with pytest.raises(ForbiddenError):
            deed()
    assert (count(Audit), stored(reference).version) == (before, version)


def test_nobody_is_at_a_request_that_does_not_exist_or_whose_page_they_have_not_opened(
    site: Site, dev: Actor, now: datetime
) -> None:
    for reference in ("000-000", ask(site, now).reference):
        presence.stay(dev, reference, now=now)
    assert count(Presence) == 0


def test_the_daily_purge_forgets_who_was_there(site: Site, dev: Actor, now: datetime) -> None:
    old, new = (ask(site, now).reference for _ in range(2))
    look(dev, old, now - LONGEST_SESSION - SECOND)
    look(dev, new, now - LONGEST_SESSION + SECOND)
    assert list(retention.purge(site, Retention(), now=now)) == []
    with reading() as conn:
        assert list(conn.execute(select(Presence.callback_id)).scalars()) == [stored(new).id]
