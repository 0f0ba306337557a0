"""Days that are kept counted say what their rows say, whatever was written and whenever they were counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from intake.database import reading, writing
from intake.models import CallbackRequest, Episode, ReportDay, ReportMark, ReportPart
from intake.models.site import Site
from intake.queries import facts, kept_days, tallies
from intake.queries.facts import Asked
from intake.queries.report import Report, report
from intake.rules.bands import Clock
from intake.rules.counting import End, Kind, Tries
from intake.rules.periods import Period
from intake.rules.places import counted
from intake.rules.sorts import samples, sort_of
from intake.rules.workflow import Channel, ClosedReason, Disposition, ForWhom, TransitionError
from intake.services import calls, casework, claims, counting, report_days, visitor
from intake.services.calls import Outcome
from intake.services.errors import ServiceError
from intake.services.retention import GONE
from tests.making import ask, stored
from tests.queries.story import END, D, Story, Teller, at, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))
LATER = END + timedelta(days=1)
"""Both days are over."""


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]


@pytest.fixture
def story(site: Site) -> Story:
    return tell(site)


def look(site: Site, now: datetime = LATER, **more: object) -> Report:
    with reading(of_one_moment=True) as conn:
        return report(conn, site, replace(Asked(DAYS), **more), now=now)


def from_rows(site: Site, monkeypatch: pytest.MonkeyPatch, few: int, **more: object) -> Report:
    """The same with nothing kept: ``few`` rows are counted here, more by the database."""
    with monkeypatch.context() as patched:
        patched.setattr(kept_days, "fresh", lambda *_: {})
        patched.setattr(tallies, "FEW", few)
        return look(site, **more)


def kept(site: Site, now: datetime = LATER) -> set[date]:
    """Days that are read from what is kept."""
    with reading() as conn:
        return set(kept_days.fresh(conn, Period(date(2026, 11, 1), now.date()), now.date()))


def parts_of(person: int) -> list[dict[str, object]]:
    """Everything, and every combination of what a report can be narrowed to."""
    words = {"person": person, "source": "w1", "language": "es", "for_whom": "other"}
    return [dict(some) for size in range(len(words) + 1) for some in combinations(words.items(), size)]


def all_agree(site: Site, monkeypatch: pytest.MonkeyPatch, *parts: dict[str, object]) -> None:
    """However the figures are come by."""
    for part in parts or ({}, {"source": "k3"}):
        for clock in Clock:
            told = look(site, clock=clock, **part)
            assert told == from_rows(site, monkeypatch, 10_000, clock=clock, **part)
            assert told == from_rows(site, monkeypatch, 0, clock=clock, **part)


def test_a_report_says_the_same_from_kept_days_as_from_the_rows(site, story, monkeypatch):
    before = look(site)
    assert report_days.count_due(site, now=LATER) == 2
    assert kept(site) == set(DAYS.each())
    assert look(site) == before
    all_agree(site, monkeypatch)


def test_each_part_says_the_same_from_kept_days_as_from_the_rows(site, story, monkeypatch):
    some = [story.references[number] for number in (1, 3, 6, 11, 15, 16)]
    by_sql(update(CallbackRequest).where(CallbackRequest.reference.in_(some)).values(language="es", for_whom="other"))
    report_days.count_due(site, now=LATER)
    assert kept(site) == set(DAYS.each())
    for part in parts_of(story.dev.person_id):
        assert look(site, **part) == from_rows(site, monkeypatch, 0, **part)


def test_of_a_part_no_row_of_a_kept_day_is_read(site, story, monkeypatch):
    report_days.count_due(site, now=LATER)
    before = look(site, source="w1")
    by_sql(update(CallbackRequest).where(CallbackRequest.closed_at.is_not(None)).values(source="w2"))
    by_sql(delete(ReportMark))
    assert look(site, source="w1").whole.counted == before.whole.counted > 0


def test_a_day_is_kept_once_it_is_over_and_counted_once(site, story):
    assert report_days.count_due(site, now=END) == 1
    assert kept(site, END) == {DAYS.first_on}
    assert report_days.count_due(site, now=LATER) == 1
    assert report_days.count_due(site, now=LATER) == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda site, told: casework.close(site, told.maria, told.references[4], ClosedReason.INFORMATION, now=END),
        lambda site, told: casework.reopen(site, told.lee, told.references[1], now=END),
        lambda site, told: counting.leave_out(site, told.lee, (told.references[11],), now=END),
        lambda site, told: by_sql(update(CallbackRequest).values(channel=Channel.PHONE.value)),
        lambda site, told: by_sql(update(CallbackRequest).values(source="w1")),
        lambda site, told: by_sql(update(Episode).values(is_met=False)),
        lambda site, told: by_sql(delete(Episode)),
    ],
    ids=[
        "closed",
        "opened again",
        "left out",
        "came otherwise",
        "from elsewhere",
        "an episode changed",
        "an episode undone",
    ],
)
def test_whatever_is_written_afterwards_is_told_at_once(
    site: Site, story: Story, monkeypatch: pytest.MonkeyPatch, write: Callable[[Site, Story], None]
) -> None:
    report_days.count_due(site, now=LATER)
    before = look(site)
    write(site, story)
    assert kept(site) != set(DAYS.each())
    assert look(site) != before
    all_agree(site, monkeypatch)
    report_days.count_due(site, now=LATER)
    assert kept(site) == set(DAYS.each())
    all_agree(site, monkeypatch)


@pytest.mark.parametrize("words", [{"language": "es"}, {"for_whom": "client"}])
def test_a_part_is_told_anew_when_something_else_belongs_to_it(site, story, monkeypatch, words):
    report_days.count_due(site, now=LATER)
    by_sql(update(CallbackRequest).values(words))
    assert not kept(site)
    all_agree(site, monkeypatch, words)
    report_days.count_due(site, now=LATER)
    all_agree(site, monkeypatch, words)


def by_sql(statement: object) -> None:
    """Past all services."""
    with writing() as conn:
        conn.execute(statement)


def test_what_no_report_reads_leaves_a_day_as_it_is(site, story):
    report_days.count_due(site, now=LATER)
    by_sql(update(CallbackRequest).values(name_encrypted=None, version=CallbackRequest.version + 1))
    assert kept(site) == set(DAYS.each())


def test_what_is_written_while_a_day_is_counted_is_not_lost(site, story, monkeypatch):
    counted = tallies.of_day

    def meanwhile(conn, day, now):
        told = counted(conn, day, now)
        if day == DAYS.last_on:
            counting.leave_out(site, story.lee, (story.references[11],), now=END)
        return told

    with monkeypatch.context() as patched:
        patched.setattr(tallies, "of_day", meanwhile)
        report_days.count_due(site, now=LATER)
    assert kept(site) == {DAYS.first_on}
    all_agree(site, monkeypatch)


def test_of_two_that_count_a_day_the_one_that_was_overtaken_gives_way(site, story, monkeypatch):
    counted, began = tallies.of_day, []

    def overtaken(conn, day, now):
        told = counted(conn, day, now)
        if not began:
            began.append(day)
            counting.leave_out(site, story.lee, (story.references[11],), now=END)
            report_days.count_due(site, now=LATER)
        return told

    with monkeypatch.context() as patched:
        patched.setattr(tallies, "of_day", overtaken)
        report_days.count_due(site, now=LATER, most=1)
    assert began == [DAYS.last_on]
    assert kept(site) == set(DAYS.each())
    all_agree(site, monkeypatch)


class Busy(Teller):
    """An office in which anything may happen next; it goes on from one example to the next."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.now = at("9:00", 17)

    def do(self, deed: str, which: int, outcome: Disposition, reason: ClosedReason) -> None:
        """One thing, to one of the requests there are."""
        if deed == "count":
            report_days.count_due(self.site, now=self.now)
        elif deed == "ask" or not self.references:
            number = len(self.references) + 1
            phone = f"212-555-{1000 + number}"
            more = {"language": "es" if which % 2 else "en", "for_whom": ForWhom.OTHER if which % 3 else None}
            source = f"w{which % 4}"
            made = ask(self.site, self.now, phone=phone, name=f"Visitor {number}", source=source, **more)
            self.references[number] = made.reference
        else:
            self._work(deed, self.references[1 + which % len(self.references)], outcome, reason)

    def _work(self, deed: str, reference: str, outcome: Disposition, reason: ClosedReason) -> None:
        site, now = self.site, self.now
        if deed == "call":
            claims.start_call(site, self.maria, reference, override_reason="asked to", now=now)
            calls.log_attempt(site, self.maria, reference, Outcome(outcome), now=now)
        elif deed == "hear":
            claims.claim(site, self.maria, reference, now=now)
            calls.log_attempt(site, self.maria, reference, Outcome(D.INBOUND_REACHED, is_settled=True), now=now)
        elif deed == "close":
            casework.close(site, self.maria, reference, reason, now=now)
        elif deed == "reopen":
            casework.reopen(site, self.lee, reference, reason="asked again", now=now)
        elif deed == "withdraw":
            row = stored(reference)
            visitor.withdraw(site, site.keyring.link_token(row.public_id, row.link_version), now=now)
        else:
            counting.leave_out(site, self.lee, (reference,), now=now)


@pytest.fixture
def busy(site: Site) -> Busy:
    return Busy(site)


WRITES = st.tuples(
    st.sampled_from(["ask", "call", "hear", "close", "reopen", "withdraw", "leave out", "count"]),
    st.integers(0, 7),
    st.sampled_from([1, 12, 300, 1500]),
    st.sampled_from([D.NO_ANSWER, D.SPOKE_APPOINTMENT, D.WRONG_NUMBER]),
    st.sampled_from([ClosedReason.SPAM, ClosedReason.INFORMATION]),
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=st.lists(WRITES, min_size=6, max_size=14))
def test_kept_days_and_rows_agree_after_any_writes(site, busy, monkeypatch, writes):
    for deed, which, minutes, outcome, reason in writes:
        busy.now += timedelta(minutes=minutes)
        with suppress(ServiceError, TransitionError):
            busy.do(deed, which, outcome, reason)
    days = Period(date(2026, 11, 17), busy.now.date())
    asked = [{"clock": Clock.ALL}, *parts_of(busy.maria.person_id)]
    seen = [look(site, busy.now, period=days, **part) for part in asked]
    with monkeypatch.context() as patched:
        patched.setattr(kept_days, "fresh", lambda *_: {})
        assert [look(site, busy.now, period=days, **part) for part in asked] == seen


def test_days_kept_by_another_definition_are_counted_again(site, story):
    report_days.count_due(site, now=LATER)
    by_sql(update(ReportDay).values(definition=1))
    assert not kept(site)
    assert report_days.count_due(site, now=LATER) == 2


@pytest.mark.parametrize(("name", "is_another"), [("OPEN", False), ("CLOSED", True), ("EARLIER", True)])
def test_the_definition_is_that_of_what_has_ended_alone(monkeypatch, name, is_another):
    before = kept_days.definition()
    monkeypatch.setattr(facts, name, replace(getattr(facts, name), judged_at=func.now()))
    monkeypatch.setattr(kept_days, "sorts", facts.sorts.__wrapped__)
    assert (kept_days.definition.__wrapped__() != before) is is_another


@pytest.mark.parametrize(
    "where", [{"kind": Kind.COUNTED, "tries": Tries.MANY}, {"kind": Kind.WITHDRAWN, "end": End.NEVER, "is_speed": True}]
)
def test_the_definition_changes_with_where_requests_are_counted(monkeypatch, where):
    before = kept_days.definition()
    said = where.items()
    moved = {number for number in samples() if all(getattr(sort_of(number), name) == word for name, word in said)}
    assert moved
    monkeypatch.setattr(kept_days, "counted", lambda number: 0 if number in moved else counted(number))
    assert kept_days.definition.__wrapped__() != before


def test_nothing_is_left_of_marks_that_were_counted(site, story):
    report_days.count_due(site, now=LATER)
    counting.leave_out(site, story.lee, (story.references[11],), now=END)
    report_days.count_due(site, now=LATER)
    with reading() as conn:
        assert conn.execute(select(func.count()).select_from(ReportMark)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(ReportPart)).scalar()


def test_nothing_is_kept_that_goes_when_somebody_is_forgotten():
    read = str(facts.sorts((), facts.Ended.ONLY).select())
    assert "callback_request.language" in read
    assert [name for name in GONE if f"callback_request.{name}" in read] == []
