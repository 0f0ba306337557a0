"""The pages of response times: full of figures, of no request at all, and asked for days that cannot be."""

from __future__ import annotations

from tests.browser.shown import Shown, at

REPORTS = "admin/reports.html"
PAGE = "/admin/reports/"

PAGES = [
    Shown("response times", "reports.index", REPORTS, at("Grace", f"{PAGE}?period=364")),
    Shown("response times, all hours, people needed", "reports.index", REPORTS,
          at("Rae", f"{PAGE}?period=364&clock=all&cells=people")),
    Shown("response times, no request", "reports.index", REPORTS, at("Alex", f"{PAGE}?from=2020-01-01&to=2020-01-31")),
    Shown("response times, days that cannot be", "reports.index", REPORTS,
          at("Alex", f"{PAGE}?from=2026-11-18&to=2026-11-01")),
]  # fmt: skip
