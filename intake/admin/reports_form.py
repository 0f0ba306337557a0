"""What a report is asked to tell: the period and the filters as an address holds them, and as the query takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from intake.queries.facts import Asked
from intake.rules.bands import Clock
from intake.rules.parts import NO_SOURCE
from intake.rules.periods import Period, PeriodError, PeriodProblem, Preset, between, preset
from intake.rules.workflow import ForWhom
from intake.wording import languages
from intake.wording.translation import gettext

USUAL = Preset.DAYS_28
_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,12}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What stands in the fields, what is wrong with it by field, and what is told."""

    asked: Asked
    chosen: str
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> dict[str, Any]:
        """All of it for a link; what is usual is left out."""
        one = self.asked
        days = {"from": one.period.first_on.isoformat(), "to": one.period.last_on.isoformat()}
        told = {
            **({"period": self.chosen} if self.chosen else days),
            "clock": "" if one.clock is Clock.OPEN else one.clock.value,
            "person": "" if one.person is None else str(one.person),
            "source": "" if one.source is None else one.source or NO_SOURCE,
            "language": one.language,
            "for_whom": one.for_whom,
        }
        return {name: value for name, value in told.items() if value and (name, value) != ("period", USUAL.value)}


def read(args: Mapping[str, Any], today: date) -> Wanted:
    """What the address asks for. A word that means nothing asks for nothing; days that cannot be are said at the field,
    and the usual period is told. Days that are typed go before a period of the list, unless they were ``shown``
    there before it was chosen.
    """
    typed, named = {name: str(args.get(name, "")).strip()[:10] for name in ("from", "to")}, str(args.get("period", ""))
    if named in set(Preset) and ",".join(typed.values()) == args.get("shown"):
        typed = dict.fromkeys(typed, "")
    errors: dict[str, str] = {}
    chosen, period = "", None
    if any(typed.values()):
        period = _days(typed, today, errors)
    if period is None:
        chosen = named if named in set(Preset) else USUAL.value
        period = preset(Preset(chosen), today)
    return Wanted(_asked(args, period), chosen, typed, errors)


def _asked(args: Mapping[str, Any], period: Period) -> Asked:
    clock, person, source, language, for_whom = (
        str(args.get(name, "")) for name in ("clock", "person", "source", "language", "for_whom")
    )
    is_person = person.isascii() and person.isdigit() and len(person) < 10
    is_source = bool(_SOURCE.fullmatch(source))
    return Asked(
        period,
        Clock.ALL if clock == Clock.ALL else Clock.OPEN,
        person=int(person) if is_person else None,
        source=("" if source == NO_SOURCE else source) if is_source else None,
        language=language if language in languages.LANGUAGES else "",
        for_whom=for_whom if for_whom in set(ForWhom) else "",
    )


def _days(typed: Mapping[str, str], today: date, errors: dict[str, str]) -> Period | None:
    """The days that were typed; a missing one is today, or the other one."""
    first, last = (_day(typed[name], name, errors) for name in ("from", "to"))
    if errors:
        return None
    try:
        return between(first or last or today, last or today, today)
    except PeriodError as error:
        errors["to" if error.problem is PeriodProblem.BACKWARDS else "from"] = _problem(error.problem)
        return None


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year < 2200:
        errors[name] = gettext("Write the day like 2026-11-18")
        return None
    return found


def _problem(problem: PeriodProblem) -> str:
    return {
        PeriodProblem.BACKWARDS: gettext("This day is before the first one"),
        PeriodProblem.AHEAD: gettext("This day has not come yet"),
        PeriodProblem.TOO_LONG: gettext("Choose three years or less"),
    }[problem]
