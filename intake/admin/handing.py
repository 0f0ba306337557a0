"""From one pair of hands into another: the buttons Take over, with a reason, and Hand off, with a note."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.outcome_form import LONGEST_REASON, Typed, read_id, read_note
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import people
from intake.rules.permissions import Permission
from intake.services import handing
from intake.services.errors import ChangedError, EndedError, NotFoundError, RefusedError, TakenError
from intake.wording import names
from intake.wording.translation import gettext


class HandingPages(RequestPages):
    """Both say so in the timeline, and whoever is concerned is told by mail."""

    @expose("/<reference>/take-over", methods=("POST",))
    @needs(Permission.WORK)
    def take_over(self, reference: str) -> ResponseReturnValue:
        """Out of a colleague's hands, with the reason; never during their call."""
        typed = self.typed()
        reason = typed.text("take_over_reason")[:LONGEST_REASON]
        holder = read_id(typed, "holder") or 0
        try:
            handing.take_over(current_site(), acting(), reference, holder_id=holder, reason=reason, now=request_time())
        except TakenError as taken:
            return self.taken(reference, taken, note=reason)
        except EndedError:
            return self.ended(reference, note=reason)
        except RefusedError as refused:
            if refused.code == "reason_needed":
                return self.show_again(reference, typed, take_over_reason=gettext("Say why you take it over"))
            return self.show_again(reference, typed, take_over_reason=names.call_reason(refused.code))
        done(gettext("It is yours now."))
        return see_other("queue.show", reference=reference)

    @expose("/<reference>/hand-off", methods=("POST",))
    @needs(Permission.WORK)
    def hand_off(self, reference: str) -> ResponseReturnValue:
        """To a named colleague, with what they need to know."""
        typed = self.typed()
        person, note = read_id(typed, "hand_off_to"), read_note(typed, "hand_off_note", is_needed=True)
        if person is None:
            typed.errors["hand_off_to"] = gettext("Choose a person")
        if person is None or typed.errors:
            return self.show_again(reference, typed)
        try:
            handing.hand_off(current_site(), acting(), reference, person, note=note, **self.standing())
        except TakenError as taken:
            return self.taken(reference, taken, note=note)
        except EndedError:
            return self.ended(reference, note=note)
        except ChangedError:
            return self.changed(reference, typed)
        except NotFoundError:
            return self._nobody(reference, typed)
        except RefusedError as refused:
            return self.show_again(reference, typed, hand_off_note=_refusal(refused.code))
        done(_handed(person))
        return see_other("queue.show", reference=reference)

    def _nobody(self, reference: str, typed: Typed) -> ResponseReturnValue:
        """The person chosen has left, or may not call; a request that is not there says so itself."""
        return self.show_again(reference, typed, hand_off_to=gettext("Choose somebody else, they may not call"))


def _refusal(code: str) -> str:
    return {
        "call_not_logged": gettext("First say what came of your call"),
        "not_claimed": gettext("Claim it first"),
        "under_check": gettext("First decide whether this request is genuine"),
    }.get(code, gettext("That is not possible now."))


def _handed(user_id: int) -> str:
    with reading() as conn:
        person = people.by_id(conn, user_id)
    return gettext("Handed to %(person)s. They are told by mail.", person=person.name if person else "")
