"""Rules that are kept in versions: what is in force of a kind, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

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


def versions(conn: Connection, kind: RuleKind, *, before: int | None = None, limit: int) -> list[Rules]:
    """What was in force, newest first, below the id ``before``."""
    asked = _ASKED.where(_R.kind == kind.value)
    asked = asked.where(_R.id < before) if before is not None else asked
    rows = conn.execute(asked.order_by(_R.id.desc()).limit(limit))
    return [Rules(row.id, row.document, row.created_at, row.name or "") for row in rows]
