"""What is said at the telephone, in words: for the request page, for its settings, and for the record of a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.admin.base import acting
from intake.admin.settings_words import Change
from intake.extensions import current_site
from intake.queries.casefile import CaseFile
from intake.rules import call_script
from intake.rules.call_script import LANGUAGES, CallScript
from intake.wording.translation import gettext, lazy_gettext

NAMES = {"en": lazy_gettext("Script in English"), "es": lazy_gettext("Script in Spanish")}


@dataclass(frozen=True, slots=True)
class Script:
    """One language's words with the names filled in."""

    language: str
    name: str
    text: str


def scripts(script: CallScript, *, caller: str, first: str = "") -> list[Script]:
    """Each language's, the ``first`` one first."""
    order = sorted(LANGUAGES, key=lambda language: language != first)
    return [Script(one, str(NAMES[one]), _said(script.scripts.get(one, ""), caller)) for one in order]


def _said(text: str, caller: str) -> str:
    """With what is not known left for whoever speaks."""
    return call_script.filled(text, caller=caller or "…", me=acting().name, provider=current_site().provider_name)


def at_hand(document: Mapping[str, Any], case: CaseFile) -> dict[str, Any]:
    """What the request page offers to whoever is on the telephone; ``document``: the script in force."""
    script = CallScript.from_document(document)
    shown = [one for one in scripts(script, caller=case.name or "", first=case.language) if one.text]
    return {"phrases": script.notes, "scripts": shown, "crisis_steps": script.steps.splitlines()}


def changes(before: CallScript, after: CallScript) -> list[Change]:
    """Everything that is different; of a text only its lines that are."""
    pairs = [
        (gettext("Ready-made notes"), "\n".join(before.notes), "\n".join(after.notes)),
        *((str(NAMES[one]), before.scripts.get(one, ""), after.scripts.get(one, "")) for one in LANGUAGES),
        (gettext("Steps in a crisis"), before.steps, after.steps),
    ]
    return [Change(label, *_apart(was, now)) for label, was, now in pairs if was != now]


def _apart(was: str, now: str) -> tuple[str, str]:
    """The lines that only one of them has; all of them if there are none such, since then the order is another."""
    old, new = was.splitlines(), now.splitlines()
    gone, come = ([line for line in one if line not in other] for one, other in ((old, new), (new, old)))
    if not gone and not come:
        gone, come = old, new
    said = [" / ".join(filter(None, lines)) or gettext("none") for lines in (gone, come)]
    return said[0], said[1]
