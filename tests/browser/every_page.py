"""The table of every page there is: the browser looks at each, and tests/house sees to it that none is missing."""

from __future__ import annotations

from tests.browser import (
    danger_pages,
    decision_pages,
    dossier_pages,
    panel_pages,
    report_pages,
    shift_pages,
    sign_in_pages,
    visitors_pages,
    work_pages,
)

VISITORS = visitors_pages.PAGES
SIGN_IN = sign_in_pages.PAGES
PANEL = [
    *work_pages.PAGES,
    *decision_pages.PAGES,
    *danger_pages.PAGES,
    *shift_pages.PAGES,
    *report_pages.PAGES,
    *dossier_pages.PAGES,
    *panel_pages.PAGES,
]
EVERY = [*VISITORS, *SIGN_IN, *PANEL]
