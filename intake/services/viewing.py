"""Looking is on record too: an opened page, a search, a shown list, and a door that stayed shut."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from intake.database import db, writing
from intake.ledger import audit
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.rules.limits import CallingRules
from intake.rules.permissions import Actor, Permission
from intake.services import leases, presence

TOLD_AGAIN_AFTER = timedelta(minutes=15)
"""So long one entry speaks for a list that is looked at again and again."""
MOST_LISTS = 1000
MOST_IDS = 2000


@dataclass(slots=True)
class _Shown:
    """What one person has been shown of one list since its last full entry."""

    since: datetime
    ids: set[int] = field(default_factory=set)

    def is_fresh(self, now: datetime) -> bool:
        """Also not when the clock was set back."""
        return timedelta(0) <= now - self.since < TOLD_AGAIN_AFTER


class _Memory:
    """Who has been shown what lately, by person and list.

    It is this process's own and small: at most MOST_LISTS lists of MOST_IDS requests. What it forgets, or what another
    process shows, is recorded once more; nothing that was shown is ever left out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lists: OrderedDict[tuple[int, str], _Shown] = OrderedDict()

    def news(self, key: tuple[int, str], ids: list[int], now: datetime) -> list[int] | None:
        """The ids an entry has to name; None when no entry is needed."""
        with self._lock:
            shown = self._lists.get(key)
            if shown is None or not shown.is_fresh(now):
                return ids
            return [one for one in ids if one not in shown.ids] or None

    def keep(self, key: tuple[int, str], ids: list[int], now: datetime) -> None:
        """These are on record now."""
        with self._lock:
            shown = self._lists.get(key)
            if shown is None or not shown.is_fresh(now) or len(shown.ids) + len(ids) > MOST_IDS:
                shown = self._lists[key] = _Shown(now)
            shown.ids.update(ids)
            self._lists.move_to_end(key)
            while len(self._lists) > MOST_LISTS:
                self._lists.popitem(last=False)


_MEMORIES: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
"""One for each database this process records in."""


def record(
    site: Site, actor: Actor, shown: Any, calling: CallingRules, *, now: datetime, is_staying: bool = True
) -> None:
    """One entry for one page that shows a request; whoever stays on it is from now on seen to be there.

    To whoever holds it, looking at it is doing something about it. ``shown``: the request as the page has read it.
    Those joined to it whose words it shows as well are seen too.
    """
    actor.require(Permission.QUEUE)
    with writing() as conn:
        leases.renew_shown(conn, actor, shown, calling, now)
        if is_staying:
            presence.note(conn, CallbackRequest.__table__.c.id == shown.id, actor.person_id, now)
        for one in (shown, *getattr(shown, "more_words", ())):
            audit.record(conn, site, actor, "callback.viewed", callback_id=one.id, now=now)


def listed(
    site: Site, actor: Actor, *, view: str, ids: Iterable[int], now: datetime, needed: Permission = Permission.QUEUE
) -> None:
    """An entry for a shown list: once per person and list within TOLD_AGAIN_AFTER, and whenever it shows new ids."""
    actor.require(needed)
    _listed(site, actor, "queue.viewed", {"view": view}, ids, now)


def listed_figure(
    site: Site, actor: Actor, *, about: Mapping[str, object], of: str, ids: Iterable[int], now: datetime,
    needed: Permission = Permission.REPORTS,
) -> None:  # fmt: skip
    """Likewise for the requests behind a figure of a report."""
    actor.require(needed)
    _listed(site, actor, "report.listed", {**about, "of": of}, ids, now)


def _listed(
    site: Site, actor: Actor, action: str, about: Mapping[str, object], ids: Iterable[int], now: datetime
) -> None:
    memory, key = _MEMORIES.setdefault(db.engine, _Memory()), (actor.person_id, f"{action} {sorted(about.items())}")
    new = memory.news(key, list(ids), now)
    if new is None:
        return
    with writing() as conn:
        audit.record(conn, site, actor, action, details={**about, "ids": new}, now=now)
    memory.keep(key, new, now)


def searched(site: Site, actor: Actor, *, now: datetime) -> None:
    """One entry for one search; the words themselves are not kept."""
    actor.require(Permission.QUEUE)
    with writing() as conn:
        audit.record(conn, site, actor, "queue.searched", now=now)


def read_record(site: Site, actor: Actor, *, about: Mapping[str, object], now: datetime) -> None:
    """Whoever reads the record is in it too: one entry per person and question within TOLD_AGAIN_AFTER."""
    actor.require(Permission.AUDIT)
    _told_once(site, actor, "audit.viewed", about, now)


def read_outbox(site: Site, actor: Actor, *, about: Mapping[str, object], now: datetime) -> None:
    """A look at the mails: one entry per person and list within TOLD_AGAIN_AFTER."""
    actor.require(Permission.OUTBOX)
    _told_once(site, actor, "outbox.viewed", about, now)


def _told_once(site: Site, actor: Actor, action: str, about: Mapping[str, object], now: datetime) -> None:
    memory, key = _MEMORIES.setdefault(db.engine, _Memory()), (actor.person_id, f"{action} {sorted(about.items())}")
    if memory.news(key, [], now) is None:
        return
    with writing() as conn:
        audit.record(conn, site, actor, action, details=about, now=now)
    memory.keep(key, [], now)


def refused(site: Site, actor: Actor, *, endpoint: str, now: datetime) -> None:
    """One entry for one refusal. It takes no right to be refused."""
    with writing() as conn:
        audit.record(conn, site, actor, "access.refused", details={"endpoint": endpoint}, now=now)
