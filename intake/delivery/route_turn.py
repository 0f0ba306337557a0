"""The worker's further duty: giving requests away by rule every few seconds. Trouble with it never holds up a mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import routing

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)


class RouteTurn:
    """Remembers when it last routed."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def take(self, site: Site, now: datetime) -> None:
        """Give away what is to be given if it is time, also when the clock was set back."""
        if self._last is not None and timedelta(0) <= now - self._last < EVERY:
            return
        self._last = now
        try:
            routing.route_waiting(site, now=now)
        except Exception:
            log.exception("requests could not be given away by rule; tried again in %d s", EVERY.seconds)
