"""What the form says about now: open or closed, the times to choose from, and until when that stays true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from babel.dates import format_date

from intake.queries.calendar import Calendar
from intake.rules import windows
from intake.rules.hours import Schedule, local_date
from intake.rules.promise import within_minutes
from intake.rules.windows import Window
from intake.wording import times
from intake.wording.translation import gettext as _
from intake.wording.translation import language, ngettext

QUARTER_SECONDS = 900
MINUTES_TOLD = 90
"""A longer wait is told in hours."""
SAME_STRETCH = timedelta(hours=18)
"""A closing time further off than this is not "today" in anybody's mind."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's windows as (form value, words)."""

    title: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """The part of the form that changes with the clock; right until ``valid_until`` (UTC, exclusive).

    ``is_open`` is None where nobody can say: our own line is then named without "to talk now".
    """

    is_open: bool | None
    state: str
    intro: str
    asap_hint: str
    zone: str
    days: tuple[Day, ...]
    valid_until: datetime


def offer(
    calendar: Calendar, zone: str, now: datetime, chosen: Window | None = None, *, ahead: int | None = None
) -> Offer:
    """What to say and offer at ``now``; ``chosen`` is shown too, although it may not be offered to others any more.

    ``ahead``: how many wait to be called first. None where a page tells a promise of its own.
    """
    hours = calendar.hours
    is_open = hours.is_open(now)
    intro, asap_hint = _how_soon(calendar, now, ahead) if is_open else _once_open()
    found = set(windows.offered(calendar.callable_hours(), zone, now)) | ({chosen} if chosen else set())
    return Offer(
        is_open=is_open,
        state=_state(hours, zone, now),
        intro=intro,
        asap_hint=asap_hint,
        zone=times.zone_words(zone, now),
        days=_days(sorted(found), zone, now),
        valid_until=_valid_until(hours, now),
    )


def without_calendar(zone: str, now: datetime) -> Offer:
    """What can be said when the opening hours cannot be read: a call, and no promise about its time."""
    return Offer(
        is_open=None,
        state="",
        intro="",
        asap_hint=_("When we are open"),
        zone=times.zone_words(zone, now),
        days=(),
        valid_until=now,
    )


def _how_soon(calendar: Calendar, now: datetime, ahead: int | None) -> tuple[str, str]:
    """While open: never sooner than what whoever asks now is promised on the next page."""
    if ahead is None:
        return "", ""
    target, schedule = calendar.target, calendar.callable_hours()
    most = within_minutes(now, schedule=schedule, target=target, backlog=ahead)
    if most is None:
        return _("The next page says by when we call."), _("The next page says by when")
    span = _span(most)
    hint = _("We call within %(time)s", time=span)
    if most > (within_minutes(now, schedule=schedule, target=target, backlog=0) or 0):
        return _("If you ask now, we call within %(time)s.", time=span), hint
    return _("We aim to call within %(aim)s, and within %(time)s at most.", aim=_span(target.minutes), time=span), hint


def _span(minutes: int) -> str:
    """ "30 minutes", and from an hour and a half on in whole hours, rounded up."""
    if minutes <= MINUTES_TOLD:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes)
    return ngettext("%(num)s hour", "%(num)s hours", -(-minutes // 60))


def _once_open() -> tuple[str, str]:
    return _("If you ask now, we call you after we open. The next page says by when."), _("After we open")


def _state(hours: Schedule, zone: str, now: datetime) -> str:
    if hours.is_open(now):
        return _state_open(hours.closing(now), zone, now)
    opens_at = hours.next_opening(now)
    if opens_at is None:
        return _("We are closed now")
    day = times.day_words(opens_at, zone, now)
    words = {"day": day, "time": times.clock(opens_at, zone), "zone": times.zone_words(zone, opens_at)}
    if "," in day:
        return _("We are closed now. We open %(day)s, at %(time)s %(zone)s", **words)
    return _("We are closed now. We open %(day)s at %(time)s %(zone)s", **words)


def _state_open(closes_at: datetime | None, zone: str, now: datetime) -> str:
    if closes_at is None:
        return _("We are open now, day and night")
    if closes_at - now > SAME_STRETCH:
        return _("We are open now")
    words = {"time": times.clock(closes_at, zone), "zone": times.zone_words(zone, closes_at)}
    return _("We are open now, until %(time)s %(zone)s", **words)


def _valid_until(hours: Schedule, now: datetime) -> datetime:
    """The next opening, closing or quarter hour: days and windows turn only on quarters, in every zone of today."""
    seconds = int(now.timestamp())
    quarter = datetime.fromtimestamp(seconds - seconds % QUARTER_SECONDS + QUARTER_SECONDS, UTC)
    edge = hours.closing(now) or hours.next_opening(now)
    return min(quarter, edge) if edge and edge > now else quarter


def _days(found: Iterable[Window], zone: str, now: datetime) -> tuple[Day, ...]:
    by_day = groupby(found, key=lambda window: local_date(window.from_at, zone))
    return tuple(Day(*_day(list(group), zone, now)) for _day_on, group in by_day)


def _day(group: list[Window], zone: str, now: datetime) -> tuple[str, tuple[tuple[str, str], ...]]:
    return day_title(group[0].from_at, zone, now), tuple((window.value, span_words(window, zone)) for window in group)


def day_title(at: datetime, zone: str, now: datetime) -> str:
    """ "Today, Sunday", "Tomorrow, Monday", "Tuesday"."""
    day = local_date(at, zone)
    if day == local_date(now, zone):
        return _("Today, %(weekday)s", weekday=format_date(day, "EEEE", locale=language()))
    return times.capitalised(times.day_words(at, zone, now))


def span_words(window: Window, zone: str) -> str:
    """ "8 am to noon"."""
    return _("%(start)s to %(end)s", start=times.clock(window.from_at, zone), end=times.clock(window.until_at, zone))
