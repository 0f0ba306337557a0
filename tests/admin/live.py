"""A page that stays open, as desk.js keeps it: what it shows, what it asks, what it is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from tests.admin.desk import Desk

BY_ITSELF = {"X-Background": "1"}
_ROW = re.compile(r'data-ref="([^"]+)" data-mark="([^"]+)"')
_UNTIL = re.compile(r'data-until="([^"]*)"')
_ACT = re.compile(r'data-act="([^"]*)"')
_HERE_AT = re.compile(r'data-here-at="([^"]*)"')


@dataclass
class OpenList:
    """A view of the queue in somebody's browser."""

    desk: Desk
    asked: dict[str, str]
    marks: dict[str, str]
    until: str
    html: str

    def poll(self, **headers: str) -> TestResponse:
        """Ask what has changed."""
        shown = ",".join(f"{reference}.{mark}" for reference, mark in self.marks.items())
        query = urlencode({**self.asked, "shown": shown, "until": self.until})
        return self.desk._send("GET", f"/admin/queue/live?{query}", headers={**BY_ITSELF, **headers})

    def news(self) -> dict[str, Any]:
        """What has changed; from now on the list shows it."""
        found: dict[str, Any] = self.poll().get_json()
        self.marks |= {reference: row["mark"] for reference, row in found["rows"].items()}
        return found


def open_list(desk: Desk, **asked: str) -> OpenList:
    """Open a view."""
    html = desk.text(f"/admin/queue/?{urlencode(asked)}")
    until = _UNTIL.search(html)
    assert until
    return OpenList(desk, asked, dict(_ROW.findall(html)), until.group(1), html)


@dataclass
class OpenRequest:
    """One request in somebody's browser."""

    desk: Desk
    reference: str
    html: str
    here_at: str = field(default="")

    def here(self, **more: str) -> TestResponse:
        """Say that one is here."""
        act = _ACT.search(self.html)
        assert act
        fields = {"csrf_token": self.desk.token, "act": act.group(1), **more}
        return self.desk._send("POST", f"/admin/queue/{self.reference}/here", data=fields, headers=BY_ITSELF)

    def told(self) -> dict[str, Any]:
        """What one is told."""
        answer: dict[str, Any] = self.here().get_json()
        self.here_at = answer["here_at"]
        return answer

    def leave(self) -> TestResponse:
        """Close the page."""
        return self.here(left=self.here_at)


def open_request(desk: Desk, reference: str) -> OpenRequest:
    """Open its page."""
    html = desk.text(f"/admin/queue/{reference}")
    here_at = _HERE_AT.search(html)
    assert here_at
    return OpenRequest(desk, reference, html, here_at.group(1))
