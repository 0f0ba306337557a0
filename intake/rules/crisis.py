"""Somebody who may be in danger now, by their words or because staff say so: due at once, and looking so everywhere.

Nobody is kept from anything by such words, so they may be seen once too often: "not suicidal any more" counts as well.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Any

from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.workflow import Disposition, Status, is_open

_ENGLISH = (
    "suicid(?:e|al)", "sucid(?:e|al)", "suicde", "suiside",
    "(?:kill|hang|shoot|hurt|harm|cut|cutt|drown)(?:ing)? (?:my|him|her|them|our)sel(?:f|ves)",
    "self ?harm(?:ing)?", "unalive",
    "(?:want|wants|wanted|wanting|wish|going|ready|plan|planning) to die", "wanna die", "wish i (?:was|were) dead",
    "better off dead", "rather be dead",
    "(?:no|any|nothing) (?:reason to live|point in living|left to live for|to live for)",
    "(?:dont|doesnt|do not|does not|didnt) want to (?:live|be alive|be here any ?more|wake up|exist)",
    "(?:end|ending|take|taking) (?:my|his|her|their)(?: own)? li(?:fe|ves)", "end it all", "ending it all",
    "cant go on(?: living)?", "can not go on", "jump(?:ing)? off (?:a|the) (?:bridge|building|roof)",
    "overdosing", "overdose (?:now|right now|tonight|today)", "(?:going|want|wants|plan|about) to overdose",
    "(?:just|has|have|is|may have|might have) (?:overdosed|od(?:ed)?)", "(?:took|taken|having|taking) an overdose",
    "(?:took|taken|swallowed) (?:too many|all (?:my|his|her|the|their)|a (?:whole )?bottle of) (?:pills|meds|tablets)",
    "not breathing", "stopped breathing", "isnt breathing",
    "(?:wont|cant|can not|will not|doesnt) wake (?:him |her |them )?up",
)  # fmt: skip
_SPANISH = (
    "suicidi(?:o|a)", "suicidar(?:me|se|te)?", "suicidado", "me suicid(?:o|aria|are)",
    "(?:matar|ahorcar|cortar|disparar|colgar)(?:me|se)", "me (?:voy|quiero|iba) a matar", "me quiero (?:matar|morir)",
    "quiere (?:matarse|morir|morirse)", "(?:quiero|quisiera|deseo) (?:morir|morirme|estar muert[oa])",
    "quitar(?:me|se|te)? la vida", "(?:acabar|terminar) con (?:mi|su) vida", "(?:hacer|hacerme|hacerse) dano",
    "no (?:quiero|quiere) (?:vivir|seguir viviendo|despertar|estar viv[oa])",
    "no tengo (?:ganas|razones|motivos?) (?:de|para) vivir",
    "sobredosis (?:ahora|hoy|esta noche)", "(?:tiene|tuvo|tome|tomo|teniendo|tener) una sobredosis",
    "no (?:esta )?respira(?:ndo)?", "dejo de respirar", "no (?:se )?despierta",
)  # fmt: skip
_WORDS = re.compile(rf"\b(?:{'|'.join((*_ENGLISH, *_SPANISH))})\b")


class Crisis(StrEnum):
    """How we know: a call said so, or it is only to be feared, from their words or from whoever wrote them down."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


def crisis_of(row: Any, said: Disposition | None) -> Crisis | None:
    """What a request has to look like that is open, or was taken back in danger; None for any other.

    ``said``: what the last call that reached them was stored as. That nobody answered later takes nothing back.
    """
    is_told = is_open(row.status) or (row.status == Status.WITHDRAWN and is_in_danger(row, said))
    if not is_told or row.crisis_at is None:
        return None
    return Crisis.CERTAIN if said is Disposition.CRISIS else Crisis.POSSIBLE


def is_in_danger(row: Any, said: Disposition | None) -> bool:
    """As far as is known they may be so still: nobody has reached them since, or the call that did found it.

    ``said``: as in ``crisis_of``.
    """
    if row.crisis_at is None:
        return False
    return row.reached_at is None or row.reached_at < row.crisis_at or said is Disposition.CRISIS


def outlasts(ended: Any, said: Disposition | None) -> bool:
    """Whether a request that is opened again is one still: nobody reached them, or they took it back themselves.

    ``said``: as in ``crisis_of``.
    """
    was_left = ended.status == Status.WITHDRAWN and is_in_danger(ended, said)
    return was_left or (ended.crisis_at is not None and ended.reached_at is None)


def due_at_once(at: datetime) -> dict[str, Any]:
    """The columns of one known since ``at``: before all others, in no time of their own. Target and promise stay."""
    return {"crisis_at": at, "due_at": at - AHEAD_OF_ALL, "next_at": None}


def noted(row: Any, words: str, now: datetime) -> dict[str, Any]:
    """The columns that change where staff write such words of an open request; none for any others.

    Known since now; since it was known first, where nobody has reached them after that.
    """
    if not is_crisis(words):
        return {}
    is_known = row.crisis_at is not None and (row.reached_at is None or row.reached_at < row.crisis_at)
    return due_at_once(row.crisis_at if is_known else now)


def is_crisis(*texts: str) -> bool:
    """Whether one of these texts holds such words, in whatever spelling of case, accents and apostrophes."""
    return any(_WORDS.search(_folded(text)) for text in texts if text)


def _folded(text: str) -> str:
    """Lower case, without accents, with single spaces and nothing else between the words."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    joined = re.sub(r"['’‘`´]", "", plain.casefold())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", joined).split())
