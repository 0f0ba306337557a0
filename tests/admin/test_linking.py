"""Joining two requests of one person, and taking them apart, from the request's page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.models.site import Site
from intake.rules.workflow import ClosedReason
from intake.services import casework
from tests.admin.desk import Desk, words
from tests.making import ask, stored
from tests.points import point

NUMBER = "212-736-5000"


@pytest.fixture
def pair(site: Site, now: datetime) -> tuple[str, str]:
    older = ask(site, now - timedelta(minutes=50), name="Ana", phone=NUMBER).reference
    return older, ask(site, now - timedelta(minutes=10), name="Ana", phone="(212) 736 5000").reference


@point(62)
def test_two_requests_are_joined_and_taken_apart_by_a_button(maria: Desk, pair: tuple[str, str]) -> None:
    older, newer = pair
    page = maria.text(f"/admin/queue/{newer}")
    assert f'name="other" value="{older}"' in page and "same number" in words(page)
    assert maria.press(newer, "link", other=older).location.endswith(older)
    text = words(maria.text(f"/admin/queue/{older}"))
    assert f"{newer} is joined to {older}" in text and "joined to this one" in text
    joined = maria.text(f"/admin/queue/{newer}")
    assert "Joined to" in words(joined) and re.search(rf'action="[^"]*{newer}/unlink"', joined)
    assert maria.press(newer, "unlink").location.endswith(newer)
    assert "It waits for its call again" in words(maria.text(f"/admin/queue/{newer}"))
    assert stored(newer).closed_at is None


@point(52)
def test_joining_and_taking_apart_each_offer_their_undoing(maria: Desk, pair: tuple[str, str]) -> None:
    older, newer = pair
    for verb, fields in (("link", {"other": older}), ("unlink", {})):
        maria.press(newer, verb, **fields)
        closed_at, page = stored(newer).closed_at, maria.text("/admin/queue/")
        step = re.search(r'name="step" value="([0-9a-f]{32})"', page)
        assert step, "the button stands on every page"
        maria.post("/admin/queue/undo", step=step[1])
        assert "2 requests are as they were" in words(maria.text("/admin/queue/"))
        assert (stored(newer).closed_at is None) == (closed_at is not None)
        if verb == "link":
            maria.press(newer, "link", other=older)


def test_two_that_share_nothing_stay_two_and_the_page_says_what_to_do(
    site: Site, now: datetime, maria: Desk, pair: tuple[str, str]
) -> None:
    stranger = ask(site, now, name="Luis", phone="412-736-5000").reference
    maria.press(pair[0], "link", other=stranger)
    assert "share no number and no email, so they were not joined" in words(maria.text(f"/admin/queue/{pair[0]}"))
    assert stored(stranger).closed_at is None


def test_a_request_that_is_over_offers_no_joining(
    site: Site, now: datetime, maria: Desk, pair: tuple[str, str]
) -> None:
    older, newer = pair
    casework.close(site, maria.actor, older, ClosedReason.REFERRED, now=now)
    assert "/link" not in maria.text(f"/admin/queue/{newer}")
    maria.press(newer, "link", other=older)
    assert "nothing to join" in words(maria.text(f"/admin/queue/{newer}")) and stored(newer).closed_at is None


@pytest.mark.parametrize("other", ["", "nothing", "000-000"])
def test_what_names_no_request_joins_nothing(maria: Desk, pair: tuple[str, str], other: str) -> None:
    assert maria.press(pair[1], "link", other=other).status_code == 404
    assert stored(pair[1]).closed_at is None
