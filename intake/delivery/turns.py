"""What the worker does besides mail, each duty every few seconds. Trouble with one holds up neither mail nor others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.models.site import Site
from intake.services import alerting, leases, repeats, report_days, report_mailing, routing, sealing, watching

log = logging.getLogger(__name__)


@dataclass
class Turn:
    """One duty: what it is called in the log, how often it comes, and when it last did."""

    name: str
    every: timedelta
    duty: Callable[[Site, datetime], object]
    last: datetime | None = None

    def take(self, site: Site, now: datetime) -> None:
        """Do it if it is time, also when the clock was set back. A long arrear is worked off a batch at a time."""
        if self.last is not None and timedelta(0) <= now - self.last < self.every:
            return
        self.last = now
        try:
            self.duty(site, now)
        except Exception:
            log.exception("%s failed; tried again in %d s", self.name, self.every.seconds)


def all_turns() -> tuple[Turn, ...]:
    """Every duty, none of them done yet.

    What was sent twice is joined before it is given away, and claims lapse before anybody hears whose call is late.
    """
    return (
        Turn("joining who asked twice", timedelta(seconds=5), lambda site, now: repeats.look(site, now=now)),
        Turn(
            "giving requests away by rule", timedelta(seconds=5), lambda site, now: routing.route_waiting(site, now=now)
        ),
        Turn("sealing the record", timedelta(seconds=5), lambda site, now: sealing.seal(site, now=now)),
        Turn("giving lapsed claims back", timedelta(seconds=5), lambda site, now: leases.return_idle(site, now=now)),
        Turn("watching for silence", timedelta(seconds=60), lambda site, now: watching.watch(site, now=now)),
        Turn("raising alerts", timedelta(seconds=10), lambda site, now: alerting.raise_due(site, now=now)),
        Turn("counting days", timedelta(seconds=20), lambda site, now: report_days.count_due(site, now=now)),
        Turn("writing reports", timedelta(seconds=60), lambda site, now: report_mailing.send_due(site, now=now)),
        Turn("telling alerts", timedelta(seconds=10), lambda site, now: alerting.tell(site, now=now)),
    )
