"""One request: its page, and the same page again when something stood in the way, with all that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import Connection

from intake.admin import crisis_words, hold_words, live_words, related, script_words, snoozing_words, timeline
from intake.admin import request_words as words
from intake.admin.base import PanelView, acting, read_instant, request_time, see_other
from intake.admin.collisions import collision
from intake.admin.outcome_form import Typed, read_version
from intake.admin.queue import clock, due_soon, next_waiting, queue_place, shown_count
from intake.admin.queue_rows import due_of, is_snoozed, rows
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries import casefile, people
from intake.queries.around import Around, People, around
from intake.queries.calendar import Calendar
from intake.queries.casefile import CaseFile
from intake.rules.limits import LONGEST_CALL, REMINDED_AFTER
from intake.rules.permissions import Permission
from intake.rules.promise import awaits_a_number
from intake.rules.workflow import ClosedReason, Status
from intake.services import viewing
from intake.services.callbacks import SUPPRESSED
from intake.services.errors import NotFoundError, TakenError
from intake.wording import names, next_call, numbers, times
from intake.wording.translation import gettext


class RequestPages(PanelView):
    """Looking at one request. Opening it never claims it."""

    permission = Permission.QUEUE

    @expose("/<reference>")
    def show(self, reference: str) -> ResponseReturnValue:
        """The page; with ``until`` an older part of its timeline."""
        return self._render(reference, until=_asked_until(), looks_after=True)

    def typed(self) -> Typed:
        """The form of this request, as it came; of a list's, whose fields are its own, the version of the row."""
        fields = request.form.to_dict()
        if fields.get("from") == "queue":
            fields = {name: fields[name] for name in ("version",) if name in fields}
        return Typed(fields, current_site().time_zone, request_time())

    def standing(self) -> dict[str, Any]:
        """What a verb is told beside the request: which version the page showed, and the time."""
        return {"expected_version": read_version(self.typed()), "now": request_time()}

    def afterwards(self, reference: str) -> ResponseReturnValue:
        """The page after a press on it. What was typed elsewhere on it and came along is shown again, not stored."""
        if "along" in request.form:  # the browser sends it once more, and a reload presses nothing again
            return redirect(url_for("queue.again", reference=reference), code=307)
        return see_other("queue.show", reference=reference)

    def show_again(self, reference: str, typed: Typed | None = None, **errors: str) -> ResponseReturnValue:
        """Nothing was stored: the same page with what was typed and a word at each field at fault."""
        typed = typed or self.typed()
        typed.errors.update(errors)
        return self._render(reference, code=422, typed=typed.values, errors=typed.errors)

    def changed(self, reference: str, typed: Typed) -> ResponseReturnValue:
        """Somebody changed it while this person was writing: what they did, the page as it is, all that was typed."""
        return self._render(reference, code=409, typed=typed.values, collided=typed)

    def ended(self, reference: str, note: str = "") -> ResponseReturnValue:
        """Somebody, perhaps the visitor, ended it in the meantime: what was typed waits in the note field."""
        problem = gettext("This request has ended in the meantime. Nothing was changed.")
        if note:
            problem += " " + gettext("What you typed is in the note field below, not saved yet.")
        return self._render(reference, code=409, typed={"remark": note}, problem=problem)

    def taken(self, reference: str, taken: TakenError, note: str = "") -> ResponseReturnValue:
        """Somebody was faster: who, when, and whom to call instead."""
        with reading() as conn:
            case = _found(conn, reference, with_contact=False)
            calendar = calendars.current(conn, current_site())
            upcoming = next_waiting(conn, calendar, besides=reference)
        viewing.record(current_site(), acting(), case, calendar.calling, now=request_time(), is_staying=False)
        found = rows([upcoming], calendar, clock(), acting()) if upcoming else [None]
        return self.page(
            "admin/taken.html",
            code=409,
            reference=reference,
            headline=_claimed(taken),
            upcoming=found[0],
            typed_note=note,
        )

    def _render(
        self,
        reference: str,
        *,
        code: int = 200,
        typed: Mapping[str, str] | None = None,
        errors: Mapping[str, str] | None = None,
        problem: str = "",
        collided: Typed | None = None,
        until: datetime | None = None,
        looks_after: bool = False,
    ) -> ResponseReturnValue:
        """The page as it is now; that it was shown is on record before it is, once, whatever led here."""
        calendar, stands = self._what_stands_around(reference, looks_after)
        with reading() as conn:
            case = _found(conn, reference, with_contact=acting().may(Permission.CONTACT))
        viewing.record(current_site(), acting(), case, calendar.calling, now=request_time())
        with reading() as conn:
            values = _about(conn, case, calendar, stands, collided, until) | live_words.shown(case, stands.viewers)
        shown = {"version": str(case.version), "seen": request_time().isoformat()}
        if typed and collided is None:  # until it is saved, the page stays what this person has read
            shown |= {name: typed[name] for name in shown if name in typed}
        return self.page(
            "admin/request.html", code=code, typed=typed or {}, errors=errors or {}, problem=problem, shown=shown,
            **values,
        )  # fmt: skip

    def _what_stands_around(self, reference: str, looks_after: bool) -> tuple[Calendar, Around]:
        """The hours in force, and what stands around the page, once what has lapsed is back in the queue."""
        with reading() as conn:
            calendar = calendars.current(conn, current_site())
            found = _around(conn, reference, calendar)
        if not (looks_after and found.has_lapsed):
            return calendar, found
        self.look_after()
        with reading() as conn:
            return calendar, _around(conn, reference, calendar)


def _found(conn: Connection, reference: str, *, with_contact: bool) -> CaseFile:
    case = casefile.find(conn, current_site(), reference, with_contact=with_contact)
    if case is None:
        raise NotFoundError
    return case


def _claimed(taken: TakenError) -> str:
    """Who was faster, and by how much."""
    ago = times.ago(taken.since, request_time())
    if not ago:
        return gettext("%(person)s claimed this just now", person=taken.holder)
    return gettext("%(person)s claimed this %(ago)s ago", person=taken.holder, ago=ago)


def _around(conn: Connection, reference: str, calendar: Calendar) -> Around:
    asked = {"user_id": acting().person_id, "now": request_time(), "due_soon": due_soon(calendar)}
    return around(conn, reference, **asked, longest_call=LONGEST_CALL)  # type: ignore[arg-type]


def _about(
    conn: Connection, case: CaseFile, calendar: Calendar, stands: Around, collided: Typed | None, until: datetime | None
) -> dict[str, Any]:
    """Everything the page shows."""
    may, due_now = _rights(case), due_of(case, calendar, clock())
    may["claim"] = may["claim"] and (may["free"] or not stands.is_taken)
    told = _told(conn, case, until)
    given_to = _given_to(conn, told.entries, dict(stands.workers))
    story = timeline.Story(case, clock(), given_to, acting().may(Permission.OUTBOX), in_full=may["see_number"])
    seen = casefile.looks(conn, case.id)
    return {
        "case": case,
        "may": may,
        "due": due_now,
        "snooze": snoozing_words.offer(case, calendar, clock()) if may["snooze"] else None,
        "snoozed": clock().both(case.next_at, case.calling_key) if may["snoozed"] and case.next_at else "",
        "yours_until": _yours_until(case, calendar) if may["mine"] else "",
        "awaited": clock().stamp(case.last_attempt_at or case.received_at)
        if awaits_a_number(case.due_at, case.closed_at)
        else None,
        "days": calendar.calling.days,
        "promised": words.promised(case, clock(), due_now),
        "facts": words.facts(case, clock()),
        "judged": words.judged(case, calendar, clock()),
        "there": clock().there(case.calling_key, request_time()),
        "zone_note": words.zone_note(case),
        "number": numbers.national(case.phone_e164) if may["see_number"] else "",
        "crisis": crisis_words.headline(case),
        "rule": names.voicemail_rule(case.voicemail),
        "on_call": words.since(case.call_started_at, clock()) if may["log"] else None,
        "is_running": _is_on_call(case),
        "is_long": _is_on_call(case, REMINDED_AFTER),
        "reminded_after": int(REMINDED_AFTER.total_seconds()),
        "groups": words.outcomes(case),
        "step": words.next_step(conn, current_site(), case, calendar, clock())
        if may["log"] and not case.closed_at
        else None,
        "status": names.closed_reason(case.closed_reason) if case.closed_reason else names.status(case.status),
        "close_reasons": [(reason.value, names.closed_reason(reason)) for reason in words.close_reasons(acting())],
        "skip_reasons": next_call.skip_reasons(),
        "may_suppress": ClosedReason.DO_NOT_CALL in words.close_reasons(acting()),
        "suspicions": words.suspicions(reason for reason in case.spam_reasons if reason != SUPPRESSED),
        "kin": related.kin(conn, case, clock()),
        "hold": hold_words.kept(conn, case, clock()) if case.has_legal_hold else "",
        **script_words.at_hand(stands.script, case),
        "people": _besides(case.assignee_id, stands.workers) if may["assign"] else (),
        "colleagues": _besides(acting().user_id, stands.callers) if may["hand_off"] else (),
        "collision": collision(collided, told.entries, story, acting()) if collided else None,
        "wrong": words.wrong(case, acting()),
        "queue_place": queue_place(),
        "happened": timeline.lines(told, story),
        "older": told.before.isoformat() if told.before else "",
        "is_older": until is not None,
        "opened": timeline.looked(seen[: casefile.MOST_LOOKS], story),
        "views": f"{casefile.MOST_LOOKS}+" if len(seen) > casefile.MOST_LOOKS else str(len(seen)),
        "badge": shown_count(stands.due_now) if stands.due_now else "",
        "given_up": stands.given_up,
        "soon_minutes": calendar.target.due_soon_minutes,
        "zone_words": times.zone_words(current_site().time_zone, request_time()),
    }


def _rights(case: CaseFile) -> dict[str, bool]:
    """What this person may do to this request now: a button that would be refused is not shown."""
    actor, is_open = acting(), case.closed_at is None
    is_mine = case.assignee_id is not None and case.assignee_id == actor.user_id
    is_free = case.assignee_id is None
    works = actor.may(Permission.WORK) and is_open
    is_check = case.status is Status.CHECK
    wishes = case.is_free_time and case.free_time_seen_at is None
    decides, manages = works and is_check and (is_mine or is_free), actor.may(Permission.ASSIGN)
    is_managers = SUPPRESSED in case.spam_reasons and not manages
    is_busy = _is_on_call(case) and not is_mine
    has_number = not awaits_a_number(case.due_at, case.closed_at)
    sees = (is_mine and is_open and not (is_check and is_managers)) or _is_needed_for_help(case)
    return {
        "mine": is_mine,
        "free": is_free,
        "see_number": sees and bool(case.phone_e164),
        "see_after_all": sees and not is_open,
        "call": works and (is_mine or is_free) and not is_check and actor.may(Permission.CONTACT),
        "claim": works and (is_mine or is_free) and not is_check and has_number and not _is_on_call(case),
        "skip": works and (is_mine or is_free) and not is_check and has_number and not _is_on_call(case),
        "release": works and not is_free and (is_mine or manages) and not is_busy,
        "assign": is_open and not is_check and manages and not is_busy and not (works and is_mine),
        "hand_off": works and is_mine and not is_check and not _is_on_call(case),
        "on_call": is_busy,
        "take_over": works and not is_free and not is_mine and not is_check and not is_busy,
        "log": (works and is_mine and not is_check) or _was_calling(case),
        "close": works and (is_mine or is_free) and not is_check,
        "snooze": works and (is_mine or is_free) and snoozing_words.may_wait(case, request_time()),
        "snoozed": is_snoozed(case, request_time()),
        "wake": works and (is_mine or is_free) and is_snoozed(case, request_time()),
        "decide": decides,
        "rescue": decides and not case.is_suppressed,
        "spam": decides and not case.is_suppressed and not is_managers and words.may_be_spam(case, request_time()),
        "bar": decides and manages and case.is_suppressed,
        "barred": case.is_suppressed,
        "call_again": case.is_suppressed and manages,
        "time": works and wishes and (is_mine or is_free) and not is_check,
        "note": actor.may(Permission.WORK),
        "link": actor.may(Permission.WORK),
        "reopen": not is_open and actor.may(Permission.REOPEN) and not case.is_suppressed,
        "audit": actor.may(Permission.AUDIT),
        "dossier": actor.may(Permission.REPORTS),
        "explain": case.status is Status.WITHDRAWN,
    }


def _is_on_call(case: CaseFile, least: timedelta = timedelta()) -> bool:
    """Somebody is on the phone with them, or at least pressed Call not too long ago; for so long at ``least``."""
    return case.call_started_at is not None and least <= request_time() - case.call_started_at < LONGEST_CALL


def _was_calling(case: CaseFile) -> bool:
    """The visitor withdrew while this person was calling: what came of it may still be said."""
    is_late_word = case.status is Status.WITHDRAWN and case.call_started_at is not None
    return is_late_word and case.assignee_id == acting().user_id and acting().may(Permission.WORK)


def _is_needed_for_help(case: CaseFile) -> bool:
    """The visitor, who may be in danger, withdrew while this person is on the line: 911 asks whose number it is."""
    return _was_calling(case) and _is_on_call(case) and crisis_words.of(case) is not None


def _told(conn: Connection, case: CaseFile, until: datetime | None) -> casefile.Timeline:
    may_see = acting().may(Permission.CONTACT)
    return casefile.timeline(conn, current_site(), case.id, with_contact=may_see, until=until)


def _asked_until() -> datetime | None:
    """Up to when the timeline is asked for; anything that is no instant means the newest."""
    return read_instant(request.args.get("until", ""))


def _given_to(
    conn: Connection, entries: tuple[casefile.TimelineEntry, ...], known: Mapping[int, str]
) -> dict[int, str]:
    """The names of those between whom the request went, also of people who have left."""
    told = (entry.details.get(end) for entry in entries for end in ("from", "to"))
    ids = {one for one in told if isinstance(one, int)}
    return {**known, **people.names_of(conn, ids - known.keys())}


def _yours_until(case: CaseFile, calendar: Calendar) -> str:
    """When it goes back to the queue unless more happens than this look; nothing during a call, which holds it."""
    if case.closed_at is not None or _is_on_call(case):
        return ""
    return clock().stamp(calendar.calling.lease_until(request_time(), case.next_at)).words


def _besides(user_id: int | None, some: People) -> list[tuple[int, str]]:
    return [(key, name) for key, name in some if key != user_id]
