"""The views of the queue that somebody may open by name: their own, and what others share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Label, or_, select

from intake.models import SavedView
from intake.models.base import table_of
from intake.queries import side_lists

MOST = 60
_T = table_of(SavedView)
_FIELDS = ("public_id", "name", "query", "is_shared", "owner_id")


@dataclass(frozen=True, slots=True)
class Saved:
    """A view under its name; ``query`` is what follows the question mark in its address."""

    public_id: str
    name: str
    query: str
    is_shared: bool
    is_own: bool


def column(conn: Connection, user_id: int) -> Label[Any]:
    """All of them as one value named ``saved``, so that the page that lists them asks nothing more."""
    mine = or_(_T.c.owner_id == user_id, _T.c.is_shared)
    some = select(*(_T.c[name] for name in _FIELDS)).where(mine).order_by(_T.c.name, _T.c.id).limit(MOST)
    return side_lists.column(conn, "saved", some)


def open_to(conn: Connection, user_id: int) -> tuple[Saved, ...]:
    """The same for a page that shows nothing else."""
    return read(conn.execute(select(column(conn, user_id))).scalar(), user_id)


def read(value: Any, user_id: int) -> tuple[Saved, ...]:
    """What that column holds."""
    found = side_lists.rows(value)
    return tuple(Saved(key, name, query, bool(shared), owner == user_id) for key, name, query, shared, owner in found)
