"""Cells of a table that somebody opens in a spreadsheet: whatever is in them, nothing is computed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from intake.wording.translation import gettext

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


def beginning(heads: Iterable[str]) -> Iterator[str]:
    """The first lines of a copy: the notice that goes with every disclosure (42 CFR 2.32), and the heads.

    The mark before them tells spreadsheets that it is UTF-8.
    """
    yield "\ufeff" + line([gettext("42 CFR part 2 prohibits unauthorized use or disclosure of these records.")])
    yield line(heads)
