"""Words of somebody who may be in danger, in two languages and any spelling; and words that only look alike."""

from __future__ import annotations

import pytest

from intake.rules.crisis import is_crisis


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
