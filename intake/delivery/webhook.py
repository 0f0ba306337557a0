"""The on-call webhook: a pager or a chat is told that a request waits. Ids and times only, never who asked or why.

Signed as Standard Webhooks asks (https://www.standardwebhooks.com): the id stays the same when a message is sent
again, so that a receiver can tell a repetition from news.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import logging
import random
import ssl
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from intake.database import reading, writing
from intake.delivery.line import Deadline
from intake.ledger import audit, outbox
from intake.ledger.outbox import Leased
from intake.models.site import Site
from intake.queries import mail, paging
from intake.queries.mail import MailedCallback
from intake.rules.permissions import SYSTEM

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5
LEASE_SECONDS = 60
BATCH = 5
_TOO_LATE = f"no answer within {TIMEOUT_SECONDS} s"
_LOST = "the worker was lost at the last attempt"
_UNKNOWN = "the webhook answered with an error"
_SAID = {
    "on_call": "Request {reference} waits out of hours. Claim it: {url}",
    "on_call_late": "Request {reference} waits out of hours and nobody has claimed it: {url}",
    "silence": "No request has come in for unusually long: {url}",
    "outbox": "Messages have been waiting to go out for long: {url}",
    "test": "A test: {url}",
}


class HookError(Exception):
    """The webhook did not take it; it is tried again."""


class _NoRedirect(HTTPRedirectHandler):
    """Whoever runs the receiver must not be able to send us elsewhere, least of all inside our own network."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(deadline: Deadline) -> OpenerDirector:
    """Goes to the one address, over connections that the deadline can cut, in the middle of a TLS handshake too."""

    class Watched(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class WatchedTls(http.client.HTTPSConnection, Watched):
        """HTTPSConnection.connect connects by ``Watched`` before it begins TLS."""

    class Plain(HTTPHandler):
        def http_open(self, req: Request) -> http.client.HTTPResponse:
            return self.do_open(Watched, req)

    class Tls(HTTPSHandler):
        def https_open(self, req: Request) -> http.client.HTTPResponse:
            return self.do_open(WatchedTls, req, context=ssl.create_default_context())

    return build_opener(_NoRedirect, Plain, Tls)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where it is, and the secret that signs; without one nothing is signed."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, site: Site) -> Webhook:
        """The one of this installation."""
        return cls(site.webhook_url, site.webhook_secret)

    def post(self, name: str, payload: Mapping[str, Any], *, now: datetime) -> str:
        """Send it and return the answer's code. HookError for anything but 2xx within five seconds."""
        body = json.dumps(payload, separators=(",", ":"), sort_keys=True).encode()
        deadline = Deadline()
        try:
            asked = Request(self.url, data=body, headers=self.headers(name, body, now), method="POST")  # noqa: S310
            with deadline.within(TIMEOUT_SECONDS), _opener(deadline).open(asked, timeout=TIMEOUT_SECONDS) as answer:
                code = answer.status
        except HTTPError as error:
            error.close()
            raise HookError(_TOO_LATE if deadline.is_over else f"HTTP {error.code}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:  # URLError is an OSError
            raise HookError(_TOO_LATE if deadline.is_over else _reason(error)) from error
        finally:
            deadline.forget()
        if deadline.is_over:  # a head that was cut off reads like a whole one
            raise HookError(_TOO_LATE)
        return f"HTTP {code}"

    def headers(self, name: str, body: bytes, now: datetime) -> dict[str, str]:
        """``webhook-signature``: v1, HMAC-SHA-256 over id, seconds since 1970 and body, joined by dots, in base64."""
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json", "User-Agent": "callback-intake",
            "webhook-id": name, "webhook-timestamp": stamp,
        }  # fmt: skip
        if self.secret:
            signed = hmac.new(_key(self.secret), b".".join([name.encode(), stamp.encode(), body]), hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(signed.digest()).decode()}"
        return headers


def _key(secret: str) -> bytes:
    """The bytes behind ``whsec_``, as receivers' libraries take it; any other text as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def _reason(error: Exception) -> str:
    """Without the address: a pager's often holds its key."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError):
        return _TOO_LATE
    return f"no connection ({type(inner).__name__})"


def payload(site: Site, message: Leased, callback: MailedCallback | None) -> dict[str, Any]:
    """What is told: which request by its reference, what of it, by when, and where it is. Nothing else, on purpose."""
    details = message.details
    reference = callback.reference if callback else None
    url = site.desk_link(reference) if reference else f"{site.public_url}/admin/queue/"
    told: dict[str, Any] = {
        "kind": details["kind"],
        "reference": reference,
        "url": url,
        "text": _SAID[details["kind"]].format(reference=reference, url=url),
    }
    for name in ("due_at", "claim_by", "since"):
        if name in details:
            told[name] = f"{datetime.fromisoformat(details[name]).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if "number" in details:
        told["number"] = details["number"]
    return told


def run_hooks(site: Site, webhook: Webhook, clock: Callable[[], datetime], stop: threading.Event | None = None) -> int:
    """Send what is due, at most one batch; returns how many were taken up. Trouble is logged and waits for its turn."""
    try:
        batch = _lease(clock())
        for message in batch:
            if (stop and stop.is_set()) or clock() + timedelta(seconds=2 * TIMEOUT_SECONDS) > message.leased_until:
                with writing() as conn:
                    outbox.defer(conn, message, now=clock())
            else:
                _deliver(site, webhook, message, clock)
    except Exception:
        log.exception("the webhook is in trouble; tried again")
        return 0
    return len(batch)


def _lease(now: datetime) -> list[Leased]:
    with reading() as conn:
        if not outbox.is_due(conn, now, is_hook=True):
            return []
    with writing() as conn:
        return outbox.claim(
            conn, now=now, lease_key=uuid.uuid4().hex, lease_seconds=LEASE_SECONDS, limit=BATCH, is_hook=True
        )


def _deliver(site: Site, webhook: Webhook, message: Leased, clock: Callable[[], datetime]) -> None:
    if message.is_used_up or not webhook.url:
        _mark(site, message, _LOST if webhook.url else "no webhook is set any more", clock(), is_last=True)
        return
    with reading() as conn:
        callback = mail.about(conn, site, message.callback_id) if message.callback_id else None
        why = paging.why_unneeded(conn, site, message, callback, clock())
    if why:
        withdraw(site, message, why, clock())
        return
    told = payload(site, message, callback)
    try:
        answer = webhook.post(message.public_id, told, now=clock())
    except HookError as error:
        _mark(site, message, str(error) or _UNKNOWN, clock())
    else:
        _mark_sent(site, message, answer, json.dumps(told, indent=1, sort_keys=True), clock())


def withdraw(site: Site, message: Leased, why: str, now: datetime) -> None:
    """Not sent, and not recorded as if it had been."""
    with writing() as conn:
        if outbox.withdraw(conn, message):
            _record(conn, site, message, "mail.withdrawn", now, why=why)


def _mark_sent(site: Site, message: Leased, answer: str, words: str, now: datetime) -> None:
    with writing() as conn:
        if outbox.mark_sent(conn, message, answer=answer, words=words, now=now):
            _record(conn, site, message, "mail.sent", now)


def _mark(site: Site, message: Leased, reason: str, now: datetime, *, is_last: bool = False) -> None:
    """It did not arrive: the same schedule as a mail's, and the same end."""
    with writing() as conn:
        if is_last:
            is_dead = outbox.mark_dead(conn, message, error=reason, now=now)
        else:
            spread = random.random()  # noqa: S311 - jitter, not a secret
            is_dead = outbox.mark_failed(conn, message, error=reason, now=now, spread=spread) is False
        if is_dead:
            _record(conn, site, message, "mail.dead", now)
    log.warning(
        "webhook message %s of kind %s, attempt %d: %s", message.public_id, message.kind, message.attempt, reason
    )


def _record(conn: Any, site: Site, message: Leased, action: str, now: datetime, **more: str) -> None:
    details = {"kind": message.kind, "recipient": message.recipient, "message": message.public_id, **more}
    audit.record(conn, site, SYSTEM, action, callback_id=message.callback_id, details=details, now=now)
