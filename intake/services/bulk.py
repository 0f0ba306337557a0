"""The same deed on several requests: each is done or says why not, and one undo takes all of them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection, select

from intake.ledger import outbox
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.permissions import Actor, Permission
from intake.services import casework, claims, snoozing
from intake.services.deeds import deed
from intake.services.errors import EndedError, NotFoundError, RefusedError, ServiceError, TakenError
from intake.services.locking import lock, lock_accounts

MOST = 100
_C = CallbackRequest.__table__.c


class Verb(StrEnum):
    """What can be done to several at once."""

    ASSIGN = "assign"
    SNOOZE = "snooze"
    SPAM = "spam"
    CLAIM = "claim"
    RELEASE = "release"


_ACTIONS = {
    Verb.ASSIGN: "callback.assigned",
    Verb.SNOOZE: "callback.snoozed",
    Verb.SPAM: "callback.marked_spam",
    Verb.CLAIM: "callback.claimed",
    Verb.RELEASE: "callback.released",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One that was left as it is. ``code``: taken (``holder`` has it), ended, not_there, or a rule's name."""

    reference: str
    code: str
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of them, in the order of their age; ``late``: snoozed beyond what was promised."""

    references: tuple[str, ...]
    failures: tuple[Failure, ...]
    late: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a verb needs besides the requests."""

    person_id: int | None = None
    until_at: datetime | None = None
    reason: str = ""


def do(site: Site, actor: Actor, verb: Verb, references: Iterable[str], wanted: Wanted, *, now: datetime) -> Done:
    """One transaction, in which every check of a request is made before anything of it is written.

    Those that fail leave no trace and do not stop the others. Locked in the order of their ids, like everywhere.
    RefusedError: too_many (MOST), nothing_picked, person_needed, time_needed.
    """
    actor.require(Permission.ASSIGN if verb is Verb.ASSIGN else Permission.WORK)
    asked = list(dict.fromkeys(references))
    _check(verb, asked, wanted)
    done, failures, late, given = list[str](), list[Failure](), list[str](), list[int]()
    with deed(actor, _ACTIONS[verb], now=now) as conn:
        lock_accounts(conn, sorted({actor.person_id, *filter(None, (wanted.person_id,))}))
        there = _in_order(conn, asked)
        one = _one(conn, site, actor, verb, wanted, now)
        for reference in there:
            try:
                came = one(reference)
            except ServiceError as error:
                failures.append(_failure(reference, error))
                continue
            done.append(reference)
            if verb is Verb.ASSIGN and came is not None:
                given.append(int(came))
            elif came:
                late.append(reference)
        if given and wanted.person_id != actor.user_id:
            _tell(conn, f"user:{wanted.person_id}", given, now)
    failures += [Failure(reference, "not_there") for reference in asked if reference not in there]
    return Done(tuple(done), tuple(failures), tuple(late))


def _check(verb: Verb, asked: list[str], wanted: Wanted) -> None:
    if not asked:
        raise RefusedError("nothing_picked")
    if len(asked) > MOST:
        raise RefusedError("too_many")
    if verb is Verb.ASSIGN and wanted.person_id is None:
        raise RefusedError("person_needed")
    if verb is Verb.SNOOZE and wanted.until_at is None:
        raise RefusedError("time_needed")


def _in_order(conn: Connection, references: list[str]) -> list[str]:
    """Those there are, in the order in which requests are locked."""
    asked = select(_C.reference).where(_C.reference.in_(references)).order_by(_C.id)
    return list(conn.execute(asked).scalars())


def _one(
    conn: Connection, site: Site, actor: Actor, verb: Verb, wanted: Wanted, now: datetime
) -> Callable[[str], int | None]:
    """What is done to each: True where it will be late for it, the id of one that was given away."""
    deeds: dict[Verb, Callable[[str], int | None]] = {
        Verb.CLAIM: lambda of: claims.claim_one(conn, site, actor, of, now),
        Verb.RELEASE: lambda of: claims.release_one(conn, site, actor, of, None, now),
        Verb.SPAM: lambda of: casework.mark_spam_one(conn, site, actor, of, None, now),
        Verb.ASSIGN: lambda of: claims.assign_one(conn, site, actor, of, wanted.person_id or 0, None, now),
        Verb.SNOOZE: partial(_snooze, conn, site, actor, wanted, now),
    }
    return deeds[verb]


def _snooze(conn: Connection, site: Site, actor: Actor, wanted: Wanted, now: datetime, reference: str) -> bool:
    row = lock(conn, reference)
    snoozing.ensure_unchanged_open(conn, row, actor, None)
    until_at = wanted.until_at or now
    return snoozing.put_off(conn, site, actor, row, until_at, wanted.reason, now).is_late


def _tell(conn: Connection, recipient: str, ids: list[int], now: datetime) -> None:
    """One mail, however many they are; it hangs on the first of them, and is taken back with it."""
    kind, details = ("person.assigned", {}) if len(ids) == 1 else ("person.assigned_many", {"count": len(ids)})
    outbox.enqueue(conn, kind, recipient, callback_id=ids[0], details=details, now=now)


def _failure(reference: str, error: ServiceError) -> Failure:
    if isinstance(error, TakenError):
        return Failure(reference, "taken", error.holder)
    if isinstance(error, RefusedError):
        return Failure(reference, error.code)
    codes = {EndedError: "ended", NotFoundError: "not_there"}
    return Failure(reference, codes.get(type(error), "changed"))
