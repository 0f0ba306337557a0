"""What a dossier asks: what was sent at first, however it was changed since, and each run of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import calendar, dossier
from intake.queries.dossier import FirstSent, Run
from intake.rules.counting import Kept
from intake.rules.permissions import Actor
from intake.rules.phone import parse
from intake.rules.promise import PromiseKind
from intake.rules.windows import Window
from intake.rules.workflow import ClosedReason, Disposition, Voicemail
from intake.services import calls, casework, claims, duplicates, visitor
from intake.services.calls import Outcome
from tests.making import ask, person, stored

HOUR = timedelta(hours=1)
LATE = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def kim(site: Site, now: datetime) -> Actor:
    return person(site, "Kim", now=now)


def runs(reference: str, now: datetime = LATE) -> tuple[Run, ...]:
    with reading() as conn:
        return dossier.runs(conn, stored(reference).id, now)


def first(site: Site, reference: str, *, with_contact: bool = True) -> FirstSent:
    with reading() as conn:
        of = stored(reference).id
        return dossier.first_sent(conn, site, of, dossier.runs(conn, of, LATE)[0], with_contact=with_contact)


def window(now: datetime, begins: int) -> Window:
    return Window(now + begins * HOUR, now + (begins + 2) * HOUR)


def call(site: Site, kim: Actor, reference: str, now: datetime, what: Disposition, **more) -> None:
    claims.start_call(site, kim, reference, override_reason="asked to", now=now)
    calls.log_attempt(site, kim, reference, Outcome(what, **more), now=now)


def test_unchanged_it_is_what_stands_there(site: Site, now: datetime) -> None:
    plain, wished = ask(site, now).reference, ask(site, now, window=window(now, 2)).reference
    own = ask(site, now, is_free_time=True, preferred_note="evenings", voicemail=Voicemail.SAY_WHO).reference
    assert first(site, plain) == FirstSent(False, None, False, Voicemail.NONE, "")
    assert first(site, wished) == FirstSent(True, window(now, 2), False, Voicemail.NONE, "")
    assert first(site, own) == FirstSent(False, None, True, Voicemail.SAY_WHO, "")


def test_of_several_changes_what_was_before_the_first_is_told(site: Site, now: datetime) -> None:
    sent = ask(site, now, window=window(now, 2))
    for wish in (window(now, 5), None):
        visitor.change_time(site, sent.link_token, window=wish, now=now)
    for choice in (Voicemail.SAY_WHO, Voicemail.NUMBER_ONLY):
        visitor.change_voicemail(site, sent.link_token, choice, now=now)
    for number in ("646 555 0121", "646 555 0122"):
        visitor.change_number(site, sent.link_token, parse(number), now=now)
    told = first(site, sent.reference)
    assert told == FirstSent(True, window(now, 2), False, Voicemail.NONE, "+12125550182")
    assert first(site, sent.reference, with_contact=False).number == "" and "0182" not in repr(told)


def test_a_time_agreed_on_the_phone_is_not_what_was_asked_for(site: Site, kim: Actor, now: datetime) -> None:
    soon, wished = ask(site, now).reference, ask(site, now, window=window(now, 2)).reference
    for reference in (soon, wished):
        at = now + 6 * HOUR
        call(site, kim, reference, now + 2 * HOUR, Disposition.SPOKE_CALL_AGAIN, agreed_from=at)
        assert stored(reference).window_from == at
    assert first(site, soon).window is None and not first(site, soon).is_window
    assert first(site, wished).window == window(now, 2)


def test_what_joining_made_stricter_is_not_what_was_asked_for(site: Site, kim: Actor, now: datetime) -> None:
    older = ask(site, now, voicemail=Voicemail.SAY_WHO).reference
    newer = ask(site, now + HOUR, voicemail=Voicemail.NONE).reference
    duplicates.link(site, kim, older, newer, now=now + HOUR)
    assert stored(older).voicemail == Voicemail.NONE
    assert first(site, older).voicemail is Voicemail.SAY_WHO and first(site, newer).voicemail is Voicemail.NONE


def test_opened_again_the_first_run_tells_what_was_asked_for_then(site: Site, kim: Actor, now: datetime) -> None:
    called, uncalled = (ask(site, now, window=window(now, 2)) for _ in range(2))
    call(site, kim, called.reference, now + 2 * HOUR, Disposition.NO_ANSWER)
    for sent in (called, uncalled):
        casework.close(site, kim, sent.reference, ClosedReason.INFORMATION, now=now + 3 * HOUR)
        casework.reopen(site, kim, sent.reference, now=now + 4 * HOUR)
        visitor.change_time(site, sent.link_token, window=window(now, 24), now=now + 4 * HOUR)
    assert first(site, called.reference).window == window(now, 2)
    told = first(site, uncalled.reference)
    assert (told.is_window, told.window) == (True, None), "which one is not known any more; when it ended is"
    assert runs(uncalled.reference)[0].promised_by_at == now + 4 * HOUR


def test_each_run_keeps_its_promise_and_who_called_first(site: Site, kim: Actor, now: datetime) -> None:
    reference = ask(site, now).reference
    call(site, kim, reference, now + HOUR, Disposition.NO_ANSWER)
    casework.close(site, kim, reference, ClosedReason.UNREACHABLE, now=now + HOUR)
    for day in (24, 48):
        casework.reopen(site, kim, reference, now=now + day * HOUR)
        casework.close(site, kim, reference, ClosedReason.INFORMATION, now=now + (day + 1) * HOUR)
    told = runs(reference)
    assert [(run.number, run.is_last) for run in told] == [(0, False), (1, False), (2, True)]
    assert [run.received_at for run in told] == [now, now + 24 * HOUR, now + 48 * HOUR]
    begun = told[0]
    assert (begun.first_attempt_by, begun.is_met, begun.attempt_count) == ("Kim", False, 1)
    assert (begun.promise_kind, begun.closed_reason) == (PromiseKind.SPEED, ClosedReason.UNREACHABLE)
    assert told[2].first_attempt_by == "" and told[2].closed_reason is ClosedReason.INFORMATION


def test_the_hours_of_all_runs_are_asked_at_once(site: Site, kim: Actor, now: datetime) -> None:
    ask(site, now)
    with reading() as conn:
        made = calendar.made(conn, {calendar.DEFAULT_ID, 99})
    assert list(made) == [calendar.DEFAULT_ID] and made[calendar.DEFAULT_ID].calendar.target.minutes == 15


def test_what_came_of_times_agreed_later_is_told_of_each_run_as_reports_tell_it(
    site: Site, kim: Actor, now: datetime
) -> None:
    reference = ask(site, now).reference
    assert runs(reference)[0].agreed is Kept.NONE
    call(site, kim, reference, now + HOUR / 4, Disposition.SPOKE_CALL_AGAIN, agreed_from=now + HOUR)
    assert [runs(reference, now + hours * HOUR)[0].agreed for hours in (1, 2)] == [Kept.PENDING, Kept.BROKEN]
    call(site, kim, reference, now + HOUR, Disposition.SPOKE_INFORMATION)
    casework.reopen(site, kim, reference, now=now + 2 * HOUR)
    assert [run.agreed for run in runs(reference)] == [Kept.KEPT, Kept.NONE]
