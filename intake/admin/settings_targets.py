"""Targets: how soon to call, and what the promise to the visitor reckons with."""

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
from intake.extensions import current_site
from intake.queries.calendar import Calendar
from intake.rules.permissions import Permission
from intake.rules.promise import ResponseTarget
from intake.services import settings
from intake.wording.translation import gettext

RANGES = {
    "minutes": (1, 2880), "percent": (1, 100), "due_soon_minutes": (0, 240), "minutes_per_call": (1, 240),
    "callers_on_duty": (1, 200), "check_minutes": (1, 2880),
}  # fmt: skip
"""The fields with the lowest and highest number each takes."""


class TargetPages(SettingsView):
    """Everything here holds for requests that come from now on."""

    @expose("/targets")
    def targets(self) -> ResponseReturnValue:
        """The target in force, with an example."""
        calendar, errors = self.stored(), dict[str, str]()
        shown = self.worked_out(calendar, request.args, errors)
        return self._targets(calendar, _written(calendar.target), calendar, errors=errors, example=shown)

    @expose("/targets", methods=("POST",))
    @needs(Permission.SETTINGS)
    def save_targets(self) -> ResponseReturnValue:
        """Save; or work out the example for what is typed; or fill in the default."""
        typed, calendar, verb = self.typed(), self.stored(), request.form.get("do")
        if verb == "default":
            return self._try(typed, calendar, ResponseTarget(), _written(ResponseTarget()))
        target = _read(typed, calendar.target)
        if target is None:
            seen = seen_version(typed)
            return self._targets(calendar, typed.values, None, code=422, errors=typed.errors, version=seen)
        if verb == "check":
            return self._try(typed, calendar, target, typed.values)
        wanted = replace(calendar, target=target)
        save = partial(settings.change_target, current_site(), acting(), target)
        return self.keep("targets", typed, calendar, wanted, save, self._targets)

    def _try(
        self, typed: Typed, stored: Calendar, target: ResponseTarget, values: Mapping[str, str]
    ) -> ResponseReturnValue:
        wanted = replace(stored, target=target)
        shown = self.worked_out(wanted, typed.values, typed.errors)
        more = {"code": 422 if typed.errors else 200, "version": seen_version(typed)}
        return self._targets(stored, values, wanted, errors=typed.errors, example=shown, **more)

    def _targets(
        self, stored: Calendar, values: Mapping[str, str], wanted: Calendar | None, **more: Any
    ) -> ResponseReturnValue:
        shown = wanted or stored
        more.setdefault("example", self.worked_out(shown, {}, {}))
        return self.show(
            "targets",
            **{"version": stored.id, **more},
            values=values,
            goal=words.goal(stored.target),
            fields=[(name, words.label(name), *RANGES[name]) for name in RANGES],
            changed=words.changes(stored, wanted) if wanted else [],
            warned=words.warnings(current_site(), shown, request_time()),
        )


def _written(target: ResponseTarget) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(target).items()}


def _read(typed: Typed, before: ResponseTarget) -> ResponseTarget | None:
    """The numbers as typed; None with every mistake named at its field."""
    numbers = {name: read_number(typed, name, *bounds) for name, bounds in RANGES.items()}
    minutes, soon = numbers["minutes"], numbers["due_soon_minutes"]
    if minutes is not None and soon is not None and soon >= minutes:
        typed.errors["due_soon_minutes"] = gettext(
            "Must be less than the target of %(minutes)s minutes", minutes=minutes
        )
    found = {name: number for name, number in numbers.items() if number is not None}
    return None if typed.errors else replace(before, **found)


def read_number(typed: Typed, name: str, lowest: int, highest: int) -> int | None:
    """A whole number between two others; None with the mistake noted."""
    text = typed.text(name)
    if text.isascii() and text.isdigit() and len(text) < 6 and lowest <= int(text) <= highest:
        return int(text)
    typed.errors[name] = gettext("Enter a whole number from %(lowest)s to %(highest)s", lowest=lowest, highest=highest)
    return None
