"""A legal hold on the pages: placed and lifted from the dossier, told on the request, and listed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.models.site import Site
from intake.queries import legal_hold as held
from intake.services import legal_hold, visitor
from tests.admin.desk import Desk, desk, words
from tests.making import actions, ask, stored

pytestmark = pytest.mark.words

KEPT = "Kept because of a legal hold since"


def test_the_page_of_a_request_says_that_it_is_kept_since_when_and_by_whom(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference, other = ask(site, now).reference, ask(site, now).reference
    hour_ago = now - timedelta(hours=1)
    legal_hold.place(site, grace.actor, reference, reason="Her lawyer wrote", now=hour_ago)  # type: ignore[arg-type]
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert f"{KEPT} 11 am ET, placed by Grace. Nothing of it is deleted until the hold is lifted." in text
    assert "Grace put a legal hold on the request" in text and "Her lawyer wrote" in text
    assert KEPT not in words(maria.text(f"/admin/queue/{other}"))
    legal_hold.lift(site, grace.actor, reference, reason="Settled", now=now)  # type: ignore[arg-type]
    text = words(maria.text(f"/admin/queue/{reference}"))
    assert KEPT not in text and "Grace lifted the legal hold" in text


def path(reference: str, verb: str = "") -> str:
    return f"/admin/reports/dossier/{reference}" + (f"/{verb}" if verb else "")


def test_a_manager_places_and_lifts_it_with_a_reason(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert "There is none: what the visitor said is deleted" in words(grace.text(path(reference)))
    refused = grace.post(path(reference, "hold"), reason=" ")
    assert refused.status_code == 422 and "Say why" in refused.get_data(as_text=True)
    assert not stored(reference).has_legal_hold
    placed = grace.post(path(reference, "hold"), reason="Her lawyer wrote")
    assert placed.status_code == 303 and placed.location == path(reference)
    text = words(grace.text(path(reference)))
    assert "is under a legal hold: nothing of it is deleted." in text and f"{KEPT} noon ET, placed by Grace." in text
    assert "Why is it lifted?" in text and "Her lawyer" not in text, "the reason is in the timeline and the dossier"
    assert grace.post(path(reference, "hold"), reason="Twice").status_code == 303
    assert "Somebody did that in the meantime" in words(grace.text(path(reference)))
    assert grace.post(path(reference, "lift"), reason="Settled").status_code == 303
    assert "is lifted" in words(grace.text(path(reference))) and not stored(reference).has_legal_hold
    assert actions(reference)[-2:] == ["callback.hold_placed", "callback.hold_lifted"]


def test_an_auditor_reads_of_it_and_places_none(app: Flask, grace: Desk, site: Site, now: datetime) -> None:
    rae, reference = desk(app, "Rae", "auditor", now=now), ask(site, now).reference
    text = rae.text(path(reference))
    assert "A manager can place and lift one." in words(text) and "Place a hold" not in text
    assert rae.post(path(reference, "hold"), reason="x").status_code == 403
    legal_hold.place(site, grace.actor, reference, reason="Her lawyer wrote", now=now)  # type: ignore[arg-type]
    listed = words(rae.text("/admin/reports/holds"))
    assert reference in listed and "placed by Grace" in listed and "Her lawyer" not in listed
    rae.post(path(reference), purpose="Review")
    assert "saw it in the list “Under a legal hold”" in words(rae.text(f"/admin/audit/seen/{reference}"))


def test_all_on_hold_are_listed_with_reason_and_state_page_by_page(
    grace: Desk, site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held.page, "__kwdefaults__", {**held.page.__kwdefaults__, "most": 2})
    assert "No request is under a legal hold" in words(grace.text("/admin/reports/holds"))
    references = [ask(site, now + timedelta(seconds=one)).reference for one in range(3)]
    for number, reference in enumerate(references):
        legal_hold.place(site, grace.actor, reference, reason=f"Letter {number}", now=now)  # type: ignore[arg-type]
    html = grace.text("/admin/reports/holds")
    assert references[0] not in html and "Letter 2" in html and f"{KEPT} noon ET" in words(html)
    older = re.search(r'href="(/admin/reports/holds\?before=\d+)"', html)
    assert older and "Letter 0" in grace.text(older[1]) and references[2] not in grace.text(older[1])


def test_the_dossier_of_any_request_is_opened_by_its_reference(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert grace.get(f"/admin/reports/holds?ref={reference.lower()}").location == path(reference)
    for nothing in ("0ZZ-0ZZ", "nothing", "%00", "x" * 300):
        assert "No request has this reference" in grace.text(f"/admin/reports/holds?ref={nothing}")


def test_words_that_the_visitor_writes_over_are_kept_under_a_hold_and_only_then(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    sent = [ask(site, now, is_free_time=True, preferred_note="after the night shift") for _ in range(2)]
    legal_hold.place(site, grace.actor, sent[0].reference, reason="Complaint", now=now)  # type: ignore[arg-type]
    for one in sent:
        visitor.change_time(site, one.link_token, is_free_time=True, preferred_note="whenever", now=now)
    kept, gone = (words(maria.text(f"/admin/queue/{one.reference}")) for one in sent)
    assert "In their own words before: “after the night shift”." in kept and "night shift" not in gone
