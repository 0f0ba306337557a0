"""A copy of the whole database in one file, taken and put back while the service runs. The keys are never in it.

SQLite copies itself page by page from one consistent view; PostgreSQL's own programs do it there. A file appears whole
or not at all, for its owner's eyes only; a restore happens whole or not at all as well.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, inspect, select

from intake.database import db, reading
from intake.database.engine import BUSY_SECONDS
from intake.models import Audit, CallbackRequest, User
from intake.models.base import table_of
from intake.models.keyring import SealError
from intake.models.site import Site
from intake.queries import service
from intake.services import restoring

_VERSION = re.compile(r"^COPY [^\n]*alembic_version [^\n]*;\n([^\n\\]+)\n", re.MULTILINE)
_C = CallbackRequest.__table__.c
_CORE = ("user_account", "callback_request", "audit")
"""The tables that every version has: without them a file is somebody else's."""


class BackupError(Exception):
    """Nothing was written or changed. The message says why, and what to do."""


def back_up(file: Path, *, is_forced: bool = False) -> int:
    """Write a copy of the database; its size in bytes. BackupError if FILE is there and not ``is_forced``."""
    _refuse_the_database_itself(file)
    if file.exists() and not file.is_file():
        raise BackupError(f"{file} is not a file that could be overwritten.")
    if file.exists() and not is_forced:
        raise BackupError(f"{file} is there already. Choose another name, or say --force.")
    with _draft(file) as draft:
        if _is_sqlite():
            _copy(Path(_database_file()), draft)
            with closing(sqlite3.connect(draft)) as copy:
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, which can be read where nothing can be written
        else:
            _postgresql("pg_dump", "--format=custom", "--no-owner", "--no-privileges", output=draft)
        size = _flushed(draft)
        _put_in_place(draft, file, is_forced)
    return size


def restore(site: Site, file: Path, head: str, *, now: datetime, is_forced: bool = False) -> str:
    """Put a copy in the database's place; what to know about it. ``head``: the schema this code is for.

    Whoever was signed in when it was made is not any more, and links and recovery codes of then are void.

    BackupError, and nothing changed, if the database holds anything and not ``is_forced``, or the file is no backup.
    """
    _refuse_the_database_itself(file)
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    if not is_forced and _holds_anything():
        raise BackupError("The database is not empty. Say --force to lose what is in it, for good.")
    if _is_sqlite():
        _refuse_what_is_no_database(file)
        _copy(file, Path(_database_file()))
    else:
        _restore_postgresql(file)
    db.engine.dispose()
    restoring.void_what_opens(site, now=now)
    return _looked_at(site, head)


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _database_file() -> str:
    return str(db.engine.url.database)


def _refuse_the_database_itself(file: Path) -> None:
    own = {Path(f"{_database_file()}{end}").resolve() for end in ("", "-wal", "-shm", "-journal", "-turn")}
    if _is_sqlite() and file.resolve() in own:
        raise BackupError(f"{file} belongs to the database itself. Choose another name.")


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """An empty file of its owner's beside the one to be; taken away if it did not come to its name."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{file} cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _flushed(draft: Path) -> int:
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    return draft.stat().st_size


def _put_in_place(draft: Path, file: Path, is_forced: bool) -> None:
    if is_forced:
        os.replace(draft, file)
        return
    os.link(draft, file)  # unlike a rename it refuses a file that came into being meanwhile


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup: in one go, from one consistent view, into one transaction of the target."""
    with (
        closing(sqlite3.connect(_only_to_read(source), uri=True, timeout=BUSY_SECONDS)) as old,
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as new,
    ):
        try:
            old.backup(new, pages=-1)
        except sqlite3.Error as error:
            raise BackupError(f"SQLite could not copy: {error}. Nothing was changed.") from error


def _only_to_read(file: Path) -> str:
    """As SQLite takes it, with whatever the name holds: a question mark in it begins no settings."""
    return f"file:{quote(str(file.absolute()))}?mode=ro"


def _refuse_what_is_no_database(file: Path) -> None:
    try:
        with closing(sqlite3.connect(_only_to_read(file), uri=True)) as found:
            is_whole = found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found.execute("SELECT version_num FROM alembic_version").fetchone()
            for name in _CORE:
                found.execute(f"SELECT 1 FROM {name} LIMIT 1")  # noqa: S608 - names of ours
    except sqlite3.Error:
        is_whole = False
    if not is_whole:
        raise BackupError(f"{file} is no whole backup of this service on SQLite.")


def _restore_postgresql(file: Path) -> None:
    """In one transaction: everybody sees the old rows or the new ones."""
    there = _postgresql("pg_restore", "--list", str(file), is_remote=False)
    listed = _postgresql("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file), is_remote=False)
    if not _VERSION.search(listed) or not all(re.search(rf" TABLE \S+ {name} ", there) for name in _CORE):
        raise BackupError(f"{file} is no whole backup of this service on PostgreSQL.")
    # The pool's own connections would stand in the way of the tables being replaced.
    db.engine.dispose()
    _postgresql(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
        "--exit-on-error", str(file),
    )  # fmt: skip


def _postgresql(program: str, *words: str, output: Path | None = None, is_remote: bool = True) -> str:
    """Run PostgreSQL's own client. The password goes by the environment: a command line is everybody's to read."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed here. It comes with PostgreSQL's client (postgresql-client).")
    address, password = without_password(db.engine.url)
    env = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    command = [found, *words, *([f"--dbname={address}"] if is_remote else [])]
    with output.open("wb") if output else contextlib.nullcontext(subprocess.PIPE) as into:
        done = subprocess.run(command, env=env, stdout=into, stderr=subprocess.PIPE, check=False)  # noqa: S603 - no shell
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(f"{program} failed, and nothing was changed: {said[0] if said else done.returncode}")
    return (done.stdout or b"").decode(errors="replace")


def without_password(url: URL) -> tuple[str, str]:
    """The database's address as PostgreSQL's clients take it, and its password, wherever in the address it stood."""
    password = url.password or url.query.get("password") or ""
    # Made anew: set(password=None) would leave the password as it is.
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    plain = plain.difference_update_query(["password"])
    return plain.render_as_string(hide_password=False), str(password)


def _holds_anything() -> bool:
    """Whether somebody would miss it; a schema without rows is nothing."""
    with reading() as conn:
        names = set(inspect(conn).get_table_names())
        tables = [table_of(model) for model in (User, CallbackRequest, Audit)]
        present = [table for table in tables if table.name in names]
        return any(conn.execute(select(table.c.id).limit(1)).first() for table in present)


def _looked_at(site: Site, head: str) -> str:
    """The schema, and whether our keys open what came back."""
    with reading() as conn:
        found = service.schema(conn)
        if found != head:
            return f"It is back, and stands at {found}; this version needs {head}: run 'flask --app app db upgrade'."
        if not opens(conn, site):
            return "It is back, but the keys in the settings do not open it. Put those in that it was written with."
    return "It is back, its schema is the one this version needs, and the keys open it."


def opens(conn: Connection, site: Site) -> bool:
    """Whether the keys in the settings open the newest request that still says something."""
    asked = select(_C.public_id, _C.phone_encrypted).where(_C.phone_encrypted.is_not(None))
    row = conn.execute(asked.order_by(_C.id.desc()).limit(1)).first()
    try:
        return row is None or bool(site.keyring.open("callback_request.phone", row.public_id, row.phone_encrypted))
    except SealError:
        return False
