"""The same deed on several requests: each is done or says why not, and one undo takes all of them back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from intake.ledger import deeds, outbox
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.due import is_at_once
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
    """One that was left as it is. ``code``: taken (``holder`` has it), ended, not_there, changed, or a rule's name."""

    reference: str
    code: str
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of them, in the order of their age.

    ``late``: snoozed beyond what was promised; ``colleagues``: how many somebody else had before.
    """

    references: tuple[str, ...]
    failures: tuple[Failure, ...]
    late: tuple[str, ...] = ()
    colleagues: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a verb needs besides the requests."""

    person_id: int | None = None
    until_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of one. ``given``: its id, if it was given away; ``is_late``: put off beyond what was promised."""

    given: int | None = None
    is_late: bool = False
    was_colleagues: bool = False


def do(site: Site, actor: Actor, verb: Verb, shown: Mapping[str, int], wanted: Wanted, *, now: datetime) -> Done:
    """One transaction, in which every check of a request is made before anything of it is written.

    ``shown``: the references, each with the version that the page showed of it; one that is another by now stays, but
    whatever it is by then, it can be claimed. Those that fail leave no trace and do not stop the others.
    Locked in the order of their ids, like everywhere.
    RefusedError: too_many (MOST), nothing_picked, person_needed, time_needed.
    """
    actor.require(Permission.ASSIGN if verb is Verb.ASSIGN else Permission.WORK)
    _check(verb, shown, wanted)
    done, failures, came = list[str](), list[Failure](), list[_Came]()
    with deed(actor, _ACTIONS[verb], now=now) as conn:
        lock_accounts(conn, sorted({actor.person_id, *filter(None, (wanted.person_id,))}))
        there = _in_order(conn, shown)
        one = _one(conn, site, actor, verb, wanted, now)
        for reference in there:
            try:
                came.append(one(reference, shown[reference]))
            except ServiceError as error:
                failures.append(_failure(reference, error))
                continue
            done.append(reference)
        given = [each.given for each in came if each.given is not None]
        if given and wanted.person_id != actor.user_id:
            _tell(conn, f"user:{wanted.person_id}", given, now)
    failures += [Failure(reference, "not_there") for reference in shown if reference not in there]
    late = tuple(reference for reference, each in zip(done, came, strict=True) if each.is_late)
    return Done(tuple(done), tuple(failures), late, sum(each.was_colleagues for each in came))


def _check(verb: Verb, asked: Collection[str], wanted: Wanted) -> None:
    if not asked:
        raise RefusedError("nothing_picked")
    if len(asked) > MOST:
        raise RefusedError("too_many")
    if verb is Verb.ASSIGN and wanted.person_id is None:
        raise RefusedError("person_needed")
    if verb is Verb.SNOOZE and wanted.until_at is None:
        raise RefusedError("time_needed")


def _in_order(conn: Connection, references: Collection[str]) -> list[str]:
    """Those there are, in the order in which requests are locked."""
    asked = select(_C.reference).where(_C.reference.in_(references)).order_by(_C.id)
    return list(conn.execute(asked).scalars())


def _one(
    conn: Connection, site: Site, actor: Actor, verb: Verb, wanted: Wanted, now: datetime
) -> Callable[[str, int], _Came]:
    """What is done to each."""
    deeds: dict[Verb, Callable[[str, int], _Came]] = {
        Verb.CLAIM: partial(_claim, conn, site, actor, now),
        Verb.RELEASE: partial(_release, conn, site, actor, now),
        Verb.SPAM: partial(_mark_spam, conn, site, actor, now),
        Verb.ASSIGN: partial(_assign, conn, site, actor, wanted, now),
        Verb.SNOOZE: partial(_snooze, conn, site, actor, wanted, now),
    }
    return deeds[verb]


def _claim(conn: Connection, site: Site, actor: Actor, now: datetime, reference: str, _version: int) -> _Came:
    claims.claim_one(conn, site, actor, reference, now)
    return _Came()


def _release(conn: Connection, site: Site, actor: Actor, now: datetime, reference: str, version: int) -> _Came:
    was = claims.release_one(conn, site, actor, reference, version, now)
    if was is None:
        raise RefusedError("not_claimed")
    return _Came(was_colleagues=was.assignee_id != actor.user_id)


def _mark_spam(conn: Connection, site: Site, actor: Actor, now: datetime, reference: str, version: int) -> _Came:
    casework.mark_spam_one(conn, site, actor, reference, version, now)
    return _Came()


def _assign(
    conn: Connection, site: Site, actor: Actor, wanted: Wanted, now: datetime, reference: str, version: int
) -> _Came:
    was = claims.assign_one(conn, site, actor, reference, wanted.person_id or 0, version, now)
    return _Came() if was is None else _Came(was.id, was_colleagues=was.assignee_id not in (None, actor.user_id))


def _snooze(
    conn: Connection, site: Site, actor: Actor, wanted: Wanted, now: datetime, reference: str, version: int
) -> _Came:
    row = lock(conn, reference)
    snoozing.ensure_unchanged_open(conn, row, actor, version)
    if is_at_once(row):
        raise RefusedError("in_danger")
    until_at = wanted.until_at or now
    return _Came(is_late=snoozing.put_off(conn, site, actor, row, until_at, wanted.reason, now).is_late)


def _tell(conn: Connection, recipient: str, ids: list[int], now: datetime) -> None:
    """One mail, however many they are; it hangs on all of them, and tells only of those that are not taken back."""
    name = outbox.enqueue(conn, **_of_given(ids), recipient=recipient, now=now)
    deeds.share(conn, ids, name)


def _of_given(ids: Sequence[int]) -> dict[str, Any]:
    kind, details = ("person.assigned", {}) if len(ids) == 1 else ("person.assigned_many", {"count": len(ids)})
    return {"kind": kind, "callback_id": ids[0], "details": details}


def tell_of_fewer(conn: Connection, mail: str, ids: Sequence[int]) -> bool:
    """The mail about several that were given is now about these only; False if it has gone out."""
    return outbox.rewrite(conn, mail, **_of_given(ids))


def _failure(reference: str, error: ServiceError) -> Failure:
    if isinstance(error, TakenError):
        return Failure(reference, "taken", error.holder)
    if isinstance(error, RefusedError):
        return Failure(reference, error.code)
    codes = {EndedError: "ended", NotFoundError: "not_there"}
    return Failure(reference, codes.get(type(error), "changed"))
