"""Visitors who keep trying until they are told that their request is there, and who remember what they were told."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException

from flask import Flask
from sqlalchemy import select

from bench.processes import Browser
from intake.database import reading
from intake.models import CallbackRequest
from intake.queries import private_link

C = CallbackRequest.__table__.c
AREAS = ("212", "718", "646", "917", "914", "516", "631", "201", "973", "203", "617", "215")


def answers(number: int) -> dict[str, str]:
    """Somebody's answers; no two people share a name."""
    phone = f"{AREAS[number // 100 % len(AREAS)]}-555-01{number % 100:02d}"
    return {
        "for_whom": "me", "name": f"Person {number:05d}", "phone": phone, "voicemail": "number_only",
        "preferred_time": "", "preferred_time_note": "", "email": "", "message": "Please call.", "website": "",
    }  # fmt: skip


@dataclass
class Visitors:
    """A few threads that send one request after the other. ``told``: whose request was acknowledged, and where."""

    port: int
    keeps_alive: bool = True
    rest: float = 0.0
    """Seconds each waits before the next request, so that what is killed has room to come back."""
    told: dict[str, str] = field(default_factory=dict)
    retries: int = 0
    surprises: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: int = 0

    def start(self, threads: int = 5) -> None:
        self._threads = [threading.Thread(target=self._come, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 30) -> None:
        """Let everybody who has begun be told, while the service is up."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "somebody is never told anything"

    def _come(self) -> None:
        browser = Browser(self.port)
        while not self._stop.is_set():
            with self._lock:
                number, self._next = self._next, self._next + 1
            self._ask(browser, answers(number))
            time.sleep(self.rest)
            if not self.keeps_alive:
                browser.close()
        browser.close()

    def _ask(self, browser: Browser, fields: dict[str, str]) -> None:
        """The very same form again after every dropped connection: that is what a browser's reload does."""
        token = ""
        while True:
            try:
                token = token or browser.token()
                status, location = browser.send({**fields, "token": token})
            except (OSError, HTTPException):
                browser.close()
                status, location = 0, ""
            if status == 303:
                self.told[fields["name"]] = location
                return
            with self._lock:
                self.retries += 1
                if status not in (0, 503):
                    self.surprises.append(f"{status} for {fields['name']}")
                    return
            time.sleep(0.05)


def wait_for(is_so: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def nothing_lost_and_nothing_doubled(app: Flask, visitors: Visitors) -> None:
    site, now = app.extensions["intake"], datetime.now(UTC)
    with reading() as conn:
        for name, location in visitors.told.items():
            view = private_link.find(conn, site, location.removeprefix("/callback/"), now=now)
            assert view is not None, "somebody was told that we have their request, and we do not"
            assert view.name == name
        rows = conn.execute(select(C.public_id, C.name_encrypted)).all()
    names = Counter(site.keyring.open("callback_request.name", row.public_id, row.name_encrypted) for row in rows)
    assert [name for name, count in names.items() if count > 1] == []
    assert set(names) == set(visitors.told), "everybody was told in the end, so nothing else may be stored"
