"""A legal hold on the pages: told on the request, to everybody who works on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import legal_hold
from tests.admin.desk import Desk, words
from tests.making import ask

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
