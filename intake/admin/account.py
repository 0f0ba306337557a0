"""One's own account: who one is here, what one may do, how one gets in, and where one is signed in."""

from __future__ import annotations

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin.base import acting, request_time, see_other
from intake.admin.moments import Clock
from intake.admin.own_figures import OwnFigurePages
from intake.admin.preferences import COLUMNS, PreferencePages
from intake.database import reading
from intake.extensions import current_site
from intake.queries import second_factor
from intake.queries import sign_in as queries
from intake.rules.permissions import Role
from intake.services import sign_in
from intake.wording import browsers, roles
from intake.wording.translation import gettext, ngettext


class Account(PreferencePages, OwnFigurePages):
    """Whoever is signed in, for themself. Reached from the menu with one's name."""

    def is_accessible(self) -> bool:
        """Anybody who is signed in."""
        return bool(current_user.is_authenticated)

    def is_visible(self) -> bool:
        """Not a place to work in."""
        return False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Everything about oneself on one page."""
        now, user_id = request_time(), acting().person_id
        with reading() as conn:
            factor = second_factor.factor_of(conn, user_id)
            sign_ins = queries.live_of(conn, user_id, now=now)
        clock = Clock(current_site().time_zone, now)
        held = {role.name for role in current_user.roles}
        return self.page(
            "admin/account.html",
            roles=[{"name": roles.role(role.value), "may": roles.may(role)} for role in Role if role.value in held],
            factor=clock.stamp(factor.since) if factor and factor.since else None,
            hidden=[COLUMNS[one] for one in current_user.prefers.hides],
            codes_left=factor.codes_left if factor else 0,
            sign_ins=[
                {
                    "id": one.id,
                    "browser": browsers.browser(one.browser)
                    or ("" if one.id == g.sign_in.id else gettext("Another browser")),
                    "started": clock.stamp(one.started_at),
                    "seen": clock.stamp(one.last_seen_at),
                    "is_this": one.id == g.sign_in.id,
                }
                for one in sign_ins
            ],
        )

    @expose("/sign-out", methods=("POST",))
    def sign_out(self) -> ResponseReturnValue:
        """End one session that is open elsewhere; this one is ended by its own button, which forgets its pages too."""
        chosen = request.form.get("sign_in", "")
        sign_in_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
        if sign_in_id == g.sign_in.id:
            return see_other("account.ask_to_sign_out")
        if sign_in.end_own(current_site(), acting(), sign_in_id, now=request_time()):
            flash(gettext("Signed out there. The next click there asks for the password."), "ok")
        else:
            flash(gettext("That one was over already."))
        return see_other("me.index")

    @expose("/sign-out-others", methods=("POST",))
    def sign_out_others(self) -> ResponseReturnValue:
        """End every session but this."""
        ended = sign_in.end_others(current_site(), acting(), g.sign_in.id, now=request_time())
        if ended:
            words = ngettext("Signed out in %(num)s other browser.", "Signed out in %(num)s other browsers.", ended)
            flash(words, "ok")
        else:
            flash(gettext("You were signed in nowhere else."))
        return see_other("me.index")
