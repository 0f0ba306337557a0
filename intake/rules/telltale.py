"""Notices an address or a name that tells a stranger what the provider treats: mails and links carry it everywhere."""

from __future__ import annotations

import re

# Anywhere in a name, since domains are written in one word: "harborrecovery.org".
_ANYWHERE = (
    "rehab", "recovery", "recover", "detox", "sober", "sobriety", "addict", "addiction", "alcohol", "opioid", "opiate",
    "methadone", "suboxone", "substance", "treatment", "relapse", "overdose", "withdrawal", "narcotic", "psychiatr",
    "psycholog", "psychother", "counseling", "counselling", "behavioralhealth", "behavioral-health", "mentalhealth",
    "mental-health", "eatingdisorder", "eating-disorder",
)  # fmt: skip
# Only as a part of its own: "mental" stands in "environmental", "drug" in nobody's name by accident but in "drugstore".
_BY_ITSELF = frozenset({"drug", "drugs", "mental", "therapy", "therapist", "iop", "php", "mat", "otp", "psych", "anon"})


def telltale(text: str) -> str | None:
    """The word that gives it away, as it stands in the list; None if there is none."""
    plain = text.casefold()
    found = [word for word in _ANYWHERE if word in plain]
    if found:
        return max(found, key=len)
    return next((part for part in re.split(r"[^a-z]+", plain) if part in _BY_ITSELF), None)
