"""What makes a setting weak, odd or dangerous: judgments on the plain text somebody wrote into the environment."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

import phonenumbers

from intake.rules.phone import CRISIS_NUMBERS

SHORTEST_SECRET = 32
SAMPLE_PHONE = "212-736-5000"
"""What visitors see until somebody sets the provider's own number; production does not start with it."""
AT_A_DESK = (
    "INTAKE_ENV=development is for this machine only, and INTAKE_PUBLIC_URL leads to it from outside. It makes "
    "its own keys beside the data, sets cookies that travel without TLS and lays mail into files: set "
    "INTAKE_ENV=production for real people, or INTAKE_PUBLIC_URL=http://127.0.0.1:8000 to try it out"
)
NOT_FROM_OUTSIDE = (
    "INTAKE_ENV=development does not listen to other machines: it makes its own keys beside the data, sets cookies "
    "that travel without TLS and shows what it should not. Take HOST, --host or --bind away, or set "
    "INTAKE_ENV=production, behind a proxy that ends TLS"
)
_PLACEHOLDER = re.compile(r"change.?(me|this|it)|secret|password|placeholder|example|replace.?me", re.IGNORECASE)
_HOOK = re.compile(r"https?://[^\s/?#@\\]+([/?][^\s#@\\]*)?")
_PLACE = re.compile(r"https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?")


def is_weak(secret: str) -> bool:
    """Too short, too even, or a word that was meant to be replaced."""
    return len(secret) < SHORTEST_SECRET or len(set(secret)) < 10 or bool(_PLACEHOLDER.search(secret))


def is_here(host: str) -> bool:
    """Whether a host, or a socket's path, is this machine."""
    if host in ("", "localhost") or host.startswith(("/", "@")):  # a socket
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_place(text: str) -> bool:
    """Whether it is an address a link can begin with: no user, no query."""
    try:
        parts = urlsplit(text)
        return bool(_PLACE.fullmatch(text) and parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is none, half an IPv6 address
        return False


def is_hook(text: str) -> bool:
    """Whether it is an address something can be posted to: no user, no fragment; a query may hold a key."""
    return bool(_HOOK.fullmatch(text)) and is_place(text.partition("?")[0])


def is_reached_from_here_only(url: str) -> bool:
    """Whether an address leads to this machine and nowhere else."""
    return is_here(urlsplit(url).hostname or "-")


def odd_phone(text: str) -> list[str]:
    """What is wrong with the provider's number; empty if nothing is."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return ["INTAKE_PROVIDER_PHONE is not a phone number"]
    if re.sub(r"\D", "", text).removeprefix("1") in CRISIS_NUMBERS or str(number.national_number) in CRISIS_NUMBERS:
        return ["INTAKE_PROVIDER_PHONE is an emergency or crisis line: pages name those by themselves"]
    return []
