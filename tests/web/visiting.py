"""What a visitor does in a test: opens the form, fills it in, sends it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from intake.database import reading
from intake.models import CallbackRequest

_TOKEN = re.compile(r'name="token" value="([^"]+)"')
ANA = {"name": "Ana", "phone": "(212) 736-0182", "voicemail": "none", "preferred_time": "asap"}


def token_in(page: str) -> str:
    match = _TOKEN.search(page)
    assert match, "the page has no token"
    return match[1]


def open_form(client: FlaskClient, query: str = "") -> str:
    return token_in(client.get(f"/callback{query}").text)


def send(client: FlaskClient, token: str | None = None, **answers: str) -> TestResponse:
    """Send Ana's answers with ``answers`` over them."""
    token = open_form(client) if token is None else token
    return client.post("/callback", data={**ANA, "token": token, **answers})


def ask(client: FlaskClient, **answers: str) -> str:
    """Send a good form; the path of the private page."""
    response = send(client, **answers)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def stored(app: Flask) -> list[Mapping[str, Any]]:
    """All requests, opened."""
    keyring = app.extensions["intake"].keyring
    with reading() as conn:
        rows = conn.execute(select(CallbackRequest.__table__).order_by(CallbackRequest.__table__.c.id)).mappings().all()
    names = ("name", "phone", "phone_typed", "email", "message", "preferred_note", "source_path")
    opened = [
        {name: keyring.open(f"callback_request.{name}", row["public_id"], row[f"{name}_encrypted"]) for name in names}
        for row in rows
    ]
    return [{**row, **clear} for row, clear in zip(rows, opened, strict=True)]


def words(page: str) -> str:
    """What is read on a page: tags gone, entities and no-break spaces plain, blanks folded."""
    body = re.sub(r"(?s)<(script|style)>.*?</\1>", " ", page)
    text = html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ")
    return re.sub(r"\s+([.,;:])", r"\1", re.sub(r"\s+", " ", text))
