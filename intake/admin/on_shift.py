"""Who is on shift now, and beginning and ending one's own."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.admin.queue import clock, queue_place
from intake.database import reading
from intake.extensions import current_site
from intake.queries import shift
from intake.rules.permissions import Permission
from intake.rules.routing import ON_SHIFT_FOR, is_on_shift
from intake.services import shifts
from intake.wording.translation import gettext


class OnShiftPages(PanelView):
    """For whoever works the queue."""

    permission = Permission.QUEUE

    @expose("/shift")
    def on_shift(self) -> ResponseReturnValue:
        """Oneself, and everybody who is there."""
        since = current_user.on_shift_since
        with reading() as conn:
            present = shift.present(conn, request_time())
        return self.page(
            "admin/on_shift.html",
            since=clock().stamp(since) if is_on_shift(since, request_time()) else None,
            until=clock().stamp(since + ON_SHIFT_FOR) if since else None,
            present=[(one, clock().stamp(one.since)) for one in present],
        )

    @expose("/shift", methods=("POST",))
    @needs(Permission.WORK)
    def change_shift(self) -> ResponseReturnValue:
        """On shift or off: requests are given by rule, and alerts sent, to whoever is there."""
        site, actor, now = current_site(), acting(), request_time()
        if request.form.get("do") == "end":
            shifts.leave(site, actor, now=now)
            flash(gettext("Your shift is over. Nothing more is given to you by itself."), "ok")
        else:
            shifts.come(site, actor, now=now)
            flash(gettext("You are on shift. It ends when you say so, when you sign out, and after 16 hours."), "ok")
        if request.form.get("from") == "queue":
            return see_other("queue.index", **queue_place())
        return see_other("queue.on_shift")
