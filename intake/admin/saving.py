"""Views of the queue under a name: saving the one on show, and the page where one's own are renamed and shared."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import queue_filters
from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.database import reading
from intake.extensions import current_site
from intake.queries import saved_views as queries
from intake.rules.permissions import Permission
from intake.services import saved_views
from intake.services.errors import RefusedError
from intake.wording.cleaning import as_typed
from intake.wording.translation import gettext


class SavingPages(PanelView):
    """One page, and the buttons on it and on the queue."""

    @expose("/views", methods=("GET",))
    @needs(Permission.QUEUE)
    def views(self) -> ResponseReturnValue:
        """The views one may open, one's own to be changed."""
        return self._views()

    @expose("/views", methods=("POST",))
    @needs(Permission.QUEUE)
    def save_view(self) -> ResponseReturnValue:
        """Keep the address one came from, without what was searched for and without the page number."""
        asked = {name: texts for name, texts in queue_filters.place(request.form).items() if name in saved_views.KNOWN}
        name, shared = as_typed(request.form.get("name")), request.form.get("shared") == "1"
        try:
            query = urlencode(asked, doseq=True)
            saved_views.save(current_site(), acting(), name, query, is_shared=shared, now=request_time())
        except RefusedError as refused:
            return self._views("", name, _refusal(refused.code), asked=asked, is_shared=shared)
        flash(gettext("Saved. It stands in the menu of saved views."), "ok")
        return see_other("queue.index", **asked)

    @expose("/views/<public_id>", methods=("POST",))
    @needs(Permission.QUEUE)
    def change_view(self, public_id: str) -> ResponseReturnValue:
        """Rename, share, keep to oneself, remove."""
        site, actor, now = current_site(), acting(), request_time()
        deed, name = request.form.get("do", ""), as_typed(request.form.get("name"))
        try:
            if deed in ("share", "unshare"):
                saved_views.share(site, actor, public_id, is_shared=deed == "share", now=now)
            elif deed == "remove":
                saved_views.remove(site, actor, public_id, now=now)
            else:
                saved_views.rename(site, actor, public_id, name, now=now)
        except RefusedError as refused:
            return self._views(public_id, name, _refusal(refused.code))
        flash(gettext("Removed.") if deed == "remove" else gettext("Saved."), "ok")
        return see_other("queue.views")

    def _views(
        self, key: str = "", name: str = "", error: str = "", asked: queue_filters.Place | None = None,
        *, is_shared: bool = False,
    ) -> ResponseReturnValue:  # fmt: skip
        """``error``: what is wrong with the name that was typed for that view, or (with ``asked``) for a new one."""
        who = acting().person_id
        with reading() as conn:
            found = queries.open_to(conn, who)
        told = {"key": key, "name": name, "error": error, "asked": asked, "is_shared": is_shared}
        return self.page("admin/saved_views.html", code=422 if error else 200, saved=found, typed=told)


def _refusal(code: str) -> str:
    return {
        "name_needed": gettext("Give the view a name."),
        "name_too_long": gettext("Use at most %(most)s characters.", most=saved_views.LONGEST_NAME),
        "name_taken": gettext("You have a view of this name already."),
        "too_many": gettext("You have twenty views. Remove one first."),
    }.get(code, gettext("This view cannot be saved."))
