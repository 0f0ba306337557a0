"""Starts the service in processes of its own, as it is served for real, and ends them gently or not."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
TOKEN = re.compile(rb'name="token" value="([^"]+)"')


def environment(url: str, folder: Path, keys: Mapping[str, str], **more: str) -> dict[str, str]:
    """What a process of the service needs to know, and nothing this shell has set for another one."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("INTAKE_", "MAIL_", "REDIS_"))}
    return {
        **own, "INTAKE_ENV": "development", "INTAKE_INSTANCE": str(folder), "DATABASE_URL": url,
        "INTAKE_EMBEDDED_WORKER": "0", "PYTHONUNBUFFERED": "1", **keys, **more,
    }  # fmt: skip


@dataclass
class Process:
    """A command in a session of its own, so that a signal to its group reaches all it started and nobody else."""

    command: list[str]
    env: dict[str, str]
    log: Path

    def start(self) -> Process:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        return self

    @property
    def pid(self) -> int:
        return self._running.pid

    def children(self) -> list[int]:
        """The processes it started."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def kill(self) -> None:
        """SIGKILL to it and to all it started: nobody gets to clean up."""
        os.killpg(self.pid, signal.SIGKILL)
        self._running.wait()

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM, and SIGKILL for what is left. Returns how it ended."""
        if self._running.poll() is None:
            self._running.terminate()
        try:
            self._running.wait(seconds)
        finally:
            if self._running.poll() is None:
                self.kill()
        return int(self._running.returncode)


def web(env: Mapping[str, str], port: int, log: Path, app: str = "app:create_app()") -> Process:
    """gunicorn with two workers and the settings of a real installation."""
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py"), app]
    return Process(command, {**env, "PORT": str(port), "WEB_CONCURRENCY": "2"}, log)


def deliver(env: Mapping[str, str], log: Path) -> Process:
    """``flask intake deliver``."""
    return Process([sys.executable, "-m", "flask", "--app", "app", "intake", "deliver"], dict(env), log)


def migrate(env: Mapping[str, str]) -> None:
    """Bring the database up to date."""
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
    subprocess.run(command, cwd=ROOT, env=dict(env), check=True, capture_output=True)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(port: int, path: str = "/callback", seconds: float = 40) -> None:
    """Until the server answers; TimeoutError if it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        browser = Browser(port, timeout=5)
        try:
            if browser.get(path)[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            browser.close()
    raise TimeoutError(f"nothing answers on port {port}")


class Browser:
    """One kept-alive connection, as a visitor's browser without JavaScript has it."""

    def __init__(self, port: int, timeout: float = 15) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=timeout)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body. OSError or HTTPException when the connection breaks, here and below."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def token(self) -> str:
        """A fresh form's token."""
        status, page = self.get("/callback")
        found = TOKEN.search(page)
        if status != 200 or found is None:
            raise HTTPException(f"no form: {status}")
        return found[1].decode()

    def send(self, fields: Mapping[str, str], path: str = "/callback") -> tuple[int, str]:
        """Post a form; status and Location."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", path, urlencode(fields), headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")

    def close(self) -> None:
        """Hang up; the next call connects anew."""
        self._connection.close()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
