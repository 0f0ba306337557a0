"""Holidays and other days with hours of their own: suggested, added by hand, edited, removed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time
from intake.admin.outcome_form import Typed
from intake.admin.settings import SettingsView, read_typed_day, written_day
from intake.extensions import current_site
from intake.queries.calendar import Calendar
from intake.rules import public_holidays
from intake.rules.hours import HoursError, HoursProblem, local_date
from intake.rules.permissions import Permission
from intake.services import settings
from intake.services.settings import SpecialDay
from intake.wording.translation import gettext

LONGEST_REASON = 60
_FARTHEST = timedelta(days=3 * 366)
_RANGES = 2


class HolidayPages(SettingsView):
    """Each change is saved at once; days that other people added meanwhile stay."""

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
        if day is None or spans is None:
            return self._days(self.stored(), code=422, values=dict(typed.values), errors=typed.errors)
        return self._save([SpecialDay(day, spans, reason)])

    @expose("/holidays/remove", methods=("POST",))
    @needs(Permission.SETTINGS)
    def remove_day(self) -> ResponseReturnValue:
        """Back to the usual hours of its weekday."""
        day = _date(request.form.get("day", ""))
        return self._save([SpecialDay(day, None)] if day else [])

    @expose("/holidays/suggested", methods=("POST",))
    @needs(Permission.SETTINGS)
    def add_suggested(self) -> ResponseReturnValue:
        """Closed on each holiday that was ticked."""
        offered = dict(self._offered(self.stored(), request.form.get("state", "")))
        picked = filter(None, map(_date, request.form.getlist("pick")))
        return self._save([SpecialDay(day, (), offered[day]) for day in picked if day in offered])

    def _save(self, days: list[SpecialDay]) -> ResponseReturnValue:
        before = self.stored()
        change = words.sentence(words.changes(before, settings.with_days(before, days)))
        settings.change_days(current_site(), acting(), days, words=change, now=request_time())
        return self.saved("holidays", change)

    def _today(self) -> date:
        return local_date(request_time(), current_site().time_zone)

    def _offered(self, calendar: Calendar, state: str) -> list[tuple[date, str]]:
        """Public holidays of the coming year that have no hours of their own yet."""
        try:
            found = public_holidays.upcoming(state, self._today())
        except ValueError:
            found = public_holidays.upcoming("", self._today())
        taken = {day for day, _ in calendar.hours.special}
        return [(day, name) for day, name in found if day not in taken]

    def _days(self, calendar: Calendar, **more: Any) -> ResponseReturnValue:
        today, state = self._today(), request.args.get("state", "")
        reasons = dict(calendar.hours.reasons)
        special = [(day, spans) for day, spans in calendar.hours.special if day >= today - timedelta(days=1)]
        return self.show(
            "holidays",
            **more,
            days=[(day, words.date_words(day), words.day_words(spans), reasons.get(day, "")) for day, spans in special],
            past=len(calendar.hours.special) - len(special),
            offered=[(day, words.date_words(day), name) for day, name in self._offered(calendar, state)],
            states=public_holidays.states(),
            state=state,
            numbers=range(_RANGES),
            warned=words.warnings(current_site(), calendar, request_time()),
        )


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
