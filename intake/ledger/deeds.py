"""What one deed of a person changes, noted while it happens and kept for as long as it can be undone.

Whoever writes a request's row, a mail, an attempt, notes it here if a deed is under way on the same connection; a
transaction that is no such deed, like a visitor's request, notes nothing and pays nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Date, delete, insert

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
        item.before = {name: _written(getattr(row, name)) for name in values} | item.before

    def leaned_on(self, row: Any) -> None:
        """A locked row that the deed does not change, but that must be the same for it to be taken back."""
        self.item(row.id).version = row.version


_UNDER_WAY: WeakKeyDictionary[Connection, Deed] = WeakKeyDictionary()


def of(conn: Connection) -> Deed | None:
    """The deed that this transaction is, if it is one."""
    return _UNDER_WAY.get(conn)


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
    items = [asdict(item) for item in noted.items.values() if item.version]
    if not items:
        return
    conn.execute(delete(UndoStep).where(_S.by_id == by_id, _S.done_at < now - KEPT))
    step = {"public_id": uuid.uuid4().hex, "by_id": by_id, "action": action, "done_at": now, "items": items}
    conn.execute(insert(UndoStep).values(step))


def _written(value: Any) -> Any:
    """As JSON keeps it. Nothing that is sealed or keyed is ever changed by a deed that can be undone."""
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
