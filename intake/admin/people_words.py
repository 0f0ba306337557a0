"""Accounts in words: how somebody stands, what disabling them does, and why something was refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intake.admin.moments import Clock, Stamp
from intake.admin.outbox_words import Teller
from intake.admin.timeline import Line
from intake.models.records import OutboxState
from intake.queries.casefile import TimelineEntry
from intake.queries.directory import PersonEntry, PersonState
from intake.queries.invitations import InvitationMail
from intake.wording import names, roles, times
from intake.wording.translation import gettext, ngettext

_SHAPES = {
    PersonState.ACTIVE: "done",
    PersonState.INVITED: "wait",
    PersonState.NO_LINK: "soon",
    PersonState.DISABLED: "dead",
}
_COLOURS = {PersonState.NO_LINK: "soon"}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account as the list and its own page show it. ``link``: words about an open link of an active person.

    ``factor``: since when signing in asks for a code.
    """

    id: int
    name: str
    email: str
    roles: str
    state: str
    shape: str
    colour: str
    is_active: bool
    has_password: bool
    seen: Stamp | None
    sign_ins: int
    link: str
    factor: Stamp | None = None


def row(entry: PersonEntry, clock: Clock) -> PersonRow:
    """The words for one account."""
    state = entry.state(clock.now)
    until = times.moment(entry.link_until, clock.zone, clock.now) if entry.link_until else ""
    link = gettext("A link to choose a new password works until %(until)s.", until=until)
    return PersonRow(
        id=entry.id,
        name=entry.name,
        email=entry.email,
        roles=roles.roles(entry.roles),
        state=_state(state, until),
        shape=_SHAPES[state],
        colour=_COLOURS.get(state, "wait"),
        is_active=entry.is_active,
        has_password=entry.has_password,
        seen=clock.stamp(entry.last_signed_in_at) if entry.last_signed_in_at else None,
        sign_ins=entry.live_sign_ins,
        link=link if entry.has_password and entry.has_link(clock.now) else "",
        factor=clock.stamp(entry.factor_since) if entry.factor_since else None,
    )


def _state(state: PersonState, until: str) -> str:
    return {
        PersonState.ACTIVE: gettext("Active"),
        PersonState.INVITED: gettext("Invited, link works until %(until)s", until=until),
        PersonState.NO_LINK: gettext("Invited, the link has run out"),
        PersonState.DISABLED: gettext("Disabled"),
    }[state]


@dataclass(frozen=True, slots=True)
class MailNote:
    """What became of the mail with a link: in short, in full, and the outbox's button for it ("" for none)."""

    public_id: str
    colour: str
    shape: str
    short: str
    told: str
    button: str
    is_dead: bool


def mail_note(found: InvitationMail | None, clock: Clock, *, is_open: bool) -> MailNote | None:
    """``is_open``: the link in it still works, so the same mail may be sent once more."""
    if found is None:
        return None
    told = Teller(clock, {}, is_held=found.is_held).row(found.mail)
    is_dead = found.mail.state is OutboxState.DEAD
    return MailNote(
        told.public_id, told.colour, told.shape, _short(found.mail.state, found.mail.attempts), told.happened,
        told.button if is_open else "", is_dead,
    )  # fmt: skip


def _short(state: OutboxState, attempts: int) -> str:
    if state is OutboxState.PENDING and attempts:
        return gettext("Mail not delivered yet")
    return {
        OutboxState.PENDING: gettext("Mail waits"),
        OutboxState.LEASED: gettext("Mail is being sent"),
        OutboxState.SENT: gettext("Mail sent"),
        OutboxState.DEAD: gettext("Mail not delivered"),
    }[state]


def what_disabling_does(claims: int, sign_ins: int, has_link: bool) -> list[str]:
    """Before the button is pressed: everything that comes with it."""
    told = [gettext("Nobody can sign in with this account any more; the record of what they did stays.")]
    if claims:
        one, many = "%(num)s open claim goes back to the queue.", "%(num)s open claims go back to the queue."
        told.append(ngettext(one, many, claims))
    if sign_ins:
        told.append(ngettext("%(num)s live sign-in ends.", "%(num)s live sign-ins end.", sign_ins))
    if has_link:
        told.append(gettext("The link they were sent no longer works."))
    return told


def disabled(claims: int, sign_ins: int) -> str:
    """What has been done."""
    one, many = "%(num)s claim went back to the queue.", "%(num)s claims went back to the queue."
    told = [gettext("Disabled.")]
    told += [ngettext(one, many, claims)] if claims else []
    told += [ngettext("%(num)s sign-in ended.", "%(num)s sign-ins ended.", sign_ins)] if sign_ins else []
    return " ".join(told)


def refusal(code: str) -> tuple[str, str]:
    """The field at fault ("" for none) and what to do: a code of ``services.accounts.PeopleError``."""
    return {
        "email": ("email", gettext("Enter an email address, like name@example.com")),
        "name": ("name", gettext("Enter the name colleagues know them by, at most 100 characters")),
        "role": ("roles", gettext("Choose at least one role")),
        "exists": ("email", gettext("Somebody with this email has an account already. Look in the list")),
        "self": ("", gettext("You cannot disable yourself. Another administrator can.")),
        "self_role": ("roles", gettext("You cannot take administration from yourself. Another administrator can")),
        "self_auditor": ("roles", gettext("You cannot make yourself auditor. Another administrator can")),
        "last_admin": ("roles", gettext("This is the last administrator. Make somebody else administrator first")),
        "no_factor": ("", gettext("There is no second factor to take away (any more).")),
        "own_factor": ("", gettext("Your own second factor is on the page Second factor, under your name.")),
        "disabled": ("", gettext("This person is disabled. Enable them first, then send a link.")),
    }.get(code, ("", gettext("That is not possible now.")))


def record(entries: Iterable[TimelineEntry], clock: Clock) -> list[Line]:
    """What the record says of an account, newest first."""
    return [_line(entry, clock) for entry in entries]


def _refused(reason: str) -> str:
    """Why somebody who knew the email, or the password too, did not get in."""
    words = {
        "code": gettext("The password was right, and the code from the app was wrong or used"),
        "recovery_code": gettext("The password was right, and the recovery code was wrong or used"),
    }
    return words.get(reason, gettext("A sign-in was refused: the password was wrong, or the account was closed"))


def _line(entry: TimelineEntry, clock: Clock) -> Line:
    at = clock.stamp(entry.at)
    if entry.action == "person.refused":
        return Line("lock", "", _refused(str(entry.details.get("reason", ""))), at)
    who = entry.actor_name or gettext("The service")
    return Line("person", who, names.action(entry.action, entry.details), at, entry.text or "")
