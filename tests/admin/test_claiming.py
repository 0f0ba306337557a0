"""Claim, release, assign and Call, with and without somebody else being faster."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from flask import Flask

from intake.models.site import Site
from intake.queries.rule_versions import RuleKind
from intake.rules.phone import parse
from intake.rules.routing import Routing, Rule
from intake.rules.spam import Signals
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims, routing, rule_versions, shifts, visitor
from tests.admin.desk import Desk, at, desk, words
from tests.making import actions, ask, mails, person, stored

AN_HOUR = timedelta(hours=1)


def test_claiming_in_the_queue_leads_back_to_the_same_view(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    answer = maria.press(reference, "claim", **{"from": "queue", "view": "unclaimed"})
    assert answer.status_code == 303 and answer.location == "/admin/queue/?view=unclaimed"
    assert stored(reference).assignee_id == maria.actor.user_id
    assert f"Claimed {reference}." in maria.text("/admin/queue/")


def test_claiming_on_the_request_shows_the_whole_number(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, phone="(212) 555-0182").reference
    before = maria.text(f"/admin/queue/{reference}")
    assert "555-0182" not in before and "tel:" not in before
    assert maria.press(reference, "claim").location == f"/admin/queue/{reference}"
    after = maria.text(f"/admin/queue/{reference}")
    assert "(212) 555-0182" in after and "typed as" in after


def test_what_a_rule_gave_is_claimed_like_what_is_free_and_then_the_button_is_gone(
    maria: Desk, site: Site, now: datetime
) -> None:
    user_id = maria.actor.person_id
    rules = Routing(rules=(Rule(1, f"user:{user_id}"),)).to_document()
    rule_versions.change(
        site, person(site, "Roy", "admin", now=now), RuleKind.ROUTING, rules, seen=0, words="", now=now
    )
    shifts.come(site, maria.actor, now=now)
    reference = ask(site, now).reference
    assert routing.route_waiting(site, now=now) == 1
    button = f'formaction="/admin/queue/{reference}/claim"'
    assert button in maria.get(f"/admin/queue/{reference}").text
    maria.press(reference, "claim")
    assert button not in maria.get(f"/admin/queue/{reference}").text


def test_whoever_comes_second_learns_who_was_first_and_is_offered_the_next(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    wanted, other = ask(site, now - AN_HOUR).reference, ask(site, now).reference
    maria.press(wanted, "claim")
    with at(now + timedelta(seconds=4)):
        answer = dev.press(wanted, "claim")
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409
    assert "Maria claimed this 4 s ago" in text
    assert f"Claim {other}" in text
    assert stored(wanted).assignee_id == maria.actor.user_id


def test_of_twenty_who_press_claim_at_once_one_wins(app: Flask, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    desks = [desk(app, f"Person{number}", now=now) for number in range(5)]
    for one in desks:
        one.get(f"/admin/queue/{reference}")
    found: list[int] = []
    press = lambda one: found.append(one.press(reference, "claim").status_code)  # noqa: E731
    threads = [threading.Thread(target=press, args=(one,)) for one in desks * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(found)) == [303, 409]
    assert found.count(303) <= 4  # the winner pressed four times; claiming one's own changes nothing
    assert actions(reference).count("callback.claimed") == 1


def test_releasing_lets_somebody_else_claim(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    assert maria.press(reference, "release").status_code == 303
    assert dev.press(reference, "claim").status_code == 303


def test_staff_cannot_release_a_colleagues_request_but_a_manager_can(
    maria: Desk, dev: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    assert dev.press(reference, "release").status_code == 409
    assert f"{reference}/release" not in dev.text(f"/admin/queue/{reference}")
    assert f"{reference}/release" in grace.text(f"/admin/queue/{reference}")
    assert grace.press(reference, "release").status_code == 303


def test_a_manager_gives_a_request_to_a_colleague_who_is_told_by_mail(grace: Desk, site: Site, now: datetime) -> None:
    dev = person(site, "Dev", now=now)
    reference = ask(site, now).reference
    assert "Dev" in words(grace.text(f"/admin/queue/{reference}"))
    assert grace.press(reference, "assign", person=str(dev.user_id)).status_code == 303
    assert stored(reference).assignee_id == dev.user_id
    assert ("person.assigned", f"user:{dev.user_id}") in mails(reference)


def test_only_who_may_assign_sees_the_menu(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert "/assign" not in maria.text(f"/admin/queue/{reference}")
    assert maria.press(reference, "assign", person="1").status_code == 403


def test_an_auditor_is_not_offered_as_a_colleague(grace: Desk, site: Site, now: datetime) -> None:
    person(site, "Lee", "auditor", now=now)
    reference = ask(site, now).reference
    assert "Lee" not in words(grace.text(f"/admin/queue/{reference}"))


def test_assigning_to_nobody_asks_for_a_person(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for typed in ("", "x", "-1", "9" * 40):
        assert grace.press(reference, "assign", person=typed).status_code == 303
    assert "Choose a person." in grace.text(f"/admin/queue/{reference}")
    assert grace.press(reference, "assign", person="999999").status_code == 404


def test_call_claims_shows_the_number_and_starts_the_clock(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, phone="(212) 555-0182").reference
    assert maria.press(reference, "call").status_code == 303
    html = maria.text(f"/admin/queue/{reference}")
    assert "On the call since" in html and "noon ET" in words(html)
    assert 'href="tel:+12125550182"' in html
    assert stored(reference).call_started_at == now
    assert actions(reference)[-3:-1] == ["callback.claimed", "callback.call_started"]


def test_opening_a_request_never_claims_it(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.text(f"/admin/queue/{reference}")
    maria.get(f"/admin/queue/{reference}")
    row = stored(reference)
    assert row.assignee_id is None and row.version == 1
    assert actions(reference).count("callback.viewed") == 2


def test_calling_outside_their_hours_needs_a_reason_which_is_kept(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now - 3 * AN_HOUR, phone="808-555-0182").reference
    page = words(maria.text(f"/admin/queue/{reference}"))
    assert "It is outside the hours when we may call them" in page and "or later" in page
    refused = maria.press(reference, "call")
    assert refused.status_code == 422
    assert "Say why you call now" in refused.get_data(as_text=True)
    assert stored(reference).call_started_at is None
    assert maria.press(reference, "call", override="She rang and asked for it").status_code == 303
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert "She rang and asked for it" in text and "although: It is outside the hours" in text


def test_an_ended_request_can_no_longer_be_claimed(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.get(f"/admin/queue/{reference}")
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    for verb in ("claim", "call", "release"):
        answer = maria.press(reference, verb)
        assert answer.status_code == 409
        assert "has ended in the meantime" in answer.get_data(as_text=True)


def test_a_button_of_a_request_that_never_was_is_not_found(maria: Desk) -> None:
    for verb in ("claim", "call", "release", "note", "close", "attempt", "rescue", "spam", "reopen", "time"):
        answer = maria.press("000-000", verb, outcome="busy", remark="x", reason="test")
        assert answer.status_code == 404, verb


def test_without_its_token_a_button_does_nothing(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    for verb in ("claim", "call", "close", "attempt"):
        maria.token = ""
        assert maria.press(reference, verb).status_code == 400
    assert stored(reference).version == 1


def test_a_colleagues_request_offers_no_buttons_that_would_be_refused(maria: Desk, site: Site, now: datetime) -> None:
    dev = person(site, "Dev", now=now)
    reference = ask(site, now, phone="(212) 555-0182").reference
    claims.claim(site, dev, reference, now=now)
    html = maria.text(f"/admin/queue/{reference}")
    assert "Dev looks after this request" in words(html)
    assert "555-0182" not in html
    for verb in ("claim", "call", "release", "assign", "attempt", "close"):
        assert f'/{verb}"' not in html


def test_what_was_typed_beside_call_comes_along_and_is_stored_nowhere(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference, other = ask(site, now).reference, ask(site, now).reference
    along = {"along": "yes", "note": "Asks for Ana.", "remark": "Speaks Polish."}
    answer = maria.press(reference, "call", **along)
    assert (answer.status_code, answer.location) == (307, f"/admin/queue/{reference}/again")
    html = maria.press(reference, "again", **along).get_data(as_text=True)
    assert "On the call since" in html and ">Asks for Ana.</textarea>" in html and ">Speaks Polish.</textarea>" in html
    assert "changed this" not in html and "callback.noted" not in actions(reference)
    dev.press(other, "claim")
    for verb in ("claim", "call"):
        late = maria.press(other, verb, **along)
        assert late.status_code == 409 and "Asks for Ana.\nSpeaks Polish.</textarea>" in late.get_data(as_text=True)


def test_a_call_under_way_is_not_taken_out_of_a_colleagues_hands(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    maria.press(reference, "call")
    html = grace.text(f"/admin/queue/{reference}")
    assert f"{reference}/release" not in html and f"{reference}/assign" not in html
    for verb in ("release", "assign"):
        assert grace.press(reference, verb, person=str(grace.actor.user_id)).status_code == 303
        assert "Somebody is on the phone with them." in grace.text(f"/admin/queue/{reference}")
    assert stored(reference).assignee_id == maria.actor.user_id
    assert f"{reference}/release" in maria.text(f"/admin/queue/{reference}")
    with at(now + 2 * AN_HOUR):
        grace.sign_in("grace@example.com")
        html = grace.text(f"/admin/queue/{reference}")
    assert f"{reference}/claim" in html and f"{reference}/assign" in html, "nobody has said anything for too long"


def test_after_a_wrong_number_nobody_is_called_without_a_reason(maria: Desk, site: Site, now: datetime) -> None:
    made = ask(site, now, email="ana@example.com")
    maria.press(made.reference, "call")
    maria.press(made.reference, "attempt", outcome="wrong_number", then="stay")
    text = words(maria.text(f"/admin/queue/{made.reference}"))
    assert "The number did not work; we wait for a new one from them" in text and "Call now all the same" in text
    refused = maria.press(made.reference, "call")
    assert refused.status_code == 422 and "Say why you call now" in refused.get_data(as_text=True)
    visitor.change_number(site, made.link_token, parse("(212) 555-0199"), now=now)
    assert "fine to call" in words(maria.text(f"/admin/queue/{made.reference}"))
    assert maria.press(made.reference, "call").status_code == 303


def test_what_no_reason_lifts_is_said_and_asks_for_none(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3)).reference
    assert maria.press(reference, "call", override="please").status_code == 303
    assert "First decide whether this request is genuine." in maria.text(f"/admin/queue/{reference}")
