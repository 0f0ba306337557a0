"""The file of settings a new installation begins with: written once, added to later, never written over."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

_SET = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*)$")

HEAD = """\
# Settings of Callback Intake, read by systemd (EnvironmentFile=) and by deploy/callback-intake.
# One NAME="value" a line. For its owner's eyes only (0600): whoever reads it can read what visitors wrote.
"""

TO_FILL_IN = (
    ("INTAKE_PROVIDER_NAME", "", "Your name, as visitors see it."),
    ("INTAKE_PROVIDER_SHORT_NAME", "", "In page titles, which others may see: keep it neutral."),
    ("INTAKE_PROVIDER_PHONE", "", "The number visitors may call, on every page."),
    ("INTAKE_TIME_ZONE", "America/New_York", "In which pages and mails tell times (an IANA name)."),
    ("INTAKE_PUBLIC_URL", "", "Where visitors reach the service, for instance https://callback.example.org"),
    ("INTAKE_TEAM_EMAIL", "", "Who is told that somebody waits: one plain address."),
    ("MAIL_DEFAULT_SENDER", "", "From whom mails come. Choose a domain that says nothing about treatment."),
    ("MAIL_SERVER", "", "Your mail server. Mail travels under TLS with a checked certificate or not at all."),
    ("MAIL_PORT", "587", "587 with STARTTLS; for 465 add MAIL_USE_SSL=\"on\"."),
    ("MAIL_USERNAME", "", ""),
    ("MAIL_PASSWORD", "", ""),
)  # fmt: skip
"""Names, what they begin with, and what to write there."""

OF_THE_MACHINE = (
    ("INTAKE_INSTANCE", "/var/lib/callback-intake", "The SQLite file lies here, if that is the database."),
    ("INTAKE_TRUSTED_PROXIES", "1", "How many proxies stand in front and set X-Forwarded-For."),
)
"""What fits the files in ``deploy/``."""

MAY_BE_EMPTY = frozenset({"MAIL_USERNAME", "MAIL_PASSWORD"})
_SECRET = frozenset({"MAIL_PASSWORD"})


def fresh(keys: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """A complete file. What ``environ`` holds already is taken over, except for secrets, which are where they are."""
    return HEAD + added(keys, environ, set())


def added(keys: Mapping[str, str], environ: Mapping[str, str], known: Collection[str]) -> str:
    """Only the lines for names that are not ``known``."""
    parts = [
        _section("Fill in", TO_FILL_IN, environ, known),
        _section("This machine. Without DATABASE_URL the database is a file of SQLite", OF_THE_MACHINE, environ, known),
        _section(
            "Keys, made once. Keep a copy apart from the database: without them no name is ever read again",
            [(name, value, "") for name, value in keys.items()],
            environ,
            known,
            are_secret=True,
        ),
    ]
    return "".join(parts)


def _section(
    title: str, entries: Collection[tuple[str, str, str]], environ: Mapping[str, str], known: Collection[str],
    *, are_secret: bool = False,
) -> str:  # fmt: skip
    lines = [
        line
        for name, value, why in entries
        if name not in known
        for line in _entry(name, value, why, environ, is_secret=are_secret or name in _SECRET)
    ]
    return "\n".join([f"\n# {title}", *lines, ""]) if lines else ""


def _entry(name: str, value: str, why: str, environ: Mapping[str, str], *, is_secret: bool) -> Iterator[str]:
    is_given = bool(environ.get(name))
    if environ.get(f"{name}_FILE") or (is_given and is_secret):
        yield f"# {name} is set already, and stays where it is."
        return
    if why:
        yield f"# {why}"
    yield f'{name}="{_quoted(environ[name] if is_given else value)}"'


def _quoted(value: str) -> str:
    """Fit to stand between double quotes, for systemd and for a shell."""
    return re.sub(r'(["\\$`])', r"\\\1", value)


def names_in(text: str) -> dict[str, bool]:
    """The names a file speaks of, and whether each has a value. A NAME_FILE counts for its NAME."""
    found: dict[str, bool] = {}
    for line in text.splitlines():
        match = _SET.match(line)
        if match:
            name = match[1].removesuffix("_FILE")
            found[name] = found.get(name, False) or match[2].strip().strip("\"'") != ""
    return found


def completed(text: str, keys: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """``text`` with keys for those that are empty, and the lines it lacks at its end. What has a value stays."""
    known = names_in(text)
    is_given = {name for name in keys if environ.get(name) or environ.get(f"{name}_FILE")}
    lines = [_filled(line, keys, {name for name, has in known.items() if has} | is_given) for line in text.splitlines()]
    end = added(keys, environ, {*known, *is_given} if lines else ())
    return "\n".join(lines).rstrip("\n") + "\n" + end if lines else HEAD + end


def _filled(line: str, keys: Mapping[str, str], filled: Collection[str]) -> str:
    match = _SET.match(line)
    if match and match[1] in keys and match[1] not in filled:
        return f'{match[1]}="{keys[match[1]]}"'
    return line


def still_empty(text: str) -> list[str]:
    """What a person has to fill in."""
    found = names_in(text)
    return [name for name, _, _ in TO_FILL_IN if name not in MAY_BE_EMPTY and found.get(name) is False]


def write(path: Path, text: str) -> None:
    """Whole or not at all, for its owner's eyes only. OSError if the place will not take it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
