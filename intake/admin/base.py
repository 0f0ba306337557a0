"""What every page of the staff panel stands on: nothing opens unless a right opens it, and one clock per request."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from flask import abort, flash, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, BaseView, expose
from flask_login import current_user

from intake.admin import lost_words
from intake.extensions import current_site
from intake.rules.permissions import Actor, ForbiddenError, Permission
from intake.services import leases, viewing
from intake.services.errors import NotFoundError
from intake.wording.cleaning import one_line

View = TypeVar("View", bound=Callable[..., Any])
LARGEST_ID = 2**31 - 1
_REFERENCE = re.compile("[0-9A-Z]{3}-[0-9A-Z]{3}")
_SHOWN = re.compile(r"([0-9A-Z]{3}-[0-9A-Z]{3})\.([0-9]{1,9})")
_PUBLIC_ID = re.compile("[0-9a-f]{32}")


def needs(permission: Permission) -> Callable[[View], View]:
    """Ask for one more right on a single route, besides the view's own."""

    def mark(view: View) -> View:
        view.needed = permission  # type: ignore[attr-defined]
        return view

    return mark


def acting() -> Actor:
    """The signed-in person, as services and the record know them."""
    return cast(Actor, current_user.actor)


def request_time() -> datetime:
    """The one instant of this request: everything on a page is told and stored against the same clock."""
    if "panel_now" not in g:
        g.panel_now = datetime.now(UTC)
    return cast(datetime, g.panel_now)


def is_reference(text: str) -> bool:
    """Whether it can be the reference of a request."""
    return _REFERENCE.fullmatch(text) is not None


def picked() -> list[str]:
    """The references ticked in a list; what cannot be one reaches no database."""
    return [text for text in request.form.getlist("pick") if is_reference(text)]


def picked_as_shown() -> dict[str, int]:
    """Likewise where a row carries the version it was shown with: "K7M-4QX.12"."""
    found = (_SHOWN.fullmatch(text) for text in request.form.getlist("pick"))
    return {one[1]: int(one[2]) for one in found if one}


def typed_line(name: str, most: int) -> str:
    """A field of the form on one clean line, cut to what it may hold: what is kept and what is shown are the same."""
    return one_line(request.form.get(name))[:most].rstrip()


def read_instant(text: str) -> datetime | None:
    """An instant out of a page of ours; None if it is none, or none that every clock can tell."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def see_other(endpoint: str, **values: Any) -> ResponseReturnValue:
    """After a change: show the outcome with a GET, so that a reload repeats nothing."""
    return redirect(url_for(endpoint, **values), code=303)


def on_record() -> None:
    """Somebody who is signed in was refused a place: the record says who and where."""
    viewing.refused(current_site(), acting(), endpoint=request.endpoint or "", now=request_time())


def refuse() -> NoReturn:
    """Known, but this is not theirs."""
    on_record()
    abort(403)


class PanelView(BaseView):
    """A place in the panel. Without a ``permission`` nobody gets in; a route may ask for more with ``needs``."""

    permission: ClassVar[Permission | None] = None

    def is_accessible(self) -> bool:
        """Flask-Admin's question, asked for the menu and before every route."""
        return self.permission is not None and _holds(self.permission)

    def _handle_view(self, name: str, **kwargs: Any) -> ResponseReturnValue | None:
        needed = getattr(getattr(self, name), "needed", None)
        if self.is_accessible() and (needed is None or _holds(needed)):
            return None
        return self.inaccessible_callback(name, **kwargs)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        """Strangers are asked to sign in and come back; those who are known are told that this is not theirs."""
        if current_user.is_authenticated:
            refuse()
        return redirect(url_for("security.login", next=_way_back(kwargs)))

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a view once. (The stock method calls it again after any TypeError inside, even after a commit.)

        What cannot be a reference or an id reaches no database: PostgreSQL, for one, takes no NUL in a text.
        """
        if "reference" in kwargs and not is_reference(kwargs["reference"]):
            abort(404)
        if "public_id" in kwargs and not _PUBLIC_ID.fullmatch(kwargs["public_id"]):
            abort(404)
        if max(kwargs.get("user_id", 0), kwargs.get("note_id", 0)) > LARGEST_ID:
            abort(404)
        try:
            return fn(self, *args, **kwargs)
        except NotFoundError:
            abort(404)
        except ForbiddenError:
            refuse()

    def look_after(self) -> None:
        """Before a page of the work is shown: claims that lapsed go back, and whoever lost a request is told."""
        g.has_lost = False
        for words in lost_words.told(leases.look_after(current_site(), acting(), now=request_time())):
            flash(words)

    def page(self, template: str, *, code: int = 200, **values: Any) -> ResponseReturnValue:
        """Render one of our templates with a status; a colleague who has lost a request reads so above it."""
        if g.get("has_lost") and not values.get("is_wall"):
            self.look_after()
        return make_response(self.render(template, **values), code)


class PanelIndex(PanelView, AdminIndexView):
    """``/admin/``: straight to the first place this person may enter."""

    def __init__(self) -> None:
        super().__init__(url="/admin")
        self.static_folder = None  # stock scripts and styles are not used, so they are not served

    def is_accessible(self) -> bool:
        """Anybody who is signed in."""
        return bool(current_user.is_authenticated)

    def is_visible(self) -> bool:
        """Not a place of its own in the menu."""
        return False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Redirect, or say that there is nothing here for this person."""
        for item in self.admin.menu():
            if item.is_accessible() and item.is_visible():
                return redirect(item.get_url())
        on_record()
        return self.page("admin/nothing.html", code=403)


def _holds(permission: Permission) -> bool:
    return bool(current_user.is_authenticated) and permission in current_user.permissions


def _way_back(kwargs: dict[str, Any]) -> str:
    """Where to go after signing in: the page asked for, or the page whose button was pressed."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    if "reference" in kwargs:
        return url_for("queue.show", reference=kwargs["reference"])
    return url_for("admin.index")
