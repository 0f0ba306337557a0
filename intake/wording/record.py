"""Entries of the record in plain words: which group an act belongs to, and what it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from intake.rules.bands import Clock
from intake.rules.workflow import ClosedReason, Voicemail
from intake.wording import mails, names, next_call, parts, promised, times
from intake.wording.translation import gettext, lazy_gettext, ngettext


class Group(StrEnum):
    """The kinds of acts that the record is filtered by."""

    VIEWED = "viewed"
    CHANGED = "changed"
    CALLED = "called"
    MAIL = "mail"
    EXPORTED = "exported"
    SIGNED_IN = "signed-in"
    SETTING = "setting"
    REFUSED = "refused"
    DELETED = "deleted"


GROUPS = {
    Group.VIEWED: lazy_gettext("Viewed"),
    Group.CHANGED: lazy_gettext("Changed"),
    Group.CALLED: lazy_gettext("Called"),
    Group.MAIL: lazy_gettext("Mail"),
    Group.EXPORTED: lazy_gettext("Exported"),
    Group.SIGNED_IN: lazy_gettext("Signed in or out"),
    Group.SETTING: lazy_gettext("Settings and people"),
    Group.REFUSED: lazy_gettext("Refused"),
    Group.DELETED: lazy_gettext("Deleted"),
}
_BY_END = {
    "viewed": Group.VIEWED, "searched": Group.VIEWED, "checked": Group.VIEWED, "reason_viewed": Group.VIEWED,
    "listed": Group.VIEWED, "exported": Group.EXPORTED,
    "call_started": Group.CALLED, "attempted": Group.CALLED, "refused": Group.REFUSED,
    "redacted": Group.DELETED, "texts_redacted": Group.DELETED, "deleted": Group.DELETED,
    "signed_in": Group.SIGNED_IN, "signed_out": Group.SIGNED_IN, "locked": Group.SIGNED_IN, "unlocked": Group.SIGNED_IN,
    "code_used": Group.SIGNED_IN, "own_sign_ins_ended": Group.SIGNED_IN, "sign_in_ended": Group.SIGNED_IN,
}  # fmt: skip
_BY_START = {
    "callback": Group.CHANGED, "visitor": Group.CHANGED, "mail": Group.MAIL, "outbox": Group.MAIL,
    "session": Group.SIGNED_IN,
}  # fmt: skip
_HIDDEN = {"attempt_id", "note", "message", "public_id", "ids", "view", "to_name", "from_name", "kind", "recipient",
           "disposition", "exception", "after", "way", "late_seconds", "is_at_once", "rule", "team",
           "minutes", "what", "attempts", "struck_note", "snoozed_until", "promised_before", "promised", "contact",
           "note_id"}  # fmt: skip
"""Said by the sentence itself, or of use to a program only."""
_KEYS = {
    "roles": lazy_gettext("roles"),
    "endpoint": lazy_gettext("page"),
    "reference": lazy_gettext("request"),
    "rows": lazy_gettext("rows"),
    "minutes_ago": lazy_gettext("minutes before it was logged"),
    "version": lazy_gettext("version"),
    "replaced": lazy_gettext("instead of version"),
    "count": lazy_gettext("how many"),
    "entries": lazy_gettext("entries in the record"),
    "entry": lazy_gettext("entry number"),
    "source": lazy_gettext("page"),
    "for_whom": lazy_gettext("for whom"),
    "fault": lazy_gettext("found"),
    "person": lazy_gettext("of"),
    "group": lazy_gettext("acts"),
    "is_keys_on": lazy_gettext("single keys"),
    "sound": lazy_gettext("sound"),
    "notify": lazy_gettext("notifications"),
    "dial": lazy_gettext("calls by"),
    "hides_number": lazy_gettext("line hides its number"),
    "hides": lazy_gettext("columns left out"),
    "noted_on": lazy_gettext("day"),
    "every_week": lazy_gettext("report every Monday"),
    "every_month": lazy_gettext("report on the 1st of each month"),
}
_REASONS = {
    "password": lazy_gettext("wrong password or unknown name"),
    "throttled": lazy_gettext("too many tries"),
    "code": lazy_gettext("wrong code"),
    "recovery_code": lazy_gettext("wrong recovery code"),
    "unlock": lazy_gettext("wrong password for a locked page"),
    "idle": lazy_gettext("60 minutes without use"),
    "too_long": lazy_gettext("12 hours had passed"),
    "wrong_unlock": lazy_gettext("too many wrong passwords for a locked page"),
    "replaced": lazy_gettext("somebody signed in with the same browser"),
}
_LISTS = {
    "all_open": lazy_gettext("All open"), "due_now": lazy_gettext("Due now"), "mine": lazy_gettext("Mine"),
    "unclaimed": lazy_gettext("Unclaimed"), "scheduled": lazy_gettext("Scheduled"), "retry": lazy_gettext("Try again"),
    "number": lazy_gettext("No number"), "snoozed": lazy_gettext("Snoozed"),
    "check": lazy_gettext("Check"), "closed": lazy_gettext("Closed"), "search": lazy_gettext("What a search found"),
    "morning": lazy_gettext("What came while we were closed"), "handover": lazy_gettext("Hand-over sheet"),
    "holds": lazy_gettext("Under a legal hold"),
}  # fmt: skip


def group_of(action: str) -> Group:
    """Where an act belongs: by what was done, else by what it was done to. New ones find their place by themselves."""
    start, _, end = action.partition(".")
    return _BY_END.get(end) or _BY_START.get(start, Group.SETTING)


def actions_in(group: Group) -> tuple[str, ...]:
    """The acts of a group, as the record spells them."""
    return tuple(action for action in names.known_actions() if group_of(action) is group)


def list_name(view: str) -> str:
    """A list of the queue, by the name of its view."""
    return str(_LISTS[view]) if view in _LISTS else _plain(view)


def sentence(action: str, details: Mapping[str, Any], people: Mapping[int, str]) -> str:
    """What was done, after the actor's name, with names for the ids in it."""
    told = dict(details)
    for end in ("to", "from"):
        if isinstance(told.get(end), int):
            told[f"{end}_name"] = people.get(told[end], "")
    return names.action(action, told)


def changes(action: str, details: Mapping[str, Any], people: Mapping[int, str], zone: str, now: datetime) -> list[str]:
    """What the details of an entry say, each as "what: how"; what is not known yet is at least readable."""
    shown = {key: value for key, value in details.items() if key not in _HIDDEN and value not in (None, "", [], {})}
    said: list[str] = []
    if next_call.is_by_next_call(details):
        said.append(next_call.kept(details))
        shown.pop("passed", None)
    if action in ("callback.skipped", "callback.released"):  # the sentence says it
        shown.pop("reason", None)
    if action in ("callback.linked", "callback.unlinked", "callback.asked_again", "callback.noted"):
        shown.pop("reference", None)
    if "from" in details or "to" in details:
        said.append(_from_to(details, people, zone, now))
        shown = {key: value for key, value in shown.items() if key not in ("from", "to")}
    if promised.is_replaced(details):
        said.append(promised.replaced(details, zone, now))
    if details.get("ids") or "view" in details:
        said.append(_listed(details))
    if isinstance(shown.get("person"), int):
        shown["person"] = people.get(shown["person"]) or gettext("somebody")
    if "user_id" in details:
        known = people.get(shown.pop("user_id", 0), "")
        said.append(gettext("account: %(person)s", person=known or gettext("unknown")))
    if action in ("callback.mail_resent", "mail.resent"):
        said.append(_mail(details))
    return said + [_SAID[key](value) if key in _SAID else _pair(key, value) for key, value in shown.items()]


def _from_to(details: Mapping[str, Any], people: Mapping[int, str], zone: str, now: datetime) -> str:
    old, new = (_end(details.get(end), people, zone, now) for end in ("from", "to"))
    is_owner = any(isinstance(details.get(end), int) for end in ("from", "to"))
    return gettext("owner: %(old)s → %(new)s", old=old, new=new) if is_owner else f"{old} → {new}"


def _end(value: Any, people: Mapping[int, str], zone: str, now: datetime) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return people.get(value) or gettext("somebody")
    return _window(str(value), zone, now)


def _window(value: str, zone: str, now: datetime) -> str:
    """A window as visitors choose it, ``20261122T2000Z-20261122T2200Z``; anything else in plain words."""
    try:
        start, until = (datetime.strptime(part, "%Y%m%dT%H%MZ").replace(tzinfo=UTC) for part in value.split("-"))
    except ValueError:
        return _plain(value)
    return f"{times.window_words(start, until, zone, now)} {times.zone_short(zone, start)}"


def _listed(details: Mapping[str, Any]) -> str:
    ids = details.get("ids")
    many = ngettext("%(num)s request", "%(num)s requests", len(ids) if isinstance(ids, list) else 0)
    if "view" not in details:
        return many
    return gettext("“%(list)s”: %(many)s", list=list_name(str(details.get("view", ""))), many=many)


def _mail(details: Mapping[str, Any]) -> str:
    mail, recipient = str(details.get("kind", "")), str(details.get("recipient", ""))
    return gettext("“%(mail)s” to %(recipient)s", mail=mails.kind(mail), recipient=mails.recipient(recipient))


def _reason(value: Any) -> str:
    code = str(value)
    if code in _REASONS:
        return str(_REASONS[code])
    words = names.closed_reason(ClosedReason(code)) if code in set(ClosedReason) else _plain(code)
    return gettext("reason: %(reason)s", reason=words)


def _suspicions(value: Any) -> str:
    """``callback.received`` keeps them as one text with commas."""
    codes = value if isinstance(value, list) else str(value).split(",")
    return gettext("looks odd: %(why)s", why="; ".join(names.spam_reason(code) for code in codes if code))


def _voicemail(value: Any) -> str:
    return names.voicemail_choice(Voicemail(value)) if value in set(Voicemail) else _plain(str(value))


def _since(value: Any) -> str:
    """The instant carries the office's offset, so its first ten letters are the office's day."""
    return gettext("from %(day)s on", day=str(value)[:10])


def _until(value: Any) -> str:
    return gettext("before %(day)s", day=str(value)[:10])


def _shelf(value: Any) -> str:
    return gettext("list: %(name)s", name=str(value).replace("-", " "))


def _figure(value: Any) -> str:
    return gettext("figure: %(figure)s", figure=parts.on_record(str(value)))


def _clock(value: Any) -> str:
    return parts.by_clock(Clock(value)) if value in set(Clock) else str(value)


_SAID: dict[str, Callable[[Any], str]] = {
    "reason": _reason, "reasons": _suspicions, "voicemail": _voicemail, "since": _since, "until": _until,
    "list": _shelf, "of": _figure, "clock": _clock,
}  # fmt: skip


def _pair(key: str, value: Any) -> str:
    label = str(_KEYS[key]) if key in _KEYS else _plain(key)
    return f"{label}: {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, dict):
        return ", ".join(_pair(str(key), one) for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    return _plain(str(value)) if isinstance(value, str) else str(value)


def _plain(code: str) -> str:
    """Codes without dots and underscores; a reference or a day stays what it is."""
    return code.replace(".", " ").replace("_", " ")
