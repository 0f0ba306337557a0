"""Hands one mail to the mail server, or lays it into a folder where no server is set. Owns the Flask-Mail object."""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import flask_mail
from flask import Flask

from intake.delivery.line import CheckedConnection, Deadline, PlainTextError
from intake.delivery.messages import Letter

log = logging.getLogger(__name__)
mail = flask_mail.Mail()

DEADLINE_SECONDS = 20
"""Connecting and sending one message together never take longer."""
GOODBYE_SECONDS = 5
"""Hanging up never takes longer than this."""
_NO_END = "no end in time: the server took longer than one mail may take"
_ADDRESS = re.compile(r"[!-~]+@[^\s@,;:<>()\[\]\"\\\x00-\x1f\x7f-\x9f]+")
_NOT_SIGNED_IN = frozenset({530, 534, 535, 538})  # RFC 4954: said at any command, and about us, not about the message
_SEPARATORS = frozenset(',;:<>()[]"\\')
_TOLD_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


class ServerDownError(Exception):
    """The server takes no mail at all now; the message was not even mentioned."""


class TryLaterError(Exception):
    """The server put this message off."""


class CutOffError(Exception):
    """The transmission of this message broke, or took too long; whether it arrived is not known."""


class RefusedError(Exception):
    """The server will never take this message."""


class UndeliverableError(Exception):
    """There is nobody this message could be sent to; the server was not asked."""


class StoppedError(Exception):
    """We are shutting down; nothing is known against message or server."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter with its envelope. ``public_id`` makes the Message-ID, the same at each attempt."""

    public_id: str
    kind: str
    to: tuple[str, ...]
    letter: Letter
    written_at: datetime


class Mailer(Protocol):
    """What the worker needs of a way to send."""

    def send(self, posting: Posting, *, now: datetime) -> str:
        """Send, or raise one of the errors above. Returns what the server said to it, as ``told``."""

    def knock(self) -> None:
        """Send nothing, and raise ServerDownError if nothing could be sent."""

    def close(self) -> None:
        """The batch is over."""

    def stop(self) -> None:
        """Called from another thread: end what is under way."""


def _is_domain(domain: str) -> bool:
    """Whether the name of a place has a spelling that a mail server understands."""
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def message_of(posting: Posting, *, sender: str, host: str, now: datetime) -> flask_mail.Message:
    """The mail as Flask-Mail sends it. UndeliverableError for an address nothing can be sent to."""
    for address in posting.to:
        local, _, domain = address.partition("@")
        if not _ADDRESS.fullmatch(address) or _SEPARATORS & set(local) or not _is_domain(domain):
            raise UndeliverableError("the address is not one that mail can be sent to")
    message = flask_mail.Message(
        subject=posting.letter.subject,
        recipients=list(posting.to),
        body=posting.letter.text,
        html=posting.letter.html,
        sender=sender,
        date=now.timestamp(),
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    message.msgId = f"<{posting.public_id}@{host}>"
    return message


def told(error: object, to: Iterable[str] = ()) -> str:
    """What a server or the system said, fit for the panel: one line, no control characters, no address.

    A server likes to repeat the mailbox without its host, which is a person's name: for the addresses in ``to`` that
    goes too.
    """
    text = error.decode("utf-8", "replace") if isinstance(error, bytes) else str(error)
    text = _TOLD_ADDRESS.sub("…", text)
    for address in to:
        text = re.sub(rf"(?<!\w){re.escape(address.partition('@')[0])}(?!\w)", "…", text, flags=re.IGNORECASE)
    visible = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(visible.split())[:160]


class SmtpMailer:
    """Sends over one connection until it is closed or something goes wrong; a new one is made when needed."""

    def __init__(self, connect: Callable[[Deadline], CheckedConnection], *, sender: str, host: str) -> None:
        self._connect, self._sender, self._host = connect, sender, host
        self._deadline = Deadline()
        self._connection: CheckedConnection | None = None
        self._is_stopping = False

    def send(self, posting: Posting, *, now: datetime) -> str:
        """Send within DEADLINE_SECONDS, or raise one of the errors above."""
        message = message_of(posting, sender=self._sender, host=self._host, now=now)
        if self._connection is None or self._deadline.is_over:
            self.close()
            self._deadline = Deadline()
        if self._is_stopping:
            raise StoppedError
        try:
            with self._deadline.within(DEADLINE_SECONDS):
                return self._transmit(self._connection or self._open(), message, posting.to)
        except Exception:
            self.close()
            if self._is_stopping:
                raise StoppedError from None
            raise

    def knock(self) -> None:
        """Connect, secure and sign in within DEADLINE_SECONDS, and hang up."""
        self._deadline = Deadline()
        try:
            with self._deadline.within(DEADLINE_SECONDS):
                self._open()
        finally:
            self.close()

    def _open(self) -> CheckedConnection:
        connection = self._connect(self._deadline)
        try:
            connection.__enter__()
        except (smtplib.SMTPException, PlainTextError, OSError) as error:
            raise ServerDownError(self._why_down(error)) from None
        self._connection = connection
        return connection

    def _why_down(self, error: Exception) -> str:
        if self._deadline.is_over:
            return _NO_END
        if isinstance(error, PlainTextError | smtplib.SMTPNotSupportedError):
            return f"the server lacks what we need, nothing was sent unencrypted: {told(error)}"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted: {told(error.verify_message)}"
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return f"the server refused our sign-in: {_reply(error)}"
        if isinstance(error, smtplib.SMTPResponseException):
            return f"the server refused us: {_reply(error)}"
        return f"the server does not answer: {_cause(error)}"

    def _transmit(self, connection: CheckedConnection, message: flask_mail.Message, to: Iterable[str]) -> str:
        try:
            connection.send(message)
        except flask_mail.BadHeaderError:
            raise UndeliverableError("a header of the mail was not one line") from None
        except (smtplib.SMTPException, OSError) as error:
            # A reply cut off in the middle still looks like one, so the deadline is asked first.
            raise CutOffError(_NO_END) if self._deadline.is_over else _verdict(error, to) from None
        if connection.refused:
            log.warning("mail %s was not wanted for %d of its recipients", message.msgId, connection.refused)
        code, reply = connection.reply
        return f"{code} {told(reply, to)}" if code else ""

    def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._deadline.within(GOODBYE_SECONDS):
                connection.close()
        self._deadline.forget()

    def stop(self) -> None:
        """Cut what is under way and take nothing more."""
        self._is_stopping = True
        self._deadline.cut()


def _reply(error: smtplib.SMTPResponseException, to: Iterable[str] = ()) -> str:
    return f"{error.smtp_code} {told(error.smtp_error, to)}"


def _cause(error: Exception) -> str:
    return told(error) or type(error).__name__


def _verdict(error: Exception, to: Iterable[str]) -> Exception:
    """What a failure in the middle of a mail means: 4xx or a broken connection: later; 5xx: never."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # The reply that leaves most hope: one recipient put off means trying again.
        code, reply = min(error.recipients.values(), key=lambda answer: answer[0])
        error = smtplib.SMTPResponseException(code, reply)
    if not isinstance(error, smtplib.SMTPResponseException):
        return CutOffError(f"the connection broke: {_cause(error)}")
    if error.smtp_code in _NOT_SIGNED_IN:
        return ServerDownError(f"the server wants us to sign in: {_reply(error, to)}")
    return (RefusedError if 500 <= error.smtp_code < 600 else TryLaterError)(_reply(error, to))


class FolderMailer:
    """Writes each mail as an ``.eml`` file; sent twice, it is the same file."""

    def __init__(self, folder: Path, *, sender: str, host: str) -> None:
        self._folder, self._sender, self._host = folder, sender, host

    def send(self, posting: Posting, *, now: datetime) -> str:
        """Write the file whole or not at all. ServerDownError when the disk will not take it."""
        content = message_of(posting, sender=self._sender, host=self._host, now=now).as_bytes()
        name = f"{posting.written_at:%Y%m%dT%H%M%S%fZ}-{posting.kind}-{posting.public_id}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(draft, self._folder / name)
        except OSError as error:
            raise ServerDownError(f"the mail folder cannot be written: {error.strerror}") from None
        return "written to a file"

    def knock(self) -> None:
        """Whether files can be made there."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
        except OSError as error:
            raise ServerDownError(f"the mail folder cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Nothing stays open."""

    def stop(self) -> None:
        """A file is written in no time."""


def init_app(app: Flask) -> None:
    """Bind Flask-Mail. Its debug output would print whole conversations, addresses included: it stays off."""
    app.config["MAIL_DEBUG"] = False
    app.config.setdefault("MAIL_SUPPRESS_SEND", False)
    mail.init_app(app)


def mailer_for(app: Flask, public_url: str) -> Mailer:
    """The way this app sends: by its mail server, or into its folder."""
    config = app.config
    host = urlsplit(public_url).hostname or "localhost"
    sender = str(config["MAIL_DEFAULT_SENDER"])
    if not config.get("MAIL_SERVER"):
        return FolderMailer(Path(config["MAIL_FOLDER"]), sender=sender, host=host)
    state: Any = app.extensions["mail"]

    ca_file = config.get("MAIL_CA_FILE") or None
    is_development = not config["IS_PRODUCTION"]

    def connect(deadline: Deadline) -> CheckedConnection:
        return CheckedConnection(state, deadline, own_name=host, ca_file=ca_file, is_development=is_development)

    return SmtpMailer(connect, sender=sender, host=host)
