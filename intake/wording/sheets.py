"""Cells of a table that somebody opens in a spreadsheet: whatever is in them, nothing is computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_BEGIN_FORMULAS = tuple("=+-@\t\r\n＝＋－＠")
_UNSEEN = " \u00a0\u200b\u2060\ufeff"


def safe(cell: object) -> str:
    """The cell as text; one that a spreadsheet would take for a formula starts with an apostrophe.

    Source: OWASP, CSV injection, which also names the full-width forms.
    """
    text = "" if cell is None else str(cell)
    is_formula = text.startswith(_BEGIN_FORMULAS) or text.lstrip(_UNSEEN).startswith(_BEGIN_FORMULAS)
    return f"'{text}" if is_formula else text


def line(cells: Iterable[object]) -> str:
    """One row as RFC 4180 has it, every cell safe."""
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()
