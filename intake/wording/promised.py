"""A promise that took the place of another, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from intake.wording import times
from intake.wording.translation import gettext


def is_replaced(details: Mapping[str, Any]) -> bool:
    """Whether an entry of the record says so."""
    return "promised" in details and "promised_before" in details


def replaced(details: Mapping[str, Any], zone: str, now: datetime) -> str:
    """ "Promised until then: before 3 pm ET. From then on: before Thu 4 pm ET." """
    before, after = (datetime.fromisoformat(str(details[name])) for name in ("promised_before", "promised"))
    words = {"before": times.moment(before, zone, now), "after": times.moment(after, zone, now)}
    return gettext("Promised until then: before %(before)s. From then on: before %(after)s.", **words)
