"""What was set before: every version, who made it, when, and what was different."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.settings import SettingsView, pairs, told
from intake.database import reading
from intake.queries import calendar as calendars

PAGE = 20


class HistoryPages(SettingsView):
    """Versions are never changed: what was promised by one is measured by it for good."""

    @expose("/history")
    def history(self) -> ResponseReturnValue:
        """Newest first, a page at a time."""
        text = request.args.get("before", "")
        before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        with reading() as conn:
            found = calendars.versions(conn, before=before, limit=PAGE + 1)
        shown = list(pairs(found, PAGE))
        older = shown[-1][0].calendar.id if len(found) > PAGE else None
        return self.show("history", entries=[told(version, replaced) for version, replaced in shown], older=older)
