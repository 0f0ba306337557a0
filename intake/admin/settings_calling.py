"""Calling rules: how often and when people are called, as strict as the house likes, never wider than the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import settings_words as words
from intake.admin.base import acting, needs, request_time
from intake.admin.outcome_form import Typed
from intake.admin.settings import SettingsView, seen_version
from intake.admin.settings_targets import read_number
from intake.database import reading
from intake.extensions import current_site
from intake.queries import suppression
from intake.queries.calendar import Calendar
from intake.rules.hours import HoursError, HoursProblem
from intake.rules.limits import BOUNDS, EARLIEST, LATEST, STANDARD, CallingRules, wider
from intake.rules.permissions import Permission
from intake.rules.typed_hours import read_clock, write_clock
from intake.services import settings
from intake.wording.translation import gettext


class CallingPages(SettingsView):
    """The next call of every open request obeys them, and so does each promise from now on."""

    @expose("/calling")
    def calling(self) -> ResponseReturnValue:
        """The rules in force, beside the law's hours."""
        calendar, errors = self.stored(), dict[str, str]()
        shown = self.worked_out(calendar, request.args, errors)
        return self._calling(calendar, _written(calendar.calling), calendar, errors=errors, example=shown)

    @expose("/calling", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_calling(self) -> ResponseReturnValue:
        """Save; or work out the example for what is typed; or fill in the default."""
        typed, calendar, verb = self.typed(), self.stored(), request.form.get("do")
        if verb == "default":
            return self._try_calling(typed, calendar, STANDARD, _written(STANDARD))
        rules = _read(typed)
        if rules is None:
            seen = seen_version(typed)
            return self._calling(calendar, typed.values, None, code=422, errors=typed.errors, version=seen)
        if verb == "check":
            return self._try_calling(typed, calendar, rules, typed.values)
        wanted = replace(calendar, calling=rules)
        save = partial(settings.change_calling, current_site(), acting(), rules)
        return self.keep("calling", typed, calendar, wanted, save, self._calling)

    def _try_calling(
        self, typed: Typed, stored: Calendar, rules: CallingRules, values: Mapping[str, str]
    ) -> ResponseReturnValue:
        wanted = replace(stored, calling=rules)
        shown = self.worked_out(wanted, typed.values, typed.errors)
        more = {"code": 422 if typed.errors else 200, "version": seen_version(typed)}
        return self._calling(stored, values, wanted, errors=typed.errors, example=shown, **more)

    def _calling(
        self, stored: Calendar, values: Mapping[str, str], wanted: Calendar | None, **more: Any
    ) -> ResponseReturnValue:
        shown = wanted or stored
        more.setdefault("example", self.worked_out(shown, {}, {}))
        with reading() as conn:
            suppressed = suppression.count(conn)
        return self.show(
            "calling",
            **{"version": stored.id, **more},
            values=values,
            fields=[_field(name) for name in BOUNDS],
            lawful=(words.clock_words(EARLIEST), words.clock_words(LATEST)),
            stricter=len(shown.law.rows),
            suppressed=suppressed,
            changed=words.changes(stored, wanted) if wanted else [],
            warned=words.warnings(current_site(), shown, request_time()),
        )


def _field(name: str) -> tuple[str, str, bool, str, str]:
    """Name, label, whether it is a time of day, and the bounds as people read them."""
    is_time = name in words.TIMES_OF_DAY
    lowest, highest = (words.clock_words(bound) if is_time else str(bound) for bound in BOUNDS[name])
    return name, words.label(name), is_time, lowest, highest


def _written(rules: CallingRules) -> dict[str, str]:
    times = words.TIMES_OF_DAY
    return {name: write_clock(value) if name in times else str(value) for name, value in asdict(rules).items()}


def _read(typed: Typed) -> CallingRules | None:
    """The rules as typed; None with every mistake, and every wish to go beyond the bounds, named at its field."""
    found: dict[str, int | None] = {}
    for name, (lowest, highest) in BOUNDS.items():
        is_time = name in words.TIMES_OF_DAY
        found[name] = _time(typed, name, lowest, highest) if is_time else read_number(typed, name, lowest, highest)
    if typed.errors:
        return None
    rules = CallingRules(**{name: value for name, value in found.items() if value is not None})
    for name in wider(rules):
        typed.errors[name] = gettext("Leave at least four hours a day to call in")
    return None if typed.errors else rules


def _time(typed: Typed, name: str, lowest: int, highest: int) -> int | None:
    try:
        minutes = read_clock(name, typed.text(name)[:5])
    except HoursError:
        typed.errors[name] = words.problem(HoursError(name, "no time", HoursProblem.BAD_TIME))
        return None
    if not lowest <= minutes <= highest:
        bounds = {"lowest": words.clock_words(lowest), "highest": words.clock_words(highest)}
        typed.errors[name] = gettext("Choose a time from %(lowest)s to %(highest)s: the law allows no wider", **bounds)
    return minutes
