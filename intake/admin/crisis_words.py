"""A crisis in words: in the queue's row, on the request, and to whoever has just saved one, with who really hears."""

from __future__ import annotations

from collections.abc import Iterable

from intake.admin.base import acting, request_time
from intake.database import reading
from intake.extensions import current_site
from intake.queries import mail
from intake.queries.mail import Reached
from intake.queries.people import Person
from intake.queries.worklist import WorklistRow
from intake.rules.crisis import Crisis, crisis_of
from intake.rules.workflow import Disposition, is_open
from intake.wording import names
from intake.wording.translation import gettext, ngettext

_NAMED = 3


def of(row: WorklistRow) -> Crisis | None:
    """Whether this request is to look like one."""
    return crisis_of(row, row.said)


def tag(crisis: Crisis | None) -> str:
    """The word in the queue's row; empty for an ordinary request."""
    if crisis is None:
        return ""
    return gettext("In crisis") if crisis is Crisis.CERTAIN else gettext("Possible crisis")


def headline(row: WorklistRow) -> str:
    """The first sentence over the number; empty for an ordinary request."""
    crisis = of(row)
    if crisis is None:
        return ""
    if not is_open(row.status):
        return gettext("They took it back, and may have been in danger.")
    if crisis is Crisis.CERTAIN:
        return f"{names.disposition(Disposition.CRISIS)}."
    return gettext("Possible crisis: what they wrote or said sounds like it.")


def kept(reference: str, *, is_open: bool = True, is_feared: bool = False) -> str:
    """What became of the one just saved, and who hears of it; nobody is named who does not."""
    if not is_open and is_feared:
        stands = gettext("%(reference)s has ended, but what was written sounds like danger.", reference=reference)
    elif not is_open:
        stands = gettext("%(reference)s is closed.", reference=reference)
    elif is_feared:
        stands = gettext("%(reference)s is due at once, as a possible crisis. Call now.", reference=reference)
    else:
        stands = gettext("%(reference)s stays open, due at once, as in crisis.", reference=reference)
    return _with_who_hears(stands)


def unreachable(reference: str, *, is_open: bool) -> str:
    """Likewise of one whose number was wrong, so that nobody can call whoever may be in danger."""
    stands = gettext("%(reference)s is closed.", reference=reference)
    if is_open:
        stands = gettext("%(reference)s waits for another number; a mail asks for it.", reference=reference)
    return _with_who_hears(f"{stands} {gettext('They may be in danger, and we have no number to call.')}")


def _with_who_hears(stands: str) -> str:
    with reading() as conn:
        reached = mail.managers_reached(conn, current_site(), request_time())
    return f"{stands} {_told(reached)}"


def _told(reached: Reached) -> str:
    others = [person for person in reached.managers if person.id != acting().user_id]
    if reached.is_stuck:
        return _tell_yourself(gettext("No mail gets out at the moment, so nobody has been told."), others)
    if not reached.managers:
        return _team(reached)
    if not others:
        return _tell_yourself(gettext("You are the only manager, so nobody else is told."), [])
    present = [person for person in others if person.id in reached.on_shift]
    if present:
        named = _listed(person.name for person in present)
        return ngettext(
            "%(names)s is on shift and is sent a mail now.",
            "%(names)s are on shift and are sent a mail now.",
            len(present),
            names=named,
        )
    said = gettext("A mail goes to %(names)s now, but none of them is on shift.", names=_listed(_names(others)))
    return f"{said} {gettext('If somebody must act at once, ring one of them yourself.')}"


def _team(reached: Reached) -> str:
    if reached.team:
        said = gettext("There is no manager, so a mail goes to the team's address, %(address)s.", address=reached.team)
    else:
        said = gettext("There is no manager and no team address, so nobody has been told.")
    return _tell_yourself(said, [])


def _tell_yourself(said: str, others: list[Person]) -> str:
    if others:
        return f"{said} {gettext('Tell a manager yourself, now: %(names)s.', names=_listed(_names(others)))}"
    return f"{said} {gettext('Tell a colleague yourself, now.')}"


def _names(people: Iterable[Person]) -> Iterable[str]:
    return (person.name for person in people)


def _listed(people: Iterable[str]) -> str:
    """ "Ana", "Ana and Dev", "Ana, Dev and Kim"; of more the first ones and how many besides."""
    found = list(people)
    if len(found) > _NAMED:
        found = [*found[:_NAMED], gettext("%(count)s others", count=len(found) - _NAMED)]
    if len(found) < 2:
        return "".join(found)
    return gettext("%(some)s and %(last)s", some=", ".join(found[:-1]), last=found[-1])
