"""Words of somebody who may be in danger now. They put a request first in the queue, and 988 and 911 first on its page.

Nobody is kept from anything by them, so they may be seen once too often: "not suicidal any more" counts as well.
"""

from __future__ import annotations

import re
import unicodedata

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


def is_crisis(*texts: str) -> bool:
    """Whether one of these texts holds such words, in whatever spelling of case, accents and apostrophes."""
    return any(_WORDS.search(_folded(text)) for text in texts if text)


def _folded(text: str) -> str:
    """Lower case, without accents, with single spaces and nothing else between the words."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    joined = re.sub(r"['’‘`´]", "", plain.casefold())
    return " ".join(re.sub(r"[^a-z0-9]+", " ", joined).split())
