"""What the log says of a page that failed: the route's pattern and the kind of exception, no path and no text."""

from __future__ import annotations

from types import TracebackType

from flask import Flask, request

from intake import logs


class QuietFlask(Flask):
    """Flask, which by itself logs the whole path and the exception's text with every 500."""

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """One line: the route's pattern, the method, the kind of exception and its frames."""
        rule = request.url_rule.rule if request.url_rule else "no route"
        failed = logs.what_failed(exc_info[1]) if exc_info[1] else "no exception"
        self.logger.error("a page failed: %s %s: %s", logs.one_line(request.method[:10]), rule, failed)


def init_app(app: Flask) -> None:
    """Lines go where the operator sends them, or to standard error in the form the settings ask for."""
    logs.init(app.config["INTAKE_LOG_FORMAT"])
