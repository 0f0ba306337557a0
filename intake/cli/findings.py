"""What ``flask intake check`` looks at: each function one matter, each answer a sentence that says what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import Flask
from limits.storage import Storage, storage_from_string
from sqlalchemy.exc import SQLAlchemyError

from intake.cli.keeping import LAST_BACKUP
from intake.database import db, reading
from intake.delivery import trial as mail_trial
from intake.delivery.mailer import ServerDownError
from intake.extensions import schema_head
from intake.models.site import Site
from intake.queries import people, service
from intake.rules.permissions import Role
from intake.rules.readiness import NO_DATABASE, causes
from intake.rules.telltale import telltale
from intake.services import backup, trial

SEAL_GRACE = timedelta(minutes=2)
CLOCK_GRACE = timedelta(minutes=1)
BACKUP_GRACE = timedelta(hours=26)
"""A nightly backup, and time to make it."""
GIGABYTE = 1_000_000_000


class State(StrEnum):
    """How bad it is. Only a fault makes ``check`` fail."""

    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One matter, how it stands, and a sentence about it."""

    what: str
    state: State
    words: str


def fine(what: str, words: str) -> Finding:
    """Nothing to do."""
    return Finding(what, State.FINE, words)


def warning(what: str, words: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(what, State.WARNING, words)


def fault(what: str, words: str) -> Finding:
    """It does not do what it promises."""
    return Finding(what, State.FAULT, words)


def all_of(app: Flask, site: Site, now: datetime) -> Iterator[Finding]:
    """Every matter, from the settings outward."""
    yield from of_settings(app, site)
    yield from of_what_strangers_see(app, site)
    yield from of_database(site, now)
    yield from of_mail(app, site)
    yield from of_counters(app)
    yield from of_machine(app, now)


def of_settings(app: Flask, site: Site) -> Iterator[Finding]:
    """They let the service start, or nobody would be here; some of them are still worth a word."""
    if not site.is_production:
        yield warning(
            "settings", "This is development: keys beside the data, cookies without TLS. Not for real people."
        )
        return
    yield fine("settings", "All that is needed is set, and none of it is a sample.")
    if not site.needs_second_factor:
        yield warning("second factor", "INTAKE_REQUIRE_MFA is off: a stolen password alone opens the panel.")
    if not app.config["INTAKE_TRUSTED_PROXIES"]:
        yield warning(
            "proxy", "INTAKE_TRUSTED_PROXIES is 0: behind a proxy every visitor then counts as one and the same."
        )


def of_what_strangers_see(app: Flask, site: Site) -> Iterator[Finding]:
    """Addresses and names that stand in other people's mailboxes, histories and on their screens."""
    yield fine("public address", f"Links in mails begin with {site.public_url}.")
    seen = {
        "mail sender": ("MAIL_DEFAULT_SENDER", site.mail_sender, "whoever sees the mailbox of a visitor"),
        "public address": (
            "INTAKE_PUBLIC_URL",
            urlsplit(site.public_url).hostname or "",
            "everybody who reads a browser's history",
        ),
        "page titles": ("INTAKE_PROVIDER_SHORT_NAME", site.provider_short_name, "everybody who sees the screen"),
    }
    for what, (name, value, who) in seen.items():
        word = telltale(value)
        if word:
            yield warning(
                what,
                f"{name} ({value}) holds the word “{word}”. It tells {who} what you treat, and so what the person "
                "asked about. Choose one that says nothing.",
            )


def of_database(site: Site, now: datetime) -> Iterator[Finding]:
    """It answers, has the right tables, opens with our keys and takes a write; and what it says of the worker."""
    try:
        with reading() as conn:
            standing = service.standing(conn, now)
            wrong = causes(standing, schema_head(), now)
            if standing.schema != schema_head():
                yield fine("database", f"{_database()} answers.")
                yield from (fault(cause.what, cause.why) for cause in wrong)
                return
            opens, trail, unguarded = backup.opens(conn, site), service.trail(conn), service.missing_guards(conn)
            unmarked = service.missing_marks(conn)
            administrators = people.active_with(conn, Role.ADMIN)
        trial.write_and_undo(now=now)
    except SQLAlchemyError as error:
        yield fault(NO_DATABASE.what, f"{_database()} does not answer or cannot be written to: {_said(error)}")
        return
    yield fine("database", f"{_database()} answers and can be written to.")
    yield fine("schema", f"It stands at {standing.schema}, as this version needs.")
    yield _keys(opens)
    yield _guards(unguarded)
    yield _marks(unmarked)
    yield _administrators(len(administrators))
    yield _clock(trail, now)
    yield from (fault(cause.what, cause.why) for cause in wrong)
    yield from _worker(trail, now, is_mail_late=bool(wrong))


def _database() -> str:
    """Its address without user and password."""
    url = db.engine.url
    return (
        f"SQLite in {url.database}"
        if url.get_backend_name() == "sqlite"
        else f"PostgreSQL on {url.host or 'this machine'}"
    )


def _said(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]


def _keys(opens: bool) -> Finding:
    if opens:
        return fine("keys", "They open the newest request. Is there a copy of them apart from the database?")
    return fault(
        "keys", "They do not open what is stored. Put those in that it was written with, before anything else."
    )


def _guards(missing: list[str]) -> Finding:
    if not missing:
        return fine("record", "The database refuses to change or remove an entry.")
    return fault(
        "record",
        f"The triggers that keep it as it was are gone: {', '.join(missing)}. Run 'flask intake verify-audit', find "
        "out who took them, and restore a backup from before.",
    )


def _marks(missing: list[str]) -> Finding:
    if not missing:
        return fine("reports", "Whatever changes a request marks the days counted with it.")
    return fault(
        "reports",
        f"The triggers that mark days whose counts are old are gone: {', '.join(missing)}. Figures may tell what is "
        "not so any more. Restore a backup from before, or put them back from the migrations and empty report_day.",
    )


def _administrators(count: int) -> Finding:
    if count == 0:
        return fault("administrator", "Nobody can let people in: run 'flask intake init --email you@example.org'.")
    if count == 1:
        return warning("administrator", "There is one. With a second, a lost telephone or a holiday is no trouble.")
    return fine("administrator", f"There are {count}.")


def _clock(trail: service.Trail, now: datetime) -> Finding:
    if trail.newest_at and trail.newest_at > now + CLOCK_GRACE:
        ahead = trail.newest_at - now
        return fault("clock", f"The record's newest entry lies {_span(ahead)} in the future: was the clock set back?")
    return fine("clock", f"This machine says {now:%Y-%m-%d %H:%M} UTC; codes of a second factor depend on it.")


def _worker(trail: service.Trail, now: datetime, *, is_mail_late: bool) -> Iterator[Finding]:
    if trail.unsealed_since and now - trail.unsealed_since > SEAL_GRACE:
        waited = _span(now - trail.unsealed_since)
        yield fault("worker", f"The record has waited {waited} for a seal: is 'flask intake deliver' running?")
    elif not is_mail_late:
        yield fine("worker", "It keeps up: no mail is late and the record is sealed.")


def of_mail(app: Flask, site: Site) -> Iterator[Finding]:
    """The server answers under checked TLS and lets us in. Nothing is sent."""
    server = app.config["MAIL_SERVER"]
    try:
        mail_trial.knock(app, site)
    except ServerDownError as error:
        yield fault("mail server", f"{server or 'The mail folder'}: {error}")
        return
    if not server:
        yield warning("mail server", f"None is set: mail is laid into {app.config['MAIL_FOLDER']} and reaches nobody.")
        return
    how = "signed us in" if app.config["MAIL_USERNAME"] else "asked for no sign-in"
    secured = "its certificate is good" if app.config["MAIL_USE_TLS"] or app.config["MAIL_USE_SSL"] else "unencrypted"
    yield fine("mail server", f"{server} answers, {secured}, it {how}. Nothing was sent.")


def of_counters(app: Flask) -> Iterator[Finding]:
    """Redis, where one is set. Without it the form works and counts less."""
    url = app.config["INTAKE_REDIS_URL"]
    if not url:
        return
    try:
        storage = cast(Storage, storage_from_string(url, socket_connect_timeout=2, socket_timeout=2))
        is_there = storage.check()
    except Exception:
        is_there = False
    if is_there:
        yield fine("redis", "It answers; all processes count together.")
    else:
        yield warning("redis", "It does not answer. The form works; each process counts for itself.")


def of_machine(app: Flask, now: datetime) -> Iterator[Finding]:
    """Room on the disk, who may read the files, and how old the newest backup is."""
    folder = Path(app.config["INTAKE_INSTANCE"])
    yield _room(folder)
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield warning("files", f"Others on this machine may look into {folder}: chmod 700 {folder}")
    if app.config["IS_PRODUCTION"]:
        yield _backup(folder / LAST_BACKUP, now)


def _room(folder: Path) -> Finding:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(place)
    words = f"{usage.free / GIGABYTE:.1f} GB are free where {place} lies."
    if usage.free < GIGABYTE / 5:
        return fault("disk", f"{words} When it is full, no request can be kept.")
    return warning("disk", words) if usage.free < GIGABYTE or usage.free < usage.total / 20 else fine("disk", words)


def _backup(mark: Path, now: datetime) -> Finding:
    try:
        made_at = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
    except OSError:
        return warning("backup", "None was made by 'flask intake backup' on this machine.")
    words = f"The newest one made here is {_span(now - made_at)} old."
    return warning("backup", words) if now - made_at > BACKUP_GRACE else fine("backup", words)


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} days"
