"""Words of somebody who may be in danger, in two languages and any spelling; and words that only look alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from intake.rules.crisis import Crisis, crisis_of, is_crisis, outlasts
from intake.rules.workflow import Disposition, Status

NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "I want to kill myself", "thinking about SUICIDE", "I'm suicidal", "i dont want to live anymore",
        "I don’t want to be alive", "I want to die", "my son says he wants to die", "ending my life tonight",
        "she took too many pills", "he is overdosing", "Overdose now, please help", "I just overdosed",
        "he’s not breathing", "I could hurt   myself", "better off dead", "I can't go on", "ｓｕｉｃｉｄｅ",
        "Quiero morir", "pienso en el suicidio", "quiero matarme", "me quiero quitar la vida", "no quiero vivir más",
        "voy a acabar con mi vida", "tengo miedo de hacerme daño", "mi hijo no respira", "tomé una sobredosis",
    ],
)  # fmt: skip
def test_words_of_a_crisis_are_seen(text: str) -> None:
    assert is_crisis("", text)


@pytest.mark.parametrize(
    "text",
    [
        "", "after 2 please", "I am dying to hear from you", "this pain is killing me", "my husband died last year",
        "he overdosed years ago and is well", "I want to live better", "please call my cell", "kill some time until 5",
        "homicide detective here, about a job", "llámeme después de las cinco", "quiero vivir mejor",
        "me muero de ganas", "la vida es bella", "end of my lifeguard shift", "I want to diet",
    ],
)  # fmt: skip
def test_other_words_are_not(text: str) -> None:
    assert not is_crisis(text)


def test_a_very_long_note_is_read_quickly_by_construction() -> None:
    assert not is_crisis("no want to " * 5000)


@pytest.mark.parametrize("said", [None, *Disposition])
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("crisis_at", [None, NOON])
def test_a_call_makes_sure_of_it_words_let_it_be_feared_and_what_was_closed_is_none(
    status: Status, crisis_at: datetime | None, said: Disposition | None
) -> None:
    row = SimpleNamespace(status=status, crisis_at=crisis_at, reached_at=said and NOON + timedelta(minutes=5))
    open_one = Crisis.CERTAIN if said is Disposition.CRISIS else Crisis.POSSIBLE
    is_calmed = status is Status.WITHDRAWN and said not in (None, Disposition.CRISIS)
    is_none = crisis_at is None or status is Status.CLOSED or is_calmed
    assert crisis_of(row, said) == (None if is_none else open_one)


def test_what_they_write_after_a_call_that_found_nothing_counts_anew() -> None:
    row = SimpleNamespace(status=Status.WITHDRAWN, crisis_at=NOON, reached_at=NOON - timedelta(hours=1))
    assert outlasts(row, Disposition.SPOKE_CALL_AGAIN)
    row.reached_at = NOON + timedelta(hours=1)
    assert not outlasts(row, Disposition.SPOKE_CALL_AGAIN)
