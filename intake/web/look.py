"""How the visitor's pages are drawn: style and script inside the page and named by hash in its policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, Response, current_app
from markupsafe import Markup

from intake.extensions import current_site
from intake.wording.translation import language

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EVERYWHERE = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"),
)
STRICT_TRANSPORT = ("Strict-Transport-Security", "max-age=63072000")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Look:
    """``style`` and ``script`` as they stand in the page; ``headers`` of a complete answer."""

    style: Markup
    script: Markup
    headers: tuple[tuple[str, str], ...]

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of a visitor's page."""
        return dict(self.headers)["Content-Security-Policy"]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def policy(style: str, script: str) -> str:
    """Nothing but this one style, this one script, our own icon and our own form."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src 'self'; "
        "form-action 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _tight(lines: Iterable[str]) -> str:
    """Indentation, empty lines and whole-line comments left out: they are for us, not for a phone on a slow line."""
    stripped = (line.strip() for line in lines)
    return "\n".join(line for line in stripped if line and not line.startswith("//"))


def load(static: Path, is_production: bool) -> Look:
    """Read style and script once and work out what every page needs."""
    style = _tight(_COMMENT.sub("", (static / "public.css").read_text()).splitlines())
    script = _tight((static / "public.js").read_text().splitlines())
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy(style, script)),
        ("Cache-Control", "no-store"),
        *EVERYWHERE,
        *((STRICT_TRANSPORT,) if is_production else ()),
    )
    return Look(Markup(style), Markup(script), headers)  # noqa: S704 - our own files


def init_app(app: Flask) -> None:
    """Load the look; asked for by every surface that draws a page in it, done once."""
    if "intake_look" not in app.extensions:
        app.extensions["intake_look"] = load(Path(str(app.static_folder)), bool(app.config["IS_PRODUCTION"]))


def current() -> Look:
    """The look of this app's pages."""
    return cast(Look, current_app.extensions["intake_look"])


def render(template: str, **context: Any) -> str:
    """A template with our context only.

    ``flask.render_template`` would run every extension's context processors; one of them looks up who is signed in,
    which reads the session and the database for a page that has neither.
    """
    found = current_app.jinja_env.get_template(template)
    return found.render(site=current_site(), look=current(), lang=language(), **context)


class ReadyResponse(Response):
    """An answer whose headers were made and checked at the start; ``headers.py`` leaves it alone.

    Its own ``headers`` hold only what is added to those.
    """

    default_mimetype = None
    ready: tuple[tuple[str, str], ...] = ()

    def get_wsgi_response(self, environ: WSGIEnvironment) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """As they are: there is no address to complete and no length to work out."""
        return self.get_app_iter(environ), self.status, [*self.ready, *self.headers]


def answer(body: str | bytes, status: int = 200, *more: tuple[str, str]) -> Response:
    """A visitor's page as a complete answer."""
    response = ReadyResponse(body, status, list(more))
    response.ready = current().headers
    return response


def page(template: str, status: int = 200, **context: Any) -> Response:
    """Render and answer."""
    return answer(render(template, status=status, **context), status)


def timed(words: str, *marks: tuple[str, str]) -> Markup:
    """``words`` with their clock times set into <time>. ``marks``: (clock as it stands in the words, ISO instant)."""
    html, rest = Markup(""), words
    for clock, iso in marks:
        before, found, after = rest.partition(clock)
        if not found:
            break
        html += Markup('{}<time datetime="{}">{}</time>').format(before, iso, clock)
        rest = after
    return html + rest
