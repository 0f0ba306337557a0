"""The on-call webhook against real servers: ids only, signed, nowhere else, and no mail waits for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from intake.database import reading, writing
from intake.delivery import webhook as webhooks
from intake.delivery.webhook import HookError, Webhook, run_hooks
from intake.ledger import outbox
from intake.models import Audit, MailTry, OutboxMessage
from intake.models.site import Site
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims
from tests.conftest import free_port
from tests.making import actions, ask, person, stored

SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes that nobody saw").decode()
O = OutboxMessage.__table__.c  # noqa: E741


@dataclass
class Pager:
    """What came in, and what to answer."""

    code: int = 204
    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening(code: int = 204, location: str = "") -> Iterator[Pager]:
    pager = Pager(code)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            pager.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(pager.code)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pager.url = f"http://127.0.0.1:{server.server_port}/hook?key=secret-part"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield pager
    finally:
        server.shutdown()
        server.server_close()


def queued(site: Site, now: datetime) -> str:
    """One alert that waits for the webhook; the request's reference."""
    reference = ask(site, now, name="Marguerite", message="after the detox").reference
    details = {"kind": "on_call", "number": 1, "due_at": now.isoformat(), "claim_by": now.isoformat()}
    with writing() as conn:
        callback_id = stored(reference).id
        outbox.enqueue(conn, "hook.alert", outbox.HOOK, callback_id=callback_id, details=details, now=now)
    return reference


def row() -> Any:
    with reading() as conn:
        return conn.execute(select(OutboxMessage.__table__).where(O.recipient == "hook")).one()


def test_it_is_told_which_request_and_by_when_and_nothing_of_the_person_or_the_provider(
    site: Site, now: datetime
) -> None:
    site = replace(site, public_url="https://callback.example.com", provider_name="Quiet Bay Detox")
    reference = queued(site, now)
    with listening() as pager:
        assert run_hooks(site, Webhook(pager.url, SECRET), lambda: now) == 1
        assert run_hooks(site, Webhook(pager.url, SECRET), lambda: now) == 0
    [(headers, body)] = pager.got
    url = f"https://callback.example.com/admin/queue/{reference}"
    assert json.loads(body) == {
        "kind": "on_call", "reference": reference, "number": 1, "url": url,
        "due_at": "2026-11-18T17:00:00Z", "claim_by": "2026-11-18T17:00:00Z",
        "text": f"Request {reference} waits out of hours. Claim it: {url}",
    }  # fmt: skip
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = hmac.new(b"thirty-two bytes that nobody saw", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(wanted).decode()}"
    assert headers["webhook-id"] == row().public_id
    assert row().state == "sent"


def test_a_webhook_that_fails_is_tried_again_under_the_same_id_and_holds_up_no_mail(
    site: Site, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    now += NIGHT
    queued(site, now)
    with listening(500) as pager:
        run_hooks(site, Webhook(pager.url), lambda: now)
        with reading() as conn:
            assert outbox.is_due(conn, now), "the mail to the team"
            assert not outbox.is_due(conn, now, is_hook=True)
        assert (row().state, row().attempt_count, row().last_error) == ("pending", 1, "HTTP 500")
        pager.code = 200
        run_hooks(site, Webhook(pager.url), lambda: now + timedelta(seconds=6))
    assert row().state == "sent"
    assert len({headers["webhook-id"] for headers, _ in pager.got}) == 1
    assert "webhook-signature" not in pager.got[0][0]
    with reading() as conn:
        answers = conn.execute(select(MailTry.answer).order_by(MailTry.id)).scalars().all()
    assert answers == ["HTTP 500", "HTTP 200"]
    assert "secret-part" not in caplog.text


def test_a_redirect_is_not_followed(site: Site, now: datetime) -> None:
    with listening() as inside, listening(302, inside.url) as pager:
        with pytest.raises(HookError, match="HTTP 302"):
            Webhook(pager.url).post("a", {}, now=now)
        assert inside.got == []


def test_nobody_there_is_told_without_the_address(now: datetime) -> None:
    with pytest.raises(HookError) as failed:
        Webhook(f"http://127.0.0.1:{free_port()}/key").post("a", {}, now=now)
    assert str(failed.value) == "no connection (ConnectionRefusedError)"


def test_a_receiver_that_says_nothing_is_left_after_a_while(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(HookError, match="no answer within"):
        Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/").post("a", {}, now=now)


def test_a_receiver_that_dribbles_its_answer_is_left_as_soon(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.3)
    left = threading.Event()

    def dribble(server: socket.socket) -> None:
        wire, _ = server.accept()
        with wire, suppress(OSError):
            wire.sendall(b"HTTP/1.1 204 No Content\r\nX-Slow: ")
            while not left.wait(0.05):
                wire.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as slow:
        receiver = threading.Thread(target=dribble, args=(slow,), daemon=True)
        receiver.start()
        try:
            with pytest.raises(HookError, match="no answer within"):
                Webhook(f"http://127.0.0.1:{slow.getsockname()[1]}/").post("a", {}, now=now)
        finally:
            left.set()
            receiver.join(5)


NIGHT = timedelta(hours=10)


def claimed(site: Site, at: datetime, reference: str) -> datetime:
    claims.claim(site, person(site, "Sam", now=at), reference, now=at)
    return at


def ended(site: Site, at: datetime, reference: str) -> datetime:
    casework.close(site, person(site, "Sam", now=at), reference, ClosedReason.SPAM, now=at)
    return at


def morning(site: Site, at: datetime, reference: str) -> datetime:
    return at + timedelta(hours=12)


@pytest.mark.parametrize("happens", [claimed, ended, morning])
def test_what_nobody_needs_any_more_is_withdrawn_on_record_and_not_said_to_be_sent(
    site: Site, now: datetime, happens: Callable[[Site, datetime, str], datetime]
) -> None:
    reference = queued(site, now + NIGHT)
    with listening(500) as pager:
        run_hooks(site, Webhook(pager.url), lambda: now + NIGHT)
        later = happens(site, now + NIGHT, reference) + timedelta(minutes=1)
        pager.code = 200
        run_hooks(site, Webhook(pager.url), lambda: later)
    assert len(pager.got) == 1, "the first try, which failed"
    with reading() as conn:
        assert conn.execute(select(O.id).where(O.recipient == "hook")).all() == []
        told = conn.execute(select(Audit.details).where(Audit.action == "mail.withdrawn")).scalar_one()
    assert told["why"] == happens.__name__
    assert "mail.withdrawn" in actions(reference) and "mail.sent" not in actions(reference)


def test_of_the_messages_that_a_pager_missed_in_the_night_only_the_newest_goes_out(site: Site, now: datetime) -> None:
    at = now + NIGHT
    callback_id = stored(queued(site, at)).id
    for number in (1, 2):
        details = {"kind": "on_call_late", "number": number, "due_at": at.isoformat()}
        with writing() as conn:
            outbox.enqueue(conn, "hook.alert", outbox.HOOK, callback_id=callback_id, details=details, now=at)
    with listening() as pager:
        run_hooks(site, Webhook(pager.url), lambda: at)
    assert [json.loads(body)["number"] for _, body in pager.got] == [2]


def test_an_alarm_that_is_over_wakes_nobody(site: Site, now: datetime) -> None:
    with writing() as conn:
        details = {"kind": "silence", "since": now.isoformat()}
        outbox.enqueue(conn, "hook.alert", outbox.HOOK, details=details, now=now)
    with listening() as pager:
        run_hooks(site, Webhook(pager.url), lambda: now)
    assert pager.got == []


def test_what_was_written_for_a_webhook_that_is_gone_is_given_up(site: Site, now: datetime) -> None:
    queued(site, now)
    run_hooks(site, Webhook(""), lambda: now)
    assert (row().state, row().last_error) == ("dead", "no webhook is set any more")


def test_a_worker_that_dies_with_it_in_hand_loses_nothing(site: Site, now: datetime) -> None:
    now += NIGHT
    queued(site, now)
    with writing() as conn:
        outbox.claim(conn, now=now, lease_key="gone", lease_seconds=60, limit=1, is_hook=True)
    with listening() as pager:
        assert run_hooks(site, Webhook(pager.url), lambda: now + timedelta(seconds=59)) == 0
        assert run_hooks(site, Webhook(pager.url), lambda: now + timedelta(seconds=61)) == 1
    assert len(pager.got) == 1
