"""The lines above the queue when mails do not get out, or requests do not come in."""

from __future__ import annotations

from dataclasses import dataclass

from intake.admin.moments import Clock
from intake.queries.mail import MailAlarm
from intake.rules.silence import is_stuck
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong, and the request to look at."""

    words: str
    reference: str = ""


def told(found: MailAlarm, clock: Clock) -> list[Alarm]:
    """Nothing, as long as requests come in and mails go out."""
    alarms = []
    if found.silent_since is not None:
        words = gettext(
            "No request has come in since %(moment)s. In the weeks before, the same hours always brought several.",
            moment=clock.stamp(found.silent_since).words,
        )
        alarms.append(Alarm(words))
    if found.down_since is not None:
        alarms.append(Alarm(_down(found, clock)))
    elif found.due_since is not None and is_stuck(found.due_since, clock.now):
        words = gettext(
            "Messages have been waiting to go out since %(moment)s: the delivery worker does not take them up.",
            moment=clock.stamp(found.due_since).words,
        )
        alarms.append(Alarm(words))
    if found.dead:
        words = ngettext("A mail could not be sent.", "%(num)s mails could not be sent.", found.dead)
        alarms.append(Alarm(words, found.reference))
    return alarms


def _down(found: MailAlarm, clock: Clock) -> str:
    since = clock.stamp(found.down_since).words if found.down_since else ""
    words = gettext("No mail has gone out since %(moment)s: the mail server does not answer.", moment=since)
    if not found.waiting:
        return words
    waits = ngettext(
        "A mail waits and goes out by itself.", "%(num)s mails wait and go out by themselves.", found.waiting
    )
    return f"{words} {waits}"
