"""The composition root: makes the app from settings. Imported by servers and tests only."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import intake.admin
import intake.cli
import intake.delivery
import intake.web.fault_log
import intake.web.headers
import intake.web.health
import intake.web.public
import intake.web.request_number
import intake.web.signin
from config import ROOT, Settings, load, new_keys
from intake import extensions
from intake.database import db, prepare_engine
from intake.environment import SettingsError


def create_app(settings: Settings | None = None) -> Flask:
    """A ready app; SettingsError if the settings do not allow one (a shell gets the commands that help with that)."""
    try:
        settings = settings or load()
    except SettingsError as error:
        return intake.cli.without_settings(error, error.problems, new_keys)
    app = intake.web.fault_log.QuietFlask(
        "intake",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder="static",
        instance_path=str(settings.instance),
    )
    app.config.update(settings.flask())
    app.extensions["intake"] = settings.site()
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    extensions.migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    extensions.babel.init_app(app, locale_selector=extensions.choose_language)
    extensions.csrf.init_app(app)
    intake.web.fault_log.init_app(app)
    intake.web.request_number.init_app(app)
    intake.web.headers.init_app(app)
    intake.web.signin.init_app(app)
    intake.web.public.init_app(app)
    intake.web.health.init_app(app)
    intake.admin.init_app(app)
    intake.delivery.init_app(app)
    intake.cli.init_app(app, new_keys)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    return app
