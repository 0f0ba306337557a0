"""Mail servers on this machine that behave, misbehave, and check certificates; requests to write mails about."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from intake.delivery import mailer as mailers
from intake.delivery.mailer import Mailer, Posting
from intake.delivery.messages import Letter

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
LETTER = Letter("A callback request is waiting", "One is waiting.\n", "<p>One is waiting.</p>")


def posting(*to: str, name: str = "ab12", letter: Letter = LETTER) -> Posting:
    """A mail ready to go."""
    return Posting(name, "team.new", to or ("intake@example.com",), letter, NOON)


@dataclass
class Post:
    """What arrived, and what to answer. ``script`` maps a command to replies used up one by one before it is obeyed."""

    script: dict[str, list[str]] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    cuts_after_dot: int = 0
    port: int = 0
    seen_password: bool = False

    def _answer(self, command: str, fine: str) -> str:
        replies = self.script.get(command, [])
        return replies.pop(0) if replies else fine

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, name: str, answers: list[str]) -> list[str]:
        session.host_name = name
        refusal = self._answer("EHLO", "")
        return [refusal] if refusal else answers

    async def handle_MAIL(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._answer("MAIL", "250 OK")
        if reply.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self._answer("RCPT", "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:
        reply = self._answer("DATA", "250 taken")
        if reply.startswith("2"):
            self.envelopes.append(envelope)
            self.mails.append(message_from_bytes(envelope.content or b"", policy=policy.default))  # type: ignore[arg-type]
        if self.cuts_after_dot:
            self.cuts_after_dot -= 1
            server.transport.abort()
        return reply


@contextmanager
def post_office(post: Post, **options: Any) -> Iterator[Post]:
    """A real SMTP server for the time of the block."""
    controller = Controller(post, hostname="127.0.0.1", port=0, ready_timeout=10, **options)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = post.port = probe.getsockname()[1]
    controller.start()
    try:
        yield post
    finally:
        controller.stop()


@contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with each connection whatever ``behave`` does; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                wire, _ = listener.accept()
                threading.Thread(target=_quietly, args=(behave, wire), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def _quietly(behave: Callable[[socket.socket], None], wire: socket.socket) -> None:
    with suppress(OSError), wire:
        behave(wire)


@dataclass(frozen=True)
class Authority:
    """A certificate authority with a certificate for this machine."""

    ca_file: Path
    server: ssl.SSLContext


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_authority(folder: Path, *names: str) -> Authority:
    """An authority and a certificate for ``names`` (addresses or host names)."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    start, end = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=2)

    def certificate(subject: str, public: Any, *extensions: x509.ExtensionType) -> x509.Certificate:
        made = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name("authority")).public_key(public)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(ca_key, hashes.SHA256())

    alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
    ca = certificate("authority", ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    own = certificate("server", key.public_key(), x509.BasicConstraints(ca=False, path_length=None), alternatives)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "own.pem").write_bytes(own.public_bytes(pem))
    plain, form = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "own.pem", folder / "key.pem")
    return Authority(folder / "ca.pem", context)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Trusted, for the right name."""
    return make_authority(tmp_path_factory.mktemp("authority"), "127.0.0.1")


@pytest.fixture(scope="session")
def wrong_name(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Trusted, for another name."""
    return make_authority(tmp_path_factory.mktemp("wrong"), "mail.example.org")


MakeMailer = Callable[..., Mailer]


@pytest.fixture
def make_mailer(tmp_path: Path) -> Iterator[MakeMailer]:
    """A mailer for these settings, inside an app of its own; all are closed afterwards."""
    made: list[tuple[Any, Mailer]] = []

    def make(**settings: Any) -> Mailer:
        app = Flask("mailer")
        app.config.update(
            IS_PRODUCTION=False, MAIL_SERVER="127.0.0.1", MAIL_USE_TLS=False, MAIL_USE_SSL=False, MAIL_USERNAME=None,
            MAIL_PASSWORD=None, MAIL_DEFAULT_SENDER="callback@example.com", MAIL_CA_FILE="", MAIL_FOLDER=str(tmp_path),
        )  # fmt: skip
        app.config.update(settings)
        mailers.init_app(app)
        context = app.app_context()
        context.push()
        made.append((context, mailers.mailer_for(app, "https://callback.example.com")))
        return made[-1][1]

    yield make
    for context, mailer in reversed(made):
        mailer.close()
        context.pop()


def only_this_password(post: Post) -> Callable[..., AuthResult]:
    """Lets "intake" in with the password "right"."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        post.seen_password = True
        return AuthResult(success=data == LoginPassword(b"intake", b"right"), handled=False)

    return check
