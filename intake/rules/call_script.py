"""What helps at the telephone: ready-made notes, words to say in each language, and the steps in a crisis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_NOTES, LONGEST_NOTE = 12, 80
LONGEST_SCRIPT, MOST_STEPS, LONGEST_STEPS = 2000, 12, 2000
LIFELINES = ("988", "911")
"""The steps in a crisis must name both."""
LANGUAGES = ("en", "es")


class Blank(StrEnum):
    """What is filled in, written in braces: ``{caller}``."""

    CALLER = "caller"
    ME = "me"
    PROVIDER = "provider"


_BLANK = re.compile(r"\{([^{}\n]*)\}")
_WATCHES = re.compile(r"\b(?:monitor(?:s|ed|ing)?|around the clock|monitorea\w*|vigila\w*|supervisa\w*)\b", re.I)
_ENDS = (".", "!", "?", "…", ":", ";", ",")

NOTES = (
    "Left with family",
    "Asked to call back later",
    "Voicemail is full",
    "Number not in service",
    "Hung up without speaking",
    "Wants to speak Spanish",
    "Insurance questions",
)
ENGLISH = """Hello, may I speak with {caller}? My name is {me}.
Once it is them: I am calling from {provider}. You asked us to call you back. Is this a good time to talk?
Are you somewhere safe, where nobody overhears you?
What would help you most today?
Before you hang up: say what happens next and when you speak again.
If somebody else answers: "I will try another time." Do not say who we are or why you call."""
SPANISH = """Hola, ¿puedo hablar con {caller}? Me llamo {me}.
Cuando sea esa persona: Le llamo de {provider}. Nos pidió que le llamáramos. ¿Es buen momento para hablar?
¿Está en un lugar seguro, donde nadie le oye?
¿Qué le ayudaría más hoy?
Antes de colgar: diga qué pasa ahora y cuándo vuelven a hablar.
Si contesta otra persona: «Llamo en otro momento». No diga quiénes somos ni por qué llama."""
STEPS = """Stay on the line with them. Do not be the one who hangs up.
Ask plainly: "Are you safe right now? Are you thinking about suicide?"
In danger now: have a colleague call 911 while you keep talking. Ask where they are and who is with them.
Otherwise: call 988 together, as a three-way call. In Spanish: 988, then 2. By text: 988 (in Spanish, text AYUDA).
Cut off, in danger and not reachable: call 911 with the address they gave you.
Afterwards: save the outcome "In crisis", which tells a manager by mail. Then take a break."""


@dataclass(frozen=True, slots=True)
class CallScript:
    """Everything that is set. ``scripts``: by language, a line for each thing to say; ``steps``: one a line."""

    notes: tuple[str, ...] = NOTES
    scripts: Mapping[str, str] = field(default_factory=lambda: {"en": ENGLISH, "es": SPANISH})
    steps: str = STEPS

    def to_document(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"notes": list(self.notes), "scripts": dict(self.scripts), "steps": self.steps}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CallScript:
        """The inverse; an empty document is the standard."""
        standard = cls()
        return cls(
            notes=tuple(document.get("notes", standard.notes)),
            scripts={**standard.scripts, **document.get("scripts", {})},
            steps=document.get("steps", standard.steps),
        )


def filled(text: str, *, caller: str, me: str, provider: str) -> str:
    """The text as it is said. What a name holds is never taken for a blank; a blank nobody knows stays as it is."""
    words: dict[str, str] = {Blank.CALLER: caller, Blank.ME: me, Blank.PROVIDER: provider}
    return _BLANK.sub(lambda found: words.get(found[1].strip().lower(), found[0]), text)


def unknown_blanks(text: str) -> tuple[str, ...]:
    """What stands in braces and cannot be filled in, as written."""
    return tuple(found[0] for found in _BLANK.finditer(text) if found[1].strip().lower() not in set(Blank))


def missing_lines(steps: str) -> tuple[str, ...]:
    """Which of the two numbers that must be there are not."""
    return tuple(number for number in LIFELINES if not re.search(rf"(?<!\d){number}(?!\d)", steps))


def may_promise_a_watch(*texts: str) -> bool:
    """Whether one of them may sound as if somebody watched over callers at all times, which nobody does."""
    return any(_WATCHES.search(text) for text in texts)


def with_phrase(text: str, phrase: str) -> str:
    """A ready-made note behind what is there already; nothing of it is replaced. (static/panel.js does the same.)"""
    if not text.strip():
        return phrase
    if text[-1].isspace():
        return text + phrase
    return f"{text}{' ' if text.endswith(_ENDS) else '; '}{phrase}"


def moved_up(notes: tuple[str, ...], place: int) -> tuple[str, ...]:
    """With the note at this place one place further up; the first one and what is not there stay."""
    if not 0 < place < len(notes):
        return notes
    return (*notes[: place - 1], notes[place], notes[place - 1], *notes[place + 1 :])
