"""Reading what staff typed about a call: clean values for the service, or words beside each field that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from intake.rules.workflow import EFFECTS, Disposition, Next
from intake.services.calls import Outcome
from intake.wording.cleaning import lines, one_line
from intake.wording.translation import gettext

LONGEST_NOTE = 4000
LONGEST_REASON = 500
MOST_MINUTES_AGO = 720
FARTHEST_AHEAD = timedelta(days=90)

GROUPS = (
    (Disposition.SPOKE_APPOINTMENT, Disposition.SPOKE_INFORMATION, Disposition.SPOKE_CALL_AGAIN,
     Disposition.SPOKE_REFERRED, Disposition.SPOKE_NOT_NOW, Disposition.INBOUND_REACHED),
    (Disposition.NO_ANSWER, Disposition.LEFT_MESSAGE, Disposition.BUSY,
     Disposition.WRONG_NUMBER, Disposition.SOMEONE_ELSE, Disposition.LINE_FAILED),
    (Disposition.CRISIS, Disposition.DO_NOT_CALL),
)  # fmt: skip
"""The outcomes as the page groups them: spoke with them, not reached, serious."""

OFFERED = tuple(disposition for group in GROUPS for disposition in group)
RETRIES = tuple(disposition for disposition in OFFERED if EFFECTS[disposition].next in (Next.RETRY, Next.NOW))
ASKS = tuple(disposition for disposition in OFFERED if EFFECTS[disposition].next is Next.ASK)


@dataclass
class Typed:
    """A form as it came: kept as typed, so that it can be shown again, with an error for each field at fault."""

    values: Mapping[str, str]
    zone: str
    now: datetime
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """One field on one line, without what nobody can see."""
        return one_line(self.values.get(name))

    def prose(self, name: str) -> str:
        """A field of several lines, cleaned likewise."""
        return lines(self.values.get(name))

    def local(self, name: str, day: str, time: str) -> datetime | None:
        """A date and a time of the office's clock as an instant ahead of us; None with an error noted otherwise."""
        try:
            wall = datetime.fromisoformat(f"{day}T{time}")
        except ValueError:
            self.errors[name] = gettext("Enter a date and a time")
            return None
        if wall.tzinfo is not None:
            self.errors[name] = gettext("Enter a date and a time")
            return None
        return self.ahead(name, wall.replace(tzinfo=ZoneInfo(self.zone)))

    def ahead(self, name: str, at: datetime) -> datetime | None:
        """An instant that lies ahead, but not absurdly far."""
        if at <= self.now:
            self.errors[name] = gettext("That time has passed. Choose a later one")
        elif at - self.now > FARTHEST_AHEAD:
            self.errors[name] = gettext("Choose a time within the next 90 days")
        else:
            return at.astimezone(UTC)
        return None


def read_outcome(typed: Typed) -> Outcome | None:
    """The outcome of a call, or None with the errors noted in ``typed``."""
    disposition = _disposition(typed)
    note = read_note(typed, "note")
    minutes_ago = _minutes_ago(typed)
    next_at = _next_try(typed) if disposition in RETRIES else None
    agreed_from, agreed_until = _agreed_for(disposition, typed)
    is_confirmed = typed.text("confirm") == "yes"
    if disposition is Disposition.DO_NOT_CALL and not is_confirmed:
        typed.errors["confirm"] = gettext("Tick this too: it stops every call to this number")
    if typed.errors or disposition is None:
        return None
    return Outcome(
        disposition,
        note=note,
        next_at=next_at,
        minutes_ago=minutes_ago,
        agreed_from=agreed_from,
        agreed_until=agreed_until,
        is_confirmed=is_confirmed,
        is_settled=typed.text("after") == "close",
        override_reason=typed.text("why")[:LONGEST_REASON],
    )


def read_version(typed: Typed) -> int | None:
    """Which version of the request the page was made from; None if the form does not say."""
    return read_id(typed, "version")


def read_id(typed: Typed, name: str) -> int | None:
    """A number that the page itself put into the form; None if it is none."""
    text = typed.text(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def read_note(typed: Typed, name: str, *, is_needed: bool = False) -> str:
    """A note, as long as a note may be."""
    text = typed.prose(name)
    if len(text) > LONGEST_NOTE:
        typed.errors[name] = gettext("Note must be %(most)s characters or fewer", most=LONGEST_NOTE)
    elif is_needed and not text:
        typed.errors[name] = gettext("Write a note first")
    return text


def read_agreed(typed: Typed, *, is_needed: bool = True) -> tuple[datetime | None, datetime | None]:
    """The day and the hours agreed with the visitor; without an end the service says how long it lasts."""
    day, start, end = typed.text("agreed_day"), typed.text("agreed_from"), typed.text("agreed_until")
    if not is_needed and not (day or start or end):
        return None, None
    if not (day and start):
        typed.errors["agreed"] = gettext("Enter the day and the time you agreed on")
        return None, None
    from_at = typed.local("agreed", day, start)
    until_at = typed.local("agreed", day, end) if end and from_at else None
    if from_at and until_at and until_at <= from_at:
        typed.errors["agreed"] = gettext("The end must be later than the start")
    return from_at, until_at


def _disposition(typed: Typed) -> Disposition | None:
    chosen = typed.text("outcome")
    if chosen not in {disposition.value for disposition in OFFERED}:
        typed.errors["outcome"] = gettext("Choose what happened")
        return None
    return Disposition(chosen)


def _agreed_for(disposition: Disposition | None, typed: Typed) -> tuple[datetime | None, datetime | None]:
    """Somebody who asked for another call named a time; somebody who called us may have."""
    if disposition not in ASKS:
        return None, None
    after = typed.text("after") if disposition is Disposition.INBOUND_REACHED else "again"
    agreed = read_agreed(typed, is_needed=after == "again")
    if after == "close" and agreed[0]:
        typed.errors["after"] = gettext("You entered a time: choose that we call again, or clear it")
    return agreed


def _minutes_ago(typed: Typed) -> int | None:
    text = typed.text("minutes_ago")
    if not text:
        return None
    if len(text) > 4 or not text.isascii() or not text.isdigit() or int(text) > MOST_MINUTES_AGO:
        typed.errors["minutes_ago"] = gettext("Enter whole minutes from 0 to %(most)s", most=MOST_MINUTES_AGO)
        return None
    return int(text)


def _next_try(typed: Typed) -> datetime | None:
    """When to try next: None leaves it to the proposal."""
    chosen, day, time = typed.text("next_try"), typed.text("next_day"), typed.text("next_time")
    if chosen == "other" or ((day or time) and not chosen):
        return typed.local("next_try", day, time)
    if not chosen:
        return None
    try:
        at = datetime.fromisoformat(chosen)
    except ValueError:
        at = typed.now
    return typed.ahead("next_try", at if at.tzinfo else at.replace(tzinfo=UTC))
