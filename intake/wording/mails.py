"""What a mail is called, where it stands on its way and who it goes to, as staff read it."""

from __future__ import annotations

from collections.abc import Mapping

from intake.ledger.outbox import HOOK
from intake.models.records import OutboxState
from intake.wording.translation import gettext, lazy_gettext, words_of

_KIND = {
    "team.new": lazy_gettext("New request"),
    "team.check_digest": lazy_gettext("Requests to check"),
    "visitor.received": lazy_gettext("Your callback request"),
    "visitor.changed": lazy_gettext("Your callback request: changed"),
    "visitor.withdrawn": lazy_gettext("Your callback request: cancelled"),
    "visitor.time_set": lazy_gettext("Your callback request: time set"),
    "visitor.wrong_number": lazy_gettext("Your callback request: check the number"),
    "person.assigned": lazy_gettext("A request was given to you"),
    "person.assigned_many": lazy_gettext("Several requests were given to you"),
    "person.taken_over": lazy_gettext("A request of yours was taken over"),
    "person.security": lazy_gettext("Your sign-in"),
    "person.invite": lazy_gettext("Link to choose a password"),
    "person.report": lazy_gettext("Report of a week or a month"),
    "person.test": lazy_gettext("Test mail"),
    "manager.crisis": lazy_gettext("A request needs a manager"),
    "manager.crisis_cancelled": lazy_gettext("A request that needs a manager was cancelled"),
    "manager.crises": lazy_gettext("Several requests need a manager"),
    "staff.alerts": lazy_gettext("Requests that are due"),
    "staff.alarm": lazy_gettext("Something is not as it should be"),
    "hook.alert": lazy_gettext("Message to the on-call webhook"),
    "hook.test": lazy_gettext("Test message to the on-call webhook"),
}
_RECIPIENT = {
    "team": lazy_gettext("the intake team"),
    "visitor": lazy_gettext("the visitor"),
    "managers": lazy_gettext("the managers"),
    "hook": lazy_gettext("the on-call webhook"),
}
_UNNEEDED = {
    "ended": lazy_gettext("the request had ended"),
    "claimed": lazy_gettext("the request had been claimed"),
    "morning": lazy_gettext("the office had opened"),
    "newer": lazy_gettext("a newer one was waiting"),
    "over": lazy_gettext("it was over"),
}
_STATE = {
    OutboxState.PENDING: lazy_gettext("Waiting"),
    OutboxState.LEASED: lazy_gettext("Sending"),
    OutboxState.SENT: lazy_gettext("Sent"),
    OutboxState.DEAD: lazy_gettext("Gave up"),
}


def action(entry_action: str, details: Mapping[str, object]) -> str:
    """What the service did with a message: sent it, gave it up, or found that nobody needs it any more."""
    code, to = str(details["kind"]), str(details.get("recipient", ""))
    words = {"mail": kind(code), "recipient": recipient(to)}
    if entry_action == "mail.withdrawn":
        why = words_of(_UNNEEDED, str(details.get("why", "over")))
        return gettext("did not send “%(mail)s”, since nobody needed it any more: %(why)s", mail=words["mail"], why=why)
    if to == HOOK:
        is_sent = entry_action == "mail.sent"
        return gettext("sent: “%(mail)s”", **words) if is_sent else gettext("could not send: “%(mail)s”", **words)
    if entry_action == "mail.sent":
        return gettext("sent the mail “%(mail)s” to %(recipient)s", **words)
    return gettext("could not send the mail “%(mail)s” to %(recipient)s", **words)


def line(code: str, to: str, stands: OutboxState) -> str:
    """One message of a request's story: what it is, to whom, and where it stands."""
    if to == HOOK:
        return f"{kind(code)}: {state(stands).lower()}"
    words = {"mail": kind(code), "recipient": recipient(to), "state": state(stands).lower()}
    return gettext("Mail “%(mail)s” to %(recipient)s: %(state)s", **words)


def kind(code: str) -> str:
    """What a mail is about, as the outbox lists it."""
    return words_of(_KIND, code)


def kinds() -> dict[str, str]:
    """Every kind of mail there is, by its code."""
    return {code: str(words) for code, words in _KIND.items()}


def state(value: OutboxState) -> str:
    """Where a mail stands on its way out."""
    return words_of(_STATE, value)


def recipient(code: str) -> str:
    """Who a mail goes to, never an address: "the intake team", "the visitor", "one person"."""
    return gettext("one person") if code.startswith("user:") else words_of(_RECIPIENT, code)
