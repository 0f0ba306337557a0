"""From outside nobody learns that a number is known: what was joined with another request answers like the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.delivery import messages
from intake.models import OutboxMessage
from intake.models.site import Site
from intake.queries import mail
from intake.services import repeats
from tests.conftest import Browser
from tests.points import point
from tests.web.visiting import open_form, send, stored

CHANGES = ({"change": "voicemail", "voicemail": "number_only"}, {"change": "time", "preferred_time": "asap"},
           {"change": "number", "phone": "(212) 736-0183"})  # fmt: skip
WISHES = ({}, {"message": "After work, please"})


class Visit:
    """One visitor with the same answers as any other; everything that comes back, without what is drawn anew."""

    def __init__(self, app: Flask, wish: dict[str, str]) -> None:
        self.app, self.client = app, Browser(app)
        token = open_form(self.client)
        email = f"ana{len(stored(app))}@example.com"  # to one address we write the same letter only once
        self.sent = send(self.client, token, email=email, **wish)
        self.path = self.sent.headers["Location"]
        self.row = stored(app)[-1]

    def plain(self, answer: Any) -> tuple[int, list[tuple[str, str]], str]:
        headers = [(name, self.same(value)) for name, value in answer.headers if name not in ("Date", "X-Request-ID")]
        return answer.status_code, headers, self.same(answer.text)

    def same(self, text: str) -> str:
        text = text.replace(self.path.rpartition("/")[2], "LINK").replace(self.row["reference"], "REFERENCE")
        return re.sub(r'(name="token" value=")[^"]+|W?/?"[0-9a-f]{16,}"', r"\1", text)

    def goes_through(self) -> list[Any]:
        """The page, the question, every change of it, and the cancelling."""
        answers = [self.client.get(self.path), self.client.get(f"{self.path}/cancel")]
        for change in CHANGES:
            answers += [self.client.post(self.path, data=change), self.client.get(self.path)]
        answers += [self.client.post(f"{self.path}/cancel"), self.client.get(self.path)]
        answers += [self.client.post(self.path, data={"change": "undo"}), self.client.get(self.path)]
        return [self.plain(answer) for answer in answers]

    def mails(self, site: Site) -> list[Any]:
        """Every mail to this visitor, worded as it would go out."""
        with reading() as conn:
            o = OutboxMessage.__table__.c
            asked = select(o.kind, o.details, o.available_at).where(o.callback_id == self.row["id"])
            rows = conn.execute(asked.where(o.recipient == "visitor").order_by(o.id)).all()
            about = mail.about(conn, site, self.row["id"], for_visitor=True)
        times = [messages.Occasion(site, row.available_at, about, row.details or {}) for row in rows]
        letters = [messages.write(row.kind, occasion) for row, occasion in zip(rows, times, strict=True)]
        return [[self.same(text) for text in asdict(letter).values()] for letter in letters]


@point(62)
@pytest.mark.parametrize("wish", WISHES)
def test_a_joined_request_answers_its_visitor_byte_for_byte_like_the_first(
    app: Flask, site: Site, clock: Any, now: Any, count_queries: Callable[[], int], wish: dict[str, str]
) -> None:
    answers = []
    for number in ("(212) 736-0199", "(212) 736-0182"):  # the promise tells how many wait, so as many do both times
        older, newer = Visit(app, {"phone": number, **wish}), Visit(app, wish)
        repeats.look(site, now=now)
        count_queries()
        Browser(app).get(newer.path)
        spent = count_queries()
        partner = stored(app)[-1]["duplicate_of_id"]
        answers.append([spent, newer.plain(newer.sent), newer.mails(site), newer.goes_through(), newer.mails(site)])
        for visit in (newer, older):
            visit.client.post(f"{visit.path}/cancel")
    assert partner == older.row["id"]
    for alone, joined in zip(*answers, strict=True):
        assert alone == joined


def test_sending_asks_the_database_the_same_whether_the_number_is_known_or_not(
    app: Flask, site: Site, clock: Any, now: Any, count_queries: Callable[[], int]
) -> None:
    client, spent = Browser(app), []
    send(client, open_form(client), phone="(212) 736-0199")
    for _ in range(2):
        token = open_form(client)
        count_queries()
        send(client, token)
        spent.append(count_queries())
        repeats.look(site, now=now)
    assert spent[0] == spent[1]
