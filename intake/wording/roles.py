"""What the roles are called and what each may do, as whoever gives them out reads it."""

from __future__ import annotations

from collections.abc import Iterable

from intake.rules.permissions import Role
from intake.wording.translation import gettext, lazy_gettext

_ROLE = {
    Role.STAFF: lazy_gettext("Intake staff"),
    Role.MANAGER: lazy_gettext("Manager"),
    Role.ADMIN: lazy_gettext("Administrator"),
    Role.AUDITOR: lazy_gettext("Auditor"),
}
_MAY = {
    Role.STAFF: lazy_gettext("Works the queue: sees names and numbers, calls, and says what came of it"),
    Role.MANAGER: lazy_gettext(
        "As staff; gives requests to colleagues, reads the reports, looks after the mails, words notes and scripts"
    ),
    Role.ADMIN: lazy_gettext(
        "As a manager; also changes the settings and looks after people. Does not read the record"
    ),
    Role.AUDITOR: lazy_gettext("Reads the record of who did what, and the reports; sees no names and no numbers"),
}


def role(value: str) -> str:
    """One role."""
    return str(_ROLE[Role(value)]) if value in set(Role) else value


def may(value: Role) -> str:
    """What somebody with this role may do."""
    return str(_MAY[value])


def roles(values: Iterable[str]) -> str:
    """Several, in the order of their rights' growth: "Intake staff and Manager"."""
    held = set(values)
    words = [role(value) for value in Role if value.value in held]
    if len(words) < 2:
        return "".join(words)
    return gettext("%(some)s and %(last)s", some=", ".join(words[:-1]), last=words[-1])
