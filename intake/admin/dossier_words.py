"""A dossier in words: what the visitor sent, what was promised by which hours, and how each run of the clock went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.admin import settings_words
from intake.admin.dossier_story import replaced, wait_ended
from intake.admin.moments import Clock
from intake.admin.request_words import Fact, more_words
from intake.queries.calendar import Version
from intake.queries.casefile import CaseFile, TimelineEntry
from intake.queries.dossier import FirstSent, Run
from intake.rules.counting import Kept
from intake.rules.hours import local_date
from intake.rules.promise import PromiseKind
from intake.rules.workflow import Channel, Disposition
from intake.wording import figures, languages, names, numbers, times
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Account:
    """One run of the clock: what was promised, and what came of it."""

    title: str
    promise: list[Fact]
    outcome: list[Fact]


def sent(case: CaseFile, first: FirstSent, run: Run, clock: Clock, *, with_contact: bool) -> list[Fact]:
    """What the visitor sent, as it was then. Names, numbers and their own words for whoever may see them."""
    open_to_all = [
        Fact(_came(case), clock.stamp(run.received_at).words),
        Fact(gettext("Language"), languages.language(case.language)),
        Fact(gettext("Page"), case.source or gettext("no code")),
        Fact(gettext("Where on the site"), case.source_path) if case.source_path else None,
        Fact(gettext("For"), names.for_whom_of_visitor(case.for_whom)) if case.for_whom else None,
        Fact(gettext("When to call"), _wish(first, run, clock)),
        Fact(gettext("If they miss the call"), names.voicemail_choice(first.voicemail)),
        _agreed(case),
    ]
    personal = _personal(case, first, clock) if with_contact else ()
    return [fact for fact in (*open_to_all, *personal) if fact is not None]


def _came(case: CaseFile) -> str:
    if case.channel is Channel.WEB:
        return gettext("Sent")
    return gettext("Told to us (%(way)s)", way=names.channel(case.channel))


def _wish(first: FirstSent, run: Run, clock: Clock) -> str:
    if first.is_free_time:
        return gettext("At a time in their own words")
    if not first.is_window:
        return gettext("As soon as possible")
    if first.window is None:
        return gettext("In a time that ended %(moment)s", moment=clock.stamp(run.promised_by_at).words)
    words = times.window_words(first.window.from_at, first.window.until_at, clock.zone, clock.now)
    return f"{words} {times.zone_short(clock.zone, first.window.from_at)}"


def _agreed(case: CaseFile) -> Fact:
    if case.channel is not Channel.WEB:
        return Fact(gettext("Agreed to"), gettext("be called; they asked aloud, no wording was shown"))
    if case.consent_version is None:
        return Fact(gettext("Agreed to"), gettext("no wording is on record"))
    words = gettext("be called, wording v%(version)s, as it was shown:", version=case.consent_version)
    return Fact(gettext("Agreed to"), words, "wording", case.consent_text)


def _personal(case: CaseFile, first: FirstSent, clock: Clock) -> list[Fact | None]:
    if not case.phone_e164:
        return [Fact(gettext("Name and number"), gettext("emptied, see below"))]
    number = numbers.national(first.number or case.phone_e164)
    ext = gettext("ext. %(number)s", number=case.extension) if case.extension and not first.number else ""
    return [
        Fact(gettext("Name"), case.name, "said"),
        Fact(gettext("Number"), f"{number} {ext}".strip()),
        Fact(gettext("Typed as"), case.typed, "said") if not first.number else None,
        Fact(gettext("Email"), case.email or gettext("none given")),
        Fact(gettext("Time wished"), case.preferred_note, "said") if case.preferred_note else None,
        Fact(gettext("Their words"), case.message, "said") if case.message else None,
        *more_words(case, clock, is_named=True),
        _crisis(case),
    ]


def _crisis(case: CaseFile) -> Fact | None:
    if case.crisis_at is None:
        return None
    if case.said is Disposition.CRISIS:
        return Fact(gettext("In crisis"), names.disposition(Disposition.CRISIS))
    return Fact(gettext("Possible crisis"), gettext("Feared from what they wrote or said: due at once."))


def accounts(
    runs: tuple[Run, ...],
    versions: Mapping[int, Version],
    entries: Iterable[TimelineEntry],
    clock: Clock,
    now: datetime,
) -> list[Account]:
    """Each run of the clock, the first one first; ``entries`` tell of promises that were replaced."""
    return [_account(run, versions.get(run.calendar_id or 0), replaced(run, entries), clock, now) for run in runs]


def _account(
    run: Run, version: Version | None, before: list[tuple[datetime, datetime]], clock: Clock, now: datetime
) -> Account:
    return Account(_title(run), _promise(run, version, before, clock), _outcome(run, clock, now))


def _title(run: Run) -> str:
    if run.number == 0:
        return gettext("The promise, and what came of it")
    return gettext("Opened again (%(number)s): the promise, and what came of it", number=run.number)


def _promise(run: Run, version: Version | None, before: list[tuple[datetime, datetime]], clock: Clock) -> list[Fact]:
    arrived = gettext("while we were open") if run.is_open_arrival else gettext("while we were closed")
    found = [
        Fact(gettext("The clock began"), f"{clock.stamp(run.received_at).words}, {arrived}"),
        Fact(gettext("Promised to the visitor"), _told(run, before, clock)),
        Fact(gettext("Our target"), f"{clock.stamp(run.target_at).words} ({_kind(run, version)})"),
    ]
    if version is not None:
        found += _hours(run, version, clock)
    if run.promise_kind is PromiseKind.SPEED and run.is_promised:
        words = gettext("How many were ahead is not kept; the time told to the visitor allows for them.")
        found.append(Fact(gettext("People ahead"), words))
    return found


def _told(run: Run, before: list[tuple[datetime, datetime]], clock: Clock) -> str:
    """Each time that was told to them, the first one first."""
    if not run.is_promised:
        return gettext("no time")
    told = [
        gettext(
            "before %(moment)s, until that was changed %(changed)s",
            moment=clock.stamp(promised).words,
            changed=clock.stamp(changed_at).words,
        )
        for promised, changed_at in before
    ]
    told.append(gettext("before %(moment)s", moment=clock.stamp(run.told_by_at or run.promised_by_at).words))
    if _is_joined_sooner(run):
        moment = clock.stamp(run.promised_by_at).words
        told.append(gettext("in a request joined to it, before %(moment)s: that one counts", moment=moment))
    return "; ".join(told)


def _is_joined_sooner(run: Run) -> bool:
    """Another one of theirs, joined to it, was promised a sooner call: by that one it is called and measured."""
    return run.told_by_at not in (None, run.promised_by_at)


def _kind(run: Run, version: Version | None) -> str:
    if run.promise_kind is not PromiseKind.SPEED and _is_joined_sooner(run):
        return gettext("that of the request joined to it")
    if run.promise_kind is PromiseKind.WINDOW:
        return gettext("the end of the time they asked for")
    if run.promise_kind is PromiseKind.OWN_WORDS:
        return gettext("a time in their own words: the end of the next open day")
    if version is None:
        return gettext("a first call as soon as possible")
    minutes = version.calendar.target.minutes
    return ngettext("%(num)s opening minute", "%(num)s opening minutes", minutes)


def _hours(run: Run, version: Version, clock: Clock) -> list[Fact]:
    hours = version.calendar.hours
    day = local_date(run.received_at, hours.zone)
    words = {"moment": clock.stamp(version.created_at).words, "person": version.author or gettext("The service")}
    week = ", ".join(
        f"{settings_words.weekday(index)} {settings_words.day_words(spans)}" for index, spans in enumerate(hours.weekly)
    )
    saved = gettext("Saved %(moment)s by %(person)s.", **words)
    zone = gettext("Time zone: %(zone)s.", zone=hours.zone.replace("_", " "))
    that_day = {"day": settings_words.date_words(day), "hours": settings_words.day_words(hours.spans(day))}
    return [
        Fact(gettext("Opening hours that day"), gettext("%(day)s: %(hours)s", **that_day)),
        Fact(gettext("Opening hours in force"), f"{week}. {zone} {saved}"),
    ]


def _outcome(run: Run, clock: Clock, now: datetime) -> list[Fact]:
    found = [
        Fact(gettext("First call"), _first_call(run, clock)),
        _waited(run),
        Fact(gettext("Promise"), _kept(run, run.is_promise_kept, run.promised_by_at, now)) if run.is_promised else None,
        Fact(gettext("Target"), _kept(run, run.is_met, run.target_at, now)) if run.is_promised else None,
        Fact(gettext("The time asked for"), gettext("kept") if run.is_window_kept else gettext("missed"))
        if run.is_window_kept is not None
        else None,
        Fact(gettext("Times agreed later"), figures.wish(run.agreed)) if run.agreed is not Kept.NONE else None,
        Fact(gettext("Reached"), _reached(run, clock)),
        Fact(gettext("Tries"), str(run.attempt_count)),
        _unassigned(run),
        Fact(gettext("Ended"), _ended(run, clock)),
        Fact(gettext("In reports"), gettext("left out since %(moment)s", moment=clock.stamp(run.uncounted_at).words))
        if run.uncounted_at
        else None,
    ]
    return [fact for fact in found if fact is not None]


def _first_call(run: Run, clock: Clock) -> str:
    if run.first_attempt_at is None:
        return gettext("they called us first") if run.is_preempted else gettext("none")
    words = {"moment": clock.stamp(run.first_attempt_at).words, "person": run.first_attempt_by}
    return gettext("%(moment)s by %(person)s", **words)


def _waited(run: Run) -> Fact | None:
    """Both clocks, to the first call or to the end of a wait without one."""
    is_called = run.all_seconds is not None and not run.is_preempted
    opened, whole = (
        (run.open_seconds, run.all_seconds) if is_called else (run.waited_open_seconds, run.waited_all_seconds)
    )
    if opened is None or whole is None:
        return None
    lengths = {"opened": times.waited(opened), "whole": times.waited(whole)}
    words = gettext("%(opened)s of opening time, %(whole)s in all", **lengths)
    return Fact(gettext("Waited for it") if is_called else gettext("Waited without a call"), words)


def _kept(run: Run, is_kept: bool | None, by: datetime, now: datetime) -> str:
    """As the first call decided it; without one, as the end of the wait did."""
    ended_at = wait_ended(run, now)
    if is_kept is False or (is_kept is None and ended_at > by):
        return gettext("missed")
    if is_kept:
        return gettext("kept")
    if run.is_preempted:
        return gettext("not missed, they called us before")
    return gettext("not due yet") if run.closed_at is None else gettext("not missed, it ended before")


def _reached(run: Run, clock: Clock) -> str:
    if run.reached_at is None:
        return gettext("never")
    at = clock.stamp(run.reached_at).words
    if not run.reach_tries:
        return gettext("%(moment)s, when they called us", moment=at) if run.reach_tries == 0 else at
    return gettext("%(moment)s, at try %(number)s", moment=at, number=run.reach_tries)


def _unassigned(run: Run) -> Fact | None:
    if run.unassigned_seconds is None:
        return None
    return Fact(gettext("Before anybody took it"), times.waited(run.unassigned_seconds))


def _ended(run: Run, clock: Clock) -> str:
    if run.closed_at is None:
        return gettext("not yet")
    reason = names.closed_reason(run.closed_reason) if run.closed_reason else ""
    return f"{clock.stamp(run.closed_at).words}: {reason}" if reason else clock.stamp(run.closed_at).words
