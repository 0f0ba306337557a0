"""Joining two requests of one person, and taking them apart, from the request's page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.models import Audit
from intake.models.site import Site
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason
from intake.services import casework, repeats
from tests.admin.desk import Desk, words
from tests.making import actions, ask, count, stored
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


@point(62)
def test_joined_to_a_time_asked_for_the_page_tells_both_wishes_and_the_earlier_promise(
    site: Site, maria: Desk, now: datetime
) -> None:
    tomorrow = Window(now + timedelta(days=1), now + timedelta(days=1, hours=2))
    older = ask(site, now - timedelta(minutes=20), phone=NUMBER, window=tomorrow).reference
    newer = ask(site, now - timedelta(minutes=10), phone=NUMBER).reference
    assert "asks for tomorrow, Thursday, noon to 2 pm ET" in words(maria.text(f"/admin/queue/{newer}"))
    maria.press(newer, "link", other=older)
    text = words(maria.text(f"/admin/queue/{older}"))
    assert "When Tomorrow, Thursday, noon to 2 pm ET" in text and "asks for a call as soon as possible" in text
    assert "Due in 5 min due 12:05 pm ET, promised before 12:15 pm ET" in text and "fine to call" in text


def test_what_they_wrote_in_the_joined_one_is_read_on_the_one_that_goes_on_and_in_its_dossier(
    site: Site, maria: Desk, grace: Desk, now: datetime
) -> None:
    tomorrow = Window(now + timedelta(days=1), now + timedelta(days=1, hours=2))
    older = ask(site, now - timedelta(minutes=20), phone=NUMBER, window=tomorrow, message="After two").reference
    newer = ask(site, now - timedelta(minutes=10), phone=NUMBER, message="I want to die").reference
    maria.press(newer, "link", other=older)
    page = words(maria.text(f"/admin/queue/{older}"))
    assert "Their words After two They also wrote, 11:50 am ET I want to die" in page
    assert "Possible crisis: what they wrote or said sounds like it." in page
    assert actions(newer)[-1] == "callback.viewed", "whoever reads it there has seen it"
    told = words(grace.post(f"/admin/reports/dossier/{older}", purpose="Complaint").get_data(as_text=True))
    assert "When to call Thu 19 Nov 2026, noon to 2 pm ET" in told
    assert (
        f"Their words After two They also wrote, 18 Nov 2026 11:50:00 am ET ({newer}) I want to die Possible crisis"
        in told
    )
    promised = "Promised to the visitor before 19 Nov 2026 2:00:00 pm ET; in a request joined to it, before"
    assert f"{promised} 18 Nov 2026 12:15:00 pm ET: that one counts" in told
    assert "Our target 18 Nov 2026 12:05:00 pm ET (that of the request joined to it)" in told
    assert actions(newer)[-1] == "callback.dossier_read"
    assert f"It goes on as {older}" in words(maria.text(f"/admin/queue/{newer}"))


def test_of_very_many_joined_the_page_tells_and_notes_the_newest_ten_and_the_dossier_all(
    site: Site, maria: Desk, grace: Desk, now: datetime
) -> None:
    older = ask(site, now - timedelta(minutes=20), phone=NUMBER).reference
    for number in range(12):
        ask(site, now - timedelta(minutes=19 - number), phone=NUMBER, message=f"Wish {number}.")
    assert repeats.look(site, now=now) == 12
    page = words(maria.text(f"/admin/queue/{older}"))
    assert "They also wrote more, in older requests joined to this one" in page
    assert [f"Wish {number}." in page for number in range(12)] == [False] * 2 + [True] * 10
    assert count(Audit, Audit.action == "callback.viewed") == 11
    told = words(grace.post(f"/admin/reports/dossier/{older}", purpose="Complaint").get_data(as_text=True))
    assert all(f"Wish {number}." in told for number in range(12)) and "more, in older requests" not in told


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
