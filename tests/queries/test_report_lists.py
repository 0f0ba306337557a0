"""Behind each figure of a report stand exactly as many requests as it says, whichever way it parts them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from intake.database import reading
from intake.models.site import Site
from intake.queries import report_lists
from intake.queries.facts import PRESENT, Asked
from intake.queries.report import Figures, Report, report
from intake.queries.report_lists import Fact, Page
from intake.rules.bands import BANDS, Clock, band_of
from intake.rules.counting import MISSED, Kept, State
from intake.rules.parts import read
from intake.rules.periods import Period
from tests.making import ask
from tests.queries.story import END, Story, at, tell

DAYS = Period(date(2026, 11, 17), date(2026, 11, 18))
ASKED = Asked(DAYS)


@pytest.fixture
def site(app: Flask) -> Site:
    return app.extensions["intake"]


@pytest.fixture
def story(site: Site) -> Story:
    return tell(site)


def behind(site: Site, of: str, asked: Asked = ASKED, **more: object) -> Page:
    with reading() as conn:
        return report_lists.page(conn, site, asked, read(of), now=END, **more)


def look(site: Site, asked: Asked) -> Report:
    with reading() as conn:
        return report(conn, site, asked, now=END)


def figures_of(told: Figures, within: str = "") -> Iterator[tuple[str, int]]:
    """Every number of these figures, with the conditions of its list."""
    for name, counts in (
        ("kind.{}", told.kinds), ("kind.counted,state.{}", told.states), ("kept.{}", told.kept),
        ("kind.window,wish.{}", told.wishes), ("kind.counted,end.{}", told.ends),
        ("kind.counted,reach.{}", told.reached), ("agreed.{}", told.agreed),
        ("tries.{},reached", told.tries_reached), ("tries.{},reach.trying,reach.not_called", told.tries_open),
        ("tries.{},reach.never", told.tries_never),
    ):  # fmt: skip
        for word in type(next(iter(counts))) if counts else ():
            if (name, word) == ("agreed.{}", Kept.NONE):  # no figure: with these no time was agreed
                continue
            yield name.format(word.value) + within, counts.get(word, 0)
    for band, n in told.bands.items():
        yield f"band.{band.key}{within}", n
    yield f"kind.counted{within}", told.counted
    yield f"state.met{within}", told.in_target.part
    yield f"judged{within}", told.in_target.whole
    yield f"missed{within}", told.in_target.whole - told.in_target.part
    yield f"kept.kept,promised{within}", told.promises.part
    yield f"kept.kept,kept.broken{within}", told.promises.whole
    yield f"wish.kept,wish.broken{within}", told.wished.whole
    yield f"agreed.kept,agreed.broken{within}", told.times_agreed.whole
    yield f"reached{within}", told.were_reached.part
    yield f"booked{within}", told.booked


def every_figure(told: Report) -> Iterator[tuple[str, int]]:
    """Of all parts of a report."""
    yield from figures_of(told.whole)
    yield from filled(figures_of(told.while_open, ",arrival.open"))
    yield from filled(figures_of(told.while_closed, ",arrival.closed"))
    yield "waits", told.whole.waits.number
    yield "waits,arrival.open", told.while_open.waits.number
    yield "kind.counted,end.waiting", len(told.waiting)
    for band in BANDS:
        waits = [one for one in told.waiting if band_of(one.minutes) is band]
        yield f"age.{band.key}", len(waits)
        yield f"age.{band.key},state.overdue", sum(one.is_late for one in waits)
    for week, states in told.weeks[-2:]:
        monday = f"week.{week.first_on.isoformat()}"
        yield monday, sum(states.values())
        yield f"{monday},judged", sum(states.get(state, 0) for state in (State.MET, *MISSED))
    yield "hour.0", 0
    for hour, states in told.hours.items():
        yield f"hour.{hour}", sum(states.values())
    yield "hour.58,missed", sum(told.hours[58].get(state, 0) for state in MISSED)
    for source, figures in told.sources:
        yield from split_of(figures, f",source.{source or 'none'}")
    for one in told.people:
        yield from split_of(one.first, f",person.{one.id}")
    yield "person.none", told.called_by_nobody


def filled(figures: Iterator[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    return ((of, n) for of, n in figures if n)


def split_of(told: Figures, within: str) -> Iterator[tuple[str, int]]:
    yield f"kind.counted{within}", told.counted
    yield f"state.met{within}", told.in_target.part
    yield f"judged{within}", told.in_target.whole
    yield f"reached{within}", told.were_reached.part
    yield f"booked{within}", told.booked


@pytest.mark.parametrize("clock", Clock)
def test_behind_every_figure_stand_exactly_as_many_as_it_says(site: Site, story: Story, clock: Clock) -> None:
    asked = replace(ASKED, clock=clock)
    seen = 0
    for of, n in every_figure(look(site, asked)):
        found = behind(site, of, asked)
        assert (of, found.number, len(found.rows)) == (of, n, n)
        seen += n > 0
    assert seen > 60


def test_the_figures_of_a_part_lead_to_that_part(site: Site, story: Story) -> None:
    for more in ({"source": "w1"}, {"language": "es"}, {"person": story.dev.user_id}):
        asked = replace(ASKED, **more)
        for of, n in filled(figures_of(look(site, asked).whole)):
            assert behind(site, of, asked).number == n, (more, of)


def test_all_pages_but_some_are_the_sum_of_the_others(site: Site, story: Story) -> None:
    for number in range(3):
        ask(site, at("9:30"), phone=f"212-555-108{number}", source=f"k{number % 2}")
    sources = look(site, ASKED).sources
    assert len(sources) == 4
    for shown in range(1, len(sources)):
        within = "".join(f",beside.{source or 'none'}" for source, _ in sources[:shown])
        others = [dict(split_of(figures, within)) for _, figures in sources[shown:]]
        for of in others[0]:
            assert behind(site, of).number == sum(one[of] for one in others), of


def test_a_list_tells_what_was_counted(site: Site, story: Story) -> None:
    rows = {one.reference: one for one in behind(site, "kind.counted").rows if not one.is_earlier}
    called, waits, marked = (rows[story.references[number]] for number in (2, 4, 11))
    assert (called.state, called.first_by, called.tries) == (State.MET, "Dev", 2)
    assert called.minutes == {Clock.OPEN: 14, Clock.ALL: 14}
    assert (waits.state, waits.minutes[Clock.OPEN], waits.first_by) == (State.OVERDUE, 210, "")
    assert (marked.state, marked.is_marked_late) == (State.UNCALLED, True)
    assert [one.reference for one in rows.values() if one.is_marked_late] == [marked.reference]
    assert {one.name + one.phone for one in rows.values()} == {""}


def test_the_minutes_of_somebody_called_since_are_those_until_the_call(site: Site, story: Story) -> None:
    counted = {clock: dict.fromkeys(range(1, 100), 999) for clock in Clock}
    with reading() as conn:
        day = report_lists.of_day(conn, site, ASKED, DAYS.last_on, None, waits=counted, now=END, most=99)
    told = {one.reference: one.minutes[Clock.OPEN] for one in day if not one.is_earlier}
    assert (told[story.references[1]], told[story.references[4]]) == (4, 999)


def test_an_earlier_episode_stands_beside_the_later_one_with_what_it_was(site: Site, story: Story) -> None:
    both = [one for one in behind(site, "kind.counted").rows if one.reference == story.references[19]]
    assert [(one.is_earlier, one.state, one.minutes[Clock.OPEN]) for one in both] == [
        (False, State.LATE, 20), (True, State.MET, 5),
    ]  # fmt: skip
    assert both[0].number == PRESENT
    assert (both[0].owner, both[1].owner) == ("Maria", "")


def test_those_marked_too_late_can_be_asked_for(site: Site, story: Story) -> None:
    of = "state.uncalled,marked.spam,marked.test,marked.duplicate"
    assert [one.reference for one in behind(site, of).rows] == [story.references[11]]


@pytest.mark.parametrize("clock", Clock)
def test_pages_hold_everybody_once_newest_first(site: Site, story: Story, clock: Clock) -> None:
    asked, after, seen = replace(ASKED, clock=clock), "", list[Fact]()
    while True:
        found = behind(site, "", asked, after=after, most=4)
        assert found.number == 25
        seen += found.rows
        if found.older is None:
            break
        after = found.older
    assert len({(one.id, one.number) for one in seen}) == len(seen) == 25
    assert [one.received_at for one in seen] == sorted((one.received_at for one in seen), reverse=True)


def test_a_place_that_means_nothing_is_the_beginning(site: Site, story: Story) -> None:
    for after in ("x", "1-2", "9" * 17 + "-1-1", "1-2-3; drop"):
        assert len(behind(site, "kind.counted", after=after).rows) == 14


def test_a_list_asks_few_questions_however_long_it_is(site: Site, story: Story, count_queries) -> None:  # type: ignore[no-untyped-def]
    count_queries()
    behind(site, "kind.counted")
    few = count_queries()
    behind(site, "")
    assert few == count_queries() <= 6
