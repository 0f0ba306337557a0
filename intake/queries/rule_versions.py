"""Rules that are kept in versions: what is in force of a kind, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Label, select

from intake.models import RuleVersion, User

_R = RuleVersion.__table__.c
_U = User.__table__.c


class RuleKind(StrEnum):
    """What the rules are about; ``rules`` has a frozen class for each, which reads and writes the document."""

    ALERTS = "alerts"
    ROUTING = "routing"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Rules:
    """One version. ``id`` 0 and an empty document: nothing was ever set, the standard holds."""

    id: int
    document: Mapping[str, Any]
    created_at: datetime | None = None
    author: str = ""


STANDARD = Rules(0, {})
_ASKED = select(_R.id, _R.document, _R.created_at, _U.name).outerjoin(User.__table__, _U.id == _R.created_by_id)


def current(conn: Connection, kind: RuleKind) -> Rules:
    """The newest version."""
    row = conn.execute(_ASKED.where(_R.kind == kind.value).order_by(_R.id.desc()).limit(1)).first()
    return Rules(row.id, row.document, row.created_at, row.name or "") if row else STANDARD


def column(kind: RuleKind) -> Label[Any]:
    """Its document as one value named like the kind, for a statement that asks for more; None where none was set."""
    asked = select(_R.document).where(_R.kind == kind.value).order_by(_R.id.desc()).limit(1)
    return asked.scalar_subquery().label(kind.value)


@dataclass(frozen=True, slots=True)
class Replaced:
    """One version of some kind, and the document it replaced; an empty one before the first."""

    kind: RuleKind
    rules: Rules
    before: Mapping[str, Any]


def of_every_kind(conn: Connection, *, before: int | None = None, limit: int) -> list[Replaced]:
    """What was changed, newest first, below the id ``before``."""
    earlier = RuleVersion.__table__.alias("earlier")
    replaced = select(earlier.c.document).where(earlier.c.kind == _R.kind, earlier.c.id < _R.id)
    replaced = replaced.order_by(earlier.c.id.desc()).limit(1)
    asked = _ASKED.add_columns(_R.kind, replaced.scalar_subquery().label("replaced"))
    asked = asked.where(_R.id < before) if before is not None else asked
    return [
        Replaced(RuleKind(row.kind), Rules(row.id, row.document, row.created_at, row.name or ""), row.replaced or {})
        for row in conn.execute(asked.order_by(_R.id.desc()).limit(limit))
    ]


def versions(conn: Connection, kind: RuleKind, *, before: int | None = None, limit: int) -> list[Rules]:
    """What was in force, newest first, below the id ``before``."""
    asked = _ASKED.where(_R.kind == kind.value)
    asked = asked.where(_R.id < before) if before is not None else asked
    rows = conn.execute(asked.order_by(_R.id.desc()).limit(limit))
    return [Rules(row.id, row.document, row.created_at, row.name or "") for row in rows]
