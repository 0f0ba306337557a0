"""The charts of a report: each has a finding as its title, parts that lead to the requests behind them, and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from intake.admin.report_parts import Bars, Cell, Heat, HeatCell, Line, Link, Point, Table, Weekly, bars_of, edges
from intake.queries.report import Report
from intake.rules.bands import BANDS, Clock, band_of
from intake.rules.counting import MISSED, End, Kept, Reach, State, Tries
from intake.rules.hours import OpeningHours
from intake.rules.periods import Period
from intake.rules.promise import Aim, ResponseTarget
from intake.rules.shares import Share
from intake.wording import figures as words
from intake.wording.times import duration
from intake.wording.translation import gettext, ngettext

BUSY = 0.75
"""So much of an hour somebody calls; the rest is breath, notes and looking up."""
FLOORS = (40, 20, 0)
_DAY = 24
_A_HUNDRED = 100


def judged(states: Mapping[State, int]) -> Share:
    """Met of those whose target was met or has passed."""
    met, missed = states.get(State.MET, 0), sum(states.get(state, 0) for state in MISSED)
    return Share(met, met + missed)


def weekly(report: Report, aim: Aim, notes: Mapping[date, str], today: date, link: Link) -> Weekly:
    """In target by week of arrival; a week of too few has no point. ``aim``: that of the chosen days."""
    points = tuple(
        _point(week, judged(states), report.asked.period.last_on, notes, today, link) for week, states in report.weeks
    )
    told = [point for point in points if point.value is not None]
    floor = next(floor for floor in FLOORS if all((point.value or 0) >= floor for point in told))
    first = report.asked.period.first_on
    shade = next(index for index, (week, _) in enumerate(report.weeks) if week.last_on >= first)
    finding = _course(report.whole.in_target, report.before.in_target, aim)
    both = zip(points, report.weeks, strict=True)
    rows = tuple(_week_line(point, judged(states), week, link) for point, (week, states) in both)
    heads = (gettext("Week from"), gettext("Judged"), gettext("In target"), gettext("Share"))
    return Weekly(finding, points, floor, shade, Table(gettext("Called in target by week"), heads, rows))


def _point(week: Period, share: Share, last_on: date, notes: Mapping[date, str], today: date, link: Link) -> Point:
    """A week that is not over, or that the report's last day cuts off, is told in part."""
    label = words.day(week.first_on, today)
    value = None if share.is_few else share.percent
    told = [text for day, text in sorted(notes.items()) if week.holds(day)]
    percent, is_partial = words.share_of_part(share), week.holds(today) or week.last_on > last_on
    said = gettext("Week from %(day)s: %(share)s", day=_in_part(label, is_partial=is_partial), share=percent)
    return Point(
        label, words.day(week.first_on, week.first_on), week.first_on.year, value, percent, share.whole, is_partial,
        href=link(f"week.{week.first_on.isoformat()},judged"),
        said=" · ".join((said, *told)), note="▾" if told else "",
    )  # fmt: skip


def _week_line(point: Point, share: Share, week: Period, link: Link) -> Line:
    met = link(f"week.{week.first_on.isoformat()},state.met") if share.part else None
    cells = (Cell(str(share.whole), point.href), Cell(str(share.part), met), Cell(words.percent_of_part(share)))
    return Line(_in_part(point.label, is_partial=point.is_partial), cells)


def _in_part(label: str, *, is_partial: bool) -> str:
    return gettext("%(day)s, in part", day=label) if is_partial else label


def _course(now: Share, before: Share, aim: Aim) -> str:
    """What the chosen days say against those before, in the words of their tile."""
    if now.percent is None or now.is_few:
        return gettext("Too few requests to say how it goes")
    told = gettext("%(percent)s %% in target", percent=now.percent)
    return ", ".join(filter(None, (told, words.share_change(now, before), _stands(now, aim))))


def _stands(now: Share, aim: Aim) -> str:
    """By the numbers themselves: 179 of 200 are told as 90 %, and are fewer than 90 of 100."""
    if _A_HUNDRED * now.part >= aim.percent * now.whole:
        return gettext("the target is reached")
    is_told_alike = now.percent is not None and now.percent >= aim.percent
    return gettext("just below the target") if is_told_alike else gettext("still below the target")


def bands(report: Report, aim: Aim, link: Link) -> Bars:
    """How long until the first call: everybody counted is in one of these."""
    whole = report.whole
    parts = [(words.band(band), whole.bands.get(band, 0), "", f"band.{band.key}") for band in BANDS]
    if whole.ends.get(End.CLOSED):
        parts.append((words.end(End.CLOSED), whole.ends[End.CLOSED], "", "end.closed"))
    parts.append((words.end(End.WAITING), whole.ends.get(End.WAITING, 0), "h", "end.waiting"))
    parts += [
        (words.end(end), whole.ends[end], "l", f"end.{end.value}")
        for end in (End.LEFT, End.NEVER)
        if whole.ends.get(end)
    ]
    met = whole.states.get(State.MET, 0)
    finding = gettext("%(met)s of %(all)s were called in target", met=met, all=whole.counted)
    if aim.minutes is not None:
        finding = gettext(
            "%(met)s of %(all)s were called within %(minutes)s minutes",
            met=met, all=whole.counted, minutes=aim.minutes,
        )  # fmt: skip
    heads = (gettext("Until the first call"), gettext("Requests"), gettext("Share"))
    counted = [(label, n, kind, f"kind.counted,{of}") for label, n, kind, of in parts]
    return bars_of(finding, words.clock_note(report.asked.clock), heads, counted, gettext("All"), link)


def backlog(report: Report, link: Link) -> Bars:
    """Those who wait for a first call, by how long they have waited, and how many of each bar are past the target."""
    waits = Counter(band_of(one.minutes).key for one in report.waiting)
    late = Counter(band_of(one.minutes).key for one in report.waiting if one.is_late)
    parts = [(words.band(band), waits[band.key], "h", f"age.{band.key}") for band in BANDS]
    is_open = report.asked.clock is Clock.OPEN
    note = gettext("Waiting by age, in opening hours") if is_open else gettext("Waiting by age, day and night")
    heads = (gettext("Has waited"), gettext("Requests"), gettext("Share"))
    chart = bars_of(_wait_so_far(report), note, heads, parts, gettext("All"), link)
    past = [_past(late[band.key]) for band in BANDS]
    bars = (replace(bar, more=told, said=f"{bar.said}, {told}" if told else bar.said) for bar, told in zip(
        chart.bars, past, strict=True))  # fmt: skip
    cells = (
        Cell(str(late[band.key]), link(f"age.{band.key},state.overdue") if late[band.key] else None) for band in BANDS
    )
    return replace(chart, bars=tuple(bars), table=chart.table.beside(gettext("Past target"), tuple(cells)))


def _past(late: int) -> str:
    return ngettext("%(num)s past the target", "%(num)s past the target", late) if late else ""


def _wait_so_far(report: Report) -> str:
    n, late = len(report.waiting), sum(one.is_late for one in report.waiting)
    if not n:
        return gettext("Nobody waits for a first call")
    told = ngettext(
        "%(num)s person waits for the first call, for %(wait)s so far",
        "%(num)s people wait for the first call, the longest for %(wait)s",
        n, wait=words.minutes(max(one.minutes for one in report.waiting)),
    )  # fmt: skip
    return f"{told}: {_past(late) or gettext('nobody past the target')}"


def windows(report: Report, link: Link) -> Bars:
    """Times that visitors asked for: a promise of another kind."""
    wishes, share = report.whole.wishes, report.whole.wished
    kinds = ((Kept.KEPT, ""), (Kept.BROKEN, "l"), (Kept.PENDING, "h"))
    parts = [(words.wish(kept), wishes.get(kept, 0), kind, f"kind.window,wish.{kept.value}") for kept, kind in kinds]
    finding = gettext("%(part)s of %(whole)s requested times were kept", part=share.part, whole=share.whole)
    if not share.whole:
        finding = gettext("None of the requested times has come yet") if sum(wishes.values()) else gettext(
            "Nobody asked for a time"
        )  # fmt: skip
    likely = words.interval(share)
    note = gettext("Called inside the time the visitor asked for")
    if likely:
        percent = words.percent(share)
        note = gettext("%(note)s: %(percent)s, likely %(range)s", note=note, percent=percent, range=likely)
        note = ", ".join(filter(None, (note, words.share_change(share, report.before.wished))))
    return bars_of(finding, note, (gettext("Call"), gettext("Requests"), gettext("Share")), parts, gettext("All"), link)


def tries(report: Report, link: Link) -> Bars:
    """By which try people were reached."""
    reached, share = report.whole.reached, report.whole.were_reached
    kinds = {Reach.TRYING: "h", Reach.NOT_CALLED: "h", Reach.NEVER: "l"}
    parts = [
        (words.reach(reach), reached.get(reach, 0), kinds.get(reach, ""), f"kind.counted,reach.{reach.value}")
        for reach in Reach
    ]
    finding = gettext(
        "%(first)s of the %(all)s people reached answered the first try",
        first=reached.get(Reach.FIRST, 0), all=share.part,
    ) if share.part else gettext("Nobody has been reached yet")  # fmt: skip
    note = gettext("Everybody counted, by the try that reached them")
    return bars_of(finding, note, (gettext("Try"), gettext("Requests"), gettext("Share")), parts, gettext("All"), link)


def calls_made(report: Report, link: Link) -> Table:
    """How many calls were made to each request, and what came of them."""
    whole, waits = report.whole, f"reach.{Reach.TRYING.value},reach.{Reach.NOT_CALLED.value}"
    parts = {"reached": whole.tries_reached, waits: whole.tries_open, f"reach.{Reach.NEVER.value}": whole.tries_never}
    rows = []
    for made in Tries:
        of, counts = f"kind.counted,tries.{made.value}", {part: told.get(made, 0) for part, told in parts.items()}
        cells = [_linked(sum(counts.values()), link(of))]
        cells += [_linked(n, link(f"{of},{part}")) for part, n in counts.items()]
        head = gettext("%(num)s or more", num=made.value) if made is Tries.MANY else made.value
        rows.append(Line(head, tuple(cells)))
    sums = (whole.counted, *(sum(told.values()) for told in parts.values()))
    heads = (gettext("Calls made"), gettext("All"), gettext("Reached"), gettext("Open"), gettext("Never"))
    foot = Line(gettext("All"), tuple(Cell(str(n)) for n in sums))
    return Table(gettext("Calls made to each request"), heads, tuple(rows), foot)


def _linked(n: int, href: str) -> Cell:
    return Cell(str(n), href if n else None)


def split(report: Report, link: Link) -> Bars | None:
    """Where the waiting for the first call went: before anybody had taken the request, and from then on.

    None where no wait is over that took any time.
    """
    whole, share = report.whole, report.whole.unassigned
    if share.percent is None:
        return None
    of, n = "kind.counted,end.called,end.closed", sum(whole.ends.get(end, 0) for end in (End.CALLED, End.CLOSED))
    parts = [
        (gettext("nobody had it"), share.part, "", of),
        (gettext("somebody had it"), share.whole - share.part, "", of),
    ]
    finding = gettext(
        "%(share)s %% of the waiting passed before anybody had taken the request", share=share.percent
    )  # fmt: skip
    note = ngettext(
        "All the time that %(num)s person waited for the first call, day and night",
        "All the time that %(num)s people waited for the first call, day and night",
        n,
    )
    heads = (gettext("While"), gettext("Time"), gettext("Share"))
    return bars_of(finding, note, heads, parts, gettext("All"), link, tell=duration)


def heat(report: Report, hours: OpeningHours, reading: str, target: ResponseTarget, link: Link) -> Heat:
    """Arrivals by the hour of the week against opening hours; other readings: % in target, people needed."""
    days, names = words.weekdays(), words.hours_of_day()
    is_open = open_grid(hours)
    counts = [[sum(report.hours.get(day * _DAY + hour, {}).values()) for hour in range(_DAY)] for day in range(7)]
    most = max(max(row) for row in counts) or 1
    cells = tuple(
        tuple(_heat_cell(report, reading, target, day, hour, counts[day][hour], most, link) for hour in range(_DAY))
        for day in range(7)
    )
    finding = _while_closed(Share(report.while_closed.counted, report.whole.counted))
    rows = tuple(Line(days[day], tuple(Cell(cell.text, cell.href) for cell in cells[day])) for day in range(7))
    tall = [[is_open[day][hour] for day in range(7)] for hour in range(_DAY)]
    key = tuple(str(step) for step in _steps(most))
    return Heat(
        finding, reading_note(reading), days, names, cells, edges(is_open), edges(tall), key,
        Table(finding, (gettext("Day"), *names), rows),
    )  # fmt: skip


def _while_closed(shut: Share) -> str:
    """In hundredths only of a hundred and more: of seven requests nobody knows that."""
    if not shut.whole:
        return gettext("No requests in this period")
    if shut.whole < _A_HUNDRED:
        return gettext("%(n)s of %(all)s requests arrived while we were closed", n=shut.part, all=shut.whole)
    return gettext("%(n)s of 100 requests arrive while we are closed", n=shut.percent)


def reading_note(reading: str) -> str:
    """What the numbers in the cells are."""
    return {
        "target": gettext("Percent called in target by hour of arrival, site time. Inside the dark line we are open."),
        "people": gettext(
            "About how many people the quick calls of an hour need, if somebody calls three quarters of it."
            " Requested times, second calls and requests added by hand come on top."
        ),
    }.get(reading, gettext("Requests counted by hour of arrival, site time. Inside the dark line we are open."))


def _heat_cell(
    report: Report, reading: str, target: ResponseTarget, day: int, hour: int, n: int, most: int, link: Link
) -> HeatCell:
    where = words.hour_of_week(day, hour)
    share = judged(report.hours.get(day * _DAY + hour, {}))
    text = str(n) if n else "·"
    said = gettext("%(where)s: %(n)s", where=where, n=n)
    if reading == "target" and n:
        text = "–" if share.is_few else str(share.percent)
        said = f"{where}: {words.share_of_part(share)}"
    if reading == "people" and n:
        text = str(people_needed(n, weekdays_in(report.asked.period, day), target.minutes_per_call))
        said = gettext("%(where)s: about %(n)s on the phone", where=where, n=text)
    of, told = ("kind.counted,judged", share.whole) if reading == "target" else ("kind.counted", n)
    shade = 0 if not n else min(1 + (n - 1) * 5 // most, 5)
    return HeatCell(text, shade, link(f"{of},hour.{day * _DAY + hour}") if told else None, said)


def _steps(most: int) -> list[str]:
    """What each shade stands for."""
    found = []
    for shade in range(1, 6):
        some = [n for n in range(1, most + 1) if min(1 + (n - 1) * 5 // most, 5) == shade]
        if some:
            found.append(str(some[0]) if len(some) == 1 else f"{some[0]}–{some[-1]}")
    return found


def people_needed(n: int, times: int, minutes_per_call: int) -> int:
    """Heads for an hour that came ``times`` times with ``n`` requests in all: requests × minutes a call ÷ BUSY."""
    hours = n / max(times, 1) * minutes_per_call / 60 / BUSY
    return max(1, -int(-hours // 1))


def weekdays_in(period: Period, day: int) -> int:
    """How often that weekday (0: Monday) comes in the period."""
    offset = (day - period.first_on.weekday()) % 7
    return max(0, (period.days - offset + 6) // 7)


def open_grid(hours: OpeningHours) -> list[list[bool]]:
    """For each day and hour of an ordinary week whether the office is open in it, be it for a part of it."""
    grid = [[False] * _DAY for _ in range(7)]
    for day, spans in enumerate(hours.weekly):
        for span in spans:
            for hour in range(span.start // 60, -(-span.end // 60)):
                grid[(day + hour // _DAY) % 7][hour % _DAY] = True
    return grid
