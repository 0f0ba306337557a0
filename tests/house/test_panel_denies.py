"""The panel lets nobody in unless a right says so, whatever is added to it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_admin import BaseView, expose

from intake.admin import base
from intake.admin.base import PanelView
from intake.rules.permissions import Permission
from tests.conftest import running_app


def open_to_strangers(app: Flask) -> list[str]:
    """The panel's addresses that answer a stranger with a page."""
    client = app.test_client()
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/admin"):
            continue
        path = rule.rule
        for name, converter in rule._converters.items():
            sample = "1" if "Int" in type(converter).__name__ else "K7M-4QX"
            path = path.replace(f"<{name}>", sample).replace(f"<int:{name}>", sample).replace(f"<path:{name}>", sample)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            if client.open(path, method=method).status_code < 300:
                found.append(f"{method} {rule.rule}")
    return found


def test_no_page_of_the_panel_opens_to_a_stranger(sqlite_app: Flask) -> None:
    assert [rule for rule in sqlite_app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    assert open_to_strangers(sqlite_app) == []


def test_every_view_stands_on_the_one_that_denies(sqlite_app: Flask) -> None:
    (admin,) = sqlite_app.extensions["admin"]
    assert [type(view).__name__ for view in admin._views if not isinstance(view, PanelView)] == []


class Forgotten(PanelView):
    """A new place whose author forgot to say who may enter."""

    @expose("/")
    def index(self) -> str:
        return "everything"


class Open(BaseView):
    """What Flask-Admin does by itself: everybody may come in."""

    @expose("/")
    def index(self) -> str:
        return "everything"


def test_a_view_that_names_no_right_opens_to_nobody(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = frozenset(Permission)
    monkeypatch.setattr(base, "current_user", SimpleNamespace(is_authenticated=True, permissions=everything))
    with sqlite_app.test_request_context("/admin/later/"):
        assert not Forgotten(name="Later", endpoint="later").is_accessible()


def test_an_open_view_is_seen(sqlite_url: str, tmp_path: Path) -> None:
    with running_app(sqlite_url, tmp_path) as app:
        (admin,) = app.extensions["admin"]
        admin.add_view(Open(name="Open", endpoint="open", url="/admin/open"))
        assert "GET /admin/open/" in open_to_strangers(app)


def test_no_view_can_be_added_once_requests_are_answered(sqlite_app: Flask) -> None:
    sqlite_app.test_client().get("/admin/")
    (admin,) = sqlite_app.extensions["admin"]
    with pytest.raises(AssertionError):
        admin.add_view(Open(name="Late", endpoint="late", url="/admin/late"))
