"""The keys that choose an outcome, in words: for the list of keys and for whoever reads it on paper."""

from __future__ import annotations

from intake.admin.outcome_form import OFFERED
from intake.rules.workflow import EFFECTS
from intake.wording import names


def outcome_keys() -> list[tuple[str, str]]:
    """Each outcome's key and name, digits first."""
    listed = [(EFFECTS[disposition].key, names.disposition(disposition)) for disposition in OFFERED]
    return sorted(listed, key=lambda one: (not one[0].isdigit(), one[0] == "!", one[0]))
