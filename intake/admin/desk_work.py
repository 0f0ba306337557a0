"""What staff do to a request besides calling: notes, closing, reopening, deciding on "Check"."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import crisis_words, queue_filters, undoing
from intake.admin.base import acting, needs, request_time, see_other
from intake.admin.outcome_form import LONGEST_REASON, read_agreed, read_note
from intake.admin.request import RequestPages
from intake.admin.request_words import close_reasons
from intake.database import reading
from intake.extensions import current_site
from intake.queries import casefile
from intake.rules.call_script import LONGEST_NOTE as LONGEST_PHRASE
from intake.rules.call_script import with_phrase
from intake.rules.permissions import Permission
from intake.rules.workflow import ClosedReason
from intake.services import call_again, casework, mail
from intake.services.errors import ChangedError, EndedError, NotFoundError, RefusedError, TakenError
from intake.wording.translation import gettext


class DeskWorkPages(RequestPages):
    """One button each; each ends on the request again."""

    @expose("/<reference>/note", methods=("POST",))
    @needs(Permission.WORK)
    def note(self, reference: str) -> ResponseReturnValue:
        """Write something down, also on a closed request and on a colleague's."""
        typed = self.typed()
        text = read_note(typed, "remark", is_needed=True)
        if typed.errors:
            return self.show_again(reference, typed)
        heard = casework.add_note(current_site(), acting(), reference, text, now=request_time())
        said = gettext("Note added.")
        if heard.is_told:
            said += " " + crisis_words.kept(heard.reference, is_open=bool(heard.columns), is_feared=True)
        return _done(reference, said)

    @expose("/<reference>/phrase", methods=("POST",))
    @needs(Permission.WORK)
    def phrase(self, reference: str) -> ResponseReturnValue:
        """Without JavaScript: a ready-made note behind what was typed, on the page as it was. Nothing is saved."""
        values = dict(self.typed().values)
        field, _, phrase = values.get("phrase", "").partition(":")
        if field in ("note", "remark"):
            values[field] = with_phrase(values.get(field, ""), phrase[:LONGEST_PHRASE])
        return self._render(reference, typed=values)

    @expose("/<reference>/close", methods=("POST",))
    @needs(Permission.WORK)
    def close(self, reference: str) -> ResponseReturnValue:
        """End it without a call, with the reason."""
        typed = self.typed()
        reason, text = typed.text("reason"), read_note(typed, "close_note")
        if reason not in {choice.value for choice in close_reasons(acting())}:
            typed.errors["reason"] = gettext("Choose why it is closed")
        if typed.errors:
            return self.show_again(reference, typed)
        done = gettext("Closed. All its clocks have stopped.")
        if reason == ClosedReason.DO_NOT_CALL:
            done = gettext("Closed. Nobody will call this number again.")
        return self._try(
            reference,
            lambda: casework.close(
                current_site(), acting(), reference, ClosedReason(reason), note=text, **self.standing()
            ),
            done,
        )

    @expose("/<reference>/reopen", methods=("POST",))
    @needs(Permission.REOPEN)
    def reopen(self, reference: str) -> ResponseReturnValue:
        """Open an ended request again, with a new clock; what the visitor took back only with a reason."""
        typed = self.typed()
        reason = typed.text("reopen_reason")[:LONGEST_REASON]
        try:
            casework.reopen(current_site(), acting(), reference, reason=reason, **self.standing())
        except ChangedError:
            return self.changed(reference, typed)
        except RefusedError as refused:
            if refused.code == "reason_needed":
                return self.show_again(reference, typed, reopen_reason=gettext("Say why you open it again"))
            return _refused(reference, refused.code)
        return _done(reference, gettext("Open again, with a new clock. What was measured before is kept."))

    @expose("/<reference>/rescue", methods=("POST",))
    @needs(Permission.WORK)
    def rescue(self, reference: str) -> ResponseReturnValue:
        """Under "Check": it is a real person."""
        return self._try(
            reference,
            lambda: casework.rescue(current_site(), acting(), reference, **self.standing()),
            gettext("In the queue now, with the clock it has had all along."),
        )

    @expose("/<reference>/spam", methods=("POST",))
    @needs(Permission.WORK)
    def spam(self, reference: str) -> ResponseReturnValue:
        """Under "Check": nobody to call."""
        return self._try(
            reference,
            lambda: casework.mark_spam(current_site(), acting(), reference, **self.standing()),
            gettext("Closed as spam. It stays stored and can be opened again."),
        )

    @expose("/<reference>/call-again", methods=("POST",))
    @needs(Permission.ASSIGN)
    def call_again(self, reference: str) -> ResponseReturnValue:
        """Its number had asked not to be called, and its owner wants help again; with the reason."""
        reason = self.typed().text("call_again_why")[:LONGEST_REASON]
        return self._try(
            reference,
            lambda: call_again.lift(current_site(), acting(), reference, reason=reason, **self.standing()),
            gettext("This number may be called again."),
        )

    @expose("/<reference>/time", methods=("POST",))
    @needs(Permission.WORK)
    def time(self, reference: str) -> ResponseReturnValue:
        """The time a visitor wrote in their own words has been read, and perhaps set."""
        typed = self.typed()
        agreed_from, agreed_until = read_agreed(typed, is_needed=False)
        if typed.errors:
            typed.errors = {f"wish_{name}": words for name, words in typed.errors.items()}
            return self.show_again(reference, typed)
        return self._try(
            reference,
            lambda: casework.acknowledge_time(
                current_site(),
                acting(),
                reference,
                agreed_from=agreed_from,
                agreed_until=agreed_until,
                **self.standing(),
            ),
            gettext("The time is set. They read it on their private page, and by mail if they gave an address.")
            if agreed_from
            else gettext("Noted when they want to be called."),
        )

    @expose("/<reference>/mail/<public_id>", methods=("POST",))
    @needs(Permission.OUTBOX)
    def mail(self, reference: str, public_id: str) -> ResponseReturnValue:
        """A mail of this request that was given up goes out once more."""
        if not _is_mail_of(reference, public_id):
            raise NotFoundError
        return self._try(
            reference,
            lambda: mail.send_again(current_site(), acting(), reference, public_id, now=request_time()),
            gettext("The mail goes out again now."),
        )

    def _try(self, reference: str, verb: Callable[[], bool | None], done: str) -> ResponseReturnValue:
        """Do it, or say what came between. ``verb``: True if the managers are mailed of what ended with it."""
        try:
            is_told = verb()
        except TakenError as taken:
            return self.taken(reference, taken, note=self.typed().prose("close_note"))
        except EndedError:
            return self.ended(reference, note=self.typed().prose("close_note"))
        except ChangedError:
            return self.changed(reference, self.typed())
        except RefusedError as refused:
            if refused.code == "note_needed":
                return self.show_again(reference, close_note=gettext("Write how they asked: by letter, on voicemail …"))
            if refused.code == "reason_needed":
                return self.show_again(reference, call_again_why=gettext("Say how they asked for help again"))
            return _refused(reference, refused.code)
        if is_told:
            done += " " + crisis_words.kept(reference, is_open=False, is_feared=True)
        return _done(reference, done)


def _done(reference: str, words: str) -> ResponseReturnValue:
    undoing.done(words)
    if request.form.get("from") == "queue":
        return see_other("queue.index", **queue_filters.place(request.form))
    return see_other("queue.show", reference=reference)


def _refused(reference: str, code: str) -> ResponseReturnValue:
    flash(_refusal(code), "bad")
    return see_other("queue.show", reference=reference)


def _is_mail_of(reference: str, public_id: str) -> bool:
    """Whether the request in the address is the one this mail is about."""
    with reading() as conn:
        return casefile.has_mail(conn, reference, public_id)


def _refusal(code: str) -> str:
    """Why a button did nothing."""
    return {
        "suppressed": gettext("This number asked not to be called again. A manager can lift that."),
        "not_suppressed": gettext("Nothing stands against calling this number."),
        "not_under_check": gettext("Somebody has decided already."),
        "not_closed": gettext("It is open already."),
        "redacted": gettext("It was kept as long as it may be. There is no number left to call."),
        "manager_decides": gettext("This number asked not to be called again, so a manager decides."),
        "called": gettext("Somebody has called already. If it is spam all the same, close it with that reason."),
        "call_not_logged": gettext("First say what came of your call."),
        "not_dead": gettext("That mail is on its way already."),
        "time_past": gettext("That time has passed. Choose a later one"),
        "too_far": gettext("Choose a time within the next 90 days"),
        "no_time_named": gettext("No time in their own words waits for an answer."),
    }.get(code, gettext("That is not possible now."))
