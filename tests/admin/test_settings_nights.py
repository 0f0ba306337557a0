"""Nights that run into the next day's hours are refused at their field, also where a special day is one of the two."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from flask import Flask

from intake.models import CalendarVersion
from intake.rules.hours import OpeningHours, Span
from intake.services import settings
from intake.services.settings import SpecialDay
from tests.admin.desk import Desk, words
from tests.making import count
from tests.points import point

HOURS, DAYS = "/admin/settings/hours", "/admin/settings/holidays"
THANKSGIVING = "2026-11-26"
EVENINGS = (Span(20 * 60, 26 * 60),)
"""From 8 pm to 2 am."""


def keep_hours(app: Flask, ada: Desk, now: datetime, week: tuple[tuple[Span, ...], ...]) -> None:
    hours = OpeningHours("America/New_York", week)
    settings.change_hours(app.extensions["intake"], ada.actor, hours, seen=None, words="", now=now)  # type: ignore[arg-type]


def named(html: str, field: str) -> bool:
    """Whether the summary leads to the field and the field says that it is at fault."""
    tag = re.findall(rf'<input[^>]*id="f-{field}"[^>]*>', html)
    return f'href="#f-{field}"' in html and 'aria-invalid="true"' in tag[0] and f'{field}-e"' in tag[0]


@point(76)
@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        (("01:00", "05:00"), "day_0", "Must start after the night of Wed 25 Nov 2026 ends"),
        (("10:00", "21:00"), "day_0", ""),
        (("21:00", "20:30"), "day_0", "Must end before the hours of Fri 27 Nov 2026 begin"),
        (("02:00", "20:00"), "day_0", ""),
    ],
)
def test_a_special_day_lies_between_the_night_before_and_the_day_after(
    app: Flask, ada: Desk, now: datetime, given: tuple[str, str], field: str, said: str
) -> None:
    keep_hours(app, ada, now, (EVENINGS,) * 7)
    ada.get(DAYS)
    answer = ada.post(DAYS, date=THANKSGIVING, day_0_from=given[0], day_0_until=given[1])
    assert (answer.status_code, count(CalendarVersion)) == ((422, 1) if said else (303, 2))
    if said:
        html = answer.get_data(as_text=True)
        assert said in words(html) and named(html, field)
        assert re.search(rf'name="day_0_from"[^>]*value="{given[0]}"', html)


@point(76)
@pytest.mark.parametrize(
    ("special", "evening", "field", "said"),
    [
        (Span(60, 300), "02:00", "d2_0", "Must end before Thu 26 Nov 2026 begins"),
        (Span(60, 300), "01:00", "", ""),
        (Span(1260, 2700), "00:00", "d4_0", "Must start after the night of Thu 26 Nov 2026 ends"),
    ],
)
def test_a_week_whose_nights_run_into_a_special_day_ahead_is_refused(
    app: Flask, ada: Desk, now: datetime, special: Span, evening: str, field: str, said: str
) -> None:
    keep_hours(app, ada, now, ((Span(12 * 60, 20 * 60),),) * 7)
    day = SpecialDay(date.fromisoformat(THANKSGIVING), (special,))
    settings.change_days(app.extensions["intake"], ada.actor, [day], seen=None, words="", now=now)  # type: ignore[arg-type]
    ada.get(HOURS)
    week = {f"d{n}_0_{edge}": time for n in range(7) for edge, time in (("from", "18:00"), ("until", evening))}
    answer = ada.post(HOURS, zone="America/New_York", **week, version=str(count(CalendarVersion)), do="save")
    assert answer.status_code == (422 if said else 303)
    if said:
        html = answer.get_data(as_text=True)
        assert said in words(html) and named(html, field) and count(CalendarVersion) == 2
