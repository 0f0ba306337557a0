"""What staff type: cleaned like the visitor's words, asked for where it is needed, and told to those who read it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.models.site import Site
from intake.rules.phone import parse
from intake.rules.windows import Window
from intake.rules.workflow import Status
from intake.services import casework, visitor
from tests.admin.desk import Desk, at, words
from tests.admin.test_mails import give_up
from tests.making import actions, ask, person, stored

pytestmark = pytest.mark.words

ODD = "a\u202eb\x00\u200bc\r\n\n\n\nd"


def test_notes_lose_what_nobody_can_see(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "note", remark=ODD)
    maria.press(reference, "call")
    maria.press(reference, "attempt", outcome="busy", note=ODD, then="stay")
    maria.press(reference, "close", reason="test", close_note=ODD)
    assert maria.text(f"/admin/queue/{reference}").count("<bdi>abc\n\nd</bdi>") == 3


def test_a_note_of_nothing_visible_is_none(maria: Desk, site: Site, now: datetime) -> None:
    assert maria.press(ask(site, now).reference, "note", remark="\u200b\u202e").status_code == 422


def test_a_reason_is_one_clean_line(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(hours=3), phone="808-555-0182").reference
    maria.press(reference, "call", override="\u200b")
    assert stored(reference).call_started_at is None
    maria.press(reference, "call", override=ODD)
    assert "<bdi>abc d</bdi>" in maria.text(f"/admin/queue/{reference}")


@pytest.mark.parametrize("typed", ["99999", "9" * 5000, "-1", "1.5", "٣"])
def test_odd_minutes_are_an_error_at_the_field(maria: Desk, site: Site, now: datetime, typed: str) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    answer = maria.press(reference, "attempt", outcome="busy", minutes_ago=typed)
    assert answer.status_code == 422 and 'id="minutes_ago-e"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "typed", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-11-18T12:00", "2026-11-18T12:00Z\x00"]
)
def test_an_instant_no_clock_can_tell_is_none(maria: Desk, site: Site, now: datetime, typed: str) -> None:
    reference = ask(site, now).reference
    maria.text(f"/admin/queue/{reference}")
    assert maria.press(reference, "here", left=typed).status_code == 200
    assert maria.press(reference, "note", remark="Rang", version="1", seen=typed).status_code == 303


def test_what_can_be_no_reference_is_not_picked(maria: Desk, grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.post("/admin/queue/bulk", pick=[f"{reference}.1", "AAA\x00AAA.1", f"{reference}.1\x00", "\x00"], do="claim")  # type: ignore[arg-type]
    assert stored(reference).assignee_id == maria.actor.user_id  # type: ignore[union-attr]
    grace.post("/admin/reports/agree", pick="\x00")
    assert "Choose at least one of them." in grace.text("/admin/reports/")


def test_names_purposes_and_reasons_are_kept_and_shown_as_one_clean_line(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference, dossier = ask(site, now).reference, "/admin/reports/dossier/"
    assert maria.post("/admin/queue/views", name=ODD).status_code == 303
    html = maria.text("/admin/queue/views")
    assert "abc d" in html and "\u202e" not in html
    assert maria.post("/admin/queue/views", name="\u200b\x00").status_code == 422
    grace.post(f"{dossier}{reference}/hold", reason=ODD)
    grace.post(f"{dossier}{reference}/lift", reason=ODD)
    told = grace.post(f"{dossier}{reference}", purpose=f"{ODD}{'e' * 600}").get_data(as_text=True)
    assert told.count("abc d<") == 2, "placed and lifted"
    longest = f"abc d{'e' * 495}"
    assert told.count(longest) == 2 and f"{longest}e" not in told, "printed as it is on record"


def test_what_they_took_back_is_opened_only_with_a_reason(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    visitor.withdraw(site, made.link_token, now=now)
    assert "They took it back. Why open it again?" in maria.text(f"/admin/queue/{made.reference}")
    refused = maria.press(made.reference, "reopen", reopen_reason=" \u200b")
    html = refused.get_data(as_text=True)
    assert refused.status_code == 422 and 'href="#reopen_reason"' in html and 'id="reopen_reason-e"' in html
    assert stored(made.reference).status == Status.WITHDRAWN
    assert maria.press(made.reference, "reopen", reopen_reason="She rang again").status_code == 303
    assert stored(made.reference).status == Status.NEW
    assert "<bdi>She rang again</bdi>" in maria.text(f"/admin/queue/{made.reference}")


def test_a_request_given_away_names_who_got_it(grace: Desk, site: Site, now: datetime) -> None:
    lee, reference = person(site, "Lee", now=now), ask(site, now).reference
    location = grace.press(reference, "assign", person=str(lee.user_id)).location
    text = words(grace.text(location))
    assert "Given to Lee. They are told by mail." in text and "Grace gave the request to Lee" in text
    location = grace.press(reference, "assign", person=str(grace.actor.user_id)).location
    text = words(grace.text(location))
    assert "It is yours now." in text and "Grace took the request" in text


def test_a_mail_is_sent_again_only_from_its_own_request(grace: Desk, site: Site, now: datetime) -> None:
    own, other = ask(site, now).reference, ask(site, now).reference
    public_id = give_up(now)
    assert grace.press(other, f"mail/{public_id}").status_code == 404
    assert grace.press(own, "mail/%00").status_code == 404
    assert "callback.mail_resent" not in actions(own) + actions(other)
    assert grace.press(own, f"mail/{public_id}").status_code == 303


def test_a_window_nobody_has_tried_yet_is_the_visitors_wish(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=1), now + timedelta(hours=3))
    reference = ask(site, now, window=window).reference
    for path in ("/admin/queue/", f"/admin/queue/{reference}"):
        text = words(maria.text(path))
        assert "They asked to be called later" in text and "The next try is planned" not in text
    maria.press(reference, "call", override="They rang")
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "although: They asked to be called later" in text


def test_a_chosen_window_is_kept_by_a_call_inside_it(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=1), now + timedelta(hours=3))
    inside, missed = (ask(site, now, window=window, phone=f"212-555-01{n}").reference for n in (82, 83))
    with at(now + timedelta(hours=2)):
        maria.sign_in("maria@example.com")
        maria.press(inside, "call")
        maria.press(inside, "attempt", outcome="busy", then="stay")
        assert "Promise kept, called in the time they asked for" in words(maria.text(f"/admin/queue/{inside}"))
    with at(now + timedelta(hours=4)):
        maria.sign_in("maria@example.com")
        maria.press(missed, "call")
        maria.press(missed, "attempt", outcome="busy", then="stay")
        text = words(maria.text(f"/admin/queue/{missed}"))
    assert "Promise missed, not called in the time they asked for · first call: late" in text


def test_a_promise_broken_before_they_asked_for_another_time_is_told_so(maria: Desk, site: Site, now: datetime) -> None:
    asked = ask(site, now - timedelta(hours=2))
    visitor.change_time(site, asked.link_token, is_free_time=True, preferred_note="at six", now=now)
    casework.acknowledge_time(site, maria.actor, asked.reference, now=now)
    maria.press(asked.reference, "call")
    maria.press(asked.reference, "attempt", outcome="busy", then="stay")
    text = words(maria.text(f"/admin/queue/{asked.reference}"))
    assert "Promise missed before another one was made" in text


def test_a_planned_call_to_somebody_asleep_shows_the_moon(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=3), now + timedelta(hours=5))
    ask(site, now, phone="808-555-0182", window=window)
    assert '<use href="#i-moon"/></svg> later' in maria.text("/admin/queue/")


def test_no_time_is_said_twice(maria: Desk, site: Site, now: datetime) -> None:
    late = now + timedelta(hours=9)
    with at(late):
        maria.sign_in("maria@example.com")
        reference = ask(site, late).reference
        head = words(maria.text(f"/admin/queue/{reference}")).split("Nobody has claimed")[0]
    assert head.count("8:15 am ET") == 1


def test_their_clock_is_told_only_where_it_differs(maria: Desk, site: Site, now: datetime) -> None:
    window = Window(now + timedelta(hours=2), now + timedelta(hours=5))
    near, far = (ask(site, now, phone=phone, window=window).reference for phone in ("212-555-0182", "312-555-0182"))
    assert "(begins" not in words(maria.text(f"/admin/queue/{near}"))
    assert "(begins 1 pm CT there)" in words(maria.text(f"/admin/queue/{far}"))


def test_a_call_nobody_logged_shows_no_running_timer_after_two_hours(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "call")
    assert "data-since" in maria.text(f"/admin/queue/{reference}")
    with at(now + timedelta(hours=2)):
        maria.sign_in("maria@example.com")
        html = maria.text(f"/admin/queue/{reference}")
    assert "data-since" not in html and stored(reference).assignee_id is None, "it is back in the queue"


def test_a_call_of_twenty_minutes_is_asked_about(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "call")
    for minutes, is_asked in ((1, False), (14, False), (20, True)):
        with at(now + timedelta(minutes=minutes)):
            if is_asked:
                maria.sign_in("maria@example.com")
            html = maria.text(f"/admin/queue/{reference}")
        shown = re.search(r'<p class="note bad mt" data-remind="1200"( hidden)?>', html)
        assert shown and (shown[1] is None) == is_asked, minutes


def test_a_number_corrected_under_check_goes_to_the_queue(grace: Desk, site: Site, now: datetime) -> None:
    first = ask(site, now).reference
    grace.press(first, "call")
    grace.press(first, "attempt", outcome="do_not_call", confirm="yes", then="stay")
    again = ask(site, now)
    assert "Close: do not call" in grace.text(f"/admin/queue/{again.reference}")
    visitor.change_number(site, again.link_token, parse("(212) 555-0199"), now=now)
    html = grace.text(f"/admin/queue/{again.reference}")
    assert "Close: do not call" not in html and f"{again.reference}/call" in html
