"""Next call and Skip: one button leads to the most urgent request and says why this one; the other leads past it."""

from __future__ import annotations

from flask import flash
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import request_words
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.moments import due_within
from intake.admin.outcome_form import LONGEST_REASON
from intake.admin.queue import clock
from intake.admin.queue_rows import window_of
from intake.admin.request import RequestPages
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import casefile
from intake.rules.permissions import Permission
from intake.services import next_call
from intake.services.errors import EndedError, RefusedError, TakenError
from intake.services.next_call import NextCall, SkipReason
from intake.wording import next_call as why
from intake.wording.translation import gettext


class NextCallPages(RequestPages):
    """POSTs only, as each of them changes who holds a request."""

    @expose("/next", methods=("POST",))
    @needs(Permission.WORK)
    def next(self) -> ResponseReturnValue:
        """Claim the most urgent one and open it."""
        return onward()

    @expose("/<reference>/skip", methods=("POST",))
    @needs(Permission.WORK)
    def skip(self, reference: str) -> ResponseReturnValue:
        """Past this one, with the reason, to the one after it."""
        typed = self.typed()
        reason, words = typed.text("skip"), typed.text("skip_why")[:LONGEST_REASON]
        if reason not in set(SkipReason):
            return self.show_again(reference, typed, skip_why=gettext("Choose or write why you skip it"))
        site, actor, now = current_site(), acting(), request_time()
        try:
            next_call.skip(site, actor, reference, SkipReason(reason), words=words, now=now)
        except TakenError as taken:
            return self.taken(reference, taken, note=words)
        except EndedError:
            return self.ended(reference, note=words)
        except RefusedError as refused:
            return self.show_again(reference, typed, skip_why=_refused(refused.code))
        done(gettext("Skipped %(reference)s. It is not offered to you for 15 minutes.", reference=reference))
        return onward(besides=reference)


def onward(*, besides: str = "") -> ResponseReturnValue:
    """To the next person who is waiting, who is theirs from now on; to the queue when nobody may be called."""
    found = next_call.claim_next(current_site(), acting(), now=request_time(), besides=besides)
    if not found.reference:
        flash(_nobody(found))
        return see_other("queue.index")
    # After another deed it is that one whose undoing is offered; who is on a call has done nothing.
    (flash if besides or found.is_on_call else done)(_why(found))
    return see_other("queue.show", reference=found.reference)


def _refused(code: str) -> str:
    if code == "on_call":
        return gettext("Say first what came of your call")
    return gettext("Write why you skip it")


def _nobody(found: NextCall) -> str:
    words = gettext("Nobody else is waiting for a call now.")
    if found.opens_at is not None:
        time = clock().day_and_time(found.opens_at)
        words = gettext("Nobody may be called now. The next one from: %(time)s.", time=time)
    over = why.passed(found.passed or {})
    return f"{words} {over}." if over else words


def _why(found: NextCall) -> str:
    """Why it is this one: how urgent it is, what was promised, and who was passed over."""
    if found.is_on_call:
        return gettext("You are on this call. Say first what came of it.")
    with reading() as conn:
        calendar = calendars.current(conn, current_site())
        case = casefile.find(conn, current_site(), found.reference, with_contact=False)
    if case is None:
        return ""
    shown = due_within(
        clock(), calendar.target, status=case.status, due_at=case.due_at, window=window_of(case), closed_at=None
    )
    most = gettext("Yours already, and the most urgent:") if found.was_held else gettext("Claimed as the most urgent:")
    told = "" if case.attempts else request_words.promised(case, clock(), shown)
    facts = [shown.at.words, told, why.passed(found.passed or {})]
    urgent = ", ".join(fact for fact in facts[:2] if fact)
    return f"{most} {'; '.join(part for part in (urgent, facts[2]) if part)}."
