"""What the service calls its states, outcomes and reasons, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from intake.rules.workflow import Channel, ClosedReason, Disposition, ForWhom, Status, Voicemail
from intake.wording import mails, next_call, roles, taken_out
from intake.wording.translation import gettext, lazy_gettext, plain
from intake.wording.translation import words_of as _words

_STATUS = {
    Status.NEW: lazy_gettext("New"),
    Status.ASSIGNED: lazy_gettext("Claimed"),
    Status.ATTEMPTING: lazy_gettext("Try again"),
    Status.SCHEDULED: lazy_gettext("Scheduled"),
    Status.CHECK: lazy_gettext("Check"),
    Status.WITHDRAWN: lazy_gettext("Cancelled by the visitor"),
    Status.CLOSED: lazy_gettext("Closed"),
}
_DISPOSITION = {
    Disposition.SPOKE_APPOINTMENT: lazy_gettext("Appointment made"),
    Disposition.SPOKE_INFORMATION: lazy_gettext("Information given"),
    Disposition.SPOKE_CALL_AGAIN: lazy_gettext("Asked us to call again"),
    Disposition.SPOKE_REFERRED: lazy_gettext("Referred elsewhere"),
    Disposition.SPOKE_NOT_NOW: lazy_gettext("Does not want help now"),
    Disposition.NO_ANSWER: lazy_gettext("No answer"),
    Disposition.LEFT_MESSAGE: lazy_gettext("Left a message"),
    Disposition.BUSY: lazy_gettext("Busy"),
    Disposition.WRONG_NUMBER: lazy_gettext("Wrong number or not working"),
    Disposition.SOMEONE_ELSE: lazy_gettext("Someone else answered"),
    Disposition.INBOUND_REACHED: lazy_gettext("They called us"),
    Disposition.LINE_FAILED: lazy_gettext("Our line failed"),
    Disposition.DO_NOT_CALL: lazy_gettext("Do not call again"),
    Disposition.CRISIS: lazy_gettext("In crisis, handed to 988 or 911"),
    Disposition.UNREACHABLE: lazy_gettext("Not reached after the last try"),
}
_VOICEMAIL_CHOICE = {
    Voicemail.NONE: lazy_gettext("Do not leave a message"),
    Voicemail.NUMBER_ONLY: lazy_gettext("Leave a first name and a number only"),
    Voicemail.SAY_WHO: lazy_gettext("Leave a message that says who we are"),
}
_VOICEMAIL_RULE = {
    Voicemail.NONE: lazy_gettext("Do not leave a message"),
    Voicemail.NUMBER_ONLY: lazy_gettext("You may leave your first name and a number, nothing else"),
    Voicemail.SAY_WHO: lazy_gettext("You may leave a message and say who we are"),
}
_FOR_WHOM = {
    ForWhom.ME: lazy_gettext("Me"),
    ForWhom.OTHER: lazy_gettext("Someone else"),
    ForWhom.CLIENT: lazy_gettext("A client or patient"),
}
_FOR_WHOM_OF_VISITOR = {
    ForWhom.ME: lazy_gettext("Themselves"),
    ForWhom.OTHER: lazy_gettext("Someone else; we call the person who asked"),
    ForWhom.CLIENT: lazy_gettext("A client or patient; we call the person who asked"),
}
_CHANNEL = {
    Channel.WEB: lazy_gettext("The form on the website"),
    Channel.VOICEMAIL: lazy_gettext("Voicemail"),
    Channel.PHONE: lazy_gettext("Phone call"),
    Channel.REFERRAL: lazy_gettext("Referral from another provider"),
    Channel.ANSWERING_SERVICE: lazy_gettext("Answering service"),
    Channel.WALK_IN: lazy_gettext("Came in person"),
    Channel.OTHER: lazy_gettext("Another way"),
}
_CLOSED_REASON = {
    ClosedReason.APPOINTMENT: lazy_gettext("Appointment made"),
    ClosedReason.INFORMATION: lazy_gettext("Information given"),
    ClosedReason.REFERRED: lazy_gettext("Referred elsewhere"),
    ClosedReason.NOT_NOW: lazy_gettext("Does not want help now"),
    ClosedReason.WRONG_NUMBER: lazy_gettext("Wrong number"),
    ClosedReason.UNREACHABLE: lazy_gettext("Not reached"),
    ClosedReason.DO_NOT_CALL: lazy_gettext("Asked not to be called"),
    ClosedReason.DUPLICATE: lazy_gettext("Same request twice"),
    ClosedReason.SPAM: lazy_gettext("Spam"),
    ClosedReason.TEST: lazy_gettext("Test or mistake"),
    ClosedReason.WITHDRAWN: lazy_gettext("Cancelled by the visitor"),
}
_CALL_REASON = {
    "outside_legal_hours": lazy_gettext("It is outside the hours when we may call them"),
    "outside_office_hours": lazy_gettext("We are closed now"),
    "before_next_try": lazy_gettext("The next try is planned for later"),
    "asked_for_later": lazy_gettext("They asked to be called later"),
    "outside_window": lazy_gettext("They asked to be called at another time"),
    "too_many_in_24h": lazy_gettext("They were called as often in the last 24 hours as we may"),
    "snoozed": lazy_gettext("Somebody put it off until later"),
    "suppressed": lazy_gettext("They asked not to be called"),
    "under_check": lazy_gettext("First decide whether this request is genuine"),
    "invited": lazy_gettext("They asked for a call as soon as possible, less than an hour ago"),
    "wrong_number": lazy_gettext("The number did not work; we wait for a new one from them"),
    "reason_needed": lazy_gettext("Choose a reason for calling now"),
    "on_call": lazy_gettext("Somebody is on the phone with them"),
    "manager_decides": lazy_gettext("A manager decides about this one"),
}
_SPAM_REASON = {
    "honeypot": lazy_gettext("Filled in a field that people do not see"),
    "too_fast": lazy_gettext("Sent in less than 2 seconds"),
    "links": lazy_gettext("A link in the name, or several in the message"),
    "one_link": lazy_gettext("A link in the message"),
    "many_from_address": lazy_gettext("Many requests from the same place in the last hour"),
    "many_from_number": lazy_gettext("Many requests with the same number in the last hour"),
    "suppressed": lazy_gettext("This number asked not to be called"),
}
_ACTION = {
    "callback.received": lazy_gettext("sent the request"),
    "callback.taken_down": lazy_gettext("added the request by hand"),
    "callback.viewed": lazy_gettext("opened the request"),
    "callback.reason_viewed": lazy_gettext("read the reason that was given for an entry"),
    "callback.claimed": lazy_gettext("claimed the request"),
    "callback.released": lazy_gettext("released the request"),
    "callback.lapsed": lazy_gettext("returned the request to the queue: nothing happened with it"),
    "callback.snoozed": lazy_gettext("put the request off"),
    "callback.woken": lazy_gettext("woke the request before its time"),
    "callback.undone": lazy_gettext("took back what they had just done"),
    "callback.assigned": lazy_gettext("gave the request to a colleague"),
    "callback.routed": lazy_gettext("gave the request away by a rule"),
    "callback.taken_over": lazy_gettext("took the request over"),
    "callback.handed_off": lazy_gettext("handed the request to a colleague"),
    "callback.offered_again": lazy_gettext("came back to it by “Next call”"),
    "callback.skipped": lazy_gettext("skipped the request"),
    "callback.call_started": lazy_gettext("pressed Call, the number was shown"),
    "callback.attempted": lazy_gettext("logged a call"),
    "callback.corrected": lazy_gettext("corrected the outcome of a call"),
    "callback.noted": lazy_gettext("wrote a note"),
    "callback.closed": lazy_gettext("closed the request"),
    "callback.reopened": lazy_gettext("opened the request again"),
    "callback.linked": lazy_gettext("joined two requests of one person"),
    "callback.asked_again": lazy_gettext("found another request from the same number or email"),
    "callback.unlinked": lazy_gettext("took two joined requests apart"),
    "callback.rescued": lazy_gettext("decided that the request is genuine"),
    "callback.marked_spam": lazy_gettext("marked the request as spam"),
    "callback.left_out": lazy_gettext("agreed that the request counts for nothing in reports"),
    "callback.set_aside": lazy_gettext("set it aside: this number asked not to be called"),
    "callback.bar_lifted": lazy_gettext("allowed this number to be called again"),
    "callback.dossier_read": lazy_gettext("had a dossier of the request made"),
    "callback.hold_placed": lazy_gettext("put a legal hold on the request: nothing of it is deleted"),
    "callback.hold_lifted": lazy_gettext("lifted the legal hold: the request is kept as long as any other"),
    "callback.redacted": lazy_gettext("emptied it: it was kept as long as it may be"),
    "callback.mail_resent": lazy_gettext("sent a mail again"),
    "callback.time_acknowledged": lazy_gettext("read when they want to be called"),
    "callback.target_missed": lazy_gettext("Target missed"),
    "visitor.changed_time": lazy_gettext("changed when to call"),
    "visitor.changed_number": lazy_gettext("changed the number"),
    "visitor.changed_voicemail": lazy_gettext("changed what we may do when they miss the call"),
    "visitor.once_only": lazy_gettext("asked to be called once only"),
    "visitor.withdrew": lazy_gettext("cancelled the request"),
    "visitor.undid_withdrawal": lazy_gettext("took the cancelling back and wants the call after all"),
    "mail.sent": lazy_gettext("sent a mail"),
    "mail.dead": lazy_gettext("gave up sending a mail"),
    "mail.resent": lazy_gettext("sent a mail again"),
    "mail.withdrawn": lazy_gettext("did not send a message that nobody needed any more"),
    "mail.hook_test_asked": lazy_gettext("sent a test message to the on-call webhook"),
    "mail.test_asked": lazy_gettext("sent a test mail to their own address"),
    "outbox.viewed": lazy_gettext("looked at the outbox"),
    "person.signed_in": lazy_gettext("signed in"),
    "service.restored": lazy_gettext("put a backup back in place"),
    "person.signed_out": lazy_gettext("signed out"),
    "person.refused": lazy_gettext("was refused"),
    "person.created": lazy_gettext("added a person"),
    "person.password_changed": lazy_gettext("changed the password"),
    "person.password_chosen": lazy_gettext("chose a password"),
    "person.invited": lazy_gettext("invited a person"),
    "person.link_sent": lazy_gettext("sent a link to choose a password"),
    "person.changed": lazy_gettext("changed a person’s name or roles"),
    "person.disabled": lazy_gettext("ended a person’s access"),
    "person.factor_set": lazy_gettext("set up the second factor"),
    "person.factor_off": lazy_gettext("turned the second factor off"),
    "person.factor_reset": lazy_gettext("took a person’s second factor away"),
    "person.codes_made": lazy_gettext("made new recovery codes"),
    "person.code_used": lazy_gettext("signed in with a recovery code"),
    "person.shift_began": lazy_gettext("began their shift"),
    "person.shift_ended": lazy_gettext("ended their shift"),
    "person.mailing_changed": lazy_gettext("changed which reports they get by mail"),
    "person.preferences_changed": lazy_gettext("changed how they work"),
    "person.enabled": lazy_gettext("gave a person access again"),
    "person.unlocked": lazy_gettext("unlocked their page"),
    "person.sign_in_ended": lazy_gettext("ended a sign-in"),
    "person.own_sign_ins_ended": lazy_gettext("signed out in other browsers"),
    "person.sign_ins_ended": lazy_gettext("ended a person’s sign-ins"),
    "queue.searched": lazy_gettext("searched the queue"),
    "queue.viewed": lazy_gettext("looked at the queue"),
    "view.saved": lazy_gettext("saved a view of the queue"),
    "view.renamed": lazy_gettext("renamed a saved view"),
    "view.shared": lazy_gettext("shared a saved view with everybody"),
    "view.unshared": lazy_gettext("kept a shared view to themselves again"),
    "view.removed": lazy_gettext("removed a saved view"),
    "report.note_added": lazy_gettext("noted what happened on a day, beside the reports"),
    "report.note_removed": lazy_gettext("took a note on a day off the reports"),
    "settings.calendar_changed": lazy_gettext("changed the settings"),
    "settings.rules_changed": lazy_gettext("changed the settings"),
    "access.refused": lazy_gettext("was refused a page"),
    "report.listed": lazy_gettext("looked at the requests behind a figure of the reports"),
    "report.exported": lazy_gettext("took figures of the reports out of the panel"),
    "callback.exported": lazy_gettext("took names and numbers out of the panel"),
    "audit.viewed": lazy_gettext("looked at the record"),
    "audit.exported": lazy_gettext("took a copy of the record"),
    "audit.checked": lazy_gettext("had the seals of the record checked"),
    "audit.texts_redacted": lazy_gettext("deleted words typed into the record: they were kept as long as they may be"),
}

_WITH_ANOTHER = {
    "callback.linked": lazy_gettext("joined it with %(other)s: one person asked twice"),
    "callback.unlinked": lazy_gettext("took it apart from %(other)s"),
    "callback.asked_again": lazy_gettext("found %(other)s from the same number or email"),
    "callback.noted": lazy_gettext("wrote a note on %(other)s, which is joined to this one"),
}


def known_actions() -> tuple[str, ...]:
    """Every kind of entry that has words, as the record spells it."""
    return tuple(_ACTION)


def status(value: Status) -> str:
    """Where a request stands, as staff read it."""
    return _words(_STATUS, value)


def disposition(value: Disposition) -> str:
    """The outcome of a call."""
    return _words(_DISPOSITION, value)


def voicemail_choice(value: Voicemail) -> str:
    """The visitor's choice, as the form puts it."""
    return _words(_VOICEMAIL_CHOICE, value)


def voicemail_rule(value: Voicemail) -> str:
    """The same choice as an instruction to staff."""
    return _words(_VOICEMAIL_RULE, value)


def for_whom(value: ForWhom) -> str:
    """Who the request is for, as the form puts it."""
    return _words(_FOR_WHOM, value)


def for_whom_of_visitor(value: ForWhom) -> str:
    """The same, as staff read it."""
    return _words(_FOR_WHOM_OF_VISITOR, value)


def channel(value: Channel) -> str:
    """How a request reached us."""
    return _words(_CHANNEL, value)


def closed_reason(value: ClosedReason) -> str:
    """Why a request was closed."""
    return _words(_CLOSED_REASON, value)


def call_reason(code: str) -> str:
    """Why a call is allowed or not: a code of ``rules.calling.CallVerdict``."""
    return _words(_CALL_REASON, code)


def spam_reason(code: str) -> str:
    """Why a request looks suspicious: a code of ``rules.spam``."""
    return _words(_SPAM_REASON, code)


def action(entry_action: str, details: Mapping[str, Any]) -> str:
    """An entry of the record as the sentence after the actor's name: "claimed the request"."""
    if entry_action == "callback.attempted" and "disposition" in details:
        outcome = _detail(_DISPOSITION, Disposition, details["disposition"])
        return gettext("logged a call: %(outcome)s", outcome=outcome)
    if entry_action == "callback.corrected" and "disposition" in details:
        outcome = _detail(_DISPOSITION, Disposition, details["disposition"])
        return gettext("corrected the outcome: %(outcome)s", outcome=outcome)
    if entry_action == "callback.closed" and "reason" in details:
        reason = _detail(_CLOSED_REASON, ClosedReason, details["reason"])
        return gettext("closed the request: %(reason)s", reason=reason)
    if entry_action == "callback.taken_down" and "channel" in details:
        way = _detail(_CHANNEL, Channel, details["channel"])
        return gettext("added the request by hand: %(way)s", way=way)
    if entry_action == "callback.call_started" and details.get("exception"):
        return _call_action(str(details["exception"]))
    if entry_action == "callback.assigned" and "to_name" in details:
        return _assign_action(str(details["to_name"]))
    if entry_action == "callback.routed" and details.get("to_name"):
        return gettext(
            "gave the request to %(person)s by rule %(rule)s", person=details["to_name"], rule=details.get("rule")
        )
    if entry_action == "callback.taken_over" and details.get("from_name"):
        return gettext("took the request over from %(person)s", person=details["from_name"])
    if entry_action == "callback.handed_off" and details.get("to_name"):
        return gettext("handed the request to %(person)s", person=details["to_name"])
    if entry_action == "callback.claimed" and next_call.is_by_next_call(details):
        return gettext("claimed the request by “Next call”")
    if entry_action == "callback.skipped":
        return next_call.skipped(details)
    if entry_action == "callback.released" and details.get("reason") == "skipped":
        return gettext("released the request by skipping it")
    if entry_action == "callback.lapsed" and "minutes" in details:
        return gettext("returned it to the queue: nothing happened for %(num)s minutes", num=details["minutes"])
    if entry_action in _WITH_ANOTHER and details.get("reference"):
        return str(_WITH_ANOTHER[entry_action]) % {"other": details["reference"]}
    if entry_action == "callback.undone" and details.get("what") == "callback.taken_down":
        return gettext("took it back at once, as entered by mistake: it has ended and counts in no figure")
    if entry_action == "callback.undone" and "what" in details:
        return gettext("took back at once: %(what)s", what=_words(_ACTION, str(details["what"])))
    if entry_action == "callback.released" and details.get("reason") in ("disabled", "role_taken"):
        return gettext("released the request, because its owner’s access ended")
    if entry_action == "person.changed" and details.get("roles") != details.get("was"):
        was, now = (roles.roles(details.get(which, ())) for which in ("was", "roles"))
        return gettext("changed a person’s roles from %(was)s to %(now)s", was=was, now=now)
    if entry_action == "callback.exported" and "rows" in details:
        return taken_out.chosen(details)
    if entry_action == "report.exported":
        return taken_out.action(details)
    if entry_action in ("mail.sent", "mail.dead", "mail.withdrawn") and "kind" in details:
        return mails.action(entry_action, details)
    return _words(_ACTION, entry_action)


def _call_action(exception: str) -> str:
    """A call at an unusual hour: the one reason that speaks for it, or the rule it was made in spite of."""
    if exception == "invited":
        return gettext("pressed Call, because: %(reason)s", reason=call_reason(exception))
    return gettext("pressed Call, although: %(reason)s", reason=call_reason(exception))


def _assign_action(name: str) -> str:
    """To whom a request was given; no name: to whoever gave it."""
    return gettext("gave the request to %(person)s", person=name) if name else gettext("took the request")


def _detail(table: Mapping[Any, Any], kind: type[StrEnum], value: object) -> str:
    """Words for a detail of an old entry, whose enum value may since have gone."""
    try:
        return _words(table, kind(str(value)))
    except ValueError:
        return plain(str(value))
