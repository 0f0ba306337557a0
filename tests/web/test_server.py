"""What only a real gunicorn shows: headers that pose as the server's own words, bodies in chunks, the mode of files."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.processes import ROOT, environment, free_port, wait_until_up, web
from tests.conftest import KEYS
from tests.web.visiting import ANA, token_in

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service of this module keeps what it writes."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(sqlite_template, folder / "intake.db")
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    port = free_port()
    server = web(environment(f"sqlite:///{folder / 'intake.db'}", folder, KEYS), port, folder / "web.log").start()
    try:
        wait_until_up(port)
        yield port
    finally:
        server.stop()


def ask(port: int, method: str, path: str, body: object = None, **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    named = {name.replace("__", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named, encode_chunked=not isinstance(body, str))  # type: ignore[arg-type]
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def chunks(text: str, times: int = 1) -> Iterator[bytes]:
    for _ in range(times):
        yield text.encode()


def test_no_header_of_the_client_moves_the_place_of_the_service(port: int) -> None:
    _, page = ask(port, "GET", "/callback")
    form = urllib.parse.urlencode({**ANA, "token": token_in(page)})
    response, _ = ask(
        port, "POST", "/callback", form, Content__Type=FORM, SCRIPT_NAME="//evil.example", PATH_INFO="/admin/"
    )
    assert response.status == 303
    assert response.headers["Location"].startswith("/callback/")
    response, _ = ask(port, "GET", "/admin/", SCRIPT_NAME="//evil.example")
    assert "evil.example" not in response.headers["Location"]
    response, _ = ask(port, "GET", "//evil.example/admin/", SCRIPT_NAME="//evil.example")
    assert (response.status, response.headers["Location"]) == (404, None)
    response, _ = ask(port, "GET", "/callback", SCRIPT_NAME="/callback")
    assert response.status == 200


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=x", "text/plain", "application/json"])
def test_a_body_in_chunks_that_is_too_long_is_a_413_whatever_it_calls_itself(port: int, kind: str) -> None:
    response, text = ask(port, "POST", "/callback", chunks("a" * 8192, 12), Content__Type=kind)
    assert response.status == 413
    assert "This is too much at once" in text


def test_a_form_in_chunks_is_read_like_any_other(port: int) -> None:
    _, page = ask(port, "GET", "/callback")
    form = urllib.parse.urlencode({**ANA, "token": token_in(page)})
    response, _ = ask(port, "POST", "/callback", chunks(form), Content__Type=FORM)
    assert response.status == 303


def test_whoever_never_closes_keeps_nobody_else_waiting(port: int) -> None:
    asked, begun = b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n", time.monotonic()
    with contextlib.ExitStack() as kept_open:
        for _ in range(12):
            client = kept_open.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            client.sendall(asked)
            assert b" 200 " in client.recv(4096)
    assert time.monotonic() - begun < 5, "one after the other they would wait for two seconds each"


def test_what_a_real_service_writes_is_its_owners_alone(port: int, folder: Path) -> None:
    (folder / "web.log").chmod(0o600)
    _, page = ask(port, "GET", "/callback")
    ask(port, "POST", "/callback", urllib.parse.urlencode({**ANA, "token": token_in(page)}), Content__Type=FORM)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
    assert {"intake.db", "intake.db-wal", "intake.db-shm", "intake.db-turn"} <= set(modes)
    assert [name for name, mode in modes.items() if mode & 0o077] == []


GUNICORN = ("gunicorn", "--config", "gunicorn.conf.py", "app:create_app()")


@pytest.mark.parametrize(
    ("words", "host"),
    [
        (GUNICORN, "0.0.0.0"),
        (GUNICORN, "::"),
        ((*GUNICORN, "--bind", "192.0.2.1:0"), ""),
        (("flask", "--app", "app", "run", "--host", "0.0.0.0"), ""),
    ],
    ids=["HOST", "HOST in IPv6", "--bind", "flask run --host"],
)
def test_development_does_not_listen_to_other_machines(words: tuple[str, ...], host: str, tmp_path: Path) -> None:
    env = environment(f"sqlite:///{tmp_path / 'intake.db'}", tmp_path, KEYS, HOST=host, PORT="0")
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "does not listen to other machines" in done.stderr
    assert "Listening at" not in done.stderr and "Traceback" not in done.stderr
