"""Logging what came of a call on the request page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.models import CallAttempt
from intake.models.site import Site
from intake.rules.workflow import EFFECTS, ClosedReason, Disposition, Next, Status, Voicemail
from intake.services import casework, claims, visitor
from tests.admin.desk import Desk, at, words
from tests.making import ask, count, mails, person, stored
from tests.points import point

pytestmark = pytest.mark.words


def test_the_outcomes_appear_once_the_request_is_mine(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert 'name="outcome"' not in maria.text(f"/admin/queue/{reference}")
    maria.press(reference, "claim")
    html = maria.text(f"/admin/queue/{reference}")
    assert set(re.findall(r'name="outcome" value="([a-z_]+)"', html)) == {
        disposition.value for disposition in Disposition if disposition is not Disposition.UNREACHABLE
    }


@point(57)
def test_a_message_left_cannot_be_chosen_where_none_is_allowed(maria: Desk, called: str) -> None:
    html = maria.text(f"/admin/queue/{called}")
    assert re.search(r'value="left_message"[^>]*disabled', html) and "not allowed" in html
    answer = maria.press(called, "attempt", outcome="left_message", note="kept")
    assert answer.status_code == 422
    assert "They asked for no message" in answer.get_data(as_text=True)
    assert "kept</textarea>" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("choice", "rule", "box"),
    [
        (Voicemail.NONE, "Do not leave a message", "none"),
        (Voicemail.NUMBER_ONLY, "You may leave your first name and a number", "number_only"),
        (Voicemail.SAY_WHO, "You may leave a message and say who we are", "say_who"),
    ],
)
@point(57)
def test_the_message_rule_stands_above_the_number_in_words(
    maria: Desk, site: Site, now: datetime, choice: Voicemail, rule: str, box: str
) -> None:
    reference = ask(site, now, voicemail=choice, phone="(212) 555-0182").reference
    maria.press(reference, "call")
    html = maria.text(f"/admin/queue/{reference}")
    assert f'rule-box {box}"' in html
    assert html.index(rule) < html.index("(212) 555-0182") < html.index("tel:+1")


@pytest.mark.parametrize("disposition", [one for one in Disposition if EFFECTS[one].key])
@point(59)
def test_every_outcome_can_be_saved(maria: Desk, site: Site, now: datetime, disposition: Disposition) -> None:
    reference = ask(site, now, voicemail=Voicemail.SAY_WHO).reference
    maria.press(reference, "call")
    agreed = {"agreed_day": "2026-11-19", "agreed_from": "10:00", "agreed_until": "11:00"}
    answer = maria.press(reference, "attempt", outcome=disposition.value, confirm="yes", then="stay", **agreed)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert answer.location == f"/admin/queue/{reference}"
    row = stored(reference)
    assert row.last_disposition == disposition
    closes = EFFECTS[disposition].next in (Next.CLOSE, Next.MAIL_OR_CLOSE)
    assert (row.closed_at is not None) == closes
    maria.text(f"/admin/queue/{reference}")


def test_an_outcome_is_needed(maria: Desk, called: str) -> None:
    answer = maria.press(called, "attempt", note="Rang out after 8 rings")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Choose what happened" in html and "Rang out after 8 rings</textarea>" in html and "<title>Error: " in html


@pytest.mark.parametrize("typed", ["unreachable", "x", "<script>"])
def test_an_outcome_nobody_offered_is_refused(maria: Desk, called: str, typed: str) -> None:
    assert maria.press(called, "attempt", outcome=typed).status_code == 422


@point(59)
def test_proposals_name_the_time_on_both_clocks(maria: Desk, called: str) -> None:
    text = words(maria.text(f"/admin/queue/{called}"))
    assert "Busy: Proposed: today 12:15 pm ET (11:15 am CT there)" in text
    assert "This is try 1 of 6, 1 of 3 in 24 hours." in text
    assert "now, on another line. This is no try: the next call is try 1 of 6, 1 of 3 in 24 hours." in text


def test_the_proposed_time_is_taken_when_nothing_else_is_chosen(maria: Desk, called: str, now: datetime) -> None:
    maria.press(called, "attempt", outcome="busy", then="stay")
    assert stored(called).next_at == now + timedelta(minutes=15)
    text = words(maria.text(f"/admin/queue/{called}"))
    assert "next try today 12:15 pm ET (11:15 am CT there)" in text


def test_one_of_the_offered_times_can_be_chosen(maria: Desk, called: str) -> None:
    offered = re.findall(r'<option value="(2026-[^"]+)"', maria.text(f"/admin/queue/{called}"))
    assert len(offered) >= 4
    maria.press(called, "attempt", outcome="no_answer", next_try=offered[-1], then="stay")
    assert stored(called).next_at == datetime.fromisoformat(offered[-1])


def test_another_day_and_time_are_read_on_the_offices_clock(maria: Desk, called: str) -> None:
    maria.press(
        called, "attempt", outcome="no_answer", next_try="other", next_day="2026-11-20", next_time="10:30", then="stay"
    )
    assert stored(called).next_at == datetime.fromisoformat("2026-11-20T15:30+00:00")


@pytest.mark.parametrize(
    ("day", "time", "said"),
    [
        ("2026-11-17", "10:30", "That time has passed"),
        ("2027-11-17", "10:30", "within the next 90 days"),
        ("", "10:30", "Enter a date and a time"),
        ("2026-11-20", "", "Enter a date and a time"),
        ("soon", "25:99", "Enter a date and a time"),
        ("2026-11-20", "10:30+05:00", "Enter a date and a time"),
    ],
)
def test_a_time_that_cannot_be_is_named_at_its_field(maria: Desk, called: str, day: str, time: str, said: str) -> None:
    answer = maria.press(called, "attempt", outcome="busy", next_try="other", next_day=day, next_time=time, note="kept")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in html and 'aria-invalid="true"' in html and "kept</textarea>" in html
    assert re.search(r'value="busy"[^>]*checked', html)


def test_asked_to_call_again_needs_the_agreed_time(maria: Desk, called: str) -> None:
    assert maria.press(called, "attempt", outcome="spoke_call_again").status_code == 422
    agreed = {"agreed_day": "2026-11-19", "agreed_from": "10:00", "agreed_until": "09:00"}
    backwards = maria.press(called, "attempt", outcome="spoke_call_again", **agreed)
    assert "The end must be later than the start" in backwards.get_data(as_text=True)
    maria.press(called, "attempt", outcome="spoke_call_again", then="stay", **{**agreed, "agreed_until": ""})
    row = stored(called)
    assert row.status == Status.SCHEDULED
    assert (row.window_from, row.window_until) == (
        datetime.fromisoformat("2026-11-19T15:00+00:00"),
        datetime.fromisoformat("2026-11-19T16:00+00:00"),
    )


def test_of_somebody_who_called_us_it_is_said_what_comes_next(maria: Desk, called: str) -> None:
    heard, agreed = {"outcome": "inbound_reached", "then": "stay"}, {"agreed_day": "2026-11-19", "agreed_from": "10:00"}
    for more in ({}, {"after": "again"}, {"after": "close"} | agreed):
        answer = maria.press(called, "attempt", **heard, **more)
        assert answer.status_code == 422 and 'href="#a' in answer.get_data(as_text=True), more
    assert maria.press(called, "attempt", **heard, after="close").status_code == 303
    assert f"Saved. {called} is closed." in words(maria.text(f"/admin/queue/{called}"))


def test_do_not_call_is_asked_twice(maria: Desk, called: str) -> None:
    first = maria.press(called, "attempt", outcome="do_not_call", note="Her son said so")
    html = first.get_data(as_text=True)
    assert first.status_code == 422
    assert "it stops every call to this number" in html and "Her son said so</textarea>" in html
    assert stored(called).closed_at is None
    maria.press(called, "attempt", outcome="do_not_call", note="Her son said so", confirm="yes", then="stay")
    assert stored(called).closed_reason == ClosedReason.DO_NOT_CALL


def test_a_crisis_tells_a_manager_and_stays_open(maria: Desk, called: str) -> None:
    maria.press(called, "attempt", outcome="crisis", then="stay")
    assert ("manager.crisis", "managers") in mails(called)
    assert stored(called).closed_at is None


def test_after_a_wrong_number_it_waits_apart_with_nothing_to_claim_or_call(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now, email="ana@example.com").reference
    claims.start_call(site, maria.actor, reference, now=now)
    maria.get(f"/admin/queue/{reference}")
    maria.press(reference, "attempt", outcome="wrong_number", then="stay")
    claims.release(site, maria.actor, reference, now=now)
    page = maria.text(f"/admin/queue/{reference}")
    assert "waits for another number; a mail asks for it" in words(page)
    assert "Waiting for a number since noon ET: theirs did not work" in words(page)
    row = maria.text("/admin/queue/?view=number").partition("<tbody")[2].partition("</tbody")[0]
    assert "Waiting for a number" in row and "Waiting since noon ET" in words(row) and "Overdue" not in row
    assert "/claim" not in row + page and f"/{reference}/call" not in row


def test_an_earlier_call_is_told_in_minutes(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(hours=1)).reference
    claims.claim(site, maria.actor, reference, now=now - timedelta(minutes=25))
    maria.get(f"/admin/queue/{reference}")
    maria.press(reference, "attempt", outcome="busy", minutes_ago="20", then="stay")
    assert stored(reference).first_attempt_at == now - timedelta(minutes=20)


@pytest.mark.parametrize("typed", ["-5", "1.5", "721", "soon", "٣"])
def test_minutes_that_are_no_minutes_are_named(maria: Desk, called: str, typed: str) -> None:
    answer = maria.press(called, "attempt", outcome="busy", minutes_ago=typed)
    assert answer.status_code == 422 and "Enter whole minutes" in answer.get_data(as_text=True)


def test_a_note_is_kept_with_the_call_and_shown_in_the_timeline(maria: Desk, called: str) -> None:
    maria.press(called, "attempt", outcome="no_answer", note="Rang out <b>twice</b>", then="stay")
    html = maria.text(f"/admin/queue/{called}")
    assert "Rang out &lt;b&gt;twice&lt;/b&gt;" in html
    assert "logged a call: No answer" in words(html)


def test_a_note_that_is_too_long_is_given_back_whole(maria: Desk, called: str) -> None:
    long = "x" * 4001
    answer = maria.press(called, "attempt", outcome="busy", note=long)
    assert answer.status_code == 422 and long in answer.get_data(as_text=True)


def test_when_the_visitor_cancelled_meanwhile_the_note_is_not_lost(
    maria: Desk, called: str, site: Site, now: datetime
) -> None:
    casework.close(site, maria.actor, called, ClosedReason.WITHDRAWN, now=now)
    answer = maria.press(called, "attempt", outcome="busy", note="She sounded better")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "has ended in the meantime" in html and "She sounded better</textarea>" in html


def test_when_a_manager_gave_it_away_meanwhile_the_note_is_not_lost(
    maria: Desk, called: str, site: Site, now: datetime
) -> None:
    grace, version = person(site, "Grace", "manager", now=now), _version(maria.text(f"/admin/queue/{called}"))
    with at(now + timedelta(hours=3)):
        claims.assign(site, grace, called, grace.person_id, now=now + timedelta(hours=3))
        maria.sign_in("maria@example.com")
        by_name = maria.press(called, "attempt", outcome="busy", note="She sounded better")
        by_version = maria.press(called, "attempt", outcome="busy", note="She sounded better", version=version)
    assert by_name.status_code == by_version.status_code == 409
    for answer in (by_name, by_version):
        assert "Grace claimed this just now" in answer.get_data(as_text=True)
        assert "She sounded better</textarea>" in answer.get_data(as_text=True)


@point(63)
def test_a_first_call_that_was_late_stays_late_for_good(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(minutes=27)).reference
    maria.press(reference, "call")
    maria.press(reference, "attempt", outcome="busy", then="stay")
    with at(now + timedelta(days=1)):
        maria.sign_in("maria@example.com")
        text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Promise kept, called less than a minute before · first call within 27 opening minutes: late" in text
    assert "Target missed" in text


def test_a_call_that_began_in_time_is_no_miss_while_it_goes_on(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(minutes=14)).reference
    maria.press(reference, "call")
    with at(now + timedelta(minutes=9)):
        assert "Target missed" not in words(maria.text(f"/admin/queue/{reference}"))
    with at(now + timedelta(hours=3)):  # nobody ever said what came of it
        maria.sign_in("maria@example.com")
        assert "Target missed" in words(maria.text(f"/admin/queue/{reference}"))


def test_a_first_call_in_time_says_so(maria: Desk, called: str) -> None:
    maria.press(called, "attempt", outcome="busy", then="stay")
    text = words(maria.text(f"/admin/queue/{called}"))
    assert "Promise kept, called 15 min before · first call within 10 opening minutes: in target" in text
    assert "Target missed" not in text


def test_a_broken_promise_is_told_first_and_by_how_much(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(minutes=72)).reference
    maria.press(reference, "call")
    maria.press(reference, "attempt", outcome="busy", then="stay")
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert re.search(r"Promise missed by \d+ min · first call within 1 h 12 min of opening time: late", text)


def test_a_click_that_was_sent_twice_is_one_call(maria: Desk, called: str) -> None:
    version = _version(maria.text(f"/admin/queue/{called}"))
    for _ in range(2):
        answer = maria.press(called, "attempt", outcome="busy", note="rang", version=version, then="stay")
        assert answer.status_code == 303
    assert count(CallAttempt) == 1 and stored(called).attempt_count == 1


@point(61)
def test_a_note_added_after_going_back_is_not_thrown_away(maria: Desk, called: str, now: datetime) -> None:
    """Saved, Back, the forgotten note, saved once more: the same outcome, but not the same form."""
    version = _version(maria.text(f"/admin/queue/{called}"))
    seen = {"version": version, "seen": now.isoformat(), "then": "stay"}
    with at(now + timedelta(seconds=5)):
        assert maria.press(called, "attempt", outcome="busy", **seen).status_code == 303
    with at(now + timedelta(seconds=45)):
        answer = maria.press(called, "attempt", outcome="busy", note="Her sister answers after six", **seen)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and count(CallAttempt) == 1
    assert "You changed this 40 s ago" in words(html) and "logged a call: Busy" in words(html)
    assert "Her sister answers after six</textarea>" in html and re.search(r'value="busy"[^>]*checked', html)


@point(61)
def test_a_note_added_to_an_outcome_that_ended_the_request_waits_in_the_note_field(maria: Desk, called: str) -> None:
    version = _version(maria.text(f"/admin/queue/{called}"))
    maria.press(called, "attempt", outcome="spoke_information", version=version)
    answer = maria.press(called, "attempt", outcome="spoke_information", version=version, note="Sent her the leaflet")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "not saved yet" in html and "Sent her the leaflet</textarea>" in html


def test_a_second_call_in_a_row_needs_a_reason(maria: Desk, called: str) -> None:
    maria.press(called, "attempt", outcome="busy", note="first", then="stay")
    assert maria.press(called, "attempt", outcome="no_answer", note="second", then="stay").status_code == 422
    maria.press(called, "attempt", outcome="no_answer", note="second", why="They rang back", then="stay")
    text = words(maria.text(f"/admin/queue/{called}"))
    assert "first" in text and "second" in text and count(CallAttempt) == 2


def test_what_changed_while_one_was_writing_is_shown_before_it_is_saved(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now, voicemail=Voicemail.SAY_WHO)
    maria.press(made.reference, "call")
    version = _version(maria.text(f"/admin/queue/{made.reference}"))
    visitor.change_voicemail(site, made.link_token, Voicemail.NONE, now=now)
    answer = maria.press(made.reference, "attempt", outcome="busy", note="Rang out", version=version)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "The visitor changed this just now" in html and "changed what we may do when they miss the call" in html
    assert "Rang out</textarea>" in html and re.search(r'value="busy"[^>]*checked', html)
    assert "Do not leave a message" in html and count(CallAttempt) == 0
    again = maria.press(made.reference, "attempt", outcome="busy", note="Rang out", version=_version(html))
    assert again.status_code == 303 and count(CallAttempt) == 1


@pytest.mark.parametrize("typed", ["", "x", "-1", "9" * 30])
def test_a_version_that_is_none_is_not_looked_at(maria: Desk, called: str, typed: str) -> None:
    assert maria.press(called, "attempt", outcome="busy", version=typed).status_code == 303


@point(58)
def test_a_call_at_a_forbidden_hour_is_saved_with_its_reason_only(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(hours=3), phone="808-555-0182").reference
    maria.press(reference, "claim")
    assert 'name="why"' not in maria.text(f"/admin/queue/{reference}")
    refused = maria.press(reference, "attempt", outcome="busy", note="Rang out", next_try="other",
                          next_day="2026-11-20", next_time="15:30")  # fmt: skip
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422 and count(CallAttempt) == 0
    assert "Say why you called at this time" in html and 'href="#why"' in html and 'id="why"' in html
    assert "Rang out</textarea>" in html and 'value="2026-11-20"' in html
    assert maria.press(reference, "attempt", outcome="busy", why="She wrote <b>now</b>", then="stay").status_code == 303
    html = maria.text(f"/admin/queue/{reference}")
    assert "She wrote &lt;b&gt;now&lt;/b&gt;" in html
    assert "It is outside the hours when we may call them. They called because:" in html


def test_whoever_was_calling_when_the_visitor_cancelled_may_still_say_what_happened(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    made = ask(site, now, phone="(212) 555-0182")
    maria.press(made.reference, "call")
    visitor.withdraw(site, made.link_token, now=now)
    html = maria.text(f"/admin/queue/{made.reference}")
    assert "They cancelled while you were calling. You can still say what happened." in html
    assert "tel:" not in html and "(212) 555-0182" not in html
    assert "(212) 555-0182" not in maria.text("/admin/queue/?view=closed"), "nor in the list of what has ended"
    assert re.search(r'value="spoke_call_again"[^>]*disabled', html) and "they cancelled" in html
    assert 'name="outcome"' not in dev.text(f"/admin/queue/{made.reference}")
    said = maria.press(
        made.reference, "attempt", outcome="no_answer", note="Rang out", version=_version(html), then="stay"
    )
    assert said.status_code == 303
    row = stored(made.reference)
    assert (row.status, row.last_disposition) == (Status.WITHDRAWN, Disposition.NO_ANSWER)
    assert 'name="outcome"' not in maria.text(f"/admin/queue/{made.reference}")
    assert maria.press(made.reference, "attempt", outcome="busy", note="again").status_code == 409


def _version(html: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', html)
    assert found
    return found.group(1)


@point(64)
def test_a_corrected_outcome_keeps_the_old_entry_in_view(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    maria.press(reference, "attempt", outcome="spoke_information")
    html = maria.text(f"/admin/queue/{reference}")
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', html)[0] for name in ("version", "attempt")}
    refused = maria.press(reference, "correct", right_outcome="no_answer", **fields)
    assert refused.status_code == 422 and "Say why it was wrong" in refused.get_data(as_text=True)
    answer = maria.press(reference, "correct", right_outcome="no_answer", why_wrong="The wrong key", **fields)
    assert answer.status_code == 303
    html = maria.text(f"/admin/queue/{reference}")
    assert "<s><b>Maria</b> logged a call: Information given</s>" in html
    text = words(html)
    assert "Maria corrected the outcome: No answer" in text and "Corrected by Maria" in text and "The wrong key" in text
    assert stored(reference).status == Status.ATTEMPTING
