"""The button that corrects the last outcome of a request, and whether it is there."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin.base import acting, needs, see_other
from intake.admin.outcome_form import LONGEST_REASON, read_id
from intake.admin.outcomes import followed
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.extensions import current_site
from intake.rules.permissions import Permission
from intake.rules.workflow import CORRECTABLE, Disposition
from intake.services import corrections
from intake.services.errors import ChangedError, RefusedError, TakenError
from intake.wording.translation import gettext


class CorrectingPages(RequestPages):
    """The old outcome stays in the timeline; what follows is worked out anew."""

    @expose("/<reference>/correct", methods=("POST",))
    @needs(Permission.WORK)
    def correct(self, reference: str) -> ResponseReturnValue:
        """Another thing came of the last call."""
        typed = self.typed()
        right, reason = typed.text("right_outcome"), typed.text("why_wrong")[:LONGEST_REASON]
        if right not in {one.value for one in CORRECTABLE}:
            typed.errors["right_outcome"] = gettext("Choose what happened")
        if not reason:
            typed.errors["why_wrong"] = gettext("Say why it was wrong")
        if typed.errors:
            return self.show_again(reference, typed)
        try:
            logged = corrections.correct(
                current_site(), acting(), reference, read_id(typed, "attempt") or 0, Disposition(right),
                reason=reason, **self.standing(),
            )  # fmt: skip
        except TakenError as taken:
            return self.taken(reference, taken, note=reason)
        except ChangedError:
            return self.changed(reference, typed)
        except RefusedError as refused:
            return self.show_again(reference, typed, right_outcome=_refusal(refused.code))
        said = gettext("Corrected. The old outcome stays in the timeline.")
        done(f"{said} {followed(reference, Disposition(right), logged)}")
        return see_other("queue.show", reference=reference)


def _refusal(code: str) -> str:
    return {
        "moved_on": gettext("Something else has happened since. Write a note, or log a new call"),
        "not_yours": gettext("Only its caller or a manager may correct it"),
        "same_outcome": gettext("That is what it says already"),
        "message_not_allowed": gettext("They asked for no message, so none can be recorded as left"),
    }.get(code, gettext("That cannot be corrected here. Log it as a new call"))
