"""The first look at a report: five tiles, the line of what is not counted, and the tables by person and by page."""

from __future__ import annotations

from dataclasses import dataclass

from intake.admin.report_parts import Link
from intake.queries.report import Figures, Report
from intake.rules.counting import APART, LEFT_OUT, Kind, Reach, State
from intake.rules.promise import ResponseTarget
from intake.rules.shares import FEW_FOR_A_TAIL, Share
from intake.wording import figures as words
from intake.wording.times import duration
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure with its title, where it leads to, and what has to be said beside it."""

    title: str
    value: str
    href: str | None
    lines: tuple[str, ...]
    quiet: tuple[str, ...] = ()
    late: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """So many of one kind, with their list."""

    n: int
    words: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's first calls; ``share`` of too few is not told."""

    name: str
    href: str | None
    first: int
    half: str
    share: Share
    reached: Share


@dataclass(frozen=True, slots=True)
class Source:
    """A page requests came from, by its code."""

    name: str
    href: str | None
    requests: int
    share: Share
    reached: Share
    booked: int


def tiles(report: Report, target: ResponseTarget, link: Link) -> tuple[Tile, ...]:
    """Promises first: they are what the visitor was told."""
    whole, before = report.whole, report.before
    return (
        Tile(
            gettext("Promises kept"), words.percent(whole.promises), link("kept.kept,promised"),
            (_of(whole.promises), _range(whole.promises)), (words.share_change(whole.promises, before.promises),),
        ),
        Tile(
            gettext("Called in target"), words.percent(whole.in_target), link("kind.counted,state.met"),
            (_within(whole.in_target, target), _range(whole.in_target)),
            (_aim(target), words.share_change(whole.in_target, before.in_target)),
        ),
        _half(whole, before),
        _nine_tenths(whole, before),
        _reached(whole, link),
        _waiting(report, link),
    )  # fmt: skip


def _of(share: Share) -> str:
    return gettext("%(part)s of %(whole)s", part=share.part, whole=share.whole)


def _range(share: Share) -> str:
    told = words.interval(share)
    return gettext("likely %(range)s", range=told) if told else ""


def _within(share: Share, target: ResponseTarget) -> str:
    return gettext(
        "%(part)s of %(whole)s within %(minutes)s opening minutes",
        part=share.part, whole=share.whole, minutes=target.minutes,
    )  # fmt: skip


def _aim(target: ResponseTarget) -> str:
    return gettext("target %(percent)s %%", percent=target.percent)


def _half(whole: Figures, before: Figures) -> Tile:
    n, n_before = whole.waits.number, before.waits.number
    return Tile(
        gettext("Half called within"), words.within(whole.half, n), None,
        (words.wait_change(whole.half, before.half, n, n_before),),
        (gettext("people still waiting count"), gettext("n = %(n)s", n=n)),
    )  # fmt: skip


def _nine_tenths(whole: Figures, before: Figures) -> Tile:
    n, n_before = whole.waits.number, before.waits.number
    change = words.wait_change(whole.nine_tenths, before.nine_tenths, n, n_before, fewest=FEW_FOR_A_TAIL)
    return Tile(gettext("9 of 10 within"), words.nine_tenths(whole.nine_tenths, n), None, (change,),
                (gettext("n = %(n)s", n=n),))  # fmt: skip


def _reached(whole: Figures, link: Link) -> Tile:
    share = whole.were_reached
    first = Share(whole.reached.get(Reach.FIRST, 0), share.part)
    quiet = "" if first.percent is None else gettext("%(percent)s %% of those at the first try", percent=first.percent)
    return Tile(gettext("Reached"), words.percent(share), link("kind.counted,reached"), (_of(share),), (quiet,))


def _waiting(report: Report, link: Link) -> Tile:
    late = report.whole.states.get(State.OVERDUE, 0)
    oldest = report.waiting[0].received_at if report.waiting else None
    quiet = "" if oldest is None else gettext(
        "oldest waits %(wait)s, day and night", wait=duration((report.now - oldest).total_seconds())
    )  # fmt: skip
    told = ngettext("%(num)s past target", "%(num)s past target", late) if late else ""
    return Tile(
        gettext("Not called yet"), str(len(report.waiting)), link("kind.counted,end.waiting"), (), (quiet,), told
    )


def apart(report: Report, link: Link) -> tuple[Count, ...]:
    """Promises of another kind, told in figures of their own."""
    return _counts(report, APART, link)


def left_out(report: Report, link: Link) -> tuple[Count, ...]:
    """What is not counted, and why."""
    return _counts(report, LEFT_OUT, link)


def _counts(report: Report, kinds: tuple[Kind, ...], link: Link) -> tuple[Count, ...]:
    found = ((kind, report.whole.kinds.get(kind, 0)) for kind in kinds)
    return tuple(Count(n, words.kind(kind), link(f"kind.{kind.value}")) for kind, n in found if n)


def people(report: Report, link: Link) -> tuple[Person, ...]:
    """By name, not by rank."""
    return tuple(
        Person(
            name, link(f"kind.counted,person.{user_id}"), one.counted,
            gettext("too few") if one.in_target.is_few else words.within(one.half, one.waits.number),
            one.in_target, one.were_reached,
        )
        for user_id, name, one in report.people
    )  # fmt: skip


def sources(report: Report, link: Link) -> tuple[Source, ...]:
    """By the code of the page, those with most requests first."""
    return tuple(
        Source(
            source or gettext("no code"), link(f"kind.counted,source.{source or 'none'}"), one.counted, one.in_target,
            one.were_reached, one.booked,
        )
        for source, one in report.sources
    )  # fmt: skip
