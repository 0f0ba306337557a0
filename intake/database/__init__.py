"""The database, and how a transaction begins on SQLite and on PostgreSQL.

Reads run in ``reading()``, writes in ``writing()``; only ``services`` and ``delivery`` write.
On SQLite a write takes its lock at once (BEGIN IMMEDIATE): a read that upgrades later fails with "locked"
whatever the timeout, since its snapshot may be stale by then.

``engine``: what an engine needs. ``transactions``: who waits for whom. ``statements``: the few compiled once.
"""

from intake.database.engine import db, engine_options, prepare_engine
from intake.database.statements import Prepared, at_once
from intake.database.transactions import reading, together, writing

__all__ = ["Prepared", "at_once", "db", "engine_options", "prepare_engine", "reading", "together", "writing"]
