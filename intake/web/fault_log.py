"""What the log says of a fault: where it happened and of what kind, never what somebody typed and never a private link.

An exception's text can hold a name or SQL parameters, and a path can be somebody's private link or forged to look like
log lines. So neither is written: the route's pattern, the type and the frames are enough to find the place.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb
from types import TracebackType

from flask import Flask, request

MOST_FRAMES = 20
_ROOT = f"{Path(__file__).resolve().parents[2]}/"
_PRIVATE = re.compile(r"(/(?:callback|welcome)/)[^\s'\"]+")
# Control characters, line separators, bidi and zero-width marks, lone surrogates: what makes one line look like two.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def one_line(text: str) -> str:
    """The text with everything that could break or turn a line made visible, and private links cut."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), _PRIVATE.sub(r"\1…", text))


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
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        line = self.formatMessage(record)
        if record.exc_info and record.exc_info[1]:
            line = f"{line} ({what_failed(record.exc_info[1])})"
        return one_line(line)


class QuietFlask(Flask):
    """Flask, which by itself logs the whole path and the exception's text with every 500."""

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """One line: the route's pattern, the method, the kind of exception and its frames."""
        rule = request.url_rule.rule if request.url_rule else "no route"
        failed = what_failed(exc_info[1]) if exc_info[1] else "no exception"
        self.logger.error("a page failed: %s %s: %s", one_line(request.method[:10]), rule, failed)


def init_app(app: Flask) -> None:
    """Lines that go to Flask's own handler are safe too; a handler of the operator's is left alone."""
    for handler in app.logger.handlers:
        handler.setFormatter(OneLine("[%(asctime)s] %(levelname)s in %(name)s: %(message)s"))
