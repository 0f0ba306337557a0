"""A time in the visitor's own words: a word about it is promised, not a call; once it is set, the page tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims, visitor
from intake.services.calls import Outcome
from tests.admin.desk import at
from tests.making import ask, mails, person, stored
from tests.web.visiting import words

SUNDAY = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)


@pytest.fixture
def maria(site: Site, now: datetime) -> Actor:
    return person(site, "Maria", now=now)


def page(app: Flask, token: str, when: datetime) -> str:
    with at(when):
        return words(app.test_client().get(f"/callback/{token}").get_data(as_text=True))


@pytest.mark.parametrize(
    ("email", "how"), [(None, "call you or set a time"), ("ana@example.com", "call or write to you")]
)
def test_what_is_promised_is_a_word_about_the_time_and_not_a_call(
    app: Flask, site: Site, now: datetime, email: str | None, how: str
) -> None:
    made = ask(site, now, is_free_time=True, preferred_note="Sunday", email=email)
    for later in (now, now + timedelta(hours=2)):
        said = page(app, made.link_token, later)
        assert "We will agree a time with you" in said and "Tomorrow, Thursday, before 8 pm Eastern" in said
        assert f"You asked for: Sunday. We {how} by then." in said and "We will call you" not in said
    late = page(app, made.link_token, stored(made.reference).promised_by_at)
    assert "We said we would agree a time with you today before 8 pm Eastern, and we have not done so yet." in late


def test_a_time_that_was_set_leads_the_page_until_it_is_over_and_a_mail_tells_it(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    made = ask(site, now, is_free_time=True, preferred_note="Sunday", email="ana@example.com")
    casework.acknowledge_time(site, maria, made.reference, agreed_from=SUNDAY, now=now)
    assert mails(made.reference)[-1] == ("visitor.time_set", "visitor")
    for later in (now + timedelta(hours=1), SUNDAY + timedelta(minutes=59)):
        said = page(app, made.link_token, later)
        assert (
            "We will call you" in said and "2 pm to 3 pm Eastern You asked for: Sunday. We have set this time." in said
        )
    assert "We are late We said we would call today before 3 pm" in page(
        app, made.link_token, SUNDAY + timedelta(hours=1)
    )


def test_a_time_set_in_time_is_the_promise_and_one_set_too_late_leaves_it_missed(
    site: Site, maria: Actor, now: datetime
) -> None:
    in_time, too_late = (
        ask(site, now, is_free_time=True, preferred_note="Sunday", phone=phone).reference
        for phone in ("212-555-0147", "212-555-0148")
    )
    promised = stored(too_late).promised_by_at
    casework.acknowledge_time(site, maria, in_time, agreed_from=SUNDAY, now=promised)
    casework.acknowledge_time(site, maria, too_late, agreed_from=SUNDAY, now=promised + timedelta(minutes=1))
    for reference in (in_time, too_late):
        claims.start_call(site, maria, reference, override_reason="they asked", now=SUNDAY)
        calls.log_attempt(site, maria, reference, Outcome(Disposition.NO_ANSWER), now=SUNDAY)
    assert stored(in_time).is_promise_kept and not stored(too_late).is_promise_kept
    assert stored(in_time).is_window_kept and stored(too_late).is_window_kept


def test_after_a_missed_call_another_time_is_agreed_as_well(
    app: Flask, site: Site, maria: Actor, now: datetime
) -> None:
    made = ask(site, now)
    claims.start_call(site, maria, made.reference, now=now)
    calls.log_attempt(site, maria, made.reference, Outcome(Disposition.NO_ANSWER), now=now)
    visitor.change_time(site, made.link_token, is_free_time=True, preferred_note="Sunday", now=now)
    said = page(app, made.link_token, now + timedelta(minutes=5))
    assert "We will agree a time with you" in said and "We called once and missed you. You asked for: Sunday." in said
