"""The first look at a report: five tiles, the line of what is not counted, and the tables by person and by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from intake.admin.report_parts import Link
from intake.queries.report import ByPerson, Figures, Report
from intake.rules.counting import APART, LEFT_OUT, End, Kept, Kind, Reach, State
from intake.rules.parts import NO_SOURCE
from intake.rules.promise import Aim
from intake.rules.shares import FEW_FOR_A_TAIL, FEW_IN_A_SPLIT, Share
from intake.wording import figures as words
from intake.wording.times import waited
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its title, where it leads to, and what has to be said beside it.

    ``whole``: where the first line leads, those whom the figure is a share of; ``late_href``: whom ``late`` counts;
    ``besides``: others whom the figure does not count, with their list.
    """

    title: str
    value: str
    href: str | None
    lines: tuple[str, ...]
    quiet: tuple[str, ...] = ()
    late: str = ""
    whole: str | None = None
    late_href: str | None = None
    besides: str = ""
    besides_href: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """So many of one kind, with their list."""

    n: int
    words: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """Times agreed later, told in a line: of ``counts`` each request is one."""

    finding: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's calls, and their first ones; what is of too few is not told."""

    name: str
    href: str | None
    calls: int | None
    calls_href: str | None
    first: int
    half: str
    half_href: str | None
    share: Share
    share_href: str | None
    reached: Share
    reached_href: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A page requests came from, by its code."""

    name: str
    href: str | None
    requests: int
    share: Share
    share_href: str | None
    reached: Share
    reached_href: str | None
    booked: int
    booked_href: str | None


def tiles(report: Report, aim: Aim, link: Link, earlier: Link | None = None) -> tuple[Tile, ...]:
    """Promises first: they are what the visitor was told. ``earlier``: to those who came before these days."""
    whole, before = report.whole, report.before
    return (
        Tile(
            gettext("Promises kept"), words.percent(whole.promises), link("kept.kept,promised"),
            (_of(whole.promises), _range(whole.promises)), (words.share_change(whole.promises, before.promises),),
            whole=link("kept.kept,kept.broken,promised") if whole.promises.whole else None,
        ),
        Tile(
            gettext("Called in target"), words.percent(whole.in_target), link("kind.counted,state.met"),
            (_within(whole.in_target, aim), _range(whole.in_target)),
            (_aimed_at(aim), words.share_change(whole.in_target, before.in_target)),
            whole=link("kind.counted,judged") if whole.in_target.whole else None,
        ),
        _half(whole, before, link),
        _nine_tenths(whole, before, link),
        _reached(whole, before, link),
        _waiting(report, link, earlier),
    )  # fmt: skip


def _of(share: Share) -> str:
    return gettext("%(part)s of %(whole)s", part=share.part, whole=share.whole)


def _range(share: Share) -> str:
    told = words.interval(share)
    return gettext("likely %(range)s", range=told) if told else ""


def _within(share: Share, aim: Aim) -> str:
    if aim.minutes is None:
        return gettext("%(part)s of %(whole)s, each by its own target", part=share.part, whole=share.whole)
    return gettext(
        "%(part)s of %(whole)s within %(minutes)s opening minutes",
        part=share.part, whole=share.whole, minutes=aim.minutes,
    )  # fmt: skip


def _aimed_at(aim: Aim) -> str:
    told = gettext("target %(percent)s %%") if aim.is_one else gettext("target %(percent)s %% at the end")
    return told % {"percent": aim.percent}


def _half(whole: Figures, before: Figures, link: Link) -> Tile:
    n, n_before = whole.waits.number, before.waits.number
    return Tile(
        gettext("Half called within"), words.within(whole.half, n), link("waits") if n else None,
        (words.wait_change(whole.half, before.half, n, n_before),),
        (
            gettext("people still waiting count"),
            words.n_of_waits(n, whole.counted, whole.ends.get(End.CLOSED, 0)),
        ),
    )  # fmt: skip


def _nine_tenths(whole: Figures, before: Figures, link: Link) -> Tile:
    n, n_before = whole.waits.number, before.waits.number
    change = words.wait_change(whole.nine_tenths, before.nine_tenths, n, n_before, fewest=FEW_FOR_A_TAIL)
    return Tile(
        gettext("9 of 10 within"), words.nine_tenths(whole.nine_tenths, n), link("waits") if n else None, (change,),
        (gettext("n = %(n)s", n=n),),
    )  # fmt: skip


def _reached(whole: Figures, before: Figures, link: Link) -> Tile:
    share = whole.were_reached
    first = Share(whole.reached.get(Reach.FIRST, 0), share.part)
    quiet = "" if first.percent is None else gettext("%(percent)s %% of those at the first try", percent=first.percent)
    return Tile(
        gettext("Reached"), words.percent(share), link("kind.counted,reached"), (_of(share), _range(share)),
        (quiet, words.share_change(share, before.were_reached)),
        whole=link("kind.counted") if share.whole else None,
    )  # fmt: skip


def _waiting(report: Report, link: Link, earlier: Link | None) -> Tile:
    late = report.whole.states.get(State.OVERDUE, 0)
    oldest = report.waiting[0].received_at if report.waiting else None
    quiet = "" if oldest is None else gettext(
        "oldest waits %(wait)s, day and night", wait=waited((report.now - oldest).total_seconds())
    )  # fmt: skip
    told = ngettext("%(num)s past target", "%(num)s past target", late) if late else ""
    of = "kind.counted,end.waiting"
    return Tile(
        gettext("Not called yet"), str(len(report.waiting)), link(of), (), (quiet,), told,
        late_href=link("kind.counted,state.overdue"), besides=_came_before(report),
        besides_href=earlier(of) if earlier else None,
    )  # fmt: skip


def _came_before(report: Report) -> str:
    """Whoever looks at this week must not believe that nobody older waits."""
    told = report.came_before
    return "" if told.oldest_at is None else ngettext(
        "and %(num)s who came before these days and has waited %(wait)s",
        "and %(num)s who came before these days, the oldest has waited %(wait)s",
        told.n, wait=waited((report.now - told.oldest_at).total_seconds()),
    )  # fmt: skip


def apart(report: Report, link: Link) -> tuple[Count, ...]:
    """Promises of another kind, told in figures of their own."""
    return _counts(report, APART, link)


def left_out(report: Report, link: Link) -> tuple[Count, ...]:
    """What is not counted, and why."""
    return _counts(report, LEFT_OUT, link)


def _counts(report: Report, kinds: tuple[Kind, ...], link: Link) -> tuple[Count, ...]:
    found = ((kind, report.whole.kinds.get(kind, 0)) for kind in kinds)
    return tuple(Count(n, words.kind(kind), link(f"kind.{kind.value}")) for kind, n in found if n)


def agreed(report: Report, link: Link) -> Agreed | None:
    """What came of the times agreed after the first promise; None where there was none."""
    times, share = report.whole.agreed, report.whole.times_agreed
    found = ((kept, times.get(kept, 0)) for kept in (Kept.KEPT, Kept.BROKEN, Kept.PENDING))
    counts = tuple(Count(n, words.wish(kept), link(f"agreed.{kept.value}")) for kept, n in found if n)
    if not counts:
        return None
    if not share.whole:
        return Agreed(gettext("None of the times agreed later has come yet"), counts)
    told = ngettext(
        "Times agreed later: kept for %(part)s of %(num)s request",
        "Times agreed later: kept for %(part)s of %(num)s requests",
        share.whole, part=share.part,
    )  # fmt: skip
    return Agreed(", ".join(filter(None, (told, words.percent(share), _range(share)))), counts)


def people(report: Report, link: Link, calls: Callable[[int], str]) -> tuple[Person, ...]:
    """By name, not by rank. ``calls``: to those of one person."""
    return tuple(_person(one, link, calls(one.id)) for one in report.people)


def _person(one: ByPerson, link: Link, calls: str) -> Person:
    first, theirs = one.first, f"kind.counted,person.{one.id}"
    n = first.waits.number
    half = words.within(first.half, n, fewest=FEW_IN_A_SPLIT)
    waits = link(f"{theirs},waits") if n >= FEW_IN_A_SPLIT else None
    href, met, reached = (
        link(of) if first.counted else None for of in (theirs, f"{theirs},state.met", f"{theirs},reached")
    )
    return Person(
        one.name, href, one.calls, calls if one.calls else None, first.counted, half, waits, first.in_target, met,
        first.were_reached, reached,
    )  # fmt: skip


def own(one: ByPerson, aim: Aim, href: str, to_calls: str) -> tuple[Tile, ...]:
    """A person's line by itself. ``href``: the requests they called first; ``to_calls``: all calls they made."""
    told = _person(one, lambda of: href, to_calls)
    first = Tile(gettext("First calls"), str(told.first), told.href, (gettext("before anybody else had called"),))
    calls = Tile(gettext("Calls made"), str(told.calls), told.calls_href, (gettext("first ones, and all others"),))
    by = () if one.first.waits.number < FEW_IN_A_SPLIT else (gettext("by opening hours"),)
    of_share = () if told.share.is_few else (_within(told.share, aim), _range(told.share))
    of_reached = () if told.reached.is_few else (_of(told.reached), _range(told.reached))
    return (
        calls,
        first,
        Tile(gettext("Half called within"), told.half, None, by),
        Tile(gettext("Called in target"), words.percent_of_part(told.share), None, of_share, (_aimed_at(aim),)),
        Tile(gettext("Reached"), words.percent_of_part(told.reached), None, of_reached),
    )


def sources(report: Report, link: Link) -> tuple[Source, ...]:
    """By the code of the page, those with most requests first."""
    return tuple(
        _source(source or gettext("no code"), f"source.{source or NO_SOURCE}", (one,), link)
        for source, one in report.sources
    )


def other_sources(report: Report, most: int, link: Link) -> Source | None:
    """All but the ``most`` with most requests, in one line."""
    shown, rest = report.sources[:most], [one for _, one in report.sources[most:]]
    if not rest:
        return None
    name = ngettext("%(num)s other page", "%(num)s other pages", len(rest))
    return _source(name, ",".join(f"beside.{source or NO_SOURCE}" for source, _ in shown), rest, link)


def _source(name: str, of: str, those: Sequence[Figures], link: Link) -> Source:
    theirs, booked = f"kind.counted,{of}", sum(one.booked for one in those)
    met, reached, made = (link(f"{theirs},{more}") for more in ("state.met", "reached", "booked"))
    return Source(
        name, link(theirs), sum(one.counted for one in those), _together(one.in_target for one in those), met,
        _together(one.were_reached for one in those), reached, booked, made if booked else None,
    )  # fmt: skip


def _together(shares: Iterable[Share]) -> Share:
    parts, wholes = zip(*((one.part, one.whole) for one in shares), strict=True)
    return Share(sum(parts), sum(wholes))
