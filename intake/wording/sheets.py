"""Cells of a table that somebody opens in a spreadsheet: whatever is in them, nothing is computed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from intake.wording.translation import gettext

_BEGIN_FORMULAS = "=+-@\t\r\n＝＋－＠"
_UNSEEN = " \u00a0\u200b\u2060\ufeff"
_AFTER_A_SPLIT = re.compile(rf"([;\t\r\n])(?=[{_UNSEEN}]*[{re.escape(_BEGIN_FORMULAS)}])")
"""Where a spreadsheet that parts cells at another sign than ours would see one begin."""


def safe(cell: object) -> str:
    """The cell as text; what a spreadsheet would take for a formula, at its start or behind a ``;``, has an apostrophe.

    Source: OWASP, CSV injection, which also names the full-width forms.
    """
    text = "" if cell is None else str(cell)
    begins = tuple(_BEGIN_FORMULAS)
    is_formula = text.startswith(begins) or text.lstrip(_UNSEEN).startswith(begins)
    return _AFTER_A_SPLIT.sub(r"\1'", f"'{text}" if is_formula else text)


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
