"""Figures of a report in words: shares with their n and range, waits that may not be over, better and worse."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date

from intake.rules.bands import Band, Clock
from intake.rules.counting import End, Kept, Kind, Reach, State, Tries
from intake.rules.periods import Period, Preset
from intake.rules.shares import FEW_FOR_A_TAIL, FEW_IN_A_SPLIT, Share
from intake.rules.survival import Quantile
from intake.wording.times import duration
from intake.wording.translation import gettext, language, lazy_gettext, ngettext

_PRESET = {
    Preset.TODAY: lazy_gettext("Today"),
    Preset.YESTERDAY: lazy_gettext("Yesterday"),
    Preset.DAYS_7: lazy_gettext("Last 7 days"),
    Preset.DAYS_28: lazy_gettext("Last 28 days"),
    Preset.DAYS_91: lazy_gettext("Last 13 weeks"),
    Preset.THIS_MONTH: lazy_gettext("This month"),
    Preset.LAST_MONTH: lazy_gettext("Last month"),
    Preset.DAYS_364: lazy_gettext("Last 52 weeks"),
}
_KIND = {
    Kind.COUNTED: lazy_gettext("counted"),
    Kind.WINDOW: lazy_gettext("with a requested time"),
    Kind.OWN_WORDS: lazy_gettext("with a time in their own words"),
    Kind.WITHDRAWN: lazy_gettext("cancelled before due"),
    Kind.PREEMPTED: lazy_gettext("called us before due"),
    Kind.SPAM: lazy_gettext("spam"),
    Kind.TEST: lazy_gettext("test"),
    Kind.DUPLICATE: lazy_gettext("duplicate"),
    Kind.SUPPRESSED: lazy_gettext("not to be called"),
    Kind.BY_HAND: lazy_gettext("added by hand"),
    Kind.IMPORTED: lazy_gettext("imported"),
}
_STATE = {
    State.MET: lazy_gettext("called in target"),
    State.LATE: lazy_gettext("called late"),
    State.OVERDUE: lazy_gettext("waiting past the target"),
    State.UNCALLED: lazy_gettext("ended without a call"),
    State.CALLED_US: lazy_gettext("called us after the target"),
    State.PENDING: lazy_gettext("not due yet"),
}
_KEPT = {
    Kept.KEPT: lazy_gettext("promise kept"),
    Kept.BROKEN: lazy_gettext("promise missed"),
    Kept.PENDING: lazy_gettext("promise not due yet"),
    Kept.NONE: lazy_gettext("over before the promised time"),
}
_WISH = {
    Kept.KEPT: lazy_gettext("kept"),
    Kept.BROKEN: lazy_gettext("missed"),
    Kept.PENDING: lazy_gettext("still to come"),
}
_END = {
    End.CALLED: lazy_gettext("called"),
    End.CLOSED: lazy_gettext("while closed"),
    End.LEFT: lazy_gettext("did not wait"),
    End.NEVER: lazy_gettext("never called"),
    End.WAITING: lazy_gettext("not yet"),
}
_REACH = {
    Reach.FIRST: lazy_gettext("1st try"),
    Reach.SECOND: lazy_gettext("2nd"),
    Reach.THIRD: lazy_gettext("3rd"),
    Reach.LATER: lazy_gettext("4th or later"),
    Reach.CALLED_US: lazy_gettext("called us"),
    Reach.TRYING: lazy_gettext("trying still"),
    Reach.NOT_CALLED: lazy_gettext("not called yet"),
    Reach.NEVER: lazy_gettext("never reached"),
}
_BAND = {
    "5": lazy_gettext("0–5 min"),
    "15": lazy_gettext("5–15 min"),
    "60": lazy_gettext("15–60 min"),
    "240": lazy_gettext("1–4 h"),
    "1440": lazy_gettext("4–24 h"),
    "more": lazy_gettext("over 24 h"),
}


def preset(value: Preset) -> str:
    """A period of the list."""
    return str(_PRESET[value])


def kind(value: Kind) -> str:
    """Behind a number: "12 spam"."""
    return str(_KIND[value])


def state(value: State) -> str:
    """Where a counted request stands against its target."""
    return str(_STATE[value])


def kept(value: Kept) -> str:
    """What became of the time told to the visitor."""
    return str(_KEPT[value])


def wish(value: Kept) -> str:
    """What became of a time they asked for, or of those agreed later."""
    return str(_WISH[value])


def end(value: End) -> str:
    """How a wait ended."""
    return str(_END[value])


def reach(value: Reach) -> str:
    """By which try."""
    return str(_REACH[value])


def tries(value: Tries) -> str:
    """How many calls were made to a request."""
    if value is Tries.NONE:
        return gettext("no call")
    if value is Tries.MANY:
        return gettext("%(num)s calls or more", num=value.value)
    return ngettext("%(num)s call", "%(num)s calls", int(value))


def band(value: Band) -> str:
    """How long until the first call."""
    return str(_BAND[value.key])


def day(one: date, today: date) -> str:
    """ "12 Oct", with the year when it is another one."""
    return format_date(one, "d MMM" if one.year == today.year else "d MMM y", locale=language())


def days(period: Period) -> str:
    """ "21 Oct – 17 Nov 2026", a single day "17 Nov 2026"."""
    last = format_date(period.last_on, "d MMM y", locale=language())
    if period.days == 1:
        return last
    is_one_year = period.first_on.year == period.last_on.year
    return f"{format_date(period.first_on, 'd MMM' if is_one_year else 'd MMM y', locale=language())} – {last}"


def minutes(number: int) -> str:
    """A wait: "7 min", "2 h 20 min"."""
    return duration(number * 60)


def percent(share: Share) -> str:
    """ "82 %"; of nobody a dash."""
    return "–" if share.percent is None else f"{share.percent} %"


def percent_of_part(share: Share) -> str:
    """Likewise of a person, a page, a week: "too few" where it would tell of chance."""
    return gettext("too few") if share.is_few else percent(share)


def share(one: Share) -> str:
    """ "82 % (239 of 291)"; of nobody it says so."""
    if one.percent is None:
        return gettext("nobody yet")
    return gettext("%(percent)s %% (%(part)s of %(whole)s)", percent=one.percent, part=one.part, whole=one.whole)


def share_of_part(one: Share) -> str:
    """Likewise of a person, a page, a week."""
    return gettext("too few") if one.is_few else share(one)


def interval(one: Share) -> str:
    """The 95 % range, "77 to 86 %"."""
    if one.interval is None:
        return ""
    return gettext("%(low)s to %(high)s %%", low=one.interval[0], high=one.interval[1])


def within(found: Quantile, n: int, *, fewest: int = 1) -> str:
    """ "7 min", "more than 41 h" where the curve does not get there, "too few" below so many."""
    if n < fewest:
        return gettext("too few")
    if found.within is None:
        return gettext("more than %(wait)s", wait=minutes(found.beyond))
    return minutes(found.within)


def nine_tenths(found: Quantile, n: int) -> str:
    """Likewise for the slowest tenth, which a few people cannot tell of."""
    return within(found, n, fewest=FEW_FOR_A_TAIL)


def n_of_waits(n: int, counted: int, closed: int) -> str:
    """ "n = 15: 14 counted, 2 more who cancelled or called us before due, 1 fewer called while closed".

    ``n`` waits are told, of so many counted; ``closed``: called in no opening time.
    """
    more = n - counted + closed
    told = gettext("n = %(n)s", n=n)
    if not more and not closed:
        return told
    why = (
        gettext("%(n)s counted", n=counted),
        gettext("%(n)s more who cancelled or called us before due", n=more) if more else "",
        gettext("%(n)s fewer called while closed", n=closed) if closed else "",
    )
    return f"{told}: {', '.join(filter(None, why))}"


def share_change(now: Share, before: Share) -> str:
    """ "12 points better than before", with "which may be chance" where it may. Empty where either is of too few."""
    if now.percent is None or before.percent is None or now.is_few or before.is_few:
        return ""
    points = now.percent - before.percent
    if points == 0:
        return gettext("about the same as before")
    if points > 0:
        told = ngettext("%(num)s point better than before", "%(num)s points better than before", points)
    else:
        told = ngettext("%(num)s point worse than before", "%(num)s points worse than before", -points)
    return gettext("%(told)s, which may be chance", told=told) if now.may_equal(before) else told


def wait_change(now: Quantile, before: Quantile, n: int, n_before: int, *, fewest: int = FEW_IN_A_SPLIT) -> str:
    """ "before 9 min, better"; empty where either is of too few."""
    if min(n, n_before) < fewest:
        return ""
    told = within(before, n_before)
    here, there = (float("inf") if one.within is None else one.within for one in (now, before))
    if here == there:
        return gettext("before %(wait)s", wait=told)
    return (
        gettext("before %(wait)s, better", wait=told) if here < there else gettext("before %(wait)s, worse", wait=told)
    )


def clock(value: Clock) -> str:
    """The choice of it."""
    return gettext("Opening hours") if value is Clock.OPEN else gettext("All hours")


def clock_note(value: Clock) -> str:
    """What the minutes of a chart are."""
    if value is Clock.OPEN:
        return gettext("Opening minutes from request to first call, everybody counted")
    return gettext("Minutes by day and night from request to first call, everybody counted")


def weekdays() -> tuple[str, ...]:
    """Monday first, "Mon"."""
    return tuple(format_date(date(2026, 11, 16 + number), "EEE", locale=language()) for number in range(7))


def hours_of_day() -> tuple[str, ...]:
    """ "12 am", "1 am" … "noon" … "11 pm"."""
    return tuple(_hour(number) for number in range(24))


def hour_of_week(weekday: int, hour: int) -> str:
    """ "Mon 9 am to 10 am"."""
    return gettext(
        "%(day)s %(start)s to %(end)s", day=weekdays()[weekday], start=_hour(hour), end=_hour((hour + 1) % 24)
    )


def _hour(number: int) -> str:
    if number == 12:
        return gettext("noon")
    clock_hour = str(number % 12 or 12)
    return gettext("%(time)s am", time=clock_hour) if number < 12 else gettext("%(time)s pm", time=clock_hour)
