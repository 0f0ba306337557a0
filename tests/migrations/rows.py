"""One believable row for every table, made from the columns themselves, so that a new table is filled too."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Connection, Table, func, insert, select
from sqlalchemy.types import Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, TypeDecorator

from intake.models import Base

SOME_DAY = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def fill(conn: Connection) -> None:
    """A row into each table that is still empty, parents first."""
    for table in Base.metadata.sorted_tables:
        if not conn.execute(select(func.count()).select_from(table)).scalar_one():
            conn.execute(insert(table).values(row(conn, table)))


def row(conn: Connection, table: Table, number: int = 1) -> dict[str, Any]:
    """Values for every column but generated keys. ``number`` tells unique ones apart."""
    return {
        column.name: _value(conn, table, column, number)
        for column in table.columns
        if not (column.primary_key and not column.foreign_keys and column.autoincrement is True)
    }


def _value(conn: Connection, table: Table, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return conn.execute(select(func.min(key.column))).scalar_one()
    choice = _choice(table, column)
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    values = {
        Boolean: False,
        Date: date(2026, 11, 18),
        DateTime: SOME_DAY,
        JSON: {"some": number},
        LargeBinary: bytes([number]) * (getattr(kind, "length", None) or 24),
        String: choice or f"{table.name[:3]}{number}"[: getattr(kind, "length", None) or 24],
        Integer: number,
        Numeric: number,
    }
    return next(value for cls, value in values.items() if isinstance(kind, cls))


def _choice(table: Table, column: Column[Any]) -> str | None:
    """The first word a CHECK allows for this column."""
    checks = (str(check.sqltext) for check in table.constraints if isinstance(check, CheckConstraint))
    found = (re.match(rf"{column.name} IN \('(\w+)'", text) for text in checks)
    return next((match[1] for match in found if match), None)


def counts(conn: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in Base.metadata.sorted_tables
    }
