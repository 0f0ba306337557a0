"""The Flask extensions, made here and bound in app.py, and the way a view finds its site."""

from __future__ import annotations

from functools import cache
from typing import cast

from alembic.script import ScriptDirectory
from flask import current_app, has_request_context, request
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

from intake.models.site import Site

babel = Babel()
csrf = CSRFProtect()
migrate = Migrate()

LANGUAGES = ("en",)


def current_site() -> Site:
    """The provider this app serves."""
    return cast(Site, current_app.extensions["intake"])


def choose_language() -> str:
    """The visitor's language: asked for by the page, never guessed from a cookie."""
    asked = request.args.get("lang", "") if has_request_context() else ""
    return asked if asked in LANGUAGES else LANGUAGES[0]


def schema_head() -> str:
    """The migration this version of the service needs."""
    return _head(str(current_app.extensions["migrate"].directory))


@cache
def _head(folder: str) -> str:
    return ScriptDirectory(folder).get_current_head() or ""
