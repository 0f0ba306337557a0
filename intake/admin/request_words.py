"""One request in words: what the visitor said, whether to call now, what was promised, and what may be done next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel import Locale
from sqlalchemy import Connection

from intake.admin.moments import Clock, Due, Stamp
from intake.admin.next_tries import Choice, choices
from intake.admin.outcome_form import GROUPS, OFFERED, RETRIES
from intake.admin.queue_rows import against, window_of
from intake.models.site import Site
from intake.queries.calendar import Calendar
from intake.queries.casefile import CaseFile
from intake.rules import calling, spam
from intake.rules.bands import minutes_of
from intake.rules.calling import CallVerdict
from intake.rules.due import awaited, is_before_window
from intake.rules.permissions import Actor, Permission
from intake.rules.promise import on_the_clock
from intake.rules.workflow import (
    CORRECTABLE,
    EFFECTS,
    Channel,
    ClosedReason,
    Disposition,
    Next,
    may_leave_message,
)
from intake.services.calls import proposed_next
from intake.services.claims import is_calling
from intake.wording import names, times
from intake.wording.translation import gettext, language, ngettext

CLOSE_REASONS = (
    ClosedReason.DUPLICATE, ClosedReason.INFORMATION, ClosedReason.APPOINTMENT, ClosedReason.REFERRED,
    ClosedReason.NOT_NOW, ClosedReason.WRONG_NUMBER, ClosedReason.UNREACHABLE, ClosedReason.TEST, ClosedReason.SPAM,
)  # fmt: skip
"""What staff may close with; the others come from the visitor or from a call."""


def close_reasons(actor: Actor) -> tuple[ClosedReason, ...]:
    """What this person may close with: a manager also with a wish not to be called that came in writing, say."""
    return (*CLOSE_REASONS, ClosedReason.DO_NOT_CALL) if actor.may(Permission.ASSIGN) else CLOSE_REASONS


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of "What they told us". ``kind``: plain, said (the visitor's words), wording (long, folded away)."""

    term: str
    words: str
    kind: str = "plain"
    more: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether to call now: the words beside the number, and whether calling needs a reason."""

    is_allowed: bool
    words: str
    opens: str
    may_override: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One outcome as a radio: ``off`` is why it cannot be chosen, ``effect`` what choosing it does."""

    value: str
    key: str
    words: str
    off: str
    effect: str
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What happens next after an outcome, if nothing else is chosen."""

    value: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """Everything the foot of the outcome form offers."""

    proposals: list[Proposal]
    choices: list[Choice]


def verdict(case: CaseFile, calendar: Calendar, clock: Clock) -> CallVerdict:
    """May this person be called now: the same judgement that the service makes when Call is pressed."""
    if case.last_disposition is Disposition.WRONG_NUMBER and not case.is_suppressed:
        return CallVerdict(False, "wrong_number")
    return calling.may_call(
        now=clock.now,
        office=calendar.hours,
        rules=calendar.calling,
        law=calendar.law,
        key=case.calling_key,
        next_at=case.next_at,
        window=awaited(case, clock.now),
        attempts_24h=_within_24h(case, clock),
        is_suppressed=case.is_suppressed,
        received_at=case.received_at,
        is_asap=case.window_from is None and not case.is_free_time and not case.attempts,
    )


def judged(case: CaseFile, calendar: Calendar, clock: Clock) -> Judged:
    """The verdict in words. A number that asked never to be called cannot be overridden."""
    found = verdict(case, calendar, clock)
    if found.is_allowed:
        return Judged(True, _fine_until(found, case, calendar, clock), "", may_override=False)
    opens = ""
    if found.opens_at:
        opens = gettext("%(time)s or later", time=times.capitalised(clock.both(found.opens_at, case.calling_key)))
    return Judged(False, against(found.reason or "", case), opens, may_override=found.reason != "suppressed")


def _fine_until(found: CallVerdict, case: CaseFile, calendar: Calendar, clock: Clock) -> str:
    if found.reason:
        return names.call_reason(found.reason)
    until = calendar.callable_hours(case.calling_key).closing(clock.now)
    if until is None:
        return gettext("fine to call")
    there = clock.there(case.calling_key, until)
    here = clock.stamp(until).words
    return gettext("fine to call until %(time)s", time=there or here)


def zone_note(case: CaseFile) -> str:
    """How sure we are of their time."""
    if not case.calling_key:
        return gettext("their time is not known, ours is taken")
    if not case.is_zone_known:
        return gettext("one of several the number allows")
    return gettext("from the number, not confirmed")


def promised(case: CaseFile, clock: Clock, due: Due) -> str:
    """What was promised, and what became of it: first the word we gave, then our own target; both stay for good."""
    if case.first_attempt_at is not None:
        return " · ".join(part for part in (_promise_kept(case, case.first_attempt_at), _target_met(case)) if part)
    if case.closed_at is not None:
        return gettext("ended without a call")
    if not case.is_promised:
        return gettext("no time was promised")
    by, at = clock.stamp(case.promised_by_at).words, clock.stamp(on_the_clock(case.due_at)).words
    is_said = at in due.at.words
    if (window_of(case) and not is_before_window(case)) or case.is_free_time:
        return "" if is_said else gettext("due %(due)s", due=at)
    if is_said or at == by:
        return gettext("promised before %(by)s", by=by)
    return gettext("due %(due)s, promised before %(by)s", due=at, by=by)


def _promise_kept(case: CaseFile, called_at: datetime) -> str:
    """The word we gave the visitor: a time, or the window they chose (one that was agreed later has its own clock)."""
    if not case.is_promised or case.is_promise_kept is None:
        return ""
    if case.window_from is not None and case.window_from < case.promised_by_at:
        return _window_kept(case)
    if not case.is_promise_kept and called_at <= case.promised_by_at:
        return gettext("Promise missed before another one was made")
    apart = abs((case.promised_by_at - called_at).total_seconds())
    length = times.duration(apart) if apart >= 60 else gettext("less than a minute")
    if case.is_promise_kept:
        return gettext("Promise kept, called %(duration)s before", duration=length)
    return gettext("Promise missed by %(duration)s", duration=length)


def _window_kept(case: CaseFile) -> str:
    if case.is_window_kept is None:
        return gettext("Called before the time they asked for")
    if case.is_window_kept:
        return gettext("Promise kept, called in the time they asked for")
    return gettext("Promise missed, not called in the time they asked for")


def _target_met(case: CaseFile) -> str:
    """The first call against the target, in opening time; whoever chose a time is not measured in minutes."""
    if case.is_met is None or case.open_seconds is None:
        return ""
    verdict = gettext("in target") if case.is_met else gettext("late")
    if case.window_from is not None and case.window_from < case.promised_by_at:
        return gettext("first call: %(verdict)s", verdict=verdict)
    minutes = max(1, minutes_of(case.open_seconds))
    within = ngettext("%(num)s opening minute", "%(num)s opening minutes", minutes)
    if minutes >= 60:
        within = gettext("%(duration)s of opening time", duration=times.waited(case.open_seconds))
    return gettext("first call within %(time)s: %(verdict)s", time=within, verdict=verdict)


def facts(case: CaseFile, clock: Clock) -> list[Fact]:
    """What the visitor told us, in the order it matters on the phone."""
    found = [
        Fact(gettext("When"), _when(case, clock)),
        Fact(gettext("Language"), _language(case.language)),
        Fact(gettext("For"), names.for_whom_of_visitor(case.for_whom)) if case.for_whom else None,
        Fact(gettext("Tries"), gettext("Once only, they asked for that")) if case.is_once_only else None,
        _arrived(case, clock),
        Fact(gettext("Opened again"), clock.stamp(case.received_at).words) if case.reopened_count else None,
        Fact(gettext("Email"), case.email or gettext("none given")),
        _agreed(case),
        Fact(gettext("Time wished"), case.preferred_note, "said") if case.preferred_note else None,
        Fact(gettext("Their words"), case.message, "said") if case.message else None,
        *more_words(case, clock),
    ]
    return [fact for fact in found if fact is not None]


def more_words(case: CaseFile, clock: Clock, *, is_named: bool = False) -> list[Fact]:
    """What they wrote in the requests joined to this one; ``is_named``: with the reference of each."""
    told = []
    for more in case.more_words:
        term = gettext("They also wrote, %(moment)s", moment=clock.stamp(more.at).words)
        told += [Fact(f"{term} ({more.reference})" if is_named else term, text, "said") for text in more.texts]
    if case.has_still_more:
        told.insert(0, Fact(gettext("They also wrote"), gettext("more, in older requests joined to this one")))
    return told


def _when(case: CaseFile, clock: Clock) -> str:
    window = window_of(case)
    if window is not None:
        words = times.capitalised(times.window_words(window[0], window[1], clock.zone, clock.now))
        there = clock.elsewhere(case.calling_key, window[0])
        here = f"{words} {times.zone_short(clock.zone, window[0])}"
        return gettext("%(window)s (begins %(there)s there)", window=here, there=there) if there else here
    return gettext("Another time, see below") if case.is_free_time else gettext("As soon as possible")


def _language(code: str) -> str:
    try:
        return times.capitalised(Locale.parse(code).get_display_name(language()) or code)
    except ValueError:
        return code


def _arrived(case: CaseFile, clock: Clock) -> Fact:
    """When it was sent first, or told to one of us and how."""
    at = clock.stamp(case.first_sent_at).words
    if case.channel is not Channel.WEB:
        return Fact(gettext("Rang"), gettext("%(moment)s (%(way)s)", moment=at, way=names.channel(case.channel)))
    page = " ".join(part for part in (case.source, case.source_path) if part)
    return Fact(gettext("Sent"), gettext("%(moment)s, from page %(page)s", moment=at, page=page) if page else at)


def _agreed(case: CaseFile) -> Fact | None:
    if case.channel is not Channel.WEB:
        return Fact(gettext("Agreed to"), gettext("be called; they asked aloud, no wording was shown"))
    if case.consent_version is None:
        return None
    words = gettext("be called, wording v%(version)s", version=case.consent_version)
    return Fact(gettext("Agreed to"), words, "wording", case.consent_text or "")


def outcomes(case: CaseFile) -> list[tuple[str, list[Option]]]:
    """The radios by group, with what each does."""
    heads = (gettext("Spoke with them"), gettext("Not reached"), gettext("Serious"))
    return [
        (head, [_option(disposition, case) for disposition in group]) for head, group in zip(heads, GROUPS, strict=True)
    ]


def _option(disposition: Disposition, case: CaseFile) -> Option:
    key, words = EFFECTS[disposition].key, names.disposition(disposition)
    is_grave = disposition in GROUPS[-1]
    return Option(disposition.value, key, words, _off(disposition, case), _follows(disposition, case), is_grave)


def _off(disposition: Disposition, case: CaseFile) -> str:
    if case.closed_at is not None and disposition is Disposition.SPOKE_CALL_AGAIN:
        return gettext("they cancelled")
    return "" if may_leave_message(disposition, case.voicemail) else gettext("not allowed")


def _follows(disposition: Disposition, case: CaseFile) -> str:
    """Which part of the foot belongs to an outcome; after a cancellation hardly anything follows."""
    if disposition is Disposition.DO_NOT_CALL:
        return "never"
    if case.closed_at is not None and disposition is not Disposition.CRISIS:
        return "ended"
    effect = EFFECTS[disposition]
    if effect.next is Next.MAIL_OR_CLOSE:
        return "mail" if case.email else "close"
    if disposition is Disposition.INBOUND_REACHED:
        return "either"
    return "retry" if disposition in RETRIES else effect.next.value


def next_step(conn: Connection, site: Site, case: CaseFile, calendar: Calendar, clock: Clock) -> NextStep:
    """When to try again: proposed by outcome, with which try that makes it, and other good times."""
    tries, untold = _counted(case, calendar, clock)
    proposals = [
        Proposal(
            retry.value,
            names.disposition(retry),
            f"{_proposed(conn, site, case, retry, calendar, clock)} {tries if EFFECTS[retry].is_attempt else untold}",
        )
        for retry in RETRIES
    ]
    return NextStep(proposals, choices(calendar.callable_hours(case.calling_key), clock, case.calling_key))


def _counted(case: CaseFile, calendar: Calendar, clock: Clock) -> tuple[str, str]:
    """Which try this call was, and what to say where it was none: then the next one is."""
    number, most = case.attempt_count + 1, calendar.calling.most(case.is_once_only)
    today, daily = _within_24h(case, clock) + 1, calendar.calling.daily
    said = {"number": number, "most": most, "today": today, "daily": daily}
    return (
        gettext("This is try %(number)s of %(most)s, %(today)s of %(daily)s in 24 hours.", **said),
        gettext(
            "This is no try: the next call is try %(number)s of %(most)s, %(today)s of %(daily)s in 24 hours.", **said
        ),
    )


def _proposed(
    conn: Connection, site: Site, case: CaseFile, disposition: Disposition, calendar: Calendar, clock: Clock
) -> str:
    if EFFECTS[disposition].next is Next.NOW:
        return gettext("Proposed: now, on another line.")
    at = proposed_next(conn, site, case, disposition, calendar=calendar, now=clock.now)
    if at is None:
        return gettext("This was the last try: the request is closed as not reached.")
    return gettext("Proposed: %(time)s.", time=clock.both(at, case.calling_key))


def _within_24h(case: CaseFile, clock: Clock) -> int:
    made = (*case.earlier_attempts, *case.attempts)
    return sum(1 for at in made if clock.now - at < timedelta(hours=24))


def since(at: datetime | None, clock: Clock) -> Stamp | None:
    """When the call under way began."""
    return clock.stamp(at) if at else None


def may_be_spam(case: CaseFile, now: datetime) -> bool:
    """Whether one press may close it as spam."""
    was_called = case.last_disposition is not None or bool(case.attempts or case.earlier_attempts)
    return spam.against_marking(is_calling=is_calling(case, now), was_called=was_called) is None


def suspicions(reasons: Iterable[str]) -> list[str]:
    """Why it looks like spam, in words."""
    return [names.spam_reason(reason) for reason in reasons if reason]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The last outcome, for whoever may correct it: which attempt, what it says, what may stand instead."""

    attempt: int
    outcome: str
    choices: list[tuple[str, str]]


def wrong(case: CaseFile, actor: Actor) -> Wrong | None:
    """None when there is no outcome to correct here, or it is somebody else's."""
    last = case.last_disposition
    if case.last_logged_id is None or last in (None, Disposition.DO_NOT_CALL) or not actor.may(Permission.WORK):
        return None
    is_free = case.assignee_id in (None, actor.user_id)
    if not actor.may(Permission.ASSIGN) and not (is_free and case.last_logged_by_id == actor.user_id):
        return None
    rule = case.last_logged_rule or case.voicemail  # as it was at that call
    choices = [
        (one.value, names.disposition(one))
        for one in OFFERED
        if one in CORRECTABLE and one is not last and may_leave_message(one, rule)
    ]
    return Wrong(case.last_logged_id, names.disposition(last), choices)
