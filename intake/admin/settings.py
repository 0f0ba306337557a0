"""Settings: the opening hours, read and changed, with an example; and what all pages of the settings share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_login import current_user

from intake.admin import settings_words as words
from intake.admin import setup_list
from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.admin.moments import Clock
from intake.admin.outcome_form import Typed
from intake.admin.settings_example import Example, asked_for, example
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.queries.calendar import Calendar, Version, default_calendar
from intake.rules import zones
from intake.rules.hours import Day, HoursError, HoursProblem, OpeningHours, default_hours, local_date
from intake.rules.permissions import Permission
from intake.rules.typed_hours import RANGES, nights_that_run_on, read_day, write_day
from intake.services import settings
from intake.services.errors import ChangedError
from intake.wording import times
from intake.wording.translation import gettext, lazy_gettext

TABS = (
    ("hours", lazy_gettext("Opening hours")),
    ("holidays", lazy_gettext("Holidays")),
    ("targets", lazy_gettext("Targets")),
    ("calling", lazy_gettext("Calling rules")),
    ("law", lazy_gettext("Calling law")),
    ("routing", lazy_gettext("Routing")),
    ("script", lazy_gettext("Notes and script")),
    ("alerts", lazy_gettext("Alerts")),
    ("history", lazy_gettext("History")),
)
MOST_MET = 10
"""So many changes that came in between are told."""


class SettingsView(PanelView):
    """What holds from now on. Managers read it, administrators change it."""

    permission: ClassVar[Permission | None] = Permission.SEE_SETTINGS

    def typed(self) -> Typed:
        """The form as it came."""
        return Typed(request.form, current_site().time_zone, request_time())

    def stored(self) -> Calendar:
        """What is in force."""
        with reading() as conn:
            return calendars.current(conn, current_site())

    def show(self, tab: str, *, code: int = 200, **values: Any) -> ResponseReturnValue:
        """One page of the settings."""
        may_change = Permission.SETTINGS in current_user.permissions
        return self.page(
            f"admin/settings_{tab}.html", code=code, tabs=TABS, tab=tab,
            **{"may_change": may_change, "errors": {}, "warned": [], "changed": [], **values},
        )  # fmt: skip

    def worked_out(self, calendar: Calendar, given: Mapping[str, str], errors: dict[str, str]) -> Example:
        """The example, for the moment asked about or the usual one."""
        now = request_time()
        try:
            at = asked_for(given.get("on", ""), given.get("at", ""), calendar.hours.zone, now)
        except ValueError:
            errors["on"] = gettext("Enter a date and a time")
            at = asked_for("", "", calendar.hours.zone, now)
        return example(current_site(), calendar, at, now)

    def keep(
        self, tab: str, typed: Typed, before: Calendar, wanted: Calendar,
        save: Callable[..., Calendar], again: Callable[..., ResponseReturnValue],
    ) -> ResponseReturnValue:  # fmt: skip
        """Save ``wanted`` with its difference in words, unless somebody else saved since the form was made."""
        change, seen = words.sentence(words.changes(before, wanted)), seen_version(typed)
        try:
            after = save(seen=seen, words=change or words.looked_at(), now=request_time())
        except ChangedError:
            return again(before, typed.values, wanted, code=409, theirs=self.met_another(seen))
        return self.saved(tab, change or ("" if after.id == before.id else words.looked_at()))

    def saved(self, tab: str, change: str) -> ResponseReturnValue:
        """Say what is different now, and show it."""
        flash(gettext("Saved. %(change)s", change=change) if change else gettext("Nothing was different."), "ok")
        return see_other(f"settings.{tab}")

    def met_another(self, seen: int | None) -> list[tuple[str, list[words.Change]]]:
        """Who has changed what since the page was made, newest first."""
        since = -1 if seen is None else seen
        with reading() as conn:
            found = calendars.versions(conn, after=since - 1, limit=MOST_MET + 1)
        return [told(version, older) for version, older in pairs(found, MOST_MET) if version.calendar.id != seen]


def pairs(found: list[Version], most: int) -> Iterator[tuple[Version, Calendar]]:
    """At most so many versions, each with the one it replaced; the first of all replaced the built-in default.

    ``found`` holds one more than that where there is one: what the last of them replaced.
    """
    for index, version in enumerate(found[:most]):
        is_last = index + 1 == len(found)
        yield version, default_calendar(current_site().time_zone) if is_last else found[index + 1].calendar


def told(version: Version, before: Calendar) -> tuple[str, list[words.Change]]:
    """Who changed the settings and when, and everything that was different then."""
    return signed(version.author, version.created_at), words.changes(before, version.calendar)


def signed(author: str, at: datetime) -> str:
    """Who made a version, and when."""
    moment = times.moment(at, current_site().time_zone, request_time())
    return gettext("%(person)s, %(moment)s", person=author or gettext("The service"), moment=moment)


def seen_version(typed: Typed) -> int | None:
    """The version a form was made from; None for the built-in default."""
    text = typed.text("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class HoursPages(SettingsView):
    """The week and its zone."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The first page."""
        return see_other("settings.hours")

    @expose("/hours")
    def hours(self) -> ResponseReturnValue:
        """The hours in force; with ``on`` and ``at``, what a request then would get."""
        calendar, errors = self.stored(), dict[str, str]()
        shown = self.worked_out(calendar, request.args, errors)
        setup = setup_list.steps(calendar) if acting().may(Permission.SETTINGS) else []
        return self._form(calendar, written(calendar.hours), calendar, errors=errors, example=shown, setup=setup)

    @expose("/hours", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_hours(self) -> ResponseReturnValue:
        """Save; or work out the example for what is typed; or fill in the default."""
        typed, calendar, verb = self.typed(), self.stored(), request.form.get("do")
        if verb == "default":
            return self._check(typed, calendar, replace(calendar, hours=_default(calendar)), is_filled=True)
        hours = read_hours(typed, calendar.hours)
        if hours is None or _never_opens(typed, hours) or _runs_on(typed, hours):
            seen = seen_version(typed)
            return self._form(calendar, typed.values, None, code=422, errors=typed.errors, version=seen)
        wanted = replace(calendar, hours=hours)
        if verb == "check":
            return self._check(typed, calendar, wanted)
        save = partial(settings.change_hours, current_site(), acting(), hours)
        return self.keep("hours", typed, calendar, wanted, save, self._form)

    def _check(
        self, typed: Typed, stored: Calendar, wanted: Calendar, *, is_filled: bool = False
    ) -> ResponseReturnValue:
        shown = self.worked_out(wanted, typed.values, typed.errors)
        values = written(wanted.hours) if is_filled else typed.values
        code = 422 if typed.errors else 200
        return self._form(
            stored, values, wanted, code=code, errors=typed.errors, example=shown, version=seen_version(typed)
        )

    def _form(
        self, stored: Calendar, values: Mapping[str, str], wanted: Calendar | None, **more: Any
    ) -> ResponseReturnValue:
        site, now = current_site(), request_time()
        shown = wanted or stored
        more.setdefault("example", self.worked_out(shown, {}, {}))
        return self.show(
            "hours",
            **{"version": stored.id, **more},
            values=values,
            week=[_row(index, values, more.get("errors", {})) for index in range(7)],
            zones=zones.known(),
            clocks_change=_clocks_change(shown.hours.zone, now),
            told_in=site.time_zone,
            changed=words.changes(stored, wanted) if wanted else [],
            warned=[*words.no_holidays(shown, site, now), *words.warnings(site, shown, now)],
        )


def _never_opens(typed: Typed, hours: OpeningHours) -> bool:
    """A week without an open day would promise everybody a call that nobody makes."""
    if not any(hours.weekly):
        typed.errors["week"] = gettext("Open on at least one day. To close for a while, enter the days under Holidays")
    return bool(typed.errors)


def _runs_on(typed: Typed, hours: OpeningHours) -> bool:
    """Whether a night of this week would run into a special day ahead, or one of theirs into it: named at its field."""
    today, special = local_date(request_time(), hours.zone), {day for day, _ in hours.special}
    for evening, morning in nights_that_run_on(hours, (day for day in special if day >= today)):
        if evening not in special:
            field = last_range(typed, f"d{evening.weekday()}")
            said = gettext("Must end before %(day)s begins, which has hours of its own", day=words.date_words(morning))
        elif morning not in special:
            field = f"d{morning.weekday()}_0"
            said = gettext("Must start after the night of %(day)s ends", day=words.date_words(evening))
        else:
            continue
        typed.errors.setdefault(field, said)
    return bool(typed.errors)


def last_range(typed: Typed, name: str) -> str:
    """The field of the last range that was typed for a day."""
    return f"{name}_{max((n for n in range(RANGES) if typed.text(f'{name}_{n}_from')), default=0)}"


def _default(calendar: Calendar) -> OpeningHours:
    fresh = default_hours(current_site().time_zone)
    return replace(calendar.hours, zone=fresh.zone, weekly=fresh.weekly)


def _clocks_change(zone: str, now: datetime) -> str:
    at = zones.next_change(zone, now)
    if at is None:
        return gettext("Clocks there do not change within a year.")
    return gettext("Clocks next change: %(when)s.", when=Clock(zone, now).day_and_time(at))


def _row(index: int, values: Mapping[str, str], errors: Mapping[str, str]) -> dict[str, Any]:
    """One weekday as the form shows it."""
    ranges = [_pair(f"d{index}_{number}", values) for number in range(RANGES)]
    is_closed = bool(values.get(f"d{index}_closed"))
    return {
        "name": f"d{index}",
        "label": words.weekday(index),
        "ranges": ranges,
        "is_closed": is_closed,
        "has_break": any(pair[1] or pair[2] or errors.get(pair[0]) for pair in ranges[1:]),
        "bars": [] if is_closed else _bars(ranges),
    }


def _pair(name: str, values: Mapping[str, str]) -> tuple[str, str, str]:
    return name, values.get(f"{name}_from", ""), values.get(f"{name}_until", "")


def _bars(ranges: list[tuple[str, str, str]]) -> list[tuple[float, float]]:
    """Start and width of each range in hundredths of the day; nothing for a day with a mistake in it."""
    try:
        day = read_day("", [(start, until) for _, start, until in ranges])
    except HoursError:
        return []
    return [(span.start / 14.4, (min(span.end, 1440) - span.start) / 14.4) for span in day]


def written(hours: OpeningHours) -> dict[str, str]:
    """Opening hours as the form's fields."""
    values = {"zone": hours.zone}
    for index, day in enumerate(hours.weekly):
        values |= written_day(f"d{index}", day)
    return values


def written_day(name: str, day: Day) -> dict[str, str]:
    """One day as fields: ``name_0_from`` and so on, or ``name_closed``."""
    values = {} if day else {f"{name}_closed": "1"}
    for number, (start, until) in enumerate(write_day(day)):
        values |= {f"{name}_{number}_from": start, f"{name}_{number}_until": until}
    return values


def read_hours(typed: Typed, before: OpeningHours) -> OpeningHours | None:
    """The week as typed, with the special days there are; None with every mistake named at its field."""
    zone = typed.text("zone")
    if not zones.is_known(zone) and zone != before.zone:
        typed.errors["zone"] = words.problem(HoursError("zone", zone, HoursProblem.UNKNOWN_ZONE))
    week = [read_typed_day(typed, f"d{index}", words.weekday(index)) for index in range(7)]
    if typed.errors:
        return None
    try:
        return replace(before, zone=zone, weekly=tuple(day or () for day in week))
    except HoursError as error:  # a night that runs into the next day
        index = int(error.field.rpartition(".")[2])
        typed.errors[f"d{index}_0"] = words.problem(error, words.weekday(index))
        return None


def read_typed_day(typed: Typed, name: str, label: str = "") -> Day | None:
    """One day's fields; None with the mistake noted, after what the day is called."""
    if typed.values.get(f"{name}_closed"):
        return ()
    pairs = [(typed.text(f"{name}_{n}_from")[:5], typed.text(f"{name}_{n}_until")[:5]) for n in range(RANGES)]
    try:
        day = read_day(name, pairs)
        if not day:
            raise HoursError(f"{name}.0", "no hours and not closed", HoursProblem.NO_RANGE)
    except HoursError as error:
        typed.errors[error.field.replace(".", "_")] = words.problem(error, label)
        return None
    return day
