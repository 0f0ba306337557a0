"""Cells of a sheet: whatever is in them, no spreadsheet computes it."""

from __future__ import annotations

import pytest

from intake.wording.sheets import safe


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), (" @sum", "' @sum"), ("＋1", "'＋1"), ("x;=1+1", "x;'=1+1"), ("x; -2", "x;' -2"),
        ("a\n=b", "a\n'=b"), ("Mon; Tue = two", "Mon; Tue = two"), ("well-known", "well-known"), (None, ""), (7, "7"),
    ],
)  # fmt: skip
def test_what_could_be_computed_has_an_apostrophe_where_it_begins(cell: object, written: str) -> None:
    assert safe(cell) == written
