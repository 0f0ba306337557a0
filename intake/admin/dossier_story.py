"""The story of a dossier: the lines of the timeline in the order of time, what was missed among them, nothing cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from intake.admin import outbox_tries, timeline
from intake.admin.moments import Clock
from intake.admin.timeline import Line, Story
from intake.queries.casefile import Timeline, TimelineEntry
from intake.queries.dossier import Run
from intake.queries.outbox import Try
from intake.rules.limits import LONGEST_CALL
from intake.rules.missed import Miss, What, missed
from intake.rules.workflow import Voicemail
from intake.wording import names
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Told:
    """One line, and what belongs to it: when a call began and by which rule, each try to send a mail."""

    line: Line
    more: tuple[str, ...] = ()


def told(
    page: Timeline, story: Story, runs: Iterable[Run], tries: Mapping[str, tuple[Try, ...]], now: datetime
) -> list[Told]:
    """What happened, the oldest first."""
    lines = reversed(timeline.tell(page.entries, story))
    dated = [(entry.at, _rank(entry), Told(line, _more(entry, story.clock, tries))) for entry, line in lines]
    misses = [miss for run in runs for miss in _missed(run, page.entries, now)]
    dated += [(miss.at, 0, Told(_line(miss, story.clock))) for miss in misses if page.holds(miss.at)]
    late = _undecided(runs, now)
    if late is not None and page.holds(late):
        dated.append((late, 0, Told(_undecided_line(late, story.clock))))
    return [one for _, _, one in sorted(dated, key=lambda each: each[:2])]


def _rank(entry: TimelineEntry) -> int:
    """Of what bears the same instant a deed comes first, then the note written with it, then the mails it set off."""
    return {"note": 2, "mail": 3}.get(entry.kind, 1)


def _more(entry: TimelineEntry, clock: Clock, tries: Mapping[str, tuple[Try, ...]]) -> tuple[str, ...]:
    if entry.kind == "mail":
        return tuple(_try(row) for row in outbox_tries.rows(tries.get(entry.details["public_id"], ()), clock))
    if entry.kind == "attempt" and entry.action != timeline.CORRECTED:
        return tuple(_call(entry, clock))
    reasons = str(entry.details.get("reasons") or "")
    if entry.action == "callback.received" and reasons:
        said = "; ".join(names.spam_reason(code) for code in reasons.split(","))
        return (gettext("It looked odd: %(why)s.", why=said),)
    return ()


def _call(entry: TimelineEntry, clock: Clock) -> Iterable[str]:
    yield gettext("The call began %(moment)s.", moment=clock.stamp(entry.details["started_at"]).words)
    minutes = entry.details.get("minutes_ago")
    if minutes is not None:
        yield ngettext(
            "That it began so is as stated: %(num)s minute before it was logged.",
            "That it began so is as stated: %(num)s minutes before it was logged.",
            minutes,
        )
    against = str(entry.details.get("exception") or "")
    if against and not entry.text:  # with their words the line says it
        yield gettext("Called although: %(rule)s.", rule=names.call_reason(against))
    rule = names.voicemail_choice(Voicemail(entry.details["voicemail_rule"]))
    yield gettext("Their wish about messages at that call: %(rule)s.", rule=rule)


def _try(row: outbox_tries.TryRow) -> str:
    words = {"number": row.number, "moment": row.at.words if row.at else gettext("not known"), "outcome": row.outcome}
    said = gettext("Try %(number)s, %(moment)s: %(outcome)s.", **words)
    answer = gettext("The answer: %(answer)s", answer=row.answer) if row.answer else ""
    following = gettext("Next: %(next)s.", next=row.following) if row.following else ""
    return " ".join(filter(None, (said, answer, following)))


def _missed(run: Run, entries: Iterable[TimelineEntry], now: datetime) -> tuple[Miss, ...]:
    if not run.is_promised:
        return ()
    return missed(
        target_at=run.target_at, promised_by_at=run.promised_by_at, ended_at=wait_ended(run, now),
        replaced=replaced(run, entries),
    )  # fmt: skip


def wait_ended(run: Run, now: datetime) -> datetime:
    """When the wait for a first call was over; a call under way is one, until it counts as forgotten."""
    begun = run.call_started_at
    running = begun if begun and now - begun < LONGEST_CALL else None
    ends = (run.first_attempt_at, run.reached_at, run.closed_at, running, now)
    return min(at for at in ends if at is not None)


def replaced(run: Run, entries: Iterable[TimelineEntry]) -> list[tuple[datetime, datetime]]:
    """Promises of this run that a change took away, each with the instant of the change, in order."""
    found = []
    for entry in sorted(entries, key=lambda one: one.at):
        before = entry.details.get("promised_before")
        if before and run.received_at <= entry.at and (run.closed_at is None or entry.at <= run.closed_at):
            found.append((datetime.fromisoformat(str(before)), entry.at))
    return found


def _line(miss: Miss, clock: Clock) -> Line:
    head, words = {
        What.TARGET: (gettext("Target missed"), gettext("The first call was due by now.")),
        What.PROMISE: (
            gettext("Promise missed"), gettext("Nobody had called by the time that was told to the visitor."),
        ),
        What.BOTH: (
            gettext("Promise and target missed"), gettext("Nobody had called by the time that was promised."),
        ),
        What.EARLIER_PROMISE: (
            gettext("Promise missed"),
            gettext("Nobody had called by the time that was told before the visitor changed their request."),
        ),
    }[miss.what]  # fmt: skip
    return Line("late", "", head, clock.stamp(miss.at), words, is_typed=False, is_bad=True)


def _undecided(runs: Iterable[Run], now: datetime) -> datetime | None:
    """Until when somebody had to decide about it under "Check", if nobody did."""
    for run in runs:
        ends = [at for at in (run.check_decided_at, run.closed_at, now) if at is not None]
        if run.check_by_at is not None and run.check_by_at < min(ends):
            return run.check_by_at
    return None


def _undecided_line(at: datetime, clock: Clock) -> Line:
    words = gettext("Somebody should have looked by now at what lay under “Check”.")
    return Line("late", "", gettext("Decision missed"), clock.stamp(at), words, is_typed=False, is_bad=True)
