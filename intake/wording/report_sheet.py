"""A request as a line of the report's sheet: what a spreadsheet adds up to the figures of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from intake.queries.report_lists import Fact
from intake.rules.bands import Clock
from intake.rules.counting import AGREEING, PROMISED, Kept, Kind
from intake.rules.workflow import ClosedReason
from intake.wording import figures, languages, names
from intake.wording.times import iso
from intake.wording.translation import gettext


def heads(*, with_contact: bool) -> list[str]:
    """The first line. Times are ISO 8601 with the office's offset; minutes are rounded up."""
    found = [
        gettext("Reference"), gettext("Episode"), gettext("Received"), gettext("Counted as"),
        gettext("Target"), gettext("In target"), gettext("Promised by"), gettext("Promise"), gettext("Requested time"),
        gettext("Agreed later"), gettext("First call"), gettext("First call by"), gettext("Opening minutes"),
        gettext("Opening minutes until"), gettext("All minutes"), gettext("All minutes until"), gettext("Spoken to"),
        gettext("Reached by"), gettext("Tries"), gettext("Outcome"), gettext("Page"), gettext("Language"),
        gettext("For whom"), gettext("Came by"),
    ]  # fmt: skip
    return found + ([gettext("Name"), gettext("Phone")] if with_contact else [])


def writer(zone: str, *, with_contact: bool) -> Callable[[Fact], list[object]]:
    """Writes the line of each: what is not told of this kind of request stays empty; nothing is told twice.

    Words are looked up once for the whole sheet: for each line anew that took half of its time.
    """
    at, current = _instant(zone), gettext("current")
    say = cache(lambda how, word: str(how(word)))

    def cells(one: Fact) -> list[object]:
        is_counted, is_promised = one.kind is Kind.COUNTED, one.kind in PROMISED
        episode: object = one.number + 1 if one.is_earlier else current
        told: list[object] = [
            one.reference, episode, at(one.received_at), say(figures.kind, one.kind),
            at(one.target_at) if one.is_speed else "", say(figures.state, one.state) if is_counted else "",
            at(one.promised_by_at) if is_promised else "", say(figures.kept, one.kept) if is_promised else "",
            say(figures.wish, one.wish) if one.kind is Kind.WINDOW else "",
            say(figures.wish, one.agreed) if one.kind in AGREEING and one.agreed is not Kept.NONE else "",
            at(one.first_attempt_at), one.first_by,
        ]  # fmt: skip
        for clock in Clock:
            told += [one.minutes[clock], say(figures.end, one.ends[clock])]
        told += [
            at(one.reached_at), say(figures.reach, one.reach) if is_counted else "", one.tries,
            say(_outcome, one.closed_reason), one.source, say(languages.language, one.language),
            say(names.for_whom, one.for_whom) if one.for_whom else "", say(names.channel, one.channel),
        ]  # fmt: skip
        return told + ([one.name, one.phone] if with_contact else [])

    return cells


def _outcome(reason: ClosedReason | None) -> str:
    return names.closed_reason(reason) if reason else gettext("open")


def _instant(zone: str) -> Callable[[datetime | None], str]:
    place = ZoneInfo(zone)
    return lambda at: iso(at.astimezone(place)) if at else ""
