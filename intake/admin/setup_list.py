"""What is left to set up: a short list for administrators, gone once all of it is done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for

from intake.admin import settings_words as words
from intake.admin.base import acting, request_time
from intake.database import reading
from intake.extensions import current_site
from intake.models.site import Site
from intake.queries import setup
from intake.queries.calendar import Calendar
from intake.queries.setup import Progress
from intake.rules.phone import PhoneError, parse
from intake.rules.setting import SAMPLE_PHONE
from intake.wording.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to set up, in words that say how it stands; ``link`` and ``way``: where to do it, if that is a page."""

    is_done: bool
    words: str
    link: str = ""
    way: str = ""


def steps(calendar: Calendar) -> list[Step]:
    """All of it, done or not; nothing at all once everything is done."""
    site = current_site()
    with reading() as conn:
        found = setup.progress(conn, site)
    listed = [
        _hours(found), _holidays(calendar, site), _phone(site), _mail(found), _administrators(found),
        _second_factor(found), _law(calendar),
    ]  # fmt: skip
    return [] if all(step.is_done for step in listed) else listed


def _hours(found: Progress) -> Step:
    if found.has_looked_at_hours:
        return Step(True, gettext("Opening hours: looked at."))
    return Step(False, gettext("Opening hours: still the built-in ones. Save them below, changed or as they are."))


def _holidays(calendar: Calendar, site: Site) -> Step:
    years = words.years_without_holidays(calendar, site, request_time())
    if not years:
        return Step(True, gettext("Holidays: stored."))
    said = gettext("Holidays: none stored for %(years)s.", years=words.listed(years))
    return Step(False, said, url_for("settings.holidays"), gettext("Choose them"))


def _phone(site: Site) -> Step:
    said = gettext("The phone number that visitors see: %(phone)s.", phone=site.provider_phone)
    if not _is_sample(site.provider_phone):
        return Step(True, said)
    return Step(
        False, gettext("%(said)s It is a sample: whoever runs the service sets INTAKE_PROVIDER_PHONE.", said=said)
    )


def _is_sample(phone: str) -> bool:
    try:
        return phone == SAMPLE_PHONE or parse(phone).is_fictional
    except PhoneError:
        return False


def _mail(found: Progress) -> Step:
    if not current_app.config["MAIL_SERVER"]:
        return Step(False, gettext("Mail: reaches nobody. Whoever runs the service sets MAIL_SERVER."))
    if found.has_mail:
        return Step(True, gettext("Mail: goes out."))
    return Step(False, gettext("Mail: none has gone out yet, or the mail server does not answer."),
                url_for("outbox.index"), gettext("Send a test"))  # fmt: skip


def _administrators(found: Progress) -> Step:
    if len(found.administrators) > 1:
        return Step(True, gettext("Another administrator: there is one."))
    said = gettext("Another administrator: there is none to stand in for you.")
    return Step(False, said, url_for("people.index"), gettext("Invite a person"))


def _second_factor(found: Progress) -> Step:
    without = found.without_factor
    if not without:
        return Step(True, gettext("Second factor: every administrator has one."))
    if acting().user_id in without:
        return Step(
            False, gettext("Second factor: you have none."), url_for("second_factor.show"), gettext("Set it up")
        )
    said = ngettext(
        "Second factor: %(num)s administrator has none.",
        "Second factor: %(num)s administrators have none.",
        len(without),
    )
    return Step(False, said, url_for("people.index"), gettext("See who"))


def _law(calendar: Calendar) -> Step:
    rows = [row for _, row in calendar.law.rows]
    left = [row for row in rows if row.checked_on is None]
    if not left:
        return Step(True, gettext("Calling law of the states: looked at."))
    said = gettext(
        "Calling law of the states: nobody has looked up %(left)s of %(all)s yet.", left=len(left), all=len(rows)
    )
    return Step(False, said, url_for("settings.law"), gettext("Look them up"))
