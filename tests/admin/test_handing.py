"""Take over and Hand off on the request, and two people who save the same one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.models.site import Site
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims
from tests.admin.desk import Desk, at, words
from tests.making import actions, ask, stored
from tests.points import point

EIGHT_SECONDS = timedelta(seconds=8)


@pytest.fixture
def held(site: Site, now: datetime, maria: Desk) -> str:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    return reference


def marks(html: str) -> dict[str, str]:
    """What the page says of the request it shows."""
    return {name: re.findall(rf'name="{name}" value="([^"]*)"', html)[0] for name in ("version", "seen")}


def test_a_colleagues_request_is_taken_over_with_a_reason(maria: Desk, dev: Desk, held: str) -> None:
    page = dev.text(f"/admin/queue/{held}")
    holder = re.findall(r'name="holder" value="(\d+)"', page)[0]
    refused = dev.press(held, "take-over", holder=holder)
    assert refused.status_code == 422 and "Say why you take it over" in refused.get_data(as_text=True)
    assert dev.press(held, "take-over", holder=holder, take_over_reason="Gone home").status_code == 303
    text = words(dev.text(f"/admin/queue/{held}"))
    assert "Dev took the request over from Maria" in text and "Gone home" in text and "Owner: you" in text
    assert f"{held}/take-over" in maria.text(f"/admin/queue/{held}")


def test_during_a_call_no_take_over_is_offered(maria: Desk, dev: Desk, held: str) -> None:
    holder = str(maria.actor.user_id) if maria.actor else ""
    maria.press(held, "call")
    html = dev.text(f"/admin/queue/{held}")
    assert "cannot be taken over now" in html and f"{held}/take-over" not in html
    answer = dev.press(held, "take-over", holder=holder, take_over_reason="Gone home")
    assert answer.status_code == 422 and "Somebody is on the phone with them" in answer.get_data(as_text=True)


def test_what_the_former_holder_was_writing_is_kept(maria: Desk, dev: Desk, held: str) -> None:
    maria.get(f"/admin/queue/{held}")
    dev.get(f"/admin/queue/{held}")
    dev.press(held, "take-over", holder=str(stored(held).assignee_id), take_over_reason="Gone home")
    answer = maria.press(held, "attempt", outcome="busy", note="Rang out")
    assert answer.status_code == 409 and "Rang out</textarea>" in answer.get_data(as_text=True)


def test_a_request_is_handed_off_with_a_note(maria: Desk, dev: Desk, held: str) -> None:
    to = str(dev.actor.user_id) if dev.actor else ""
    page = maria.text(f"/admin/queue/{held}")
    refused = maria.press(held, "hand-off", hand_off_to=to, **marks(page))
    assert refused.status_code == 422 and "Write a note first" in refused.get_data(as_text=True)
    nobody = maria.press(held, "hand-off", hand_off_to="999", hand_off_note="Polish", **marks(page))
    assert nobody.status_code == 422 and "Polish</textarea>" in nobody.get_data(as_text=True)
    assert maria.press(held, "hand-off", hand_off_to=to, hand_off_note="Polish", **marks(page)).status_code == 303
    text = words(dev.text(f"/admin/queue/{held}"))
    assert "Maria handed the request to Dev" in text and text.count("Polish") == 1


@point(61)
def test_the_later_of_two_who_save_sees_both_and_loses_nothing(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now, is_free_time=True, preferred_note="evenings").reference
    page = maria.text(f"/admin/queue/{reference}")
    with at(now + EIGHT_SECONDS):
        dev.get(f"/admin/queue/{reference}")
        dev.press(reference, "time")
        dev.press(reference, "note", remark="Evenings means after six")
    with at(now + 2 * EIGHT_SECONDS):
        answer = maria.press(reference, "close", reason="test", close_note="Only a trial", **marks(page))
        html = answer.get_data(as_text=True)
        text = words(html)
        assert answer.status_code == 409 and "Dev changed this 8 s ago" in text
        assert "read when they want to be called" in text and "Evenings means after six" in text
        assert "Only a trial</textarea>" in html and re.search(r'value="test" selected', html)
        assert stored(reference).closed_at is None
        assert maria.press(reference, "close", reason="test", close_note="x", **marks(html)).status_code == 303


def test_a_field_at_fault_does_not_make_an_old_page_a_new_one(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    page = maria.text(f"/admin/queue/{reference}")
    claims.claim(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    refused = maria.press(reference, "close", close_note="x", **marks(page))
    assert refused.status_code == 422
    assert marks(refused.get_data(as_text=True))["version"] == "1"


@pytest.mark.parametrize("verb", ["release", "assign", "close", "reopen", "rescue", "spam", "time", "hand-off"])
def test_every_save_knows_the_version_it_is_made_on(
    grace: Desk, dev: Desk, site: Site, now: datetime, verb: str
) -> None:
    """A colleague's note in between is no conflict; anything else is."""
    spam = Signals(honeypot=True, seconds_to_fill=0.2)
    reference = ask(site, now, signals=spam if verb in ("rescue", "spam") else None).reference
    if verb in ("release", "assign"):
        claims.claim(site, dev.actor, reference, now=now)  # type: ignore[arg-type]
    if verb == "hand-off":
        claims.claim(site, grace.actor, reference, now=now)  # type: ignore[arg-type]
    if verb == "reopen":
        casework.close(site, dev.actor, reference, ClosedReason.TEST, now=now)  # type: ignore[arg-type]
    fields = {"person": str(grace.actor.user_id), "reason": "test", "hand_off_to": str(dev.actor.user_id)}  # type: ignore[union-attr]
    html = grace.text(f"/admin/queue/{reference}")
    before = actions(reference)
    old = {"version": str(int(marks(html)["version"]) - 1), "seen": marks(html)["seen"]}
    assert grace.press(reference, verb, hand_off_note="x", **fields, **old).status_code == 409
    assert actions(reference) == [*before, "callback.viewed"]
    casework.add_note(site, dev.actor, reference, "by the way", now=now)  # type: ignore[arg-type]
    assert grace.press(reference, verb, hand_off_note="x", **fields, **marks(html)).status_code == 303
