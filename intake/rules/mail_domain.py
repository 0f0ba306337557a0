"""A mail address: whether its provider is probably mistyped, so that the page can ask; and how it is shown masked."""

from __future__ import annotations

COMMON = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "comcast.net", "verizon.net",
          "protonmail.com", "bellsouth.net")  # fmt: skip
"""Providers people in the United States have, with names long enough that one wrong letter is a slip."""

REAL = frozenset({"cloud.com", "email.com", "fmail.com", "hotmail.co", "mail.com", "outlook.co", "tmail.com",
                  "yahoo.co", "ymail.com"})  # fmt: skip
"""One letter away from a common one, and somebody's own."""

LONG = 11
"""Letters from which on two slips are still recognised, if the ending is right."""


def likely_domain(address: str | None) -> str | None:
    """The common provider probably meant: "ana@gmial.com" → "gmail.com"; None for everything else."""
    domain = (address or "").rpartition("@")[2].lower()
    if not domain or domain in COMMON or domain in REAL:
        return None
    return next((known for known in COMMON if _is_slip(domain, known)), None)


def masked(address: str) -> str:
    """Enough to recognise one's own mistake, too little to write to: "ana@gmail.com" → "a…@gmail.com".

    Of a domain that is not a common provider's only the beginning and the ending: it may be somebody's name.
    """
    local, _, domain = address.rpartition("@")
    host, _, ending = domain.rpartition(".")
    is_common = domain.lower() in COMMON or domain.lower() in REAL
    shown = domain if is_common else f"{host[:1]}….{ending}"
    return f"{local[:1]}…@{shown}"


def _is_slip(domain: str, known: str) -> bool:
    if abs(len(domain) - len(known)) > 2:
        return False
    slips = _slips(domain, known)
    is_same_ending = domain.rpartition(".")[2] == known.rpartition(".")[2]
    return slips == 1 or (slips == 2 and is_same_ending and len(known) >= LONG)


def _slips(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or swapped with their neighbour (optimal string alignment)."""
    before, row = [0], list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
