"""The form before a copy leaves the panel: who gets it, what for, one's password once more, and what it says if not."""

from __future__ import annotations

from flask import request

from intake.admin.base import request_time
from intake.services.copies import Wanted
from intake.services.errors import RefusedError
from intake.services.sign_in import NotMatchedError, TooManyTriesError
from intake.wording.times import wait_words
from intake.wording.translation import gettext

REFUSALS = (RefusedError, NotMatchedError, TooManyTriesError)
"""What ``services.copies`` says instead of yes."""


def typed() -> dict[str, str]:
    """What stands in the fields, to be shown again; never the password."""
    return {name: request.form.get(name, "") for name in ("recipient", "purpose")}


def wanted() -> Wanted:
    """The fields of the form."""
    return Wanted(**typed(), password=request.form.get("password", ""))


def still_wanted(refused: Exception) -> tuple[int, dict[str, str]]:
    """The status of the answer, and what is still wanted, by field."""
    if isinstance(refused, TooManyTriesError):
        return 429, {"password": wait_words(refused.until, request_time())}
    if isinstance(refused, NotMatchedError):
        return 422, {"password": gettext("This is not your password")}
    if isinstance(refused, RefusedError) and refused.code == "recipient_needed":
        return 422, {"recipient": gettext("Say who gets the copy")}
    return 422, {"purpose": gettext("Say what it is for")}
