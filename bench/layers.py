"""Where the microseconds of one accepted request go, layer by layer, in this process and on SQLite."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count

from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict

from intake.database import reading
from intake.models.keyring import contact_words, link_hash
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import receipt
from intake.rules import phone
from intake.rules.calling import calling_key
from intake.rules.promise import promise
from intake.rules.spam import Signals, assess
from intake.services import callbacks
from intake.web.forms import CallbackForm
from intake.web.tokens import FormTokens

FIELDS = {
    "for_whom": "me", "name": "Ada Vance", "phone": "(212) 736-0182", "voicemail": "number_only",
    "preferred_time": "", "preferred_time_note": "", "email": "ada@example.com", "message": "Please call me.",
    "website": "",
}  # fmt: skip
Layer = tuple[str, Callable[[], object], int]


def microseconds(work: Callable[[], object], times: int) -> tuple[float, float]:
    """Passed and computed: the medians of five runs. What is passed and not computed is the disk."""
    work()
    passed, computed = [], []
    for _ in range(5):
        began, cpu = time.perf_counter(), time.thread_time()
        for _ in range(times):
            work()
        passed.append((time.perf_counter() - began) / times * 1e6)
        computed.append((time.thread_time() - cpu) / times * 1e6)
    return statistics.median(passed), statistics.median(computed)


def table(app: Flask) -> Iterator[tuple[str, tuple[float, float]]]:
    """Each layer's name and its microseconds, passed and computed."""
    with app.test_request_context("/callback", method="POST"):
        for name, work, times in layers(app.extensions["intake"]):
            yield name, microseconds(work, times)


def layers(site: Site) -> Iterator[Layer]:
    now, tokens, numbers = datetime.now(UTC), FormTokens("x" * 48), count()
    text, posted = tokens.give(now), ImmutableMultiDict(FIELDS)
    calendar = calendars.default_calendar(site.time_zone)
    number = phone.parse(FIELDS["phone"])
    answers = callbacks.Answers(FIELDS["name"], number, email=FIELDS["email"], message=FIELDS["message"])
    arrival = callbacks.Arrival("nonce", Signals(seconds_to_fill=30.0), "192.0.2.1")
    target = calendar.target
    schedule = calendar.callable_hours(calling_key(number.zones, number.states))
    words = contact_words(answers.name, number.e164, answers.email)

    def validated() -> bool:
        return CallbackForm(posted, calendar=calendar, zone=site.time_zone, now=now, opened_at=now).validate()

    def waiting() -> int:
        with reading() as conn:
            return receipt.people_ahead(conn, now)

    def stored() -> object:
        one = callbacks.Arrival(f"nonce {next(numbers)}", arrival.signals, arrival.address)
        return callbacks.submit(site, answers, one, now=now)

    yield "token read", lambda: tokens.read(text), 2000
    yield "validation, all fields", validated, 300
    yield "  of it the phone number", lambda: phone.parse(FIELDS["phone"]), 500
    yield "spam verdict", lambda: assess(arrival.signals), 5000
    yield "promise (rules only)", lambda: promise(
        now, schedule=schedule, zone=site.time_zone, target=target, backlog=3
    ), 1000  # fmt: skip
    yield "people ahead, nobody waiting", waiting, 500
    yield "sealing and blind indexes", lambda: callbacks.sealed_columns(site, "0" * 32, answers, arrival.address), 1000
    yield "search words", lambda: site.keyring.search_tokens(words), 1000
    yield "private link and replay key", lambda: (
        link_hash(site.keyring.link_token("0" * 32, 1)), site.keyring.idempotency_key("n", answers.canonical())
    ), 2000  # fmt: skip
    yield "submit: all of the above but the first three, one durable transaction", stored, 60
    _fill(site, stored, 500)
    yield "people ahead, 500 waiting", waiting, 200
    yield "submit, 500 waiting", stored, 60


def _fill(site: Site, stored: Callable[[], object], times: int) -> None:
    for _ in range(times):
        stored()
