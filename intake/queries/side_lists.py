"""Short lists read as one value each, beside the figures of a page, so that they cost it no statement of their own."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Label, Select, func, select


def column(conn: Connection, name: str, asked: Select[Any]) -> Label[Any]:
    """All rows of a bounded query as one column of this name."""
    some = asked.subquery()
    fields = list(some.c)
    if conn.dialect.name == "postgresql":
        whole = func.json_agg(func.json_build_array(*fields))
    else:
        whole = func.json_group_array(func.json_array(*fields))
    return select(whole).select_from(some).scalar_subquery().label(name)


def rows(value: Any) -> list[list[Any]]:
    """What that column holds."""
    return json.loads(value) if isinstance(value, str) else value or []
