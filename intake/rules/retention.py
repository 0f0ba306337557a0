"""How long what a person told us is kept, and from which instant on it is too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Retention:
    """Days a request is kept after it ended, days if it ended as spam, years for words typed into the record."""

    closed_days: int = 180
    spam_days: int = 30
    audit_years: int = 6

    def closed_before(self, now: datetime) -> datetime:
        """A request that ended before this instant has expired."""
        return now - timedelta(days=self.closed_days)

    def spam_before(self, now: datetime) -> datetime:
        """One that ended as spam before this instant has; never later than any other."""
        return now - timedelta(days=min(self.spam_days, self.closed_days))

    def typed_before(self, now: datetime) -> datetime:
        """Words typed into the record before this instant have expired (six years: 45 CFR 164.316(b)(2))."""
        return now - timedelta(days=self.audit_years * DAYS_A_YEAR)
