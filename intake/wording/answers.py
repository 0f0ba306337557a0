"""What may stand in an answer, and the words when it may not: the visitor's form and the staff's ask alike."""

from __future__ import annotations

import re

from intake.rules.phone import PhoneProblem
from intake.wording.translation import gettext, lazy_gettext

LONGEST_NAME, LONGEST_NOTE, LONGEST_EMAIL, LONGEST_TIME = 100, 500, 254, 200

_DOMAIN_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_PHONE = {
    PhoneProblem.EMPTY: lazy_gettext("Enter a phone number"),
    PhoneProblem.NO_AREA_CODE: lazy_gettext("Phone number must include the area code"),
    PhoneProblem.SEVERAL: lazy_gettext("Enter one phone number"),
    PhoneProblem.CRISIS: lazy_gettext("Enter your own phone number"),
}
_PHONE_WRONG = lazy_gettext("Enter a phone number, like 212 555 0182")


def name_problem(text: str) -> str:
    """Any name at all, of one letter or more. Empty, here and below, when nothing is wrong."""
    if not text:
        return gettext("Enter the name we should ask for")
    return gettext("Name must be 100 characters or fewer") if len(text) > LONGEST_NAME else ""


def phone_problem(problem: PhoneProblem) -> str:
    """Which of its ways a number is wrong."""
    return str(_PHONE.get(problem, _PHONE_WRONG))


def time_too_often(phone: str) -> str:
    """One request's time was changed again and again: the last one that was saved stands."""
    return gettext(
        "You have changed the time many times today. Your last choice stands. To change it once more, call us at "
        "%(phone)s",
        phone=phone,
    )


def undone_too_often(phone: str) -> str:
    """One request was cancelled and wanted after all again and again: it stays cancelled; there are two other ways."""
    return gettext(
        "You have cancelled this request and taken that back many times today. It stays cancelled. If you want a call "
        "after all, call us at %(phone)s or ask us once more below",
        phone=phone,
    )


def number_too_often(phone: str) -> str:
    """One request's number was changed again and again; whoever needs it changed once more has another way."""
    return gettext(
        "You have changed the number several times. If it is still not right, call us at %(phone)s or change it in an "
        "hour",
        phone=phone,
    )


def email_problem(text: str) -> str:
    """Optional; the shape of an address if given."""
    is_wrong = bool(text) and (len(text) > LONGEST_EMAIL or not is_email(text))
    return gettext("Enter an email address, like name@example.com") if is_wrong else ""


def message_problem(text: str) -> str:
    """Optional; a line break counts as one character."""
    return gettext("Note must be 500 characters or fewer") if len(text) > LONGEST_NOTE else ""


def uncallable_time() -> str:
    """Nobody may be called in the chosen window where this number is."""
    return gettext("Choose another time, we may not call your number at that time of day")


def is_email(text: str) -> bool:
    """The shape name@place.tld and nothing cleverer: only a mail that arrives proves an address. No backtracking."""
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    return bool(at and len(labels) > 1 and _LOCAL_PART.fullmatch(local) and all(map(_DOMAIN_LABEL.fullmatch, labels)))
