"""Settings change from now on: a new version each time, on record, and no two people over each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask, current_app
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, AuditText, CalendarVersion
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar
from intake.rules.hours import Span
from intake.rules.limits import CallingRules
from intake.rules.permissions import Actor, ForbiddenError
from intake.services import clock, settings
from intake.services.errors import ChangedError
from intake.services.settings import SpecialDay
from tests.conftest import running_app
from tests.making import ask, count, person, stored

HOLIDAY, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)
SHORT, CLOSED, USUAL = SpecialDay(HOLIDAY, (Span(600, 840),)), SpecialDay(HOLIDAY, ()), SpecialDay(HOLIDAY, None)


@pytest.fixture
def ada(site: Site, now: datetime) -> Actor:
    return person(site, "Ada", "admin", now=now)


def current(site: Site) -> Calendar:
    with reading() as conn:
        return calendars.current(conn, site)


def test_a_change_is_a_new_version_and_the_old_one_stays(site: Site, ada: Actor, now: datetime) -> None:
    old = stored(ask(site, now).reference)
    before = current(site)
    target = replace(before.target, minutes=30)
    settings.change_target(site, ada, target, seen=before.id, words="15 → 30", now=now)
    new = stored(ask(site, now, phone="212-555-0199").reference)
    assert (old.target_at - now, new.target_at - now) == (timedelta(minutes=15), timedelta(minutes=30))
    assert stored(old.reference).target_at == old.target_at
    with reading() as conn:
        assert calendars.version(conn, site, old.calendar_id) == before
    assert count(CalendarVersion) == 2


def test_a_change_is_on_record_with_its_words(site: Site, ada: Actor, now: datetime) -> None:
    after = settings.change_target(
        site, ada, replace(current(site).target, minutes=30), seen=None, words="15 → 30", now=now
    )
    with reading() as conn:
        entry = conn.execute(
            select(Audit.actor_id, Audit.details, AuditText.public_id, AuditText.text_encrypted)
            .join(AuditText, AuditText.audit_id == Audit.id)
            .where(Audit.action == "settings.calendar_changed")
        ).one()
    assert (entry.actor_id, entry.details) == (ada.user_id, {"version": after.id, "replaced": None})
    assert site.keyring.open("audit_text.text", entry.public_id, entry.text_encrypted) == "15 → 30"


def test_saving_what_is_there_makes_no_version_but_for_the_first_look_at_the_built_in_hours(
    site: Site, ada: Actor, now: datetime
) -> None:
    settings.change_target(site, ada, current(site).target, seen=None, words="", now=now)
    assert count(CalendarVersion) == 0
    for _ in range(2):
        settings.change_hours(site, ada, current(site).hours, seen=current(site).id, words="looked at", now=now)
    assert count(CalendarVersion) == count(Audit, Audit.action == "settings.calendar_changed") == 1


def test_hours_count_as_looked_at_once_a_person_has_set_them_or_left_them(
    site: Site, ada: Actor, now: datetime
) -> None:
    def is_looked_at() -> bool:
        with reading() as conn:
            return calendars.has_looked_at_hours(conn, site)

    ask(site, now)
    settings.change_target(site, ada, replace(current(site).target, minutes=30), seen=0, words="x", now=now)
    assert not is_looked_at()
    built_in = current(site).hours
    other = replace(built_in, weekly=((), *built_in.weekly[1:]))
    for hours in (other, built_in):
        settings.change_hours(site, ada, hours, seen=current(site).id, words="x", now=now)
    assert is_looked_at()


def test_only_an_administrator_changes_anything(site: Site, lee: Actor, now: datetime) -> None:
    calendar = current(site)
    with pytest.raises(ForbiddenError):
        settings.change_hours(site, lee, calendar.hours, seen=None, words="", now=now)
    with pytest.raises(ForbiddenError):
        settings.change_target(site, lee, calendar.target, seen=None, words="", now=now)
    with pytest.raises(ForbiddenError):
        settings.change_days(site, lee, [SpecialDay(HOLIDAY, ())], seen=None, words="", now=now)


def test_a_save_never_goes_over_one_that_was_not_read(site: Site, ada: Actor, now: datetime) -> None:
    seen = current(site)
    later = replace(seen.hours, weekly=((Span(540, 600),),) * 7)
    settings.change_hours(site, ada, later, seen=seen.id, words="x", now=now)
    with pytest.raises(ChangedError):
        settings.change_hours(site, ada, seen.hours, seen=seen.id, words="x", now=now)
    with pytest.raises(ChangedError):
        settings.change_hours(site, ada, seen.hours, seen=4711, words="x", now=now)
    settings.change_target(site, ada, replace(seen.target, minutes=20), seen=seen.id, words="x", now=now)
    assert (current(site).hours.weekly, current(site).target.minutes) == (later.weekly, 20)


def test_special_days_of_two_people_do_not_replace_one_another(site: Site, ada: Actor, now: datetime) -> None:
    settings.change_days(site, ada, [SpecialDay(HOLIDAY, (), "Thanksgiving Day")], seen=None, words="x", now=now)
    settings.change_days(site, ada, [SpecialDay(FRIDAY, (Span(600, 840),))], seen=None, words="x", now=now)
    assert dict(current(site).hours.special) == {HOLIDAY: (), FRIDAY: (Span(600, 840),)}
    assert dict(current(site).hours.reasons) == {HOLIDAY: "Thanksgiving Day"}
    settings.change_days(site, ada, [SpecialDay(HOLIDAY, None)], seen=current(site).id, words="x", now=now)
    assert dict(current(site).hours.special) == {FRIDAY: (Span(600, 840),)}
    assert current(site).hours.reasons == ()


@pytest.mark.parametrize(
    ("at_first", "theirs", "mine"),
    [
        (USUAL, CLOSED, SHORT),
        (CLOSED, SHORT, replace(CLOSED, reason="Thanksgiving Day")),
        (CLOSED, replace(CLOSED, reason="Thanksgiving Day"), SHORT),
        (CLOSED, USUAL, SHORT),
        (CLOSED, SHORT, USUAL),
    ],
    ids=["both add", "both edit", "only the reason", "they remove", "I remove"],
)
def test_of_two_who_change_the_same_day_the_later_one_is_told(
    site: Site, ada: Actor, now: datetime, at_first: SpecialDay, theirs: SpecialDay, mine: SpecialDay
) -> None:
    page = settings.change_days(site, ada, [at_first], seen=None, words="x", now=now)
    saved = settings.change_days(site, ada, [theirs], seen=page.id, words="x", now=now)
    with pytest.raises(ChangedError):
        settings.change_days(site, ada, [SpecialDay(FRIDAY, ()), mine], seen=page.id, words="x", now=now)
    assert current(site) == saved
    both = settings.change_days(site, ada, [SpecialDay(FRIDAY, ()), mine], seen=saved.id, words="x", now=now)
    assert both == replace(settings.with_days(saved, [SpecialDay(FRIDAY, ()), mine]), id=both.id)


def test_two_who_do_the_same_to_a_day_are_of_one_mind(site: Site, ada: Actor, now: datetime) -> None:
    for _ in range(2):
        settings.change_days(site, ada, [CLOSED], seen=None, words="x", now=now)
        settings.change_target(site, ada, replace(current(site).target, minutes=20), seen=None, words="x", now=now)
    assert count(CalendarVersion) == 2


def test_a_week_that_is_saved_keeps_the_special_days(site: Site, ada: Actor, now: datetime) -> None:
    page = current(site)
    settings.change_days(site, ada, [SpecialDay(HOLIDAY, ())], seen=page.id, words="x", now=now)
    week = replace(page.hours, weekly=((Span(540, 600),),) * 7)
    settings.change_hours(site, ada, week, seen=page.id, words="x", now=now)
    assert dict(current(site).hours.special) == {HOLIDAY: ()}


def test_the_first_request_does_not_put_the_default_over_hours_just_saved(
    site: Site, ada: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request has found no hours; before it stores the default, an administrator saves."""
    asked, saved = clock.calendars.current, replace(current(site).target, minutes=45)

    def none_yet(conn: object, site: Site) -> Calendar:
        monkeypatch.setattr(clock.calendars, "current", asked)
        found = asked(conn, site)  # type: ignore[arg-type]
        if not is_sqlite:
            _elsewhere(lambda: settings.change_target(site, ada, saved, seen=None, words="x", now=now))
        return found

    with reading() as conn:
        is_sqlite = conn.dialect.name == "sqlite"
    monkeypatch.setattr(clock.calendars, "current", none_yet)
    reference = ask(site, now).reference
    if is_sqlite:  # writers stand in line: the administrator comes after the request
        settings.change_target(site, ada, saved, seen=None, words="x", now=now)
    else:
        assert stored(reference).target_at == now + timedelta(minutes=45)
    assert current(site).target.minutes == 45


def _elsewhere(work: Callable[[], object]) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> None:
        with app.app_context():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)


def _minutes(site: Site, actor: Actor, turn: int, now: datetime) -> None:
    target = replace(current(site).target, minutes=20 + turn)
    settings.change_target(site, actor, target, seen=None, words="x", now=now)


def _holiday(site: Site, actor: Actor, turn: int, now: datetime) -> None:
    settings.change_days(site, actor, [(CLOSED, SHORT)[turn]], seen=None, words="x", now=now)


@pytest.mark.parametrize("work", [_minutes, _holiday], ids=["target", "holiday"])
def test_of_two_who_save_at_once_one_is_told(
    app: Flask, site: Site, ada: Actor, now: datetime, work: Callable[[Site, Actor, int, datetime], None]
) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(2)

    def save(turn: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                work(site, ada, turn, now)
            except ChangedError:
                outcomes.append("told")
            else:
                outcomes.append("saved")

    threads = [threading.Thread(target=save, args=(turn,)) for turn in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(outcomes) == ["saved", "told"] and count(CalendarVersion) == 1


def test_another_process_takes_a_change_up_within_five_seconds(
    app: Flask, database_url: str, site: Site, ada: Actor, now: datetime, tmp_path: Path
) -> None:
    with running_app(database_url, tmp_path / "other") as other, time_machine.travel(now, tick=False) as traveller:
        client = other.test_client()
        assert "within 15 minutes" in client.get("/callback").get_data(as_text=True)
        with app.app_context():
            settings.change_target(site, ada, replace(current(site).target, minutes=40), seen=None, words="x", now=now)
        traveller.shift(5)
        assert "within 40 minutes" in client.get("/callback").get_data(as_text=True)


def test_calling_rules_wider_than_allowed_are_refused_whoever_asks(site: Site, ada: Actor, now: datetime) -> None:
    with pytest.raises(ValueError, match="attempts"):
        settings.change_calling(site, ada, CallingRules(attempts=9), seen=None, words="x", now=now)
    rules = CallingRules(attempts=2, latest=18 * 60)
    settings.change_calling(site, ada, rules, seen=None, words="x", now=now)
    assert current(site).calling == rules
    with pytest.raises(ChangedError):
        settings.change_calling(site, ada, CallingRules(), seen=None, words="x", now=now)
