"""Calling law: which states allow fewer hours than federal law, where that is written, who looked when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time
from intake.admin.outcome_form import Typed
from intake.admin.settings import SettingsView, seen_version
from intake.extensions import current_site
from intake.queries.calendar import Calendar
from intake.rules.area_codes import STATES, example_number
from intake.rules.calling import key_of, legal_hours, zones_of
from intake.rules.calling_law import CALLING_LAW, FEDERAL, LONGEST_SOURCE, LOOKED, Hours, LawError, StateHours
from intake.rules.hours import HoursError, HoursProblem, Schedule, instant, local_date
from intake.rules.permissions import Permission
from intake.rules.phone import parse
from intake.rules.typed_hours import read_clock, write_clock
from intake.services import settings
from intake.wording import times
from intake.wording.translation import gettext, lazy_gettext

_SHOWN_FIRST = "TX"
_PROBLEMS = {
    "wider": lazy_gettext("Choose times from 8 am to 9 pm: federal law allows no wider"),
    "backwards": lazy_gettext("Must end after it starts"),
    "too_strict": lazy_gettext("From Monday to Friday, leave noon to 4 pm at least"),
    "missing": lazy_gettext("Enter where it is written, like Tex. Bus. & Com. Code § 301.051"),
    "too_long": lazy_gettext("Source must be 160 characters or fewer"),
}


@dataclass(frozen=True, slots=True)
class LawExample:
    """What today and the next days look like for one state: the day, the law's hours there, and ours within them."""

    state: str
    area: str
    days: tuple[tuple[str, str, str], ...]


class LawPages(SettingsView):
    """A state at a time; all others, whoever has changed them meanwhile, stay."""

    @expose("/law")
    def law(self) -> ResponseReturnValue:
        """The table; with ``state``, its row in the form and in the example."""
        calendar, state = self.stored(), request.args.get("state", "")
        state = state if state in STATES else ""
        return self._law(calendar, _written(calendar, state), calendar, state=state)

    @expose("/law", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_law(self) -> ResponseReturnValue:
        """Save one state; or work out the example for what is typed; or fill in the row we began with."""
        typed, calendar, verb = self.typed(), self.stored(), request.form.get("do")
        state = typed.text("state")
        if state not in STATES:
            abort(404)
        if verb == "default":
            wanted = replace(calendar, law=calendar.law.with_row(state, None))
            return self._law(calendar, _written(wanted, state), wanted, state=state, version=seen_version(typed))
        row = _read(typed)
        if row is None:
            more = {"code": 422, "errors": typed.errors, "version": seen_version(typed)}
            return self._law(calendar, typed.values, None, state=state, **more)
        wanted = replace(calendar, law=calendar.law.with_row(state, row))
        if verb == "check":
            return self._law(calendar, typed.values, wanted, state=state, version=seen_version(typed))
        save = partial(settings.change_law, current_site(), acting(), state, row)
        return self.keep("law", typed, calendar, wanted, save, partial(self._law, state=state))

    def _law(
        self, stored: Calendar, values: Mapping[str, str], wanted: Calendar | None, *, state: str, **more: Any
    ) -> ResponseReturnValue:
        site, now, shown = current_site(), request_time(), wanted or stored
        today = local_date(now, site.time_zone)
        return self.show(
            "law",
            **{"version": stored.id, **more},
            values=values,
            state=state,
            state_name=words.state_name(state),
            rows=sorted((_row(code, row, today) for code, row in stored.law.rows), key=lambda it: str(it["name"])),
            federal=words.week_words(FEDERAL),
            others=[(code, words.state_name(code)) for code in STATES if stored.law.row(code) is None],
            week=[(f"day_{index}", words.weekday(index)) for index in range(7)],
            longest=LONGEST_SOURCE,
            newest=_newest(today),
            is_known=CALLING_LAW.row(state) is not None,
            example=example(site.time_zone, shown, state or _SHOWN_FIRST, now),
            changed=words.changes(stored, wanted) if wanted else [],
            warned=words.old_law(stored, site, now),
        )


def example(zone: str, calendar: Calendar, state: str, now: datetime) -> LawExample:
    """Today and the two days after it, on the clock of a number of that state."""
    number = parse(example_number(state))
    key = key_of(number, zone)
    there, lawful = zones_of(key)[0], legal_hours(key, law=calendar.law)
    ours, today = calendar.callable_hours(key), local_date(now, there)
    days = [today + timedelta(days=ahead) for ahead in range(3)]
    told = tuple((words.date_words(day), _hours(lawful, day, there), _hours(ours, day, there)) for day in days)
    return LawExample(words.state_name(state), number.e164[2:5], told)


def _hours(schedule: Schedule, day: date, zone: str) -> str:
    """What is open on one day of that zone, "9 am to 8 pm CT"."""
    start, end = instant(zone, day, 0), instant(zone, day + timedelta(days=1), 0)
    found = []
    for opens, closes in schedule.intervals(start):
        if opens >= end:
            break
        both = {"start": times.clock(max(opens, start), zone), "end": times.clock(min(closes, end), zone)}
        found.append(gettext("%(start)s to %(end)s", **both))
    if not found:
        return gettext("no calls")
    return f"{', '.join(found)} {times.zone_short(zone, start + timedelta(hours=12))}"


def _row(state: str, row: StateHours, today: date) -> dict[str, Any]:
    return {
        "state": state,
        "name": words.state_name(state),
        "hours": words.week_words(row.days),
        "source": row.source,
        "checked": words.date_words(row.checked_on) if row.checked_on else words.checked_words(row),
        "is_old": row.checked_on is not None and row.is_old(today),
        "is_ours": CALLING_LAW.row(state) != row,
    }


def _written(calendar: Calendar, state: str) -> dict[str, str]:
    """A state's row as fields; the federal hours where it has none."""
    row = calendar.law.row(state)
    checked_on = row.checked_on.isoformat() if row and row.checked_on else ""
    values = {"source": row.source if row else "", "checked_on": checked_on}
    for index, hours in enumerate(row.days if row else FEDERAL):
        name = f"day_{index}"
        if hours is None:
            values[f"{name}_none"] = "1"
        else:
            values |= {f"{name}_from": write_clock(hours[0]), f"{name}_until": write_clock(hours[1])}
    return values


def _read(typed: Typed) -> StateHours | None:
    """The row as typed; None with every mistake named at its field."""
    days = [_day(typed, f"day_{index}") for index in range(7)]
    checked_on = _checked_on(typed)
    if typed.errors or checked_on is None:
        return None
    try:
        return StateHours(tuple(days), typed.text("source"), checked_on)
    except LawError as error:
        day = error.field.partition("day.")[2]
        said = str(_PROBLEMS[error.problem])
        name = f"day_{day}" if day else error.field
        typed.errors[name] = f"{words.weekday(int(day))}: {said}" if day else said
        return None


def _day(typed: Typed, name: str) -> Hours:
    if typed.values.get(f"{name}_none"):
        return None
    try:
        start, until = (read_clock(name, typed.text(f"{name}_{edge}")[:5]) for edge in ("from", "until"))
    except HoursError:
        bad = HoursError(name, "no time", HoursProblem.BAD_TIME)
        typed.errors[name] = words.problem(bad, words.weekday(int(name[-1])))
        return None
    return start, until


def _newest(today: date) -> date:
    """The last day a check can have been made; where a clock is behind, a row we began with is none of the future."""
    return max(today, LOOKED)


def _checked_on(typed: Typed) -> date | None:
    newest = _newest(local_date(request_time(), current_site().time_zone))
    try:
        day = date.fromisoformat(typed.text("checked_on"))
    except ValueError:
        typed.errors["checked_on"] = gettext("Enter the day on which you looked it up")
        return None
    if day > newest:
        typed.errors["checked_on"] = gettext("Enter a day that is not ahead")
        return None
    return day
