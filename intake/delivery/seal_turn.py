"""The worker's other duty: sealing the record every few seconds. Trouble with it never holds up a mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import sealing

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)


class SealTurn:
    """Remembers when it last sealed. A long arrear is worked off in one batch per turn of the worker."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def take(self, site: Site, now: datetime) -> None:
        """Seal one batch if it is time, also when the clock was set back."""
        if self._last is not None and timedelta(0) <= now - self._last < EVERY:
            return
        self._last = now
        try:
            sealing.seal(site, now=now)
        except Exception:
            log.exception("the record could not be sealed; tried again in %d s", EVERY.seconds)
