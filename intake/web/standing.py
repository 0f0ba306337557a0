"""Where a request stands, in the words its visitor reads: the promise while it holds, else what is true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from intake.queries.private_link import PrivateView
from intake.rules.hours import zone_info
from intake.rules.limits import CallingRules
from intake.rules.workflow import ClosedReason, Disposition, Status, Voicemail
from intake.web.look import timed
from intake.wording import times
from intake.wording.translation import gettext as _
from intake.wording.translation import ngettext

FRESH = timedelta(minutes=10)
"""So long the page shows the whole number and asks whether it is right."""

_REACHED = frozenset({
    Disposition.SPOKE_APPOINTMENT, Disposition.SPOKE_INFORMATION, Disposition.SPOKE_CALL_AGAIN,
    Disposition.SPOKE_REFERRED, Disposition.SPOKE_NOT_NOW, Disposition.INBOUND_REACHED, Disposition.CRISIS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """``when``: the one large line, its times marked up; ``plan``: the same as a plain sentence."""

    heading: str
    when: Markup
    notes: tuple[str, ...] = ()
    plan: str = ""
    if_missed: str = ""
    is_fresh: bool = False
    is_over: bool = False
    has_wrong_number: bool = False


def standing(view: PrivateView, zone: str, now: datetime, rules: CallingRules) -> Standing:
    """What to tell the visitor at ``now``; ``zone``: the site's, in which every time is told."""
    if view.status in (Status.WITHDRAWN, Status.CLOSED):
        return _over(view)
    if view.last_disposition is Disposition.WRONG_NUMBER:
        return _wrong_number(view)
    if not view.is_promised:
        return _unpromised()
    if view.attempt_count == 0 and view.last_disposition is None:
        return _first_call(view, zone, now, rules)
    return _called(view, zone, now, rules)


def is_fresh(view: PrivateView, now: datetime) -> bool:
    """Just sent, and nobody has done anything about it yet."""
    is_untouched = view.attempt_count == 0 and view.last_disposition is None and not view.was_reopened
    return is_untouched and now - view.received_at <= FRESH


def _over(view: PrivateView) -> Standing:
    if view.status is Status.WITHDRAWN or view.closed_reason is ClosedReason.WITHDRAWN:
        gone = _("We will not call the number ending %(last4)s. You can ask again whenever you like.", last4=view.last4)
        return Standing(_("Your request is cancelled"), Markup(), (gone,), is_over=True)
    return Standing(_("This request is finished"), Markup(), (_end(view.closed_reason),), is_over=True)


def _end(reason: ClosedReason | None) -> str:
    if reason is ClosedReason.UNREACHABLE:
        return _("We called and could not reach you. You can ask again whenever you like.")
    if reason is ClosedReason.WRONG_NUMBER:
        return _("The number we had did not work. You can ask again with another one.")
    if reason is ClosedReason.DO_NOT_CALL:
        return _("We will not call you again. You can always call us.")
    if reason in (ClosedReason.APPOINTMENT, ClosedReason.INFORMATION, ClosedReason.REFERRED, ClosedReason.NOT_NOW):
        return _("We have spoken with you. You can ask again whenever you like.")
    return _("We will not call about it any more. You can ask again whenever you like.")


def _wrong_number(view: PrivateView) -> Standing:
    told = _("We called the number ending %(last4)s and it did not work. Give us another one below.", last4=view.last4)
    return Standing(_("Please check your number"), Markup(), (told,), plan=told, has_wrong_number=True)


def _unpromised() -> Standing:
    told = _("Somebody here decides what happens next. If you want to talk now, call us.")
    return Standing(_("We have your request"), Markup(), (told,), plan=_("Your request is with us."))


def _first_call(view: PrivateView, zone: str, now: datetime, rules: CallingRules) -> Standing:
    if view.awaits_a_time:
        return _time_to_agree(view, zone, now, rules)
    fresh, is_set = is_fresh(view, now), view.is_free_time
    if now >= _told_until(view):
        return _late(view, zone, now)
    words = _promise(view, zone, now)
    plan = _("We were going to call the number ending %(last4)s, %(when)s.", last4=view.last4, when=words)
    spoken = times.capitalised(words) if fresh or is_set else _("Waiting for our call, %(when)s", when=words)
    return Standing(
        heading=_("We will call you") if fresh or is_set else _("Your callback request"),
        when=_marked(spoken, view, zone),
        notes=_time_set_note(view),
        plan=plan,
        if_missed=if_missed(view, rules),
        is_fresh=fresh,
    )


def _time_to_agree(view: PrivateView, zone: str, now: datetime, rules: CallingRules, happened: str = "") -> Standing:
    """They named a time in their own words: until one is set, a word about it is all that is promised."""
    words = times.promise_words(view.promised_by_at, zone, now)
    plan = _("We were going to agree a time with you, %(when)s.", when=words)
    asked = _("You asked for: %(words)s.", words=view.preferred_note)
    if now >= view.promised_by_at:
        told = _("We said we would agree a time with you %(when)s, and we have not done so yet.", when=words)
        notes = (happened, told, asked, _("You are still in line."))
        return Standing(_("Your callback request"), timed(_("We are late")), _said(*notes), plan=plan)
    how = _("We call you or set a time by then. This page shows the time once it is set.")
    if view.has_email:
        how = _("We call or write to you by then. This page shows the time once it is set.")
    return Standing(
        heading=_("We will agree a time with you"),
        when=_marked(times.capitalised(words), view, zone),
        notes=_said(happened, asked, how),
        plan=plan,
        if_missed=if_missed(view, rules),
        is_fresh=is_fresh(view, now),
    )


def _said(*notes: str) -> tuple[str, ...]:
    return tuple(note for note in notes if note)


def _told_until(view: PrivateView) -> datetime:
    """When we are late with what this page told."""
    return view.window.until_at if view.window else view.promised_by_at


def _promise(view: PrivateView, zone: str, now: datetime) -> str:
    if view.window:
        spoken = times.window_words(view.window.from_at, view.window.until_at, zone, now)
        return _("%(window)s %(zone)s", window=spoken, zone=times.zone_words(zone, view.window.from_at))
    return times.promise_words(view.promised_by_at, zone, now)


def _marked(words: str, view: PrivateView, zone: str) -> Markup:
    instants = (view.window.from_at, view.window.until_at) if view.window else (view.promised_by_at,)
    return timed(words, *((times.clock(at, zone), times.iso(at.astimezone(zone_info(zone)))) for at in instants))


def _time_set_note(view: PrivateView) -> tuple[str, ...]:
    if not view.is_free_time:
        return ()
    asked = _("You asked for: %(words)s.", words=view.preferred_note)
    return (asked, _("We have set this time. If it does not suit you, change it below."))


def _late(view: PrivateView, zone: str, now: datetime) -> Standing:
    """The promise is broken: say so, and what is still true."""
    promised = times.promise_words(_told_until(view), zone, now)
    told = _("We said we would call %(when)s, and we have not called yet.", when=promised)
    still = _("You are still in line.")
    return Standing(_("Your callback request"), timed(_("We are late")), (told, still), plan=told)


def _called(view: PrivateView, zone: str, now: datetime, rules: CallingRules) -> Standing:
    if view.last_disposition in _REACHED:
        happened = _("We have spoken with you.")
    elif view.last_disposition is None:  # the visitor has put a wrong number right
        return _new_number(view, zone, now)
    elif view.attempt_count:
        tried = view.attempt_count
        happened = ngettext("We called once and missed you.", "We called %(num)s times and missed you.", tried)
    else:
        happened = _("We tried to call you, and our line failed.")
    if view.awaits_a_time:
        return _time_to_agree(view, zone, now, rules, happened)
    next_words = _next(view, zone, now)
    plan = _("We were going to call the number ending %(last4)s again.", last4=view.last4)
    return Standing(_("Your callback request"), _next_marked(next_words, view, zone), (happened,), plan=plan)


def _new_number(view: PrivateView, zone: str, now: datetime) -> Standing:
    told = _("We have your new number, ending %(last4)s. We have not called it yet.", last4=view.last4)
    plan = _("We were going to call the number ending %(last4)s.", last4=view.last4)
    next_words = _next(view, zone, now, soon=_("We call your new number soon"))
    return Standing(_("Your callback request"), _next_marked(next_words, view, zone), (told,), plan=plan)


def _next(view: PrivateView, zone: str, now: datetime, soon: str = "") -> str:
    if view.next_at is None or view.next_at <= now:
        return soon or _("We call again soon")
    day = times.capitalised(times.day_words(view.next_at, zone, now))
    words = {"day": day, "time": times.clock(view.next_at, zone), "zone": times.zone_words(zone, view.next_at)}
    if "," in day:
        return _("Next call: %(day)s, after %(time)s %(zone)s", **words)
    return _("Next call: %(day)s after %(time)s %(zone)s", **words)


def _next_marked(words: str, view: PrivateView, zone: str) -> Markup:
    if view.next_at is None:
        return timed(words)
    return timed(words, (times.clock(view.next_at, zone), times.iso(view.next_at.astimezone(zone_info(zone)))))


def if_missed(view: PrivateView, rules: CallingRules) -> str:
    """Step three: what happens when the call is missed, and how often we try."""
    return f"{_missed(view.voicemail)} {tries(view, rules)}"


def _missed(voicemail: Voicemail) -> str:
    if voicemail is Voicemail.SAY_WHO:
        return _("If you miss it, we may leave a message that says who we are.")
    if voicemail is Voicemail.NUMBER_ONLY:
        return _("If you miss it, we may leave a first name and a number only.")
    return _("If you miss it, we will not leave a message.")


def missed_row(voicemail: Voicemail) -> str:
    """The same choice as a row of what was asked for."""
    if voicemail is Voicemail.SAY_WHO:
        return _("We may leave a message that says who we are")
    if voicemail is Voicemail.NUMBER_ONLY:
        return _("We may leave a first name and a number only")
    return _("We do not leave a message")


def tries(view: PrivateView, rules: CallingRules) -> str:
    """How often we try."""
    if view.is_once_only:
        return _("We try once only.")
    return _("We try up to %(tries)s times over %(days)s days.", tries=rules.attempts, days=rules.days)


def wish(view: PrivateView, zone: str, now: datetime) -> str:
    """When the visitor asked to be called, as a row."""
    if view.is_free_time:
        return _("Another time: %(words)s", words=view.preferred_note)
    if view.window:
        return times.capitalised(_promise(view, zone, now))
    return _("As soon as possible")
