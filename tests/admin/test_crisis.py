"""What staff say is a crisis looks like one, stands on top, and tells whoever saves it who really hears of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from intake.database import reading, writing
from intake.ledger import mail_channel
from intake.models.site import Site
from intake.queries import undo_steps
from intake.queries.calls import standing
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, corrections, duplicates, handing, shifts, undoing, visitor
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.admin.test_adding import ANA, filled, newest
from tests.making import ask, mails, person, stored

pytestmark = pytest.mark.words

TOLD = ("manager.crisis", "managers")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def called(maria: Desk, site: Site, now: datetime) -> str:
    """Claimed and on the telephone."""
    reference = ask(site, now).reference
    claims.start_call(site, maria.actor, reference, now=now)
    maria.get(f"/admin/queue/{reference}")
    return reference


def logged(maria: Desk, reference: str) -> str:
    """What the next page says once it is saved."""
    assert maria.press(reference, "attempt", outcome="crisis", then="stay").status_code == 303
    return words(maria.text(f"/admin/queue/{reference}"))


def test_a_call_logged_as_a_crisis_looks_like_one_and_is_due_at_once(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    assert "In crisis, handed to 988 or 911. Ask whether they are safe now" in logged(maria, called)
    row = stored(called)
    assert (row.crisis_at, row.due_at) == (now, now - AHEAD_OF_ALL)
    queue = maria.text("/admin/queue/?view=due_now")
    assert f'data-ref="{called}"' in queue and '<span class="tag crisis">In crisis</span>' in queue


def test_a_crisis_that_was_none_is_an_ordinary_request_again(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - timedelta(minutes=9)).reference
    claims.start_call(site, maria.actor, reference, now=now)
    logged(maria, reference)
    with reading() as conn:
        attempt = standing(conn, stored(reference).id, 0)[-1].id
    corrections.correct(site, maria.actor, reference, attempt, Disposition.LINE_FAILED, reason="wrong key", now=now)
    assert stored(reference).crisis_at is None
    assert "crisis</span>" not in maria.text("/admin/queue/")


def test_nobody_is_named_as_told_who_is_not(maria: Desk, site: Site, called: str, now: datetime) -> None:
    text = logged(maria, called)
    assert "There is no manager, so a mail goes to the team" in text
    assert "Tell a colleague yourself, now." in text


def test_a_manager_on_shift_is_named_and_one_who_is_not_is_to_be_rung(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    grace = person(site, "Grace", "manager", now=now)
    text = logged(maria, called)
    assert "A mail goes to Grace now, but none of them is on shift." in text and "ring one of them" in text
    shifts.come(site, grace, now=now)
    again = logged(maria, called)
    assert "Grace is on shift and is sent a mail now." in again and ("manager.crisis", "managers") in mails(called)


def test_while_no_mail_gets_out_nobody_has_been_told(maria: Desk, site: Site, called: str, now: datetime) -> None:
    person(site, "Grace", "manager", now=now)
    with writing() as conn:
        mail_channel.mark_down(conn, error="refused", now=now)
    text = logged(maria, called)
    assert "nobody has been told. Tell a manager yourself, now: Grace." in text


@pytest.mark.parametrize("said", [{"feared": "yes"}, {"message": "she said she wants to die"}])
def test_one_added_by_hand_is_a_possible_crisis_by_a_tick_or_by_its_words(
    maria: Desk, site: Site, now: datetime, said: dict[str, str]
) -> None:
    person(site, "Grace", "manager", now=now)
    maria.post("/admin/queue/add", **filled(maria.text("/admin/queue/add")), **ANA, **said)
    row = stored(newest())
    assert row.crisis_at == row.due_at + AHEAD_OF_ALL == row.received_at and ("manager.crisis", "managers") in mails(
        row.reference
    )
    text = words(maria.text(f"/admin/queue/{row.reference}"))
    assert "is due at once, as a possible crisis. Call now. A mail goes to Grace now" in text
    assert "Possible crisis: what they wrote or said sounds like it." in text


def test_words_of_it_in_a_note_put_an_open_request_above_all_others(maria: Desk, site: Site, now: datetime) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now).reference
    assert maria.press(reference, "note", remark="Her brother says she wants to die").status_code == 303
    row = stored(reference)
    assert (row.crisis_at, row.due_at) == (now, now - AHEAD_OF_ALL) and mails(reference).count(TOLD) == 1
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"Note added. {reference} is due at once, as a possible crisis. Call now. A mail goes to Grace now" in text
    maria.press(reference, "note", remark="She is suicidal, he says")
    assert mails(reference).count(TOLD) == 1, "they know"


def test_such_a_note_can_be_taken_back_and_the_request_is_due_as_it_was(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    before = stored(reference)
    maria.press(reference, "note", remark="He is not suicidal")
    with reading() as conn:
        step = undo_steps.made_at(conn, maria.actor.person_id, now)
    undoing.undo(site, maria.actor, step or "", now=now)
    after = stored(reference)
    assert (after.crisis_at, after.due_at, after.next_at) == (None, before.due_at, before.next_at)


def test_of_a_note_on_one_that_has_ended_the_managers_get_a_mail_once_in_a_while(
    maria: Desk, site: Site, now: datetime
) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now).reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    with at(now + MINUTE):
        before = stored(reference)
        maria.press(reference, "note", remark="His mother rang, he wants to die")
        text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"Note added. {reference} has ended, but what was written sounds like danger. A mail goes to Grace" in text
    assert stored(reference) == before and mails(reference).count(TOLD) == 1
    for minutes, told in ((2, 1), (17, 2)):
        heard = casework.add_note(site, maria.actor, reference, "suicidal", now=now + minutes * MINUTE)
        assert mails(reference).count(TOLD) == told and heard.is_told is (told == 2)
    casework.add_note(site, maria.actor, reference, "He is at work", now=now + 40 * MINUTE)
    assert mails(reference).count(TOLD) == 2


def test_such_a_note_on_one_that_has_ended_can_be_taken_back_and_so_can_the_mail_that_is_not_out(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    casework.add_note(site, maria.actor, reference, "He is not suicidal", now=now + MINUTE)
    with reading() as conn:
        step = undo_steps.made_at(conn, maria.actor.person_id, now + MINUTE)
    undoing.undo(site, maria.actor, step or "", now=now + MINUTE)
    assert TOLD not in mails(reference)


def test_such_a_note_on_one_that_was_joined_to_another_puts_that_one_above_all_others(
    maria: Desk, site: Site, now: datetime
) -> None:
    older, newer = (ask(site, now - late, phone="212-555-0147").reference for late in (2 * MINUTE, MINUTE))
    duplicates.link(site, maria.actor, older, newer, now=now)
    before = stored(older)
    with at(now + MINUTE):
        maria.press(newer, "note", remark="Her brother says she wants to die")
        text = words(maria.text(f"/admin/queue/{newer}"))
    assert f"Note added. {older} is due at once, as a possible crisis. Call now." in text
    assert stored(older).due_at == now + MINUTE - AHEAD_OF_ALL and TOLD in mails(older) and TOLD not in mails(newer)
    with at(now + MINUTE):
        text = words(maria.text(f"/admin/queue/{older}"))
    assert f"Maria wrote a note on {newer}, which is joined to this one" in text, "whoever calls finds the words"
    with reading() as conn:
        step = undo_steps.made_at(conn, maria.actor.person_id, now + MINUTE)
    undoing.undo(site, maria.actor, step or "", now=now + MINUTE)
    assert (stored(older).crisis_at, stored(older).due_at) == (None, before.due_at) and TOLD not in mails(older)


def test_who_was_told_while_it_was_open_is_told_that_it_ended_with_such_words(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    casework.add_note(site, maria.actor, reference, "He wants to die", now=now)
    assert casework.close(site, maria.actor, reference, ClosedReason.TEST, note="suicidal, hung up", now=now + MINUTE)
    assert mails(reference).count(TOLD) == 2


def test_whoever_ends_one_with_such_words_reads_who_hears_of_it(maria: Desk, site: Site, now: datetime) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    maria.press(reference, "close", reason="test", close_note="Only a test, says a man who wants to die")
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"{reference} has ended, but what was written sounds like danger. A mail goes to Grace now" in text
    assert mails(reference).count(TOLD) == 1


@pytest.mark.parametrize(
    ("outcome", "heard", "said"),
    [
        ("line_failed", True, "has ended, but what was written sounds like danger. A mail goes to Grace now"),
        ("wrong_number", True, "They may be in danger, and we have no number to call. A mail goes to Grace now"),
        ("spoke_not_now", False, "is closed."),
    ],
)
def test_words_of_it_with_a_call_during_which_they_cancelled_are_mailed_unless_it_reached_them(
    maria: Desk, site: Site, now: datetime, outcome: str, heard: bool, said: str
) -> None:
    person(site, "Grace", "manager", now=now)
    made = ask(site, now)
    claims.start_call(site, maria.actor, made.reference, now=now)
    visitor.withdraw(site, made.link_token, now=now)
    maria.get(f"/admin/queue/{made.reference}")
    maria.press(made.reference, "attempt", outcome=outcome, note="A man says he took too many pills", then="stay")
    assert (TOLD in mails(made.reference)) is heard
    assert said in words(maria.text(f"/admin/queue/{made.reference}"))


def test_words_of_it_with_a_call_that_was_the_last_are_mailed_too(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now)
    visitor.call_once_only(site, made.link_token, now=now)
    log(site, maria, made.reference, Outcome(Disposition.SOMEONE_ELSE, note="He wants to die, says his wife"), now)
    assert stored(made.reference).closed_at == now and mails(made.reference).count(TOLD) == 1


def test_words_of_it_with_a_call_that_did_not_reach_them_do_so_too_and_outlive_a_correction(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    maria.press(called, "attempt", outcome="someone_else", note="Mother says he took too many pills", then="stay")
    row = stored(called)
    assert (row.crisis_at, row.due_at, row.next_at) == (now, now - AHEAD_OF_ALL, None) and TOLD in mails(called)
    assert "is due at once, as a possible crisis. Call now." in words(maria.text(f"/admin/queue/{called}"))
    with reading() as conn:
        attempt = standing(conn, row.id, 0)[-1].id
    corrections.correct(site, maria.actor, called, attempt, Disposition.NO_ANSWER, reason="wrong key", now=now)
    assert stored(called).due_at == now - AHEAD_OF_ALL


@pytest.mark.parametrize("between", [Disposition.NO_ANSWER, Disposition.SPOKE_INFORMATION, Disposition.WRONG_NUMBER])
def test_words_of_it_outlive_every_further_correction_and_are_mailed_once(
    maria: Desk, site: Site, called: str, now: datetime, between: Disposition
) -> None:
    log(site, maria, called, Outcome(Disposition.SOMEONE_ELSE, note="He wants to die"), now, is_begun=True)
    for right in (between, Disposition.BUSY, Disposition.LINE_FAILED):
        correct(site, maria, called, right, now)
    row = stored(called)
    assert (row.crisis_at, row.due_at, row.closed_at) == (now, now - AHEAD_OF_ALL, None)
    assert mails(called).count(TOLD) == 1 + (between is Disposition.WRONG_NUMBER)


def test_what_was_written_counts_once_the_call_turns_out_to_have_reached_nobody(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    person(site, "Grace", "manager", now=now)
    log(site, maria, called, Outcome(Disposition.SPOKE_NOT_NOW, note="She wants to die"), now, is_begun=True)
    assert stored(called).crisis_at is None and TOLD not in mails(called)
    attempt = re.findall(r'name="attempt" value="(\d+)"', maria.text(f"/admin/queue/{called}"))[0]
    maria.press(called, "correct", right_outcome="someone_else", why_wrong="a wrong key", attempt=attempt)
    assert stored(called).due_at == now - AHEAD_OF_ALL and mails(called).count(TOLD) == 1
    assert "is due at once, as a possible crisis. Call now. A mail goes to Grace now" in words(
        maria.text(f"/admin/queue/{called}")
    )


def test_a_correction_that_was_undone_takes_no_words_with_it(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    log(site, maria, called, Outcome(Disposition.SOMEONE_ELSE, note="He wants to die"), now, is_begun=True)
    correct(site, maria, called, Disposition.BUSY, now + MINUTE)
    with reading() as conn:
        step = undo_steps.made_at(conn, maria.actor.person_id, now + MINUTE)
    undoing.undo(site, maria.actor, step or "", now=now + MINUTE)
    correct(site, maria, called, Disposition.LINE_FAILED, now + 2 * MINUTE)
    assert stored(called).due_at == now - AHEAD_OF_ALL


def test_of_a_call_that_reached_them_the_outcome_says_whether_it_is_one(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    said = Outcome(Disposition.SPOKE_CALL_AGAIN, note="Not suicidal", agreed_from=now + timedelta(hours=3))
    log(site, maria, called, said, now)
    assert stored(called).crisis_at is None and TOLD not in mails(called)


def test_a_colleague_is_handed_one_with_such_a_note_above_all_others(
    maria: Desk, dev: Desk, site: Site, called: str, now: datetime
) -> None:
    log(site, maria, called, Outcome(Disposition.LINE_FAILED), now)
    handing.hand_off(site, maria.actor, called, dev.actor.person_id, note="She wants to die, speaks Spanish", now=now)
    assert stored(called).due_at == now - AHEAD_OF_ALL and TOLD in mails(called)


def test_the_tick_is_kept_when_something_else_is_wrong(maria: Desk) -> None:
    form = filled(maria.text("/admin/queue/add")) | ANA | {"phone": "", "feared": "yes"}
    assert 'value="yes" aria-describedby="feared-h" checked' in maria.post("/admin/queue/add", **form).text


def test_it_stays_one_until_a_call_reaches_them_and_says_otherwise(
    maria: Desk, site: Site, called: str, now: datetime
) -> None:
    assert "In crisis, handed to 988 or 911." in logged(maria, called)
    for disposition, minutes in ((Disposition.NO_ANSWER, 5), (Disposition.LINE_FAILED, 6)):
        log(site, maria, called, Outcome(disposition), now + timedelta(minutes=minutes))
        assert "In crisis, handed to 988 or 911." in words(maria.text(f"/admin/queue/{called}"))
        assert '<span class="tag crisis">In crisis</span>' in maria.text("/admin/queue/")
    agreed = Outcome(Disposition.SPOKE_CALL_AGAIN, agreed_from=now + timedelta(hours=3))
    log(site, maria, called, agreed, now + timedelta(minutes=7))
    assert '<span class="tag crisis">Possible crisis</span>' in maria.text("/admin/queue/")
    with reading() as conn:
        step = undo_steps.made_at(conn, maria.actor.person_id, now + timedelta(minutes=7))
    undoing.undo(site, maria.actor, step or "", now=now + timedelta(minutes=7))
    assert '<span class="tag crisis">In crisis</span>' in maria.text("/admin/queue/"), "that call does not stand"


def test_a_list_that_stays_open_shows_it_as_soon_as_it_is_known(maria: Desk, called: str) -> None:
    before = maria.text("/admin/queue/")
    mark = re.search(rf'data-ref="{called}" data-mark="(\w+)"', before)
    logged(maria, called)
    news = maria.get(f"/admin/queue/live?shown={called}.{mark and mark[1]}").get_json()
    assert news["rows"][called]["cells"]["q-cri"].strip() == '<span class="tag crisis">In crisis</span>'


def test_found_in_one_while_they_took_it_back_they_come_ahead_of_all_if_they_want_a_call_after_all(
    maria: Desk, site: Site, now: datetime
) -> None:
    made = ask(site, now, window=Window(now + timedelta(hours=3), now + timedelta(hours=5)))
    claims.start_call(site, maria.actor, made.reference, override_reason="they rang", now=now)
    visitor.withdraw(site, made.link_token, now=now)
    log(site, maria, made.reference, Outcome(Disposition.CRISIS), now, is_begun=True)
    visitor.undo_withdrawal(site, made.link_token, now=now)
    assert stored(made.reference).due_at == now - AHEAD_OF_ALL
    assert '<span class="tag crisis">In crisis</span>' in maria.text("/admin/queue/")


@pytest.mark.parametrize(("email", "stands"), [("ana@example.com", "waits for another number"), (None, "is closed")])
def test_a_wrong_number_of_somebody_in_danger_says_who_hears_of_it(
    maria: Desk, site: Site, now: datetime, email: str | None, stands: str
) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now, message="I want to die", email=email).reference
    claims.start_call(site, maria.actor, reference, now=now)
    maria.get(f"/admin/queue/{reference}")
    maria.press(reference, "attempt", outcome="wrong_number", then="stay")
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert stands in text and "They may be in danger, and we have no number to call. A mail goes to Grace now" in text


def test_a_correction_to_a_wrong_number_says_so_too(maria: Desk, site: Site, now: datetime) -> None:
    person(site, "Grace", "manager", now=now)
    reference = ask(site, now, message="I want to die", email="ana@example.com").reference
    log(site, maria, reference, Outcome(Disposition.LINE_FAILED), now)
    html = maria.text(f"/admin/queue/{reference}")
    attempt = re.findall(r'name="attempt" value="(\d+)"', html)[0]
    maria.press(reference, "correct", right_outcome="wrong_number", why_wrong="a wrong key", attempt=attempt)
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "Corrected. The old outcome stays in the timeline." in text and "waits for another number" in text
    assert "They may be in danger, and we have no number to call. A mail goes to Grace now" in text


def test_of_a_visitor_in_danger_who_cancels_during_the_call_its_caller_keeps_the_number_for_911(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    number, made = "(212) 555-0182", ask(site, now, phone="(212) 555-0182", message="I want to die")
    page = f"/admin/queue/{made.reference}"
    maria.press(made.reference, "call")
    visitor.withdraw(site, made.link_token, now=now)
    html = maria.text(page)
    assert number in html and "tel:+" not in html and 'data-key="p"' not in html, "seen, and not dialled"
    assert "Until then you see their number, in case 911 has to find them" in html
    assert "call 988 or 911 together with them" in html and "We do not call them about it" not in html
    assert number not in dev.text(page) and number not in maria.text("/admin/queue/?view=closed")
    with at(now + timedelta(hours=2)):
        maria.sign_in("maria@example.com")
        assert number not in maria.text(page), "a call that nobody ever logged is none any more"
    maria.sign_in("maria@example.com")
    assert number in maria.text(page)
    maria.press(
        made.reference, "attempt", outcome="no_answer", version=str(stored(made.reference).version), then="stay"
    )
    assert number not in maria.text(page)


def correct(site: Site, who: Desk, reference: str, right: Disposition, now: datetime) -> None:
    with reading() as conn:
        attempt = standing(conn, stored(reference).id, 0)[-1].id
    corrections.correct(site, who.actor, reference, attempt, right, reason="a wrong key", now=now)


def log(site: Site, who: Desk, reference: str, outcome: Outcome, now: datetime, *, is_begun: bool = False) -> None:
    if not is_begun:
        claims.start_call(site, who.actor, reference, override_reason="again", now=now)
    calls.log_attempt(site, who.actor, reference, outcome, now=now)
