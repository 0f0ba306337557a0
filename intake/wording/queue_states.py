"""What the queue says of an open request instead of its status."""

from __future__ import annotations

from intake.queries.worklist_filters import Standing
from intake.wording.translation import lazy_gettext

_STANDING = {
    Standing.NUMBER: lazy_gettext("Waiting for a number"),
    Standing.READ_TIME: lazy_gettext("Read their time"),
    Standing.ON_CALL: lazy_gettext("On the call"),
    Standing.SNOOZED: lazy_gettext("Snoozed"),
}


def standing(value: Standing) -> str:
    """As the list and its filter put it."""
    return str(_STANDING[value])
