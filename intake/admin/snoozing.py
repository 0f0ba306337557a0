"""The buttons Snooze and Wake: off the desk for a while, and back before its time."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import snoozing_words as words
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.outcome_form import LONGEST_REASON, Typed
from intake.admin.queue import clock
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import casefile
from intake.rules.permissions import Permission
from intake.services import snoozing
from intake.services.errors import ChangedError, EndedError, RefusedError, TakenError
from intake.services.snoozing import Snoozed
from intake.wording.translation import gettext


class SnoozingPages(RequestPages):
    """Neither moves a promise: what was told to the visitor stays told."""

    @expose("/<reference>/snooze", methods=("POST",))
    @needs(Permission.WORK)
    def snooze(self, reference: str) -> ResponseReturnValue:
        """Put it off until a time, with the reason."""
        typed = self.typed()
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
        day_and_time = (typed.text("snooze_day"), typed.text("snooze_time"))
        zone = current_site().time_zone
        until = words.read_until(typed.text("until"), day_and_time, calendar, zone, request_time())
        reason = typed.text("snooze_reason")[:LONGEST_REASON]
        if until is None:
            typed.errors["until"] = gettext("Choose until when")
        if not reason:
            typed.errors["snooze_reason"] = words.refusal("reason_needed")
        if until is None or typed.errors:
            return self.show_again(reference, typed)
        try:
            snoozed = snoozing.snooze(current_site(), acting(), reference, until, reason=reason, **self.standing())
        except (TakenError, EndedError, ChangedError, RefusedError) as error:
            return self._not_done(reference, typed, error, "until")
        done(_put_off(reference, snoozed))
        return see_other("queue.show", reference=reference)

    @expose("/<reference>/wake", methods=("POST",))
    @needs(Permission.WORK)
    def wake(self, reference: str) -> ResponseReturnValue:
        """Back before its time."""
        try:
            snoozing.wake(current_site(), acting(), reference, **self.standing())
        except (TakenError, EndedError, ChangedError, RefusedError) as error:
            return self._not_done(reference, self.typed(), error, "until")
        done(gettext("%(reference)s is awake again.", reference=reference))
        return see_other("queue.show", reference=reference)

    def _not_done(self, reference: str, typed: Typed, error: Exception, field: str) -> ResponseReturnValue:
        """What came between; the reason that was typed is kept."""
        if isinstance(error, TakenError):
            return self.taken(reference, error, note=typed.text("snooze_reason"))
        if isinstance(error, EndedError):
            return self.ended(reference, note=typed.text("snooze_reason"))
        if isinstance(error, RefusedError):
            return self.show_again(reference, typed, **{field: words.refusal(error.code)})
        return self.changed(reference, typed)


def _put_off(reference: str, snoozed: Snoozed) -> str:
    with reading() as conn:
        case = casefile.find(conn, current_site(), reference, with_contact=False)
    time = clock().both(snoozed.until_at, case.calling_key if case else "")
    said = gettext("%(reference)s is put off until %(time)s.", reference=reference, time=time)
    if snoozed.is_late and case:
        promise = clock().stamp(case.promised_by_at).words
        said += " " + gettext("That is later than promised (before %(time)s).", time=promise)
    return said
