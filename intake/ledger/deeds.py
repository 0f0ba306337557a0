"""What one deed of a person changes, noted while it happens and kept for as long as it can be undone.

Whoever writes a request's row, a mail, an attempt, notes it here if a deed is under way on the same connection; a
transaction that is no such deed, like a visitor's request, notes nothing and pays nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Date, delete, insert, select

from intake.models import CallbackRequest, UndoStep
from intake.models.base import Instant

LASTS = timedelta(seconds=20)
"""So long a deed can be undone, and so long its mails wait."""
KEPT = timedelta(hours=1)
AT_ONCE = frozenset({"manager.crisis"})
"""Mails that wait for nothing: somebody may be in danger."""

_C = CallbackRequest.__table__.c
_S = UndoStep.__table__.c


@dataclass(slots=True)
class Item:
    """What a deed did to one request. ``before``: the columns as they were, as JSON keeps them.

    ``joined``, ``parted``: the links to another request that it made and ended; ``told``: what others kept before.
    ``note``: the one it wrote, where that was all. ``skipped``: when this person passed it over, and what stood before.
    ``is_new``: the deed stored it. ``lifted``: numbers that were barred, by their keyed hashes.

    Without a ``version`` the row itself was neither changed nor leaned on: what becomes of it stands in nobody's way.
    """

    id: int
    version: int = 0
    before: dict[str, Any] = field(default_factory=dict)
    mails: list[str] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    episodes: list[int] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)
    parted: list[int] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    is_new: bool = False
    lifted: list[dict[str, Any]] = field(default_factory=list)
    skipped: dict[str, Any] = field(default_factory=dict)

    @property
    def is_anything(self) -> bool:
        """Whether there is something to take back."""
        return bool(self.version or self.note or self.skipped)


class Deed:
    """One deed while it happens. ``until``: when its mails may go out."""

    def __init__(self, now: datetime) -> None:
        self.until = now + LASTS
        self.items: dict[int, Item] = {}

    def item(self, callback_id: int) -> Item:
        """What is noted of one request."""
        return self.items.setdefault(callback_id, Item(callback_id))

    def changed(self, row: Any, values: Mapping[str, Any]) -> None:
        """These columns of a locked row are being written. Of several changes the first one knows how it was."""
        item = self.item(row.id)
        item.version = row.version + 1
        item.before = {name: written(getattr(row, name)) for name in values} | item.before

    def added(self, callback_id: int) -> None:
        """A request that was not there before."""
        item = self.item(callback_id)
        item.version, item.is_new = 1, True

    def leaned_on(self, row: Any) -> None:
        """A locked row that the deed does not change, but that must be the same for it to be taken back."""
        self.item(row.id).version = row.version


_UNDER_WAY: WeakKeyDictionary[Connection, Deed] = WeakKeyDictionary()


def of(conn: Connection) -> Deed | None:
    """The deed that this transaction is, if it is one."""
    return _UNDER_WAY.get(conn)


def share(conn: Connection, ids: Iterable[int], mail: str) -> None:
    """A mail about several requests hangs on each of them."""
    noted = of(conn)
    for mails in (noted.item(one).mails for one in ids) if noted else ():
        if mail not in mails:
            mails.append(mail)


@contextmanager
def begun(conn: Connection, now: datetime) -> Iterator[Deed]:
    """From here on everything is noted."""
    noted = _UNDER_WAY[conn] = Deed(now)
    try:
        yield noted
    finally:
        del _UNDER_WAY[conn]


def keep(conn: Connection, noted: Deed, *, by_id: int, action: str, now: datetime) -> None:
    """One step for all that was changed, if anything was. What this person can no longer undo goes."""
    items = [asdict(item) for item in noted.items.values() if item.is_anything]
    if not items:
        return
    conn.execute(delete(UndoStep).where(_S.by_id == by_id, _S.done_at < now - KEPT))
    step = {"public_id": uuid.uuid4().hex, "by_id": by_id, "action": action, "done_at": now, "items": items}
    conn.execute(insert(UndoStep).values(step))


def forget_before(conn: Connection, instant: datetime) -> None:
    """What nobody can undo any more, whoever did it: a step may hold the keyed hash of a number.

    One that its person is just clearing away is theirs; this waits for nobody.
    """
    old = select(_S.id).where(_S.done_at < instant).with_for_update(skip_locked=True)
    conn.execute(delete(UndoStep).where(_S.id.in_(old)))


def written(value: Any) -> Any:
    """An instant or a date as JSON keeps it, anything else as it is. Nothing sealed or keyed is ever noted of a row."""
    if isinstance(value, (bytes, memoryview)):
        raise TypeError("what is personal is not noted")
    return value.isoformat() if isinstance(value, date) else value


def columns(before: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a request, read back from what was kept of them."""
    return {name: _read(name, value) for name, value in before.items()}


def _read(name: str, value: Any) -> Any:
    kind = _C[name].type
    if value is None or not isinstance(kind, (Instant, Date)):
        return value
    return datetime.fromisoformat(value) if isinstance(kind, Instant) else date.fromisoformat(value)
