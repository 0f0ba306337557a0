"""Bodies nobody's browser sends: whatever comes in, the answer is a page of ours and never a 5xx."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.visiting import ANA, ask, open_form, stored

FIELDS = (
    "name", "phone", "voicemail", "preferred_time", "preferred_time_note", "email", "message", "for_whom", "website",
    "token", "source", "page",
)  # fmt: skip
NASTY = (
    "\x00", "\u202e\u2066", "\x9b31m", "\ufffe\uffff\ufdd0", "\ud7ff\ue000", "\U0010ffff", "a" * 60_000,
    "\r\nBcc: a@b.c\r\n\r\n",
    "{{7*7}}", "${7*7}", "' OR 1=1 --", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "%s%n%x", "../../etc/passwd",
    "a@" * 4_000, "(" * 5_000, "1" * 30_000, " " * 30_000, "٠١٢٣", "🏴" * 2_000, "\u0301" * 5_000, "20261322T9999Z-x",
    "x@" + "a." * 8_000, "http://" * 3_000, "99999999T9999Z-99999999T9999Z", "00010101T0000Z-00010101T0100Z", "~.~", "",
)  # fmt: skip
URLENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "frontier"
# A body that stops in the middle leaves Werkzeug's temporary file to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")


@pytest.fixture
def visitor(sqlite_app: Flask) -> FlaskClient:
    return sqlite_app.test_client()


def form_body(dice: random.Random, token: str) -> tuple[str, bytes]:
    fields = {**ANA, "token": token} | {dice.choice(FIELDS): dice.choice(NASTY) for _ in range(dice.randint(1, 5))}
    return URLENCODED, urlencode(fields).encode("utf-8", "surrogatepass")


def raw_form_body(dice: random.Random, token: str) -> tuple[str, bytes]:
    noise = dice.randbytes(dice.randint(0, 3_000))
    return URLENCODED, b"token=" + token.encode() + b"&name=%ff%fe%00&phone=" + noise + b"&&=&%"


def part(name: str, value: bytes, filename: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode("utf-8", "surrogatepass") + value + b"\r\n"


def multipart_body(dice: random.Random, token: str) -> tuple[str, bytes]:
    parts = [
        part(name, dice.choice(NASTY).encode("utf-8", "surrogatepass")[:8_000], dice.choice(("", "", "x.exe", "\x00")))
        for name in FIELDS
        if dice.random() < 0.7
    ]
    body = b"".join([*parts, part("token", token.encode())]) + f"--{BOUNDARY}--\r\n".encode()
    kind = dice.choice((BOUNDARY, BOUNDARY, "other", "", "x" * 300))
    return f"multipart/form-data; boundary={kind}", body[: dice.randint(0, len(body))] if dice.random() < 0.4 else body


def json_body(dice: random.Random, token: str) -> tuple[str, bytes]:
    return "application/json", dice.choice((b"[" * 50_000, b'{"name":"Ana"}', b"{", b"\xff", b'{"a":' * 9_000))


def odd_kind(dice: random.Random, token: str) -> tuple[str, bytes]:
    kinds = ("", "text/plain", "application/xml", "multipart/form-data", URLENCODED + "; charset=utf-7", "\xff")
    return dice.choice(kinds), dice.randbytes(200)


MAKERS: tuple[Callable[[random.Random, str], tuple[str, bytes]], ...] = (
    form_body, form_body, raw_form_body, multipart_body, multipart_body, json_body, odd_kind,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_sixty_hostile_bodies_never_break_the_form(visitor: FlaskClient, sqlite_app: Flask, seed: int) -> None:
    sqlite_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    dice = random.Random(seed)
    token = open_form(visitor)
    for _ in range(60):
        kind, body = dice.choice(MAKERS)(dice, token)
        response = visitor.post("/callback", data=body, headers={"Content-Type": kind})
        assert response.status_code in (303, 400, 413, 422), (kind, body[:200])
        assert "Traceback" not in response.text and "Set-Cookie" not in response.headers
        assert "<script>alert" not in response.text
    for row in stored(sqlite_app):
        assert not {"\x00", "\u202e", "\ufffe", "\x9b"} & set(row["name"] + (row["message"] or ""))


def test_hostile_bodies_do_not_break_the_private_page(visitor: FlaskClient, sqlite_app: Flask) -> None:
    sqlite_app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    path = ask(visitor)
    dice = random.Random(7)
    for _ in range(60):
        kind, body = dice.choice(MAKERS)(dice, "")
        change = dice.choice((b"change=time&", b"change=number&", b"change=voicemail&", b""))
        response = visitor.post(path, data=change + body, headers={"Content-Type": kind})
        assert response.status_code in (303, 400, 413, 422)


def test_what_is_too_large_or_has_too_many_parts_is_refused_before_it_is_read(visitor: FlaskClient) -> None:
    assert visitor.post("/callback", data=b"a=" + b"x" * 10_485_760).status_code == 413
    many = b"".join(part(f"f{number}", b"") for number in range(500)) + f"--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    assert visitor.post("/callback", data=many, headers=kind).status_code == 413
    fields = "&".join(f"f{number}=1" for number in range(5_000)).encode()
    assert visitor.post("/callback", data=fields, headers={"Content-Type": URLENCODED}).status_code == 422
    assert "Nothing was sent" in visitor.post("/callback", data=b"a=" + b"x" * 100_000).text


def test_a_file_in_place_of_text_is_not_read_as_text(visitor: FlaskClient) -> None:
    body = b"".join(part(name, value.encode(), "x.txt") for name, value in ANA.items()) + f"--{BOUNDARY}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = visitor.post("/callback", data=body, headers=kind)
    assert response.status_code == 422
    assert "Enter the name we should ask for" in response.text


def raw(address: str, request: bytes) -> bytes:
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=5) as wire:
        wire.sendall(request)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := wire.recv(65_536):
            answer += chunk
        return answer


MULTIPART = b"Content-Type: multipart/form-data; boundary=a\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 500\r\n\r\nname=Ana",
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nname\r\n0\r\n\r\n",
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\nname",
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: nonsense\r\n\r\nname=Ana",
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: -5\r\n\r\nname=Ana",
        b"POST /callback HTTP/1.1\r\nHost: x\r\n" + MULTIPART + b"Content-Length: 9\r\n\r\n--a\r\n\r\n--a",
        b"POST /callback HTTP/1.1\r\nHost: \xff\xfe\r\n" + FORM + b"Content-Length: 4\r\n\r\na=\xff\x00",
        b"TRACE /callback HTTP/1.1\r\nHost: x\r\nCookie: secret\r\n\r\n",
        b"GET /callback?source=%00%ff&page=%0d%0aSet-Cookie:a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /callback/%2e%2e/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_requests_on_a_real_socket_are_answered_without_a_5xx(live_server: str, request_bytes: bytes) -> None:
    answer = raw(live_server, request_bytes)
    status = int(answer.split(b" ", 2)[1])
    assert 200 <= status < 500, answer[:300]
    assert b"Traceback" not in answer and b"\r\nSet-Cookie:" not in answer and b"Cookie: secret" not in answer
