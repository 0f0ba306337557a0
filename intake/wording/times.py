"""Instants, windows, promises and durations in words, as visitors and staff read them.

All words are as within a sentence, "today", "overdue 12 min"; ``capitalised`` makes them those at its start.

Every function takes aware instants (UTC in practice) and an IANA zone name; none reads the clock.
The clock, the day and the zone come from here only, so that a page, a mail and the queue never disagree.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name

from intake.wording.translation import gettext, language, ngettext

NBSP = "\u00a0"
_DAYS_NAMED_BY_WEEKDAY = 7
_AMERICAN = ("America/", "US/", "Pacific/Honolulu")
_SHORT_BY_ABBREVIATION = {
    "EST": "ET", "EDT": "ET", "CST": "CT", "CDT": "CT", "MST": "MT", "MDT": "MT", "PST": "PT", "PDT": "PT",
    "AKST": "AKT", "AKDT": "AKT", "HST": "HT", "HDT": "HT", "AST": "AT", "ADT": "AT", "NST": "NT", "NDT": "NT",
}  # fmt: skip
# These share an abbreviation with zones that change their clocks, and do not change theirs.
_NO_SUMMER_TIME = {"America/Phoenix": "MST", "US/Arizona": "MST"}


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(_zone(zone))


def capitalised(text: str) -> str:
    """The same words at the start of a sentence: "today, Sunday" → "Today, Sunday"; other letters stay as they are."""
    return text[:1].upper() + text[1:]


def clock(at: datetime, zone: str) -> str:
    """The time of day, "3:15 pm", "8 am", "noon", "midnight"; a no-break space keeps it on one line."""
    local = _local(at, zone)
    if local.minute == 0 and local.hour in (0, 12):
        return gettext("noon") if local.hour else gettext("midnight")
    number = str(local.hour % 12 or 12) + (f":{local.minute:02}" if local.minute else "")
    pattern = gettext("%(time)s am", time=number) if local.hour < 12 else gettext("%(time)s pm", time=number)
    return pattern.replace(" ", NBSP)


def _american_zone(zone: str, at: datetime) -> str | None:
    """The everyday short name of a North American zone, or None for the rest of the world."""
    if zone in _NO_SUMMER_TIME:
        return _NO_SUMMER_TIME[zone]
    return _SHORT_BY_ABBREVIATION.get(_local(at, zone).strftime("%Z")) if zone.startswith(_AMERICAN) else None


def zone_words(zone: str, at: datetime) -> str:
    """The zone as a visitor calls it: "Eastern"."""
    names = {
        "ET": gettext("Eastern"), "CT": gettext("Central"), "MT": gettext("Mountain"), "PT": gettext("Pacific"),
        "AKT": gettext("Alaska"), "HT": gettext("Hawaii"), "AT": gettext("Atlantic"), "NT": gettext("Newfoundland"),
        "MST": gettext("Arizona"),
    }  # fmt: skip
    short = _american_zone(zone, at)
    return names[short] if short else _world_zone(zone, language())


@lru_cache(maxsize=512)
def _world_zone(zone: str, wanted: str) -> str:
    if "/" not in zone or zone.startswith("Etc/"):
        return zone.removeprefix("Etc/")
    name = get_timezone_name(_zone(zone), width="long", zone_variant="generic", locale=wanted)
    if "(" in name:
        return gettext("%(city)s time", city=zone.rpartition("/")[2].replace("_", " "))
    return name.removesuffix(" Time")


def zone_short(zone: str, at: datetime) -> str:
    """The zone as staff read it: "ET"; outside North America the abbreviation then in force."""
    return _american_zone(zone, at) or _abbreviation(at, zone)


def _abbreviation(at: datetime, zone: str) -> str:
    """The one in force at that instant."""
    short = _local(at, zone).strftime("%Z")
    return f"UTC{short}" if short[0] in "+-" else short


def _weekday(day: date) -> str:
    return format_date(day, "EEEE", locale=language())


def _date(day: date, today: date) -> str:
    """ "12 Oct", with the year when it is another one."""
    return format_date(day, "d MMM" if day.year == today.year else "d MMM y", locale=language())


def _day(day: date, today: date) -> str:
    ahead = (day - today).days
    if ahead == 0:
        return gettext("today")
    if ahead == 1:
        return gettext("tomorrow, %(weekday)s", weekday=_weekday(day))
    if 1 < ahead < _DAYS_NAMED_BY_WEEKDAY:
        return _weekday(day)
    return f"{format_date(day, 'EEE', locale=language())} {_date(day, today)}"


def day_words(at: datetime, zone: str, now: datetime) -> str:
    """The day: "today", "tomorrow, Monday", "Thursday" within a week, else "Thu 26 Nov"."""
    return _day(_local(at, zone).date(), _local(now, zone).date())


def day_and_time(at: datetime, zone: str, now: datetime) -> str:
    """A time ahead: "today 5:30 pm ET", "tomorrow, Monday, 9 am ET"."""
    day, time = day_words(at, zone, now), f"{clock(at, zone)} {zone_short(zone, at)}"
    return f"{day}, {time}" if "," in day else f"{day} {time}"


def promise_words(promised_by_at: datetime, zone: str, now: datetime) -> str:
    """By when we call: "today before 3:15 pm Eastern", "tomorrow, Monday, before noon Eastern".

    A promise that ends at midnight belongs to the day before it: "today before midnight".
    """
    last_moment = promised_by_at - timedelta(microseconds=1)
    day = day_words(last_moment, zone, now)
    words = {"day": day, "time": clock(promised_by_at, zone), "zone": zone_words(zone, promised_by_at)}
    if "," in day:
        return gettext("%(day)s, before %(time)s %(zone)s", **words)
    return gettext("%(day)s before %(time)s %(zone)s", **words)


def by_words(due_at: datetime, zone: str, now: datetime) -> str:
    """A due time in a sentence: "10:15 am Eastern" today, "Monday 8:15 am Eastern" later, "Thu 26 Nov 8 am Eastern"."""
    day, today = _local(due_at, zone).date(), _local(now, zone).date()
    time = f"{clock(due_at, zone)} {zone_words(zone, due_at)}"
    if day == today:
        return time
    return f"{_weekday(day) if (day - today).days == 1 else _day(day, today)} {time}"


def window_words(from_at: datetime, until_at: datetime, zone: str, now: datetime) -> str:
    """A window to be called in: "today, Sunday, 2 pm to 5 pm", "tomorrow, Monday, 9 am to noon"."""
    day = day_words(from_at, zone, now)
    local = _local(from_at, zone).date()
    if local == _local(now, zone).date():
        day = gettext("today, %(weekday)s", weekday=_weekday(local))
    return gettext("%(day)s, %(start)s to %(end)s", day=day, start=clock(from_at, zone), end=clock(until_at, zone))


def moment(at: datetime, zone: str, now: datetime) -> str:
    """A point in time for staff: "2:52 pm ET" today, "Sat 2:52 pm ET" within a week, else "12 Oct 2:52 pm ET"."""
    return f"{_short_day(at, zone, now)}{clock(at, zone)} {zone_short(zone, at)}"


def short_window(from_at: datetime, until_at: datetime, zone: str, now: datetime) -> str:
    """A window beside such moments, its day told as theirs: "4 pm–5 pm ET", "Sat 9 am–noon ET"."""
    ends = f"{clock(from_at, zone)}–{clock(until_at, zone)}"
    return f"{_short_day(from_at, zone, now)}{ends} {zone_short(zone, from_at)}"


def _short_day(at: datetime, zone: str, now: datetime) -> str:
    """The day before a time, with a blank: nothing today, "Sat " within a week, else "12 Oct "."""
    day, today = _local(at, zone).date(), _local(now, zone).date()
    if day == today:
        return ""
    if abs((day - today).days) < _DAYS_NAMED_BY_WEEKDAY:
        return f"{format_date(day, 'EEE', locale=language())} "
    return f"{_date(day, today)} "


def full_day(at: datetime, zone: str, now: datetime | None = None) -> str:
    """The day on paper, which is read on another one: "Sat 28 Nov", with the year when it is not that of ``now``."""
    day = _local(at, zone).date()
    is_plain = now is not None and day.year == _local(now, zone).year
    return str(format_date(day, "EEE d MMM" if is_plain else "EEE d MMM y", locale=language()))


def full(at: datetime, zone: str, now: datetime | None = None) -> str:
    """A point in time on paper: "Sat 28 Nov 2:52 pm ET", with the year when it is not that of ``now``."""
    return f"{full_day(at, zone, now)} {clock(at, zone)}{NBSP}{zone_short(zone, at)}"


def full_window(from_at: datetime, until_at: datetime, zone: str, now: datetime) -> str:
    """A window on paper: "Sat 28 Nov, 9 am to noon ET"."""
    ends = {"start": clock(from_at, zone), "end": clock(until_at, zone)}
    words = gettext("%(day)s, %(start)s to %(end)s", day=full_day(from_at, zone, now), **ends)
    return f"{words}{NBSP}{zone_short(zone, from_at)}"


def exact(at: datetime, zone: str) -> str:
    """To the second, with its day: "17 Nov 2026 2:58:04 pm ET"; "EDT" or "EST" in the hour that comes twice a year."""
    local = _local(at, zone)
    number = f"{local.hour % 12 or 12}:{local:%M:%S}"
    clock_words = gettext("%(time)s am", time=number) if local.hour < 12 else gettext("%(time)s pm", time=number)
    is_twice = local.replace(fold=0).utcoffset() > local.replace(fold=1).utcoffset()  # type: ignore[operator]
    words = f"{clock_words} {_abbreviation(at, zone) if is_twice else zone_short(zone, at)}"
    return f"{format_date(local.date(), 'd MMM y', locale=language())} {words.replace(' ', NBSP)}"


def duration(seconds: float) -> str:
    """A length of time, cut to its two largest parts: "12 min", "3 h 5 min", "2 days 4 h"; never negative."""
    minutes = max(0, int(seconds)) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        whole = ngettext("%(num)s day", "%(num)s days", days)
        return f"{whole} {gettext('%(hours)s h', hours=hours)}" if hours else whole
    if hours:
        whole = gettext("%(hours)s h", hours=hours)
        return f"{whole} {gettext('%(minutes)s min', minutes=rest)}" if rest else whole
    return gettext("%(minutes)s min", minutes=rest)


def waited(seconds: float) -> str:
    """How long somebody has waited, rounded up to minutes as in the reports: "within 15 minutes" says just that."""
    return duration(math.ceil(max(0.0, seconds) / 60) * 60)


def ago(since: datetime, now: datetime) -> str:
    """How long ago, to the second within a minute: "8 s", "12 min"; empty within the same second."""
    seconds = int((now - since).total_seconds())
    if seconds < 1:
        return ""
    return gettext("%(seconds)s s", seconds=seconds) if seconds < 60 else duration(seconds)


def due_words(due_at: datetime, zone: str, now: datetime) -> str:
    """What the queue says about a due time: "overdue 12 min", "due in 3 min" within the hour, else "5:15 pm ET"."""
    left = (due_at - now).total_seconds()
    if -60 < left < 60:
        return gettext("due now")
    if left < 0:
        return gettext("overdue %(duration)s", duration=duration(-left))
    if left < 3600:
        return gettext("due in %(duration)s", duration=duration(left))
    return moment(due_at, zone, now)


def iso(at: datetime) -> str:
    """For ``<time datetime>``: ISO 8601 with its offset, to the second."""
    return at.isoformat(timespec="seconds")


def wait_words(until: datetime, now: datetime) -> str:
    """How long to wait after too many tries, rounded up to minutes."""
    minutes = max(1, math.ceil((until - now) / timedelta(minutes=1)))
    one = "Too many tries. Please wait %(num)s minute, then try again."
    many = "Too many tries. Please wait %(num)s minutes, then try again."
    return ngettext(one, many, minutes)
