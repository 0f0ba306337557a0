"""What came of a call: reading the outcome form, storing it, and going on to the next person."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import crisis_words
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.next_calls import onward
from intake.admin.outcome_form import Typed, read_outcome, read_version
from intake.admin.queue import clock
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import casefile
from intake.rules.permissions import Permission
from intake.rules.workflow import Disposition
from intake.services import calls
from intake.services.calls import Logged, Outcome
from intake.services.errors import ChangedError, EndedError, RefusedError, TakenError
from intake.wording.translation import gettext


class OutcomePages(RequestPages):
    """Save, and Save and next."""

    @expose("/<reference>/attempt", methods=("POST",))
    @needs(Permission.WORK)
    def attempt(self, reference: str) -> ResponseReturnValue:
        """Store an outcome with its note and the next try."""
        typed = self.typed()
        outcome = read_outcome(typed)
        if outcome is None:
            return self.show_again(reference, typed)
        try:
            logged = _log(reference, outcome, typed)
        except ChangedError:
            return self.changed(reference, typed)
        except TakenError as taken:
            return self.taken(reference, taken, note=typed.prose("note"))
        except EndedError:
            return self.ended(reference, note=typed.prose("note"))
        except RefusedError as refused:
            return self.show_again(reference, typed, **_refused(refused.code))
        done(f"{gettext('Saved.')} {followed(reference, outcome.disposition, logged)}")
        if typed.text("then") == "next":
            return onward(besides=reference)
        return see_other("queue.show", reference=reference)


def _log(reference: str, outcome: Outcome, typed: Typed) -> Logged:
    version = read_version(typed)
    return calls.log_attempt(current_site(), acting(), reference, outcome, expected_version=version, now=request_time())


def _refused(code: str) -> dict[str, str]:
    """The field that a rule of the service points at."""
    return {
        "message_not_allowed": {"outcome": gettext("They asked for no message, so none can be recorded as left")},
        "confirm_do_not_call": {"confirm": gettext("Tick this too: it stops every call to this number")},
        "time_needed": {"agreed": gettext("Enter the day and the time you agreed on")},
        "next_needed": {"after": gettext("Choose what comes next")},
        "reason_needed": {"why": gettext("Say why you called at this time; it is kept with the request")},
        "time_past": {"next_try": gettext("That time has passed. Choose a later one")},
    }.get(code, {"outcome": gettext("That is not possible now.")})


def followed(reference: str, disposition: Disposition, logged: Logged) -> str:
    """What an outcome led to, as whoever said it reads it: also whether it is closed, and who is mailed."""
    if disposition is Disposition.CRISIS:
        return crisis_words.kept(reference, is_open=not logged.is_closed)
    if disposition is Disposition.WRONG_NUMBER and logged.is_crisis:
        return crisis_words.unreachable(reference, is_open=not logged.is_closed)
    if logged.is_feared and disposition is not Disposition.WRONG_NUMBER:
        return crisis_words.kept(reference, is_open=not logged.is_closed, is_feared=True)
    if logged.is_closed:
        return gettext("%(reference)s is closed.", reference=reference)
    if disposition is Disposition.WRONG_NUMBER:
        return gettext("%(reference)s waits for another number; a mail asks for it.", reference=reference)
    if logged.next_at is None:
        return gettext("%(reference)s stays open.", reference=reference)
    time = clock().both(logged.next_at, _key(reference))
    return gettext("%(reference)s: next try %(time)s.", reference=reference, time=time)


def _key(reference: str) -> str:
    with reading() as conn:
        case = casefile.find(conn, current_site(), reference, with_contact=False)
    return case.calling_key if case else ""
