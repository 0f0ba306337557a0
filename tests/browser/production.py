"""The service as it stands in production, set up the way an administrator does it, for a browser to walk through.

``flask intake init`` writes the settings and makes tables and the first administrator's link; gunicorn serves behind a
proxy that ends TLS; ``flask intake deliver`` hands mail to a server that insists on STARTTLS and a password. Nothing is
in development mode: cookies are ``__Host-`` and Secure, and a second factor is needed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from bench.processes import ROOT, Process, deliver, free_port, wait_until_up, web
from tests.browser.tls_proxy import tls_in_front
from tests.delivery.conftest import Post, make_authority, only_this_password, post_office

ADMINISTRATOR = "alex@example.org"
TEAM = "team@example.org"
SENDER = "callback@example.org"


@dataclass
class Production:
    """Where it is, what was mailed, and a shell beside it. ``first_link``: where the administrator begins."""

    address: str
    folder: Path
    env: dict[str, str]
    post: Post
    first_link: str = ""
    web: Process | None = field(default=None, repr=False)
    worker: Process | None = field(default=None, repr=False)

    def shell(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """``flask --app app …`` with the settings of this installation."""
        return _flask(self.env, *words, typed=typed)

    def visit(self, browser: Browser, **options: object) -> BrowserContext:
        """A browser of its own, which believes the test's certificate; relative addresses lead here."""
        return browser.new_context(ignore_https_errors=True, base_url=self.address, **options)  # type: ignore[arg-type]

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What the mail server took for this address, oldest first."""
        return [mail for mail in list(self.post.mails) if address in str(mail["To"])]

    def wait_for_mail(self, address: str, count: int = 1, seconds: float = 20) -> EmailMessage:
        """The ``count``-th mail to this address. AssertionError, with the worker's log, if it does not come."""
        if not _until(lambda: len(self.mails_to(address)) >= count, seconds):
            raise AssertionError(f"no mail number {count} to {address}:\n{self.log('worker')}")
        return self.mails_to(address)[count - 1]

    def link_in(self, mail: EmailMessage) -> str:
        """The first link to this installation in a mail's text."""
        body = mail.get_body(("plain",))
        found = re.search(rf"{re.escape(self.address)}/\S+", body.get_content() if body else "")
        assert found, f"no link in: {mail}"
        return found[0].rstrip(".")

    def log(self, of: str) -> str:
        """What ``web`` or ``worker`` wrote until now."""
        return (self.folder / f"{of}.log").read_text()


def _until(is_true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _flask(env: dict[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    return subprocess.run(command, cwd=ROOT, env=env, input=typed, capture_output=True, text=True, check=False)


def _written_by_init(file: Path, answers: dict[str, str]) -> dict[str, str]:
    """Let ``init`` write the settings, fill in what it leaves to a person, and read them as a shell would."""
    bare = {"PATH": os.environ["PATH"]}
    done = _flask(bare, "intake", "init", "--write", str(file))
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    for name, value in answers.items():
        text, found = re.subn(rf'^{name}=".*"$', f'{name}="{value}"', text, flags=re.MULTILINE)
        text += "" if found else f'{name}="{value}"\n'
    file.write_text(text)
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    values = dict(shlex.split(line)[0].split("=", 1) for line in lines)
    return {**bare, "PYTHONUNBUFFERED": "1", **values}


@contextmanager
def production_stack(folder: Path, database_url: str = "") -> Iterator[Production]:
    """Everything of the above, for the time of the block; on SQLite unless an empty database is named."""
    folder.chmod(0o700)
    authority = make_authority(folder, "127.0.0.1", "localhost")
    port, behind, post = free_port(), free_port(), Post()
    with ExitStack() as stack:
        stack.enter_context(
            post_office(
                post, tls_context=authority.server, require_starttls=True, auth_required=True,
                authenticator=only_this_password(post),
            )
        )  # fmt: skip
        address = f"https://127.0.0.1:{port}"
        answers = {
            "INTAKE_PROVIDER_NAME": "Quiet Bay Center", "INTAKE_PROVIDER_SHORT_NAME": "Quiet Bay",
            "INTAKE_PROVIDER_PHONE": "(212) 736-0100", "INTAKE_PUBLIC_URL": address, "INTAKE_TEAM_EMAIL": TEAM,
            "MAIL_DEFAULT_SENDER": SENDER, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(post.port),
            "MAIL_USERNAME": "intake", "MAIL_PASSWORD": "right", "MAIL_CA_FILE": str(authority.ca_file),
            "INTAKE_INSTANCE": str(folder / "data"),
            **({"DATABASE_URL": database_url} if database_url else {}),
        }  # fmt: skip
        house = Production(address, folder, _written_by_init(folder / "intake.env", answers), post)
        made = house.shell("intake", "init", "--email", ADMINISTRATOR, "--name", "Alex Admin")
        assert made.returncode == 0, made.stderr
        house.first_link = next(line.strip() for line in made.stdout.splitlines() if "/welcome/" in line)
        house.web = web(house.env, behind, folder / "web.log").start()
        stack.callback(house.web.stop)
        house.worker = deliver(house.env, folder / "worker.log").start()
        stack.callback(house.worker.stop)
        wait_until_up(behind)
        stack.enter_context(tls_in_front(authority.server, port, behind))
        yield house


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """One production installation for all tests of a file: ``from tests.browser.production import production``."""
    with production_stack(tmp_path_factory.mktemp("production")) as house:
        yield house
