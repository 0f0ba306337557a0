"""Who looks after a request: the buttons Claim, Release, Assign and Call, from the queue and from the request."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import queue_filters
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.collisions import written
from intake.admin.outcome_form import LONGEST_REASON
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import people
from intake.rules.permissions import Permission
from intake.services import claims
from intake.services.errors import ChangedError, EndedError, RefusedError, TakenError
from intake.wording import names
from intake.wording.translation import gettext

_FINAL = ("time_not_read", "under_check", claims.NEVER)
"""What no typed reason lifts."""


class ClaimingPages(RequestPages):
    """POSTs only: a GET never changes who holds a request."""

    @expose("/<reference>/claim", methods=("POST",))
    @needs(Permission.WORK)
    def claim(self, reference: str) -> ResponseReturnValue:
        """Take it; whoever comes second is told who was first, and offered the next one."""
        try:
            claims.claim(current_site(), acting(), reference, now=request_time())
        except TakenError as taken:
            return self.taken(reference, taken, note=written(self.typed()))
        except EndedError:
            return self.ended(reference, note=written(self.typed()))
        except RefusedError as refused:
            return self._refused(reference, refused.code)
        done(gettext("Claimed %(reference)s.", reference=reference))
        return self._back(reference)

    @expose("/<reference>/release", methods=("POST",))
    @needs(Permission.WORK)
    def release(self, reference: str) -> ResponseReturnValue:
        """Give it back to the queue."""
        try:
            claims.release(current_site(), acting(), reference, **self.standing())
        except TakenError as taken:
            return self.taken(reference, taken)
        except EndedError:
            return self.ended(reference)
        except ChangedError:
            return self.changed(reference, self.typed())
        except RefusedError as refused:
            return self._refused(reference, refused.code)
        done(gettext("Released %(reference)s. Anybody can claim it now.", reference=reference))
        return self._back(reference)

    @expose("/<reference>/assign", methods=("POST",))
    @needs(Permission.ASSIGN)
    def assign(self, reference: str) -> ResponseReturnValue:
        """Give it to a colleague, who is told by mail."""
        person = request.form.get("person", "")
        if not (person.isascii() and person.isdigit() and len(person) < 10):
            flash(gettext("Choose a person."), "bad")
            return self._back(reference)
        try:
            claims.assign(current_site(), acting(), reference, int(person), **self.standing())
        except EndedError:
            return self.ended(reference)
        except ChangedError:
            return self.changed(reference, self.typed())
        except RefusedError as refused:
            return self._refused(reference, refused.code)
        done(_given(int(person)))
        return self._back(reference)

    @expose("/<reference>/call", methods=("POST",))
    @needs(Permission.WORK)
    def call(self, reference: str) -> ResponseReturnValue:
        """Claim, show the number, start the clock of this call; outside calling hours only with a reason."""
        typed = self.typed()
        reason = typed.text("override")[:LONGEST_REASON] or None
        try:
            claims.start_call(current_site(), acting(), reference, override_reason=reason, now=request_time())
        except TakenError as taken:
            return self.taken(reference, taken, note=written(typed))
        except EndedError:
            return self.ended(reference, note=written(typed))
        except RefusedError as refused:
            if refused.code in _FINAL:
                return self._refused(reference, refused.code)
            why = gettext("Say why you call now; it is kept with the request")
            return self.show_again(reference, typed, override=why)
        return self.afterwards(reference)

    def _refused(self, reference: str, code: str) -> ResponseReturnValue:
        """Why the button did nothing, on the request itself."""
        unread = gettext("Read when they want to be called first.")
        flash(unread if code == "time_not_read" else names.call_reason(code) + ".", "bad")
        return self.afterwards(reference)

    def _back(self, reference: str) -> ResponseReturnValue:
        """To the list the button was pressed in, at the same view and place, or to the request."""
        if request.form.get("from") != "queue":
            return self.afterwards(reference)
        return see_other("queue.index", **queue_filters.place(request.form))


def _given(user_id: int) -> str:
    """Who has it now; nobody writes a mail to themselves."""
    if user_id == acting().user_id:
        return gettext("It is yours now.")
    with reading() as conn:
        person = people.by_id(conn, user_id)
    return gettext("Given to %(person)s. They are told by mail.", person=person.name if person else "")
