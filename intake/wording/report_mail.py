"""A report in words for a mail, from the figures that were kept of it: lines under headings, and nobody's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from intake.models.reports import Way
from intake.queries.kept_report import Given
from intake.queries.report import Figures
from intake.rules.bands import BANDS, Clock
from intake.rules.counting import APART, LEFT_OUT, MISSED, End, Kept, Kind, Reach, State, Tries
from intake.rules.shares import FEW_FOR_A_TAIL, FEW_IN_A_SPLIT, Share
from intake.wording import figures as words
from intake.wording import times
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands under it."""

    title: str
    lines: tuple[str, ...]


def subject(given: Given) -> str:
    """Says the days and nothing else."""
    if given.way is Way.MONTH:
        return gettext("Report of the month: %(days)s", days=words.days(given.asked.period))
    return gettext("Report of the week: %(days)s", days=words.days(given.asked.period))


def opening(given: Given, zone: str) -> str:
    """Which days, by whose clock, and when they were looked at."""
    return gettext(
        "Callback requests received %(days)s (%(zone)s), as they stood on %(at)s.",
        days=words.days(given.asked.period), zone=zone.replace("_", " "), at=times.full(given.made_at, zone),
    )  # fmt: skip


def sections(given: Given) -> tuple[Section, ...]:
    """Promises first: they are what visitors were told. Without a single request it says so."""
    whole = given.whole
    if not any(whole.kinds.values()):
        nothing = gettext("There was no request on these days.")
        return (Section(gettext("At a glance"), (nothing, _held_against(given))),)
    found = [Section(gettext("At a glance"), _glance(given)), Section(gettext("What is counted"), _counted(given))]
    found.append(Section(gettext("In target by week of arrival"), _weeks(given)))
    if whole.counted:
        found.append(Section(words.clock_note(given.asked.clock), _bands(whole)))
        found += (
            Section(gettext("When they arrived"), _arrivals(given)),
            Section(_waiting_by_age(given), _ages(given)),
            Section(gettext("By the try that reached them"), _tries(whole)),
            Section(gettext("Calls made to each request"), _calls_made(whole)),
            Section(gettext("While people waited for the first call"), _split(whole)),
            Section(gettext("By page the request came from"), _sources(given)),
        )
    return tuple(one for one in found if one.lines)


def _glance(given: Given) -> tuple[str, ...]:
    whole, before = given.whole, given.before
    n, n_before = whole.waits.number, before.waits.number
    said = words.n_of_waits(n, whole.counted, whole.ends.get(End.CLOSED, 0))
    half = words.wait_change(whole.half, before.half, n, n_before)
    slowest = words.wait_change(whole.nine_tenths, before.nine_tenths, n, n_before, fewest=FEW_FOR_A_TAIL)
    target = gettext("Called in target (%(percent)s %% at the end)", percent=given.target_percent)
    if given.target_minutes is not None:
        target = gettext(
            "Called within %(minutes)s opening minutes (target %(percent)s %%)",
            minutes=given.target_minutes, percent=given.target_percent,
        )  # fmt: skip
    lines = (
        _share(gettext("Promises kept"), whole.promises, before.promises),
        _share(target, whole.in_target, before.in_target),
        _wait(gettext("Half were called within"), words.within(whole.half, n), said, half),
        _wait(
            gettext("9 of 10 were called within"),
            words.nine_tenths(whole.nine_tenths, n),
            gettext("n = %(n)s", n=n),
            slowest,
        ),
        _share(gettext("Reached"), whole.were_reached, before.were_reached),
        _waiting(given),
        _came_before(given),
        _times(gettext("Requested times kept"), whole.wishes, whole.wished, before.wished),
        _times(gettext("Times agreed later kept"), whole.agreed, whole.times_agreed, before.times_agreed),
    )
    return tuple(line for line in lines if line)


def _share(title: str, now: Share, before: Share) -> str:
    """ "Reached: 80 % (8 of 10), likely 49 to 95 %, 4 points better than before"."""
    told = words.interval(now)
    likely = gettext("likely %(range)s", range=told) if told else ""
    return f"{title}: {_joined(words.share(now), likely, words.share_change(now, before))}"


def _wait(title: str, wait: str, n: str, change: str) -> str:
    """People still waiting are among the n."""
    return f"{title}: {_joined(wait, n, change)}"


def _waiting(given: Given) -> str:
    title = gettext("Not called yet")
    if given.oldest_at is None:
        return f"{title}: {gettext('nobody')}"
    told = _past(given.whole.states.get(State.OVERDUE, 0))
    wait = times.waited((given.made_at - given.oldest_at).total_seconds())
    oldest = gettext("the oldest has waited %(wait)s by day and night", wait=wait)
    return f"{title}: {_joined(str(given.waiting), told, oldest)}"


def _past(late: int) -> str:
    return ngettext("%(num)s past the target", "%(num)s past the target", late) if late else ""


def _came_before(given: Given) -> str:
    """Empty where nobody waits who came before these days."""
    told = given.came_before
    if told.oldest_at is None:
        return ""
    wait = times.waited((given.made_at - told.oldest_at).total_seconds())
    oldest = gettext("the oldest has waited %(wait)s by day and night", wait=wait)
    return f"{gettext('Still waiting from before these days')}: {_joined(str(told.n), oldest)}"


def _times(title: str, times: Mapping[Kept, int], now: Share, before: Share) -> str:
    """Empty where there was none."""
    if not sum(times.values()):
        return ""
    ahead = times.get(Kept.PENDING, 0)
    told = _share(title, now, before)
    return _joined(told, f"{ahead} {words.wish(Kept.PENDING)}") if ahead else told


def _counted(given: Given) -> tuple[str, ...]:
    kinds = given.whole.kinds
    apart, left_out = (_kinds(given.whole, which) for which in (APART, LEFT_OUT))
    counted = ngettext("%(num)s request counted", "%(num)s requests counted", kinds.get(Kind.COUNTED, 0))
    lines = (
        counted,
        gettext("Told apart: %(which)s", which=apart) if apart else "",
        gettext("Not counted: %(which)s", which=left_out) if left_out else "",
        _held_against(given),
    )
    return tuple(line for line in lines if line)


def _kinds(whole: Figures, which: tuple[Kind, ...]) -> str:
    return ", ".join(f"{whole.kinds[kind]} {words.kind(kind)}" for kind in which if whole.kinds.get(kind))


def _held_against(given: Given) -> str:
    days = words.days(given.asked.period.before())
    return gettext("Before: %(days)s, %(n)s counted", days=days, n=given.before.counted)


def _bands(whole: Figures) -> tuple[str, ...]:
    """Everybody counted is in one of these."""
    parts = [(words.band(band), whole.bands.get(band, 0)) for band in BANDS]
    parts += [(words.end(end), whole.ends.get(end, 0)) for end in (End.CLOSED, End.WAITING, End.LEFT, End.NEVER)]
    return tuple(f"{title}: {n} ({words.percent(Share(n, whole.counted))})" for title, n in parts)


def _arrivals(given: Given) -> tuple[str, ...]:
    """By weekday, with the fullest hour; and how those fared who came while the office was open, or was not."""
    if not given.hours:
        return ()
    days = Counter({day: sum(n for hour, n in given.hours.items() if hour // 24 == day) for day in range(7)})
    hour, n = max(given.hours.items(), key=lambda one: (one[1], -one[0]))
    parts = (gettext("While we were open"), given.while_open), (gettext("While we were closed"), given.while_closed)
    return (
        *(_part(title, told) for title, told in parts),
        ", ".join(f"{name}: {days[day]}" for day, name in enumerate(words.weekdays())),
        gettext("Most in one hour: %(hour)s, %(n)s", hour=words.hour_of_week(*divmod(hour, 24)), n=n),
    )


def _part(title: str, told: Figures) -> str:
    """ "k3: 12, in target 82 % (9 of 11)"; of too few no share is told."""
    n, share = told.counted, told.in_target
    if not share.whole:
        return f"{title}: {n}"
    return f"{title}: {_joined(str(n), gettext('in target: %(share)s', share=words.share_of_part(share)))}"


def _waiting_by_age(given: Given) -> str:
    is_open = given.asked.clock is Clock.OPEN
    return gettext("Not called yet, by opening hours") if is_open else gettext("Not called yet, by day and night")


def _ages(given: Given) -> tuple[str, ...]:
    """Who waited, by how long so far."""
    return tuple(f"{words.band(band)}: {_joined(str(n), _past(late))}" for band, (n, late) in given.ages.items())


def _tries(whole: Figures) -> tuple[str, ...]:
    """Everybody counted is in one of these."""
    told = ((words.reach(reach), whole.reached.get(reach, 0)) for reach in Reach)
    return tuple(f"{title}: {n} ({words.percent(Share(n, whole.counted))})" for title, n in told)


def _calls_made(whole: Figures) -> tuple[str, ...]:
    """Likewise; nothing of a report that was kept before it was told."""
    parts = (
        (gettext("reached"), whole.tries_reached), (gettext("open"), whole.tries_open),
        (gettext("never reached"), whole.tries_never),
    )  # fmt: skip
    found = []
    for made in Tries:
        counts = [(title, told.get(made, 0)) for title, told in parts]
        each = ", ".join(f"{n} {title}" for title, n in counts if n)
        found += [f"{words.tries(made)}: {sum(n for _, n in counts)} ({each})"] if each else []
    return tuple(found)


def _split(whole: Figures) -> tuple[str, ...]:
    share = whole.unassigned
    if not share.whole:
        return ()
    rest = Share(share.whole - share.part, share.whole)
    parts = (gettext("nobody had taken the request"), share), (gettext("somebody had"), rest)
    return tuple(f"{title}: {times.duration(one.part)} ({words.percent(one)})" for title, one in parts)


def _sources(given: Given) -> tuple[str, ...]:
    """Pages go by code, so that none names a treatment.

    Whoever sends the form may write any code, so one that few requests came with is not told: it may be a number.
    """
    named = [(source, told) for source, told in given.sources if not source or told.counted >= FEW_IN_A_SPLIT]
    others = given.whole.counted - sum(told.counted for _, told in named)
    lines = [
        _joined(
            _part(source or gettext("no code"), told),
            gettext("reached: %(share)s", share=words.share_of_part(told.were_reached)),
            gettext("booked: %(n)s", n=told.booked),
        )
        for source, told in named
    ]
    return (*lines, *([gettext("other pages: %(n)s", n=others)] if given.sources and others else []))


def _weeks(given: Given) -> tuple[str, ...]:
    """From the first on that tells of anybody."""
    begun = next((number for number, (_, states) in enumerate(given.weeks) if states), len(given.weeks))
    return tuple(_week(given, number) for number in range(begun, len(given.weeks)))


def _week(given: Given, number: int) -> str:
    """A week that the period ends in is told as far as it goes."""
    week, states = given.weeks[number]
    met, missed = states.get(State.MET, 0), sum(states.get(state, 0) for state in MISSED)
    share, last = Share(met, met + missed), given.asked.period.last_on
    told = gettext("too few (n = %(n)s)", n=share.whole) if share.whole and share.is_few else words.share(share)
    day = words.day(week.first_on, last)
    if week.last_on > last:
        until = words.day(last, last)
        return gettext("Week from %(day)s, as far as %(last)s: %(share)s", day=day, last=until, share=told)
    return gettext("Week from %(day)s: %(share)s", day=day, share=told)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
