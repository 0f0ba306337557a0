"""Phone numbers as people read them."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat

from intake.rules.phone import last4
from intake.wording.translation import gettext

_AT_HOME = 1  # country code of the North American Numbering Plan


def national(e164: str) -> str:
    """ "+12127360182" → "(212) 736-0182"; a number elsewhere in its international form; an odd text unchanged."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    form = PhoneNumberFormat.NATIONAL if number.country_code == _AT_HOME else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def ending(e164: str) -> str:
    """No more than the last 4 digits, where a number must not be read in full."""
    return gettext("a number ending in %(last4)s", last4=last4(e164.partition(";")[0]))
