"""Figures leave the panel: on record, safe to open, adding up to the page, and explained when they change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from intake.admin import report_tiles
from intake.database import reading
from intake.models import Audit, KeptReport
from intake.models.site import Site
from intake.queries import kept_report, sightings
from intake.queries.facts import Asked
from intake.queries.kept_report import Difference, Told
from intake.queries.report import ByPerson, Figures, report
from intake.queries.report_data import data
from intake.queries.report_lists import Fact
from intake.rules.bands import Clock
from intake.rules.counting import AGREEING, PROMISED, UNREACHED, WAITED, End, Kept, Kind, State, Tries, fate
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period
from intake.rules.permissions import ForbiddenError
from intake.rules.places import TRIES
from intake.rules.shares import Share
from intake.rules.survival import Waits, quantile
from intake.services import counting, report_copies
from intake.services.copies import Wanted
from intake.services.errors import RefusedError
from intake.services.sign_in import NotMatchedError
from intake.wording.given_out import sentences
from tests.making import PASSWORD, ask, count, person, stored
from tests.queries.story import END, Story, at, tell

ASKED = Asked(Period(date(2026, 11, 17), date(2026, 11, 18)))
WANTED = Wanted("Board", "Yearly review", PASSWORD)
_A = Audit.__table__.c


@pytest.fixture
def story(site: Site) -> Story:
    return tell(site)


def taken(site: Site, story: Story, asked: Asked = ASKED, **more: bool) -> list[Fact]:
    return list(report_copies.rows(site, report_copies.begin_sheet(site, story.lee, asked, WANTED, now=END, **more)))


def told(site: Site, asked: Asked = ASKED, now=END):  # type: ignore[no-untyped-def]
    with reading() as conn:
        return report(conn, site, asked, now=now)


def differences(site: Site, asked: Asked, now: datetime) -> tuple[Difference, ...]:
    with reading() as conn:
        return kept_report.differences(conn, report(conn, site, asked, now=now), site.time_zone)


def entries(action: str) -> list[dict[str, object]]:
    with reading() as conn:
        return list(conn.execute(select(_A.details).where(_A.action == action).order_by(_A.id)).scalars())


def added_up(rows: Iterable[Fact], clock: Clock) -> Figures:
    """What a spreadsheet would make of the rows, with no help of the service."""
    rows = list(rows)
    counted = [one for one in rows if one.kind is Kind.COUNTED]
    waits = [(one.ends[clock], one.minutes[clock]) for one in rows if one.is_speed and one.kind in WAITED]
    return Figures(
        kinds=Counter(one.kind for one in rows),
        states=Counter(one.state for one in counted),
        kept=Counter(one.kept for one in rows if one.kind in PROMISED),
        wishes=Counter(one.wish for one in rows if one.kind is Kind.WINDOW),
        ends=Counter(one.ends[clock] for one in counted),
        reached=Counter(one.reach for one in counted),
        agreed=Counter(one.agreed for one in rows if one.kind in AGREEING and one.agreed is not Kept.NONE),
        **{
            f"tries_{name}": Counter(Tries(str(min(one.tries, 6))) for one in counted if fate(one.reach) == name)
            for name in ("reached", "open", "never")
        },
        waits=Waits(
            Counter(minutes for end, minutes in waits if end is End.CALLED),
            Counter(minutes for end, minutes in waits if end in (End.LEFT, End.WAITING)),
            sum(end is End.NEVER for end, _ in waits),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("clock", Clock)
def test_the_rows_of_a_sheet_add_up_to_the_page_by_both_clocks(
    site: Site, story: Story, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_copies, "CHUNK", 3)
    asked = replace(ASKED, clock=clock)
    rows, whole = taken(site, story, asked), told(site, asked).whole
    assert len({(one.id, one.number) for one in rows}) == len(rows) == sum(whole.kinds.values()) == 25
    sums = added_up(rows, clock)
    for name in ("kinds", "states", "kept", "wishes", "agreed", *TRIES, "ends", "reached", "waits"):
        assert getattr(sums, name) == getattr(whole, name), name
    assert (sums.in_target, sums.promises, sums.were_reached) == (whole.in_target, whole.promises, whole.were_reached)
    # Whichever clock was asked for: both stand in a row.
    other = Clock.ALL if clock is Clock.OPEN else Clock.OPEN
    assert added_up(rows, other).waits == told(site, replace(ASKED, clock=other)).whole.waits


def test_a_sheet_adds_up_to_the_figures_that_were_kept_whatever_is_written_while_it_is_sent(
    site: Site, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_copies, "CHUNK", 3)
    rows = report_copies.rows(site, report_copies.begin_sheet(site, story.lee, ASKED, WANTED, now=END))
    first = next(rows)
    counting.leave_out(site, story.lee, (story.references[11],), now=END)
    ask(site, at("13:59"), phone="212-555-0177")
    sums = added_up([first, *rows], Clock.OPEN)
    with reading() as conn:
        kept = kept_report.by_id(conn, 1)
    assert kept is not None and told(site).whole.kinds != sums.kinds
    assert (sums.kinds, sums.states, sums.kept, sums.waits) == (
        kept.whole.kinds, kept.whole.states, kept.whole.kept, kept.whole.waits,
    )  # fmt: skip


@pytest.mark.parametrize("clock", Clock)
def test_a_program_reads_the_same_numbers_as_the_page(site: Site, story: Story, clock: Clock) -> None:
    asked = replace(ASKED, clock=clock, source="k3")
    read = data(report_copies.figures(site, story.lee, asked, now=END), "America/New_York")
    seen = told(site, asked)
    whole = read["whole"]
    assert read["period"] == {"first_on": "2026-11-17", "last_on": "2026-11-18", "is_partial": True}
    assert (read["n"], whole["counted"], read["clock"]) == (seen.whole.counted, seen.whole.counted, clock.value)
    for name in ("kinds", "states", "kept", "wishes", "agreed", *TRIES, "ends", "reached"):
        assert {word: n for word, n in whole[name].items() if n} == dict(getattr(seen.whole, name)), name
    assert Share(whole["in_target"]["part"], whole["in_target"]["whole"]) == seen.whole.in_target
    assert whole["half"]["within"] == seen.whole.half.within == quantile(seen.whole.waits, 0.5).within
    assert whole["nine_tenths"] == {"n": seen.whole.waits.number, "is_few": True, "within": None, "more_than": None}
    assert sum(one["counted"] for one in read["sources"]) == sum(read["while_" + way]["counted"] for way in (
        "open", "closed")) == read["n"]  # fmt: skip
    assert sum(age["n"] for age in read["waiting"].values()) == len(seen.waiting)
    assert [(one["name"], one["calls"]) for one in read["people"]] == [(one.name, one.calls) for one in seen.people]


def test_the_median_of_a_few_is_told_neither_by_the_page_nor_to_a_program(site: Site, story: Story) -> None:
    """Kim's were five in target, four of which wanted a quick call."""
    first = Figures(kinds={Kind.COUNTED: 5}, states={State.MET: 5}, waits=Waits({7: 4}))
    seen = told(site)
    seen = replace(seen, people=[*seen.people, ByPerson(0, "Kim", first, 5)])
    read = data(seen, "America/New_York")
    page = report_tiles.people(seen, lambda of: of, str)
    assert page[-1].half == "too few"
    assert [one.half == "too few" for one in page] == [one["half"]["is_few"] for one in read["people"]]
    assert [one.share.is_few for one in page] == [one["in_target"]["is_few"] for one in read["people"]]
    few = [one["in_target"] for one in read["people"] if one["in_target"]["is_few"]]
    assert few and all(one["percent"] is one["low"] is one["high"] is None for one in few)
    parts = [read["while_open"], read["while_closed"], *read["sources"], *read["people"]]
    assert {one["half"]["is_few"] for one in parts} == {True, False}
    for one in parts:
        assert one["half"]["is_few"] == (one["half"]["n"] < 5)
        assert not one["half"]["is_few"] or one["half"]["within"] is one["half"]["more_than"] is None
    assert not read["whole"]["half"]["is_few"]


def test_a_sheet_is_on_record_before_it_leaves_with_what_was_asked_for_and_kept(site: Site, story: Story) -> None:
    report_copies.begin_sheet(site, story.lee, replace(ASKED, source=""), WANTED, now=END)
    (entry,) = entries("report.exported")
    assert entry == {
        "since": "2026-11-17", "until": "2026-11-19", "clock": "open", "source": NO_SOURCE, "way": "csv", "rows": 1,
    }  # fmt: skip
    report_copies.figures(site, story.lee, ASKED, now=END)
    assert [(one["way"], one["rows"]) for one in entries("report.exported")] == [("csv", 1), ("json", 25)]
    assert count(KeptReport) == 2


def test_a_program_that_asks_often_is_on_record_each_time_and_kept_once(site: Site, story: Story) -> None:
    for minutes in (0, 1):
        report_copies.figures(site, story.lee, ASKED, now=END + timedelta(seconds=minutes))
    assert (len(entries("report.exported")), count(KeptReport)) == (2, 1)


def test_names_leave_only_with_the_right_to_see_them_and_each_is_on_record(
    site: Site, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_copies, "CHUNK", 10)
    assert {one.name + one.phone for one in taken(site, story)} == {""}
    assert entries("callback.exported") == []
    rows = taken(site, story, with_contact=True)
    assert {one.name for one in rows} >= {"Visitor 1", "Visitor 24", "Ana"} and rows[0].phone.startswith("+1")
    ids = [one for entry in entries("callback.exported") for one in entry["ids"]]  # type: ignore[attr-defined]
    assert set(ids) == {one.id for one in rows}
    with reading() as conn:
        subject = sightings.subject(conn, story.references[2])
        assert subject is not None
        assert "callback.exported" in {one.action for one in sightings.sightings(conn, subject)}
        assert stored(story.references[2]).id in ids


def test_who_may_not_see_names_gets_none(site: Site, story: Story) -> None:
    rae = person(site, "Rae", "auditor", now=END)
    with pytest.raises(ForbiddenError):
        report_copies.begin_sheet(site, rae, ASKED, WANTED, with_contact=True, now=END)
    with pytest.raises(ForbiddenError):
        report_copies.begin_sheet(site, story.maria, ASKED, WANTED, now=END)
    report_copies.begin_sheet(site, rae, ASKED, WANTED, now=END)


def test_a_copy_wants_a_recipient_a_purpose_and_the_password(site: Site, story: Story) -> None:
    for wanted, error, code in (
        (replace(WANTED, recipient=" "), RefusedError, "recipient_needed"),
        (replace(WANTED, purpose=""), RefusedError, "purpose_needed"),
        (replace(WANTED, password="guessed"), NotMatchedError, None),
    ):
        with pytest.raises(error, match=code):
            report_copies.begin_sheet(site, story.lee, ASKED, wanted, now=END)
    assert count(KeptReport) == 0 and entries("report.exported") == []


def test_what_was_given_out_and_is_not_so_any_more_is_explained(site: Site, story: Story) -> None:
    report_copies.begin_sheet(site, story.lee, ASKED, WANTED, now=END)
    report_copies.figures(site, story.lee, ASKED, now=END)
    counting.leave_out(site, story.lee, (story.references[11],), now=at("14:05"))
    later = at("14:06")
    (one,) = differences(site, ASKED, later)
    assert differences(site, replace(ASKED, source="k3"), later) == ()
    changes = {each.told: dict(each.changes) for each in one.changed}
    assert list(changes) == [Told.PROMISES, Told.IN_TARGET, Told.FIRST_CALLS, Told.REACHED, Told.KINDS]
    assert changes[Told.IN_TARGET] == {State.UNCALLED: -1} and changes[Told.KINDS] == {Kind.COUNTED: -1, Kind.SPAM: 1}
    assert (one.given.whole.in_target, one.now.in_target) == (Share(6, 13), Share(6, 12))


def test_the_sentences_say_both_figures_and_what_changed(site: Site, story: Story) -> None:
    report_copies.figures(site, story.lee, ASKED, now=at("13:58"))
    later = at("14:01")
    counting.leave_out(site, story.lee, (story.references[11],), now=later)
    (one,) = differences(site, ASKED, later)
    said = sentences(one, "America/New_York", later).replace("\xa0", " ")
    assert said == (
        "Given out 1:58 pm ET, before these days were over: what came since is in the figures now. "
        "Promises kept: 54 % (7 of 13), now 58 % (7 of 12): 1 fewer promise missed. "
        "Called in target: 46 % (6 of 13), now 50 % (6 of 12): 1 fewer ended without a call. "
        "First call: 1 fewer never called. "
        "Reached: 43 % (6 of 14), now 46 % (6 of 13): 1 fewer never reached. "
        "What is counted: 1 fewer counted, 1 more spam."
    )


def test_nothing_is_explained_where_nothing_differs(site: Site, story: Story) -> None:
    report_copies.figures(site, story.lee, ASKED, now=END)
    assert differences(site, ASKED, END + timedelta(seconds=1)) == ()


def test_a_sheet_asks_few_questions_for_each_day(site: Site, story: Story, count_queries) -> None:  # type: ignore[no-untyped-def]
    sheet = report_copies.begin_sheet(site, story.lee, ASKED, WANTED, now=END)
    count_queries()
    assert len(list(report_copies.rows(site, sheet))) == 25
    assert count_queries() == 2


def test_reached_is_told_alike(site: Site, story: Story) -> None:
    rows = [one for one in taken(site, story) if one.kind is Kind.COUNTED]
    assert sum(one.reach not in UNREACHED for one in rows) == told(site).whole.were_reached.part
