"""What a line of the log holds, and what it never does: no name, number, address, private link or query, one line each.

An exception's text can hold a name or SQL parameters, and a path can be somebody's private link or forged to look like
log lines. So neither is written: the kind of exception and its frames are enough to find the place. Every line that
belongs to a request carries its number, which the answer carries too.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from typing import Any

FORMATS = ("json", "text")
MOST_FRAMES = 20
NUMBER: ContextVar[str] = ContextVar("request_number", default="")
"""The request this thread works on; "" outside of one."""

_ROOT = f"{Path(__file__).resolve().parents[1]}/"
_PRIVATE = re.compile(r"(/(?:callback|welcome)/)(?!<token>)[^\s'\"]+")
_QUERY = re.compile(r"(/[^\s?'\"]*)\?[^\s'\"]+")
# gunicorn tells of a request it cannot read by its sender's address, and quotes what it could not read.
_UNREADABLE = re.compile(r"\b(from )?ip=\S+: ([^'\"]*).*", re.DOTALL)
# Control characters, line separators, bidi and zero-width marks, lone surrogates: what makes one line look like two.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def without_private(text: str) -> str:
    """Private links, query strings and a sender's address cut out."""
    return _UNREADABLE.sub(r"(\2…)", _QUERY.sub(r"\1?…", _PRIVATE.sub(r"\1…", text)))


def one_line(text: str) -> str:
    """The same, and everything that could break or turn a line made visible."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), without_private(text))


def what_failed(error: BaseException) -> str:
    """Types, outermost first, and the frames that led there: ``OperationalError < LockNotAvailable at app.py:3 f``."""
    types = " < ".join(type(one).__qualname__ for one in _chain(error))
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return f"{types} at {' > '.join(frames[-MOST_FRAMES:]) or 'no frame'}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        yield following
        seen.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _short(path: str) -> str:
    return path.rpartition("site-packages/")[2].removeprefix(_ROOT)


class OneLine(logging.Formatter):
    """One record, one line; of an exception its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """As the standard formatter, without the traceback it appends, which ends in the exception's text."""
        record.message = without_private(record.getMessage())
        record.asctime = self.formatTime(record, self.datefmt)
        line = self.formatMessage(record)
        if record.exc_info and record.exc_info[1]:
            line = f"{line} ({what_failed(record.exc_info[1])})"
        number = NUMBER.get()
        return one_line(f"{line} [request {number}]" if number else line)


class JsonLine(logging.Formatter):
    """One record, one JSON object in plain ASCII, so that nothing in it can break or turn a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time in UTC, level, logger, process, the request's number, the message, and what a record brings along."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": without_private(record.getMessage()),
        }
        if number := NUMBER.get():
            told["request"] = number
        if record.exc_info and record.exc_info[1]:
            told["fault"] = what_failed(record.exc_info[1])
        # Given as ``extra={"fields": {…}}``: figures and names of our own, nothing that somebody typed.
        return json.dumps({**told, **getattr(record, "fields", {})})


def formatter(form: str) -> logging.Formatter:
    """For ``json`` or ``text``."""
    return JsonLine() if form == "json" else OneLine("[%(asctime)s] %(levelname)s in %(name)s: %(message)s")


def chosen(asked: str, env: str) -> str:
    """What was asked for; otherwise a person reads at a desk, and a program in production."""
    return asked or ("text" if env == "development" else "json")


def init(form: str, level: int = logging.INFO) -> None:
    """A handler for this process if it has none, and a level for our own loggers. An operator's handlers stay."""
    root = logging.getLogger()
    if not root.handlers:
        ours = logging.StreamHandler()
        ours.name = "intake"
        root.addHandler(ours)
    for handler in root.handlers:
        if handler.name == "intake":
            handler.setFormatter(formatter(form))
    logger = logging.getLogger("intake")
    if logger.level == logging.NOTSET:
        logger.setLevel(level)
