"""The line to the mail server: checked TLS or nothing, and one deadline for a whole message that no tarpit can stretch.

A socket's own timeout starts anew with every byte, so a server that dribbles holds it for ever. Here a timer shuts the
connection down; it works on a duplicate of the socket, which also reaches a TLS handshake that never ends.
"""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import flask_mail

REPLY_SECONDS = 10
"""How long one reply of the server may take."""


class PlainTextError(Exception):
    """Sending would put the mail on the wire unencrypted."""


class Deadline:
    """Cuts the connection it watches when time is up or somebody wants to stop."""

    def __init__(self) -> None:
        self._wire: socket.socket | None = None
        self._lock = threading.Lock()
        self.is_over = False

    def watch(self, wire: socket.socket) -> None:
        """Watch this connection from now on; cut it at once if time was already up."""
        with self._lock:
            self._drop()
            self._wire = wire.dup()
        if self.is_over:
            self.cut()

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def cut(self) -> None:
        """End the connection under whoever reads from it."""
        with self._lock:
            self.is_over = True
            if self._wire is not None:
                with suppress(OSError):
                    self._wire.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """The connection is closed; there is nothing left to cut."""
        with self._lock:
            self._drop()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything in the block has to be done in this time."""
        timer = threading.Timer(seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _Watched(smtplib.SMTP):
    """SMTP whose socket can be cut from outside, and which remembers who was refused."""

    def __init__(self, server: str, port: int, *, own_name: str, deadline: Deadline) -> None:
        self._deadline = deadline
        self.refused: dict[str, tuple[int, bytes]] = {}
        self.reply: tuple[int, bytes] = (0, b"")
        # Without a name of its own smtplib asks the name service, which can hang and cannot be cut.
        super().__init__(server, port, local_hostname=own_name, timeout=REPLY_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        wire = socket.create_connection((host, port), timeout)
        self._deadline.watch(wire)
        return wire

    def sendmail(self, from_addr: str, to_addrs: str | Sequence[str], msg: Any, *options: Any) -> Any:
        """As the parent; says 8-bit text is coming where the server wants to know."""
        mail_options = ["BODY=8BITMIME"] if self.has_extn("8bitmime") else []
        self.refused = super().sendmail(from_addr, to_addrs, msg, mail_options)
        return self.refused

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As the parent, which forgets what the server said: the number it gave the mail stands in there."""
        self.reply = super().data(msg)
        return self.reply


class _WatchedTLS(_Watched):
    """The same with TLS from the first byte."""

    def __init__(self, server: str, port: int, *, own_name: str, deadline: Deadline, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(server, port, own_name=own_name, deadline=deadline)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


class CheckedConnection(flask_mail.Connection):
    """Flask-Mail's connection with a timeout, a checked certificate and no way back to plain text."""

    def __init__(
        self, mail: Any, deadline: Deadline, *, own_name: str, ca_file: str | None, is_development: bool
    ) -> None:
        super().__init__(mail)
        self._deadline = deadline
        self._own_name = own_name
        self._ca_file = ca_file
        self._may_be_plain = is_development and is_this_machine(mail.server)

    @property
    def refused(self) -> int:
        """How many of the last message's recipients the server did not want."""
        return len(cast(_Watched, self.host).refused)

    @property
    def reply(self) -> tuple[int, bytes]:
        """What the server said when it took the last message."""
        return cast(_Watched, self.host).reply

    def configure_host(self) -> smtplib.SMTP:
        """Connect, secure, sign in. Whatever goes wrong here is about the server, not about a message."""
        is_plain = not (self.mail.use_tls or self.mail.use_ssl)
        if is_plain and not self._may_be_plain:
            raise PlainTextError("MAIL_USE_TLS or MAIL_USE_SSL must be on")
        host = self._connected()
        try:
            if self.mail.use_tls and not self.mail.use_ssl:
                host.starttls(context=self._context())
            host.ehlo_or_helo_if_needed()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def _connected(self) -> _Watched:
        server, port = self.mail.server, int(self.mail.port or 25)
        if self.mail.use_ssl:
            return _WatchedTLS(server, port, own_name=self._own_name, deadline=self._deadline, context=self._context())
        return _Watched(server, port, own_name=self._own_name, deadline=self._deadline)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def close(self) -> None:
        """Say goodbye if the server still listens, and hang up either way."""
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()
            self.host = None
        self._deadline.forget()


def is_this_machine(server: str) -> bool:
    """Whether mail to this server never leaves the machine."""
    try:
        return ipaddress.ip_address(server).is_loopback
    except ValueError:
        return server == "localhost"
