"""Changing rules that are kept in versions: a change is a new row, and nobody writes over what they have not seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from intake.database import writing
from intake.ledger import audit
from intake.models import RuleVersion
from intake.models.base import table_of
from intake.models.site import Site
from intake.queries import rule_versions
from intake.queries.rule_versions import RuleKind
from intake.rules.permissions import Actor, Permission
from intake.services.errors import ChangedError
from intake.services.settings import CALENDAR_LOCK


def change(
    site: Site, actor: Actor, kind: RuleKind, document: Mapping[str, Any], *, seen: int, words: str, now: datetime
) -> int:
    """Let this document hold from now on; the id of the version in force.

    ``seen``: the version on the page this came from (0: none yet). ``words``: the change as people read it, for the
    record. The same document again changes nothing; ChangedError if somebody else has set another one meanwhile.
    """
    actor.require(Permission.SCRIPT if kind is RuleKind.SCRIPT else Permission.SETTINGS)
    with writing() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(select(func.pg_advisory_xact_lock(CALENDAR_LOCK)))
        newest = rule_versions.current(conn, kind)
        if dict(newest.document) == dict(document):
            return newest.id
        if newest.id != seen:
            raise ChangedError
        row = {"kind": kind, "document": dict(document), "created_at": now, "created_by_id": actor.user_id}
        version = int(conn.execute(insert(table_of(RuleVersion)).values(row).returning(RuleVersion.id)).scalar_one())
        audit.record(
            conn, site, actor, "settings.rules_changed",
            details={"kind": kind, "version": version, "replaced": newest.id}, typed=words, now=now,
        )  # fmt: skip
    return version
