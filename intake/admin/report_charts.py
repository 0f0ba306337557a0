"""The charts of a report: each has a finding as its title, parts that lead to the requests behind them, and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from intake.admin.report_parts import Bars, Cell, Heat, HeatCell, Line, Link, Point, Table, Weekly, bars_of, edges
from intake.queries.report import Figures, Report
from intake.rules.bands import BANDS, LATENESS, NOT_LATE, lateness_of
from intake.rules.counting import MISSED, End, Kept, Reach, State
from intake.rules.hours import OpeningHours
from intake.rules.periods import Period
from intake.rules.promise import ResponseTarget
from intake.rules.shares import Share
from intake.wording import figures as words
from intake.wording.translation import gettext, ngettext

BUSY = 0.75
"""So much of an hour somebody calls; the rest is breath, notes and looking up."""
FLOORS = (40, 20, 0)
_DAY = 24


def judged(states: Mapping[State, int]) -> Share:
    """Met of those whose target was met or has passed."""
    met, missed = states.get(State.MET, 0), sum(states.get(state, 0) for state in MISSED)
    return Share(met, met + missed)


def weekly(report: Report, target: ResponseTarget, notes: Mapping[date, str], today: date, link: Link) -> Weekly:
    """In target by week of arrival; a week of too few has no point."""
    points = tuple(_point(week, judged(states), notes, today, link) for week, states in report.weeks)
    told = [point for point in points if point.value is not None]
    floor = next(floor for floor in FLOORS if all((point.value or 0) >= floor for point in told))
    first = report.asked.period.first_on
    shade = next(index for index, (week, _) in enumerate(report.weeks) if week.last_on >= first)
    finding = _course([point.value or 0 for point in told if not point.is_partial], target.percent)
    rows = tuple(_week_line(point, judged(states)) for point, (_, states) in zip(points, report.weeks, strict=True))
    heads = (gettext("Week from"), gettext("Judged"), gettext("In target"), gettext("Share"))
    return Weekly(finding, points, floor, shade, Table(gettext("Called in target by week"), heads, rows))


def _point(week: Period, share: Share, notes: Mapping[date, str], today: date, link: Link) -> Point:
    label = words.day(week.first_on, today)
    value = None if share.is_few else share.percent
    told = [text for day, text in sorted(notes.items()) if week.holds(day)]
    said = gettext("Week from %(day)s: %(share)s", day=label, share=words.share(share))
    href = link(f"week.{week.first_on.isoformat()},judged")
    is_partial = week.holds(today)
    return Point(label, value, share.whole, is_partial, href, " · ".join((said, *told)), "▾" if told else "")


def _week_line(point: Point, share: Share) -> Line:
    percent = gettext("too few") if share.is_few else words.percent(share)
    return Line(point.label, (Cell(str(share.whole), point.href), Cell(str(share.part)), Cell(percent)))


def _course(values: Sequence[int], target: int) -> str:
    """What the whole weeks say, from the first to the last of them."""
    if len(values) < 2:
        return gettext("Too few weeks to say how it goes")
    first, last = values[0], values[-1]
    stands = gettext("the target is reached") if last >= target else gettext("still below the target")
    if first == last:
        return gettext("As before: %(last)s %% in target, %(stands)s", last=last, stands=stands)
    way = gettext("Up from %(first)s to %(last)s %% in target, %(stands)s")
    if last < first:
        way = gettext("Down from %(first)s to %(last)s %% in target, %(stands)s")
    return way % {"first": first, "last": last, "stands": stands}


def bands(report: Report, target: ResponseTarget, link: Link) -> Bars:
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
    finding = gettext(
        "%(met)s of %(all)s were called within %(minutes)s minutes", met=met, all=whole.counted, minutes=target.minutes
    )
    heads = (gettext("Until the first call"), gettext("Requests"), gettext("Share"))
    counted = [(label, n, kind, f"kind.counted,{of}") for label, n, kind, of in parts]
    return bars_of(finding, words.clock_note(report.asked.clock), heads, counted, gettext("All"), link)


def backlog(report: Report, link: Link) -> Bars:
    """Those who wait for a first call, by how late they are."""
    by_key = Counter(lateness_of(one.late_minutes) for one in report.waiting)
    late = len(report.waiting) - by_key[NOT_LATE]
    parts = [(gettext("not due yet"), by_key[NOT_LATE], "h", f"late.{NOT_LATE}")]
    parts += [(words.lateness(band.through), by_key[band.key], "l", f"late.{band.key}") for band in LATENESS]
    finding = ngettext(
        "%(num)s person waits past the target", "%(num)s people wait past the target", late
    ) if late else gettext("Nobody waits past the target")  # fmt: skip
    note = gettext("Not called yet, by how late they are")
    return bars_of(
        finding, note, (gettext("Late by"), gettext("Requests"), gettext("Share")), parts, gettext("All"), link
    )


def windows(report: Report, link: Link) -> Bars:
    """Times that visitors asked for: a promise of another kind."""
    wishes, share = report.whole.wishes, report.whole.wished
    kinds = ((Kept.KEPT, ""), (Kept.BROKEN, "l"), (Kept.PENDING, "h"))
    parts = [(words.wish(kept), wishes.get(kept, 0), kind, f"kind.window,wish.{kept.value}") for kept, kind in kinds]
    finding = gettext("%(part)s of %(whole)s requested times were kept", part=share.part, whole=share.whole)
    note = gettext("Called inside the time the visitor asked for")
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
    )  # fmt: skip
    note = gettext("Everybody counted, by the try that reached them")
    return bars_of(finding, note, (gettext("Try"), gettext("Requests"), gettext("Share")), parts, gettext("All"), link)


def waiting_split(whole: Figures) -> Share:
    """Of the time people waited for the first call: seconds before anybody had taken the request."""
    unassigned = min(whole.unassigned_seconds, whole.called_seconds)
    return Share(unassigned, whole.called_seconds)


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
    shut = report.while_closed.counted
    percent = Share(shut, report.whole.counted).percent
    finding = gettext("No requests in this period") if percent is None else gettext(
        "%(n)s of 100 requests arrive while we are closed", n=percent
    )  # fmt: skip
    rows = tuple(Line(days[day], tuple(Cell(cell.text, cell.href) for cell in cells[day])) for day in range(7))
    tall = [[is_open[day][hour] for day in range(7)] for hour in range(_DAY)]
    key = tuple(str(step) for step in _steps(most))
    return Heat(
        finding, reading_note(reading), days, names, cells, edges(is_open), edges(tall), key,
        Table(finding, (gettext("Day"), *names), rows),
    )  # fmt: skip


def reading_note(reading: str) -> str:
    """What the numbers in the cells are."""
    return {
        "target": gettext("Percent called in target by hour of arrival, site time. Inside the dark line we are open."),
        "people": gettext("About how many people the calls of an hour need, if somebody calls three quarters of it."),
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
        said = f"{where}: {words.share(share)}"
    if reading == "people" and n:
        text = str(people_needed(n, weekdays_in(report.asked.period, day), target.minutes_per_call))
        said = gettext("%(where)s: about %(n)s on the phone", where=where, n=text)
    shade = 0 if not n else min(1 + (n - 1) * 5 // most, 5)
    return HeatCell(text, shade, link(f"kind.counted,hour.{day * _DAY + hour}") if n else None, said)


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
