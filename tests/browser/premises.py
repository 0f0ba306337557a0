"""The service with people, requests of every kind and mails, standing for a whole module of browser tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page
from sqlalchemy import update

from intake.database import writing
from intake.ledger import audit, mail_channel, outbox, tries
from intake.models import OutboxMessage, SignIn
from intake.models.records import MailChannel, OutboxState, TryOutcome
from intake.models.site import Site
from intake.queries import people
from intake.rules.limits import STANDARD
from intake.rules.permissions import SYSTEM, Actor, ActorKind, permissions_of
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition, ForWhom, Voicemail
from intake.services import accounts, calls, claims, viewing
from intake.services.callbacks import Submitted
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at
from tests.browser.barriers import Heard, listen
from tests.conftest import running_app, serving
from tests.making import ask, person, stored

LONG_NAME = "Ana María de los Ángeles Fernández-Villanueva y Echeverría" + "x" * 40
LONG_COLLEAGUE = "Maximiliana-" + "Wolfeschlegelstein" * 3
STAFF = ("Maria", "Dev", "Grace", "Alex", "Rae", "Nobody")
_M = OutboxMessage.__table__.c


def fill_queue(site: Site, now: datetime) -> dict[str, str]:
    """Maria, Dev and Grace, and one request of every kind: its reference by the visitor's name."""
    maria, dev = (person(site, name, now=now) for name in ("Maria", "Dev"))
    person(site, "Grace", "manager", now=now)

    def made(name: str, minutes: float, **more: object) -> str:
        return ask(site, now - timedelta(minutes=minutes), name=name, **more).reference

    found = {
        "Ana": made("Ana", 27, phone="312-555-0182", language="es", for_whom=ForWhom.OTHER),
        "Marcus": made("Marcus", 19, phone="212-555-0147", voicemail=Voicemail.SAY_WHO),
        "Jo": made("Jo", 240, phone="312-555-0171"),
        "Priya": made("Priya", 10, phone="646-555-0119", voicemail=Voicemail.NUMBER_ONLY),
        "Sam": made("Sam", 90, phone="808-555-0138"),
        "asdf": made("asdf", 5, signals=Signals(honeypot=True, seconds_to_fill=0.2)),
        "Lee": made("Lee", 60, window=Window(now + timedelta(hours=2), now + timedelta(hours=4))),
        "Bea": made("Bea", 70, is_free_time=True, preferred_note="Thursday after my shift"),
        "Long": made(LONG_NAME, 3),
    }
    claims.claim(site, maria, found["Marcus"], now=now)
    claims.start_call(site, dev, found["Jo"], now=now - timedelta(minutes=235))
    tried = Outcome(Disposition.NO_ANSWER, note="Rang out.", next_at=now + timedelta(minutes=3))
    calls.log_attempt(site, dev, found["Jo"], tried, now=now - timedelta(minutes=234))
    return found


def fill_outbox(now: datetime) -> None:
    """Mails in every state, and a server that has been silent for a while."""
    dead = {"state": OutboxState.DEAD, "dead_at": now, "last_error": "550 5.1.1 no such mailbox", "attempt_count": 1}
    with writing() as conn:
        conn.execute(update(OutboxMessage).where(_M.id == 1).values(**dead))
        conn.execute(update(OutboxMessage).where(_M.id < 5, _M.id > 1).values(state=OutboxState.SENT, sent_at=now))
        tried = {"attempt_count": 2, "available_at": now + timedelta(minutes=5), "last_error": "451 4.3.0 try again"}
        conn.execute(update(OutboxMessage).where(_M.id == 6).values(**tried))
        outbox.enqueue(conn, "person.security", "user:1", now=now)
        again = now + timedelta(seconds=5)
        tries.note(conn, 1, 1, TryOutcome.LATER, answer="451 4.7.1 come back later", next_at=again, now=now)
        tries.note(conn, 1, 3, TryOutcome.HELD, answer="the server does not answer: timed out", now=now)
        tries.note(conn, 1, 3, TryOutcome.DEAD, answer="550 5.1.1 no such mailbox", now=now)
        words = "A callback request is waiting\n\nOne is waiting.\n\nhttps://callback.example.com/admin/queue/K7M-4QX\n"
        tries.note(conn, 2, 1, TryOutcome.SENT, answer="250 2.0.0 Ok: queued as 4F1B2", words=words, now=now)
        mail_channel.mark_down(conn, error="timed out", now=now - timedelta(minutes=8))
        conn.execute(update(MailChannel).values(next_probe_at=now + timedelta(minutes=1)))


@dataclass
class Premises:
    """The house, who works in it, and their browsers: one for each person, signed in once."""

    app: Flask
    address: str
    browser: Browser
    people: dict[str, Actor]
    requests: dict[str, str]
    now: datetime
    patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    """For the faults of one visit."""
    heard: Heard = field(default_factory=Heard)
    """What every tab says."""
    _resting: dict[str, CDPSession] = field(default_factory=dict)
    """Whose one tab is kept and free."""
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    @property
    def site(self) -> Site:
        """The provider."""
        return self.app.extensions["intake"]  # type: ignore[no-any-return]

    def tab(self, who: str = "") -> Page:
        """A tab of somebody who is signed in, or the browser of a stranger."""
        if not who or who not in self._contexts:
            self._contexts[who or f"stranger {self.number()}"] = self._context(who)
        if session := self._resting.pop(who, None):
            session.send("Emulation.setScriptExecutionDisabled", {"value": False})
            session.detach()
            return self._contexts[who].pages[0]
        page = self._contexts[who or next(reversed(self._contexts))].new_page()
        listen(page, lambda: self.heard)
        return page

    def _context(self, who: str) -> BrowserContext:
        context = self.browser.new_context(base_url=self.address)
        context.set_default_timeout(10_000)
        if who:
            context.add_cookies([{"name": "session", "value": self.sign_in(who), "url": self.address}])
        return context

    def number(self) -> int:
        """One that was not given yet."""
        return next(self._numbers)

    def newcomer(self, *roles: str) -> str:
        """One more colleague, whose session or account may be spoiled."""
        name = f"Kim{self.number()}"
        self.people[name] = person(self.site, name, *roles, now=self.now)
        return name

    def asked(self, name: str = "Ana", minutes_ago: int = 0, **more: Any) -> Submitted:
        """A new request, from a number nobody else has unless one is given."""
        more.setdefault("phone", f"212-736-{self.number()}")
        return ask(self.site, datetime.now(UTC) - timedelta(minutes=minutes_ago), name=name, **more)

    def ask(self, **more: Any) -> str:
        """Its reference only."""
        return self.asked(**more).reference

    def sign_in(self, who: str) -> str:
        """In one more browser; what its cookie holds."""
        cookie = Desk(self.app, self.people[who]).client.get_cookie("session")
        assert cookie
        return cookie.value

    def idle(self, who: str, minutes: int) -> None:
        """This person has not touched anything for so long."""
        s = SignIn.__table__.c
        seen = datetime.now(UTC) - timedelta(minutes=minutes)
        with writing() as conn:
            conn.execute(
                update(SignIn)
                .where(s.user_id == self.people[who].user_id, s.ended_at.is_(None))
                .values(last_seen_at=seen)
            )

    def fail(self, endpoint: str, error: Exception) -> None:
        """Whoever comes here meets this fault, until the test is over."""

        def broken(**_given: object) -> None:
            raise error

        self.patch.setitem(self.app.view_functions, endpoint, broken)

    def tidy(self) -> None:
        """Strangers and newcomers leave, the staff close all tabs but one, and what was broken works again."""
        self.patch.undo()
        for who in [who for who in self._contexts if who not in STAFF]:
            self._contexts.pop(who).close()
        for who in self._contexts.keys() - self._resting.keys():
            page, *others = self._contexts[who].pages
            for other in others:
                other.close()
            self._resting[who] = self._at_rest(page)

    def _at_rest(self, page: Page) -> CDPSession:
        """As a tab is opened, and no script goes on in it; a new one would begin a process and warm it up again."""
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setScriptExecutionDisabled", {"value": True})
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 720})
        return session

    def close(self) -> None:
        """Everybody goes home."""
        self.patch.undo()
        for context in self._contexts.values():
            context.close()


def _staffed(app: Flask, now: datetime) -> tuple[dict[str, Actor], dict[str, str]]:
    site = app.extensions["intake"]
    requests = fill_queue(site, now)
    staff = {"Alex": person(site, "Alex", "admin", now=now), "Rae": person(site, "Rae", "auditor", now=now)}
    staff["Nobody"] = person(site, "Nobody", "staff", now=now)
    with writing() as conn:
        for name in ("Maria", "Dev", "Grace"):
            found = people.by_email(conn, f"{name.lower()}@example.com")
            assert found
            staff[name] = Actor(ActorKind.PERSON, found.id, name, permissions_of(found.roles))
        accounts.set_roles(conn, staff["Nobody"].person_id, ())
    staff["Long"] = long = person(site, LONG_COLLEAGUE, now=now)
    claims.assign(site, staff["Grace"], requests["Lee"], long.person_id, now=now)
    viewing.record(site, long, stored(requests["Lee"]), STANDARD, now=now)
    fill_outbox(now)
    with writing() as conn:
        audit.record(conn, site, SYSTEM, "mail.sent", details={"kind": "team.new", "recipient": "team"}, now=now)
    return staff, requests


@contextmanager
def opened(browser: Browser, url: str, folder: Path, now: datetime) -> Iterator[Premises]:
    """At ``now``, with a clock that runs."""
    with ExitStack() as stack:
        stack.enter_context(at(now, is_running=True))
        app = stack.enter_context(running_app(url, folder))
        app.config["PROPAGATE_EXCEPTIONS"] = False
        staff, requests = _staffed(app, now)
        house = Premises(app, stack.enter_context(serving(app)), browser, staff, requests, now)
        stack.callback(house.close)
        yield house
