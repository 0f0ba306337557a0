"""The worker's third duty: raising and telling alerts every few seconds. Trouble with it never holds up a mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import alerting

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=10)


class AlertTurn:
    """Remembers when it last looked. What came due while no worker ran is found by the next look."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def take(self, site: Site, now: datetime) -> None:
        """Look if it is time, also when the clock was set back."""
        if self._last is not None and timedelta(0) <= now - self._last < EVERY:
            return
        self._last = now
        try:
            alerting.raise_due(site, now=now)
            alerting.tell(site, now=now)
        except Exception:
            log.exception("alerts could not be raised; tried again in %d s", EVERY.seconds)
