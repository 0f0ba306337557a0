"""Holidays and other days with hours of their own: suggested, added by hand, edited, removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time
from intake.admin.outcome_form import Typed
from intake.admin.settings import SettingsView, last_range, read_typed_day, seen_version, written_day
from intake.extensions import current_site
from intake.queries.calendar import Calendar
from intake.rules import public_holidays
from intake.rules.hours import HoursError, HoursProblem, local_date
from intake.rules.permissions import Permission
from intake.rules.typed_hours import nights_that_run_on
from intake.services import settings
from intake.services.settings import SpecialDay
from intake.wording.translation import gettext

LONGEST_REASON = 60
_FARTHEST = timedelta(days=3 * 366)
_RANGES = 2


class HolidayPages(SettingsView):
    """Each change is saved at once; other days, whoever set them meanwhile, stay."""

    @expose("/holidays")
    def holidays(self) -> ResponseReturnValue:
        """The days ahead; with ``day``, one of them in the form; with ``state``, that state's holidays too."""
        calendar = self.stored()
        return self._days(calendar, values=_filled(calendar, request.args.get("day", "")))

    @expose("/holidays", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_day(self) -> ResponseReturnValue:
        """Add a day, or give one that is there other hours."""
        typed, today = self.typed(), self._today()
        day, spans = _read_date(typed, today), read_typed_day(typed, "day")
        reason = typed.text("reason")[:LONGEST_REASON]
        if day is None or spans is None or _runs_on(typed, self.stored(), SpecialDay(day, spans)):
            values, seen = dict(typed.values), seen_version(typed)
            return self._days(self.stored(), code=422, values=values, errors=typed.errors, version=seen)
        return self._save([SpecialDay(day, spans, reason)], typed, values=dict(typed.values))

    @expose("/holidays/remove", methods=("POST",))
    @needs(Permission.SETTINGS)
    def remove_day(self) -> ResponseReturnValue:
        """Back to the usual hours of its weekday."""
        day = _date(request.form.get("day", ""))
        return self._save([SpecialDay(day, None)] if day else [], self.typed())

    @expose("/holidays/suggested", methods=("POST",))
    @needs(Permission.SETTINGS)
    def add_suggested(self) -> ResponseReturnValue:
        """Closed on each holiday that was ticked."""
        state, ticked = request.form.get("state", ""), request.form.getlist("pick")
        names = dict(self._holidays(state))
        days = [SpecialDay(day, (), names[day]) for day in filter(None, map(_date, ticked)) if day in names]
        return self._save(days, self.typed(), state=state, ticked=ticked)

    def _save(self, days: list[SpecialDay], typed: Typed, **form: Any) -> ResponseReturnValue:
        """``form``: what the page shows again if somebody else has set one of these days since it was made."""
        before = self.stored()

        def again(stored: Calendar, _: Mapping[str, str], wanted: Calendar, **more: Any) -> ResponseReturnValue:
            return self._days(stored, changed=words.changes(stored, wanted), **form, **more)

        save = partial(settings.change_days, current_site(), acting(), days)
        return self.keep("holidays", typed, before, settings.with_days(before, days), save, again)

    def _today(self) -> date:
        return local_date(request_time(), current_site().time_zone)

    def _holidays(self, state: str) -> tuple[tuple[date, str], ...]:
        """Public holidays of the coming year, there or, if that is no state, everywhere."""
        try:
            return public_holidays.upcoming(state, self._today())
        except ValueError:
            return public_holidays.upcoming("", self._today())

    def _days(self, calendar: Calendar, **more: Any) -> ResponseReturnValue:
        today, state = self._today(), more.pop("state", request.args.get("state", ""))
        reasons, taken = dict(calendar.hours.reasons), {day for day, _ in calendar.hours.special}
        special = [(day, spans) for day, spans in calendar.hours.special if day >= today - timedelta(days=1)]
        offered = [(day, words.date_words(day), name) for day, name in self._holidays(state) if day not in taken]
        return self.show(
            "holidays",
            shown_version=calendar.id,
            **{"version": calendar.id, "values": _filled(calendar, ""), **more},
            days=[(day, words.date_words(day), words.day_words(spans), reasons.get(day, "")) for day, spans in special],
            past=len(calendar.hours.special) - len(special),
            offered=offered,
            states=public_holidays.states(),
            state=state,
            numbers=range(_RANGES),
            warned=[
                *words.no_holidays(calendar, current_site(), request_time()),
                *words.warnings(current_site(), calendar, request_time()),
            ],
        )


def _runs_on(typed: Typed, stored: Calendar, special: SpecialDay) -> bool:
    """Whether the night before would run into this day, or its own into the next: named at its field."""
    hours = settings.with_days(stored, [special]).hours
    for evening, morning in nights_that_run_on(hours, [special.day]):
        if morning == special.day:
            said = gettext("Must start after the night of %(day)s ends", day=words.date_words(evening))
            typed.errors["day_0"] = said
        else:
            said = gettext("Must end before the hours of %(day)s begin", day=words.date_words(morning))
            typed.errors.setdefault(last_range(typed, "day"), said)
    return bool(typed.errors)


def _filled(calendar: Calendar, text: str) -> dict[str, str]:
    """The form for a day that is listed; a new day starts as closed."""
    day = _date(text)
    spans = dict(calendar.hours.special).get(day) if day else None
    if day is None or spans is None:
        return {"day_closed": "1"}
    reason = dict(calendar.hours.reasons).get(day, "")
    return {"date": day.isoformat(), "reason": reason, **written_day("day", spans)}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _read_date(typed: Typed, today: date) -> date | None:
    day = _date(typed.text("date"))
    if day is None:
        typed.errors["date"] = words.problem(HoursError("date", "not a date", HoursProblem.BAD_DATE))
    elif not today <= day <= today + _FARTHEST:
        typed.errors["date"] = gettext("Choose a day from today on, at most three years ahead")
        return None
    return day
