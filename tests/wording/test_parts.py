"""Which requests a list shows, in words, for every part there is."""

from __future__ import annotations

from datetime import date

import pytest

from intake.rules.parts import read
from intake.wording import parts

TODAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("", "All requests"),
        ("kind.counted", "All that are counted"),
        ("kind.spam", "Spam"),
        ("kind.counted,state.met", "Called in target"),
        ("state.uncalled,marked.spam,marked.test", "Ended without a call, marked as spam or test"),
        ("week.2026-11-16,judged", "Target met or missed, week from 16 Nov"),
        ("hour.9", "Arrived Mon 9 am to 10 am"),
        ("kept.kept,promised", "Promise kept"),
        ("kind.window,wish.broken", "With a requested time, requested time missed"),
        ("band.60", "Called within 15–60 min"),
        ("person.none", "Called first by nobody"),
        ("age.240", "Not called yet, has waited 1–4 h"),
        ("person.7,reached", "Reached, first call by Dev"),
        ("source.none", "Without a page code"),
        ("beside.w1,beside.none,booked", "Appointment made, other pages than w1, no code"),
        ("reach.2", "Reached at try: 2nd"),
        ("end.closed,arrival.closed", "Called while we were closed, arrived while closed"),
    ],
)
def test_a_part_has_words(of: str, words: str) -> None:
    assert parts.title(read(of), {7: "Dev"}, TODAY).replace("\xa0", " ") == words


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("person.7", "first call by one person"),
        ("kind.counted,beside.w1,beside.k3", "other pages than w1, k3"),
        ("late.60", "not called yet, late by 15–60 min"),
        ("late.none,late.15", "not called yet, not due yet or not called yet, late by up to 15 min"),
        ("arrival.open,late.more", "not called yet, late by over 4 h, arrived while open"),
        ("calls", "calls made"),
        ("moon.1", "one that the reports do not tell any more"),
        ("late.60,moon.1", "not called yet, late by 15–60 min, one that the reports do not tell any more"),
    ],
)
def test_the_record_names_nobody_and_has_words_for_a_figure_that_is_gone(of: str, words: str) -> None:
    assert parts.on_record(of).replace("\xa0", " ") == words
