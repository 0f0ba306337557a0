"""Entries of the record as rows of a page or a sheet, and what the seals say, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from intake.admin import looks
from intake.admin.moments import Clock, Stamp
from intake.queries.audit import COUNTED_TO, Entry, Standing
from intake.queries.proof import Fault
from intake.queries.sightings import Sighting, Viewer
from intake.rules.permissions import ActorKind
from intake.wording import record, times
from intake.wording.translation import gettext, ngettext

VIEWED = "callback.viewed"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: when, who, what, about which request, what changed, and why."""

    at: Stamp
    who: str
    did: str
    reference: str
    changed: tuple[str, ...]
    reason: str
    is_typed: bool
    """``reason`` is in a person's own words."""
    entry_id: int = 0
    may_open: bool = False
    """Its reason is there to be read, by a button, one at a time."""


@dataclass(frozen=True, slots=True)
class Teller:
    """What entries are told by: the office's clock, and everybody's name by id."""

    clock: Clock
    people: Mapping[int, str]
    with_contact: bool = False
    """Whether the reader may see names."""

    def stamp(self, at: datetime) -> Stamp:
        """A moment to the second."""
        return Stamp(times.iso(at), times.exact(at, self.clock.zone))

    def who(self, kind: str, actor_id: int | None) -> str:
        """A person's name, a visitor, or the service."""
        if actor_id is not None:
            return self.people.get(actor_id) or gettext("Somebody")
        return gettext("A visitor") if kind == ActorKind.VISITOR else gettext("The service")

    def row(self, entry: Entry) -> Row:
        """One entry."""
        changed = record.changes(entry.action, entry.details, self.people, self.clock.zone, self.clock.now)
        may_open = entry.may_be_opened(with_contact=self.with_contact) and not entry.text
        reason = entry.text or _unread(entry, may_open=may_open)
        return Row(
            self.stamp(entry.at),
            self.who(entry.actor_kind, entry.actor_id),
            record.sentence(entry.action, entry.details, self.people),
            entry.reference,
            tuple(changed),
            reason,
            bool(entry.text),
            entry.id,
            may_open,
        )

    def rows(self, entries: Iterable[Entry]) -> list[Row]:
        """Entries, newest first; a page opened several times in a row is one row that says so."""
        told: list[Row] = []
        for held in looks.grouped(entries, _is_same_look):
            row = self.row(held[0])
            told.append(_looked(row, held) if len(held) > 1 else row)
        return told

    def cells(self, entry: Entry) -> tuple[object, ...]:
        """One entry for a sheet; the instant in ISO 8601 with the office's offset."""
        row = self.row(entry)
        at = times.iso(entry.at.astimezone(ZoneInfo(self.clock.zone)))
        return entry.id, at, row.who, row.did, row.reference, "; ".join(row.changed), row.reason

    def sighting(self, seen: Sighting) -> Row:
        """One time somebody saw a request: what they did, or the list it stood in."""
        did = record.sentence(seen.action, seen.details, self.people)
        if seen.is_list and "view" in seen.details:
            did = gettext("saw it in the list “%(list)s”", list=record.list_name(str(seen.details["view"])))
        return Row(self.stamp(seen.at), self.who(ActorKind.PERSON, seen.actor_id), did, "", (), "", is_typed=False)

    def viewer(self, one: Viewer) -> tuple[str, str, Stamp]:
        """One person: name, how often, and when last."""
        return (
            self.who(ActorKind.PERSON, one.actor_id),
            ngettext("%(num)s time", "%(num)s times", one.times),
            self.stamp(one.last_at),
        )


def _unread(entry: Entry, *, may_open: bool) -> str:
    """Why there is nothing to read although somebody typed something."""
    if entry.is_redacted:
        return gettext("A reason was given. It was deleted when its time was over.")
    if may_open:
        return gettext("A reason was given.")
    if entry.has_text:
        return gettext("Their words are kept. Reading them takes the right to see names.")
    return ""


def _is_same_look(newest: Entry, entry: Entry) -> bool:
    is_same = (newest.actor_id, newest.reference) == (entry.actor_id, entry.reference)
    return newest.action == entry.action == VIEWED and is_same and newest.at - entry.at <= looks.ONE_LOOK


def _looked(row: Row, held: list[Entry]) -> Row:
    many = looks.many(len(held), held[0].at - held[-1].at)
    return Row(row.at, row.who, row.did, row.reference, (many,), row.reason, row.is_typed)


@dataclass(frozen=True, slots=True)
class Seals:
    """The card about the seals: how it stands, in sentences. ``kind``: ok, bad, or nothing to shout about."""

    kind: str
    lines: tuple[str, ...]
    todo: tuple[str, ...] = ()


def seals(standing: Standing, clock: Clock) -> Seals:
    """How far the record is sealed, what the last check said, and what to do if it found something."""
    fault = standing.checked.get("fault")
    said = [_checked(standing, clock), _unsealed(standing)]
    if isinstance(fault, dict):
        return Seals("bad", (_faulty(fault), *said), _todo())
    return Seals("ok" if standing.checked_at else "", tuple(said))


def _checked(standing: Standing, clock: Clock) -> str:
    if standing.checked_at is None:
        return gettext("The seals were not checked here lately. The whole record: flask intake verify-audit.")
    at, told = clock.stamp(standing.checked_at).words, standing.checked
    entries, after = int(told.get("entries") or 0), int(told.get("after") or 0)
    words = {"time": at, "entries": f"{entries - after:,}", "total": f"{entries:,}"}
    if isinstance(told.get("fault"), dict):
        return gettext("Checked %(time)s: %(entries)s entries fit before that.", **words)
    if after:
        part = gettext("Record checked %(time)s: the newest %(entries)s of %(total)s entries, no gaps.", **words)
        return f"{part} {gettext('The rest is checked by flask intake verify-audit.')}"
    return gettext("Record checked %(time)s: %(entries)s entries, no gaps", **words)


def _unsealed(standing: Standing) -> str:
    if standing.unsealed >= COUNTED_TO:
        return gettext("Entries not sealed yet: more than %(count)s. Does the delivery worker run?", count="1,000")
    return gettext("Entries not sealed yet: %(count)s", count=standing.unsealed)


def _faulty(fault: Mapping[str, object]) -> str:
    words = {name: fault.get(name, "") for name in ("seal", "from", "to")}
    said = {
        Fault.SEAL_MISSING: gettext(
            "Seal %(seal)s is missing: entries %(from)s to %(to)s are no longer proven.", **words
        ),
        Fault.SEAL_CHANGED: gettext(
            "Seal %(seal)s does not stand on the one before it: one of the two was changed.", **words
        ),
        Fault.ENTRY_MISSING: gettext("At least one entry from number %(from)s to %(to)s was removed.", **words),
        Fault.ENTRY_ADDED: gettext("At least one entry from number %(from)s to %(to)s was added afterwards.", **words),
        Fault.CHANGED: gettext("An entry from number %(from)s to %(to)s, or the seal over them, was changed.", **words),
        Fault.WORDS_CHANGED: gettext("What was typed for entry number %(from)s is not what was sealed.", **words),
        Fault.WORDS_MISSING: gettext(
            "What was typed for entry number %(from)s is gone, and no entry says why.", **words
        ),
    }
    kind = str(fault.get("kind"))
    return said[Fault(kind)] if kind in set(Fault) else gettext("Seal %(seal)s does not fit.", **words)


def _todo() -> tuple[str, ...]:
    return (
        gettext(
            "Nothing of the service does this: somebody wrote into the database itself. Leave the database as it is."
        ),
        gettext(
            "Have flask intake verify-audit run in a shell, and compare with the anchors in the log and with a backup."
        ),
        gettext("Tell whoever answers for privacy. An entry that was changed or removed may hide a look at a request."),
    )
