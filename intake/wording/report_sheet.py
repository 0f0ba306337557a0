"""A request as a line of the report's sheet: what a spreadsheet adds up to the figures of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.queries.report_lists import Fact
from intake.rules.bands import Clock
from intake.rules.counting import PROMISED, Kind
from intake.wording import figures, languages, names
from intake.wording.times import iso
from intake.wording.translation import gettext


def heads(*, with_contact: bool) -> list[str]:
    """The first line. Times are ISO 8601 with the office's offset; minutes are rounded up."""
    found = [
        gettext("Reference"), gettext("Episode"), gettext("Received"), gettext("Counted as"),
        gettext("Target"), gettext("In target"), gettext("Promised by"), gettext("Promise"), gettext("Requested time"),
        gettext("First call"), gettext("First call by"), gettext("Opening minutes"), gettext("Opening minutes until"),
        gettext("All minutes"), gettext("All minutes until"), gettext("Spoken to"), gettext("Reached by"),
        gettext("Tries"), gettext("Outcome"), gettext("Page"), gettext("Language"), gettext("For whom"),
        gettext("Came by"),
    ]  # fmt: skip
    return found + ([gettext("Name"), gettext("Phone")] if with_contact else [])


def cells(one: Fact, zone: str, *, with_contact: bool) -> list[object]:
    """One line. What is not told of this kind of request stays empty; nothing is told twice."""
    at = _instant(zone)
    is_counted, is_promised = one.kind is Kind.COUNTED, one.kind in PROMISED
    episode: object = one.number + 1 if one.is_earlier else gettext("current")
    told: list[object] = [
        one.reference, episode, at(one.received_at), figures.kind(one.kind),
        at(one.target_at) if one.is_speed else "", figures.state(one.state) if is_counted else "",
        at(one.promised_by_at) if is_promised else "", figures.kept(one.kept) if is_promised else "",
        figures.wish(one.wish) if one.kind is Kind.WINDOW else "", at(one.first_attempt_at), one.first_by,
    ]  # fmt: skip
    for clock in Clock:
        told += [one.minutes[clock], figures.end(one.ends[clock])]
    told += [
        at(one.reached_at), figures.reach(one.reach) if is_counted else "", one.tries,
        names.closed_reason(one.closed_reason) if one.closed_reason else gettext("open"), one.source,
        languages.language(one.language), names.for_whom(one.for_whom) if one.for_whom else "",
        names.channel(one.channel),
    ]  # fmt: skip
    return told + ([one.name, one.phone] if with_contact else [])


def _instant(zone: str) -> Callable[[datetime | None], str]:
    place = ZoneInfo(zone)
    return lambda at: iso(at.astimezone(place)) if at else ""
