"""Opening hours, targets, the law and what became of them, in words; and what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from babel.dates import format_date, get_day_names

from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.rules.calling import callable_hours, calling_key
from intake.rules.calling_law import CallingLaw, Hours, StateHours
from intake.rules.hours import Day, HoursError, HoursProblem, OpeningHours, Span, local_date
from intake.rules.limits import EARLIEST, LATEST
from intake.rules.promise import ResponseTarget
from intake.rules.public_holidays import states, years_without
from intake.wording import times
from intake.wording.translation import LazyString, gettext, language, lazy_gettext, ngettext

_DAY = 1440
_PROBLEMS = {
    HoursProblem.UNKNOWN_ZONE: lazy_gettext("Choose a time zone from the list, like America/New_York"),
    HoursProblem.BAD_TIME: lazy_gettext("Enter times like 08:30"),
    HoursProblem.BAD_DATE: lazy_gettext("Enter a date"),
    HoursProblem.OVERLAP: lazy_gettext("Must start after the hours before it end"),
    HoursProblem.NOT_A_WEEK: lazy_gettext("Enter the hours of seven days"),
    HoursProblem.HALF_RANGE: lazy_gettext("Enter both times: from and to"),
    HoursProblem.SAME_TIME: lazy_gettext(
        "Enter a closing time that is not the opening time. For the whole day: 12:00 am to 12:00 am"
    ),
    HoursProblem.NO_RANGE: lazy_gettext("Enter the opening hours, or choose Closed"),
}
_TARGET = {
    "minutes": lazy_gettext("First call within, opening minutes"),
    "percent": lazy_gettext("For so many requests, percent"),
    "due_soon_minutes": lazy_gettext("Shown as due soon, minutes before"),
    "minutes_per_call": lazy_gettext("Minutes a call takes"),
    "callers_on_duty": lazy_gettext("People who call at the same time"),
    "check_minutes": lazy_gettext("What lies under “Check” looked at within, opening minutes"),
}
"""The fields of a target, as the page and the record call them."""
_CALLING = {
    "attempts": lazy_gettext("Tries in all"),
    "days": lazy_gettext("Over so many days on which calls are possible"),
    "daily": lazy_gettext("At most in 24 hours"),
    "gap_minutes": lazy_gettext("Opening minutes between two tries"),
    "earliest": lazy_gettext("No call before, on their clock"),
    "latest": lazy_gettext("No call after, on their clock"),
    "lease_minutes": lazy_gettext("A claim goes back to the queue after minutes in which nothing happens"),
}
TIMES_OF_DAY = ("earliest", "latest")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different: what it is, what it was, what it is now."""

    label: str
    before: str
    after: str


def problem(error: HoursError, day: str = "") -> str:
    """What is wrong with hours, in words; of a weekday, with its name."""
    said = str(_PROBLEMS[error.problem])
    return gettext("%(day)s: %(problem)s", day=day, problem=said) if day else said


def label(name: str) -> str:
    """What a field of the target or of the calling rules is called."""
    return str((_TARGET | _CALLING)[name])


def goal(target: ResponseTarget) -> str:
    """What is aimed at, in one sentence."""
    return ngettext(
        "The goal: a first call within one opening minute for %(share)s of all requests.",
        "The goal: a first call within %(num)s opening minutes for %(share)s of all requests.",
        target.minutes,
        share=_number("percent", target.percent),
    )


def weekday(index: int) -> str:
    """ "Monday" for 0."""
    return str(get_day_names("wide", "stand-alone", locale=language())[index]).capitalize()


def date_words(day: date) -> str:
    """ "Thu 26 Nov 2026"."""
    return str(format_date(day, "EEE d MMM y", locale=language()))


def span_words(span: Span) -> str:
    """ "8 am to 8 pm", "8 pm to 2 am the next day", "all day"."""
    if (span.start, span.end) == (0, _DAY):
        return gettext("all day")
    words = {"start": clock_words(span.start), "end": clock_words(span.end)}
    if span.end > _DAY:
        return gettext("%(start)s to %(end)s the next day", **words)
    return gettext("%(start)s to %(end)s", **words)


def day_words(day: Day) -> str:
    """A day's ranges, or "closed"."""
    return ", ".join(span_words(span) for span in day) or gettext("closed")


def clock_words(minutes: int) -> str:
    """ "8:30 am", of minutes after midnight."""
    return times.clock(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), "UTC")


def changes(before: Calendar, after: Calendar) -> list[Change]:
    """Everything that is different, in the order of the pages."""
    return [
        *_hours(before.hours, after.hours),
        *_numbers(_TARGET, before.target, after.target),
        *_numbers(_CALLING, before.calling, after.calling),
        *_law(before.law, after.law),
    ]


def looked_at() -> str:
    """Of a version that differs in nothing from the one before it."""
    return gettext("Looked at, and left as it was.")


def sentence(found: list[Change]) -> str:
    """Changes on one line, for the record and for whoever has just saved."""
    parts = (gettext("%(what)s: %(before)s → %(after)s", what=c.label, before=c.before, after=c.after) for c in found)
    return "; ".join(parts)


def _hours(before: OpeningHours, after: OpeningHours) -> list[Change]:
    found = [Change(gettext("Time zone"), before.zone, after.zone)] if before.zone != after.zone else []
    for index, (old, new) in enumerate(zip(before.weekly, after.weekly, strict=True)):
        if old != new:
            found.append(Change(weekday(index), day_words(old), day_words(new)))
    for day in sorted({day for day, _ in (*before.special, *after.special)}):
        old_words, new_words = _special(before, day), _special(after, day)
        if old_words != new_words:
            found.append(Change(date_words(day), old_words, new_words))
    return found


def _special(hours: OpeningHours, day: date) -> str:
    spans, reason = dict(hours.special).get(day), dict(hours.reasons).get(day)
    if spans is None:
        return gettext("usual hours")
    return f"{day_words(spans)} ({reason})" if reason else day_words(spans)


def _numbers(labels: Mapping[str, LazyString], before: object, after: object) -> list[Change]:
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in labels)
    return [Change(label(name), _number(name, old), _number(name, new)) for name, old, new in pairs if old != new]


def state_name(state: str) -> str:
    """ "Texas" for TX."""
    return dict(states()).get(state, state)


def week_words(days: tuple[Hours, ...]) -> str:
    """ "Mon to Sat 9 am to 9 pm, Sun noon to 9 pm"."""
    short = get_day_names("abbreviated", "stand-alone", locale=language())
    runs: list[list[int]] = []
    for index, hours in enumerate(days):
        if runs and days[runs[-1][0]] == hours:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ", ".join(_run_words([str(short[index]) for index in run], days[run[0]]) for run in runs)


def _run_words(names: list[str], hours: Hours) -> str:
    said = span_words(Span(*hours)) if hours else gettext("no calls")
    if len(names) == 7:
        return gettext("every day %(hours)s", hours=said)
    if len(names) == 1:
        return gettext("%(day)s %(hours)s", day=names[0], hours=said)
    return gettext("%(first)s to %(last)s %(hours)s", first=names[0], last=names[-1], hours=said)


def _law(before: CallingLaw, after: CallingLaw) -> list[Change]:
    changed = sorted(state for state, _ in set(before.rows) ^ set(after.rows))
    return [
        Change(state_name(state), _row_words(before.row(state)), _row_words(after.row(state)))
        for state in dict.fromkeys(changed)
    ]


def _row_words(row: StateHours | None) -> str:
    if row is None:
        return gettext("as everywhere")
    hours = week_words(row.days)
    return gettext("%(hours)s (%(source)s, %(checked)s)", hours=hours, source=row.source, checked=checked_words(row))


def checked_words(row: StateHours) -> str:
    """When somebody last read a row where it is written, if anybody has."""
    if row.checked_on is None:
        return gettext("not checked yet")
    return gettext("checked %(day)s", day=date_words(row.checked_on))


def _number(name: str, value: int) -> str:
    if name == "percent":
        return f"{value}{times.NBSP}%"
    return clock_words(value) if name in TIMES_OF_DAY else str(value)


def warnings(site: Site, calendar: Calendar, now: datetime) -> list[str]:
    """What may be meant and is more likely a mistake; nothing here is refused."""
    hours, minutes = calendar.hours, calendar.target.minutes
    if hours.next_opening(now) is None:
        return [gettext("You are never open: every request is due 72 hours after it came.")]
    if callable_hours(hours, calling_key((site.time_zone,)), calendar.calling, calendar.law).next_opening(now) is None:
        return [gettext("You are open only when the law allows no call: every request is due 72 hours after it came.")]
    found = []
    if any(_is_unlawful(span) for day in hours.weekly for span in day):
        found.append(gettext("You are open before 8 am or after 9 pm, when the law allows no call. Whoever asks then is called when it does."))  # fmt: skip  # noqa: E501
    open_days = [(sum(span.end - span.start for span in day), index) for index, day in enumerate(hours.weekly) if day]
    if open_days and min(open_days)[0] < minutes:
        shortest, index = min(open_days)
        words = {"minutes": minutes, "day": weekday(index), "open": shortest}
        found.append(gettext("The target of %(minutes)s minutes is longer than you are open on %(day)s (%(open)s minutes): some requests are due on a later day.", **words))  # fmt: skip  # noqa: E501
    return found


def years_without_holidays(calendar: Calendar, site: Site, now: datetime) -> tuple[int, ...]:
    """The years, this one and from autumn on the next, in which no day has hours of its own."""
    return years_without((day for day, _ in calendar.hours.special), local_date(now, site.time_zone))


def no_holidays(calendar: Calendar, site: Site, now: datetime) -> list[str]:
    """What follows where none are stored, in one sentence."""
    years = years_without_holidays(calendar, site, now)
    if not years:
        return []
    return [gettext("No holidays are stored for %(years)s: on a public holiday visitors are promised a call as on any other day. Closed on some? Store those days under Holidays. Open on all of them? Store one with its usual hours, and this is not said any more.", years=listed(years))]  # fmt: skip  # noqa: E501


def listed(years: tuple[int, ...]) -> str:
    """ "2026 and 2027"."""
    return gettext(" and ").join(map(str, years))


def old_law(calendar: Calendar, site: Site, now: datetime) -> list[str]:
    """The states whose calling hours nobody has looked up yet, and those nobody has for half a year."""
    old = calendar.law.old(local_date(now, site.time_zone))
    said = []
    if never := [state for state in old if _is_unchecked(calendar.law, state)]:
        said.append(gettext("Not checked yet: %(states)s.", states=", ".join(map(state_name, never))))
    if again := [state for state in old if state not in never]:
        names = ", ".join(map(state_name, again))
        said.append(gettext("Checked more than 180 days ago, check again: %(states)s.", states=names))
    if not said:
        return []
    return [" ".join([*said, gettext("Look them up, and save each with today's date.")])]


def _is_unchecked(law: CallingLaw, state: str) -> bool:
    row = law.row(state)
    return row is not None and row.checked_on is None


def _is_unlawful(span: Span) -> bool:
    return span.start < EARLIEST or span.end > LATEST
