"""The outbox in words: what a mail is, to whom, what became of it, and whether mail goes out at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from intake.admin.moments import Clock, Stamp
from intake.models.records import OutboxState
from intake.queries.outbox import COUNTED_TO, Mail, Shelf, Standing
from intake.wording import mails
from intake.wording.translation import gettext, ngettext

PATIENCE = timedelta(minutes=1)
"""A worker that runs takes up what is due within seconds, and a lease is counted to its end."""


@dataclass(frozen=True, slots=True)
class MailRow:
    """One line of the list. ``kind`` is the colour and ``shape`` the sign of its state."""

    public_id: str
    colour: str
    shape: str
    state: str
    written: Stamp
    about: str
    to: str
    reference: str
    tries: int
    happened: str
    button: str


@dataclass(frozen=True, slots=True)
class ShelfTab:
    """One list with its number."""

    name: str
    address: str
    count: str
    is_current: bool
    is_hot: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Whether mail goes out: "ok", "bad" or "" (nothing is known), in one sentence and what belongs to it."""

    kind: str
    headline: str
    lines: tuple[str, ...]


class Teller:
    """Says what a mail is. ``is_held``: the mail server does not answer, so nothing goes out."""

    def __init__(self, clock: Clock, people: Mapping[int, str], *, is_held: bool) -> None:
        self._clock, self._people, self._is_held = clock, people, is_held

    def row(self, mail: Mail) -> MailRow:
        """One line of the list."""
        colour, shape, state = self.state(mail)
        return MailRow(
            mail.public_id, colour, shape, state, self._clock.stamp(mail.created_at), mails.kind(mail.kind),
            self._to(mail.recipient), mail.reference, mail.attempts, self.happened(mail), self._button(mail),
        )  # fmt: skip

    def state(self, mail: Mail) -> tuple[str, str, str]:
        """Colour, shape and word."""
        if mail.state is OutboxState.PENDING and mail.attempts:
            return "soon", "soon", gettext("Trying again")
        colour, shape = {
            OutboxState.PENDING: ("wait", "wait"),
            OutboxState.LEASED: ("wait", "wait"),
            OutboxState.SENT: ("good", "done"),
            OutboxState.DEAD: ("late", "dead"),
        }[mail.state]
        return colour, shape, mails.state(mail.state)

    def happened(self, mail: Mail) -> str:
        """What became of it, and what comes next."""
        if mail.state is OutboxState.SENT:
            return gettext("Sent %(moment)s", moment=self._at(mail.sent_at or mail.created_at))
        if mail.state is OutboxState.DEAD:
            moment = self._at(mail.dead_at or mail.created_at)
            return gettext("%(reason)s; given up %(moment)s", reason=mail.reason, moment=moment)
        if mail.state is OutboxState.LEASED:
            return gettext("Is being sent")
        return "; ".join(words for words in (mail.reason, self._comes(mail)) if words)

    def _comes(self, mail: Mail) -> str:
        if self._is_held:
            return gettext("held until the mail server answers")
        if mail.next_at <= self._clock.now:
            return gettext("goes out next")
        return gettext("next try %(moment)s", moment=self._at(mail.next_at))

    def _button(self, mail: Mail) -> str:
        if mail.state is OutboxState.DEAD:
            return gettext("Send again")
        is_put_off = mail.state is OutboxState.PENDING and mail.attempts and mail.next_at > self._clock.now
        return gettext("Try now") if is_put_off and not self._is_held else ""

    def _to(self, recipient: str) -> str:
        """A colleague by name; a visitor never by anything."""
        start, _, user_id = recipient.partition(":")
        known = self._people.get(int(user_id)) if start == "user" and user_id.isdigit() else None
        return known or mails.recipient(recipient)

    def _at(self, at: datetime) -> str:
        return self._clock.stamp(at).words


def shelves(standing: Standing, current: Shelf) -> list[ShelfTab]:
    """The lists above the table; a number beyond COUNTED_TO is "1,000+"."""
    counted = (
        (Shelf.ALL, gettext("All"), 0),
        (Shelf.WAITING, gettext("Waiting"), standing.waiting),
        (Shelf.DEAD, gettext("Gave up"), standing.dead),
        (Shelf.SENT, gettext("Sent"), standing.sent),
    )
    return [
        ShelfTab(name, "" if shelf is Shelf.ALL else shelf.value, _number(many), shelf is current,
                 shelf is Shelf.DEAD and many > 0)
        for shelf, name, many in counted
    ]  # fmt: skip


def _number(many: int) -> str:
    if many > COUNTED_TO:
        return f"{COUNTED_TO:,}+"
    return str(many) if many else ""


def channel_card(standing: Standing, clock: Clock) -> Card:
    """Up, down since when and why, or nobody there who sends."""
    lines = [_last_sent(standing, clock)]
    if _is_abandoned(standing, clock.now):
        return Card("bad", gettext("The delivery worker does not seem to run."), (*_waiting(standing, clock), *lines))
    channel = standing.channel
    if channel.down_since is not None:
        since = clock.stamp(channel.down_since).words
        headline = gettext("The mail server has not answered since %(moment)s.", moment=since)
        reason = gettext("Reason: %(reason)s", reason=channel.last_error or gettext("unknown"))
        return Card("bad", headline, (_next_try(standing, clock.now), _held(standing), reason, *lines))
    if standing.last_sent_at is None:
        return Card("", gettext("Whether mail goes out is not known yet. Send a test."), tuple(lines))
    return Card("ok", gettext("Mail goes out."), tuple(lines))


def _is_abandoned(standing: Standing, now: datetime) -> bool:
    """Something is due for longer than a worker would let it lie, be it a mail or a knock at the silent server."""
    if standing.due_since is None or standing.due_since > now - PATIENCE:
        return False
    if standing.last_sent_at is not None and standing.last_sent_at > now - PATIENCE:
        return False  # it works through what an outage left behind
    knock = standing.channel.next_probe_at if standing.channel.down_since else None
    return knock is None or knock <= now - PATIENCE


def _waiting(standing: Standing, clock: Clock) -> tuple[str, ...]:
    since = clock.stamp(standing.due_since or clock.now).words
    return (
        gettext("Mail is due since %(moment)s, and nothing has taken it up. None is lost.", moment=since),
        gettext("Ask whoever looks after the machine to start “flask intake deliver”, or to look into its log."),
    )


def _next_try(standing: Standing, now: datetime) -> str:
    at = standing.channel.next_probe_at
    seconds = math.ceil((at - now).total_seconds()) if at else 0
    if seconds <= 0:
        return gettext("The next try is due now.")
    return ngettext("Next try in one second.", "Next try in %(num)s s.", seconds)


def _held(standing: Standing) -> str:
    if not standing.waiting:
        return gettext("No mail waits.")
    if standing.waiting > COUNTED_TO:
        return gettext("More than %(many)s mails wait, none is lost.", many=f"{COUNTED_TO:,}")
    return ngettext("One mail waits, it is not lost.", "%(num)s mails wait, none is lost.", standing.waiting)


def _last_sent(standing: Standing, clock: Clock) -> str:
    if standing.last_sent_at is None:
        return gettext("None has gone out in the last 7 days.")
    return gettext("The last one went out %(moment)s.", moment=clock.stamp(standing.last_sent_at).words)


def tested(teller: Teller, mail: Mail) -> str:
    """What became of a test mail."""
    happened = teller.happened(mail)
    if mail.state is OutboxState.SENT:
        return gettext("Your test mail: %(happened)s. Look into your mailbox.", happened=happened)
    return gettext("Your test mail: %(happened)s.", happened=happened)
