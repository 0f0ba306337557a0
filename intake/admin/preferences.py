"""How I work: each person sets for themself which keys, sounds, telephone and columns the panel uses."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin.base import PanelView, acting, request_time, see_other
from intake.extensions import current_site
from intake.rules.preferences import Column, Dial, Preferences
from intake.services import preferences
from intake.wording.translation import gettext, lazy_gettext

DIALS = (
    (Dial.TEL, lazy_gettext("This device calls"), lazy_gettext("A phone, or a computer with a calling program (tel:)")),
    (Dial.SIP, lazy_gettext("An internet telephone calls"), lazy_gettext("A softphone on this computer (sip:)")),
    (Dial.COPY, lazy_gettext("I dial by hand"), lazy_gettext("A button copies the number")),
)
COLUMNS = {
    Column.NUMBER: lazy_gettext("Number"),
    Column.THEIR_TIME: lazy_gettext("Their time"),
    Column.STATE: lazy_gettext("State"),
    Column.TRIES: lazy_gettext("Tries"),
    Column.OWNER: lazy_gettext("Owner"),
}


class PreferencePages(PanelView):
    """One form. Whoever wants the standard back ticks what it was."""

    @expose("/preferences")
    def preferences(self) -> ResponseReturnValue:
        """As it is."""
        return self.page("admin/preferences.html", prefers=current_user.prefers, dials=DIALS, columns=COLUMNS)

    @expose("/preferences", methods=("POST",))
    def save_preferences(self) -> ResponseReturnValue:
        """Keep what was ticked."""
        if preferences.change(current_site(), acting(), _read(), now=request_time()):
            flash(gettext("Saved. It holds from now on, on every device you sign in on."), "ok")
        else:
            flash(gettext("Nothing was different."))
        return see_other("me.preferences")


def _read() -> Preferences:
    """The form as it came; what it cannot have meant is the standard."""
    dial = request.form.get("dial", "")
    return Preferences(
        is_keys_on="keys" in request.form,
        sound="sound" in request.form,
        notify="notify" in request.form,
        dial=Dial(dial) if dial in set(Dial) else Dial.TEL,
        hides_number="hides_number" in request.form,
        hides=_hides(),
    )


def _hides() -> tuple[Column, ...]:
    """The columns that are not ticked. A form that does not ask about them, for whoever has no queue, changes none."""
    if "columns" not in request.form:
        return tuple(current_user.prefers.hides)
    return tuple(one for one in Column if one.value not in request.form.getlist("column"))
