"""Which requests of a report are meant, in plain words: "called in target, arrived Mon 9 am to 10 am"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from intake.queries.facts import Asked
from intake.rules.bands import BANDS, Clock
from intake.rules.counting import End, Kept, Kind, Reach, State, Tries
from intake.rules.parts import CALLS, NO_PERSON, NO_SOURCE, Mark, Part, read
from intake.rules.workflow import ForWhom
from intake.wording import figures, languages, names
from intake.wording.times import capitalised
from intake.wording.translation import gettext, lazy_gettext

_MARKS = {
    Mark.MISSED: lazy_gettext("target missed"),
    Mark.JUDGED: lazy_gettext("target met or missed"),
    Mark.REACHED: lazy_gettext("reached"),
    Mark.PROMISED: lazy_gettext("told a time by which we call"),
    Mark.BOOKED: lazy_gettext("appointment made"),
    Mark.WAITS: lazy_gettext("wanted a quick call"),
}
_NO_LONGER_TOLD = {
    "late.none": lazy_gettext("not called yet, not due yet"),
    "late.15": lazy_gettext("not called yet, late by up to 15 min"),
    "late.60": lazy_gettext("not called yet, late by 15–60 min"),
    "late.240": lazy_gettext("not called yet, late by 1–4 h"),
    "late.more": lazy_gettext("not called yet, late by over 4 h"),
}
"""Conditions of figures that the reports once had: the record is kept for longer than they were."""


def title(part: Part, people: Mapping[int, str], today: date) -> str:
    """A heading; ``people``: names by id."""
    return capitalised(phrase(part, people, today))


def phrase(part: Part, people: Mapping[int, str], today: date) -> str:
    """All conditions, the most telling ones first. What goes without saying is not said."""
    told = [_alternatives(name, values, people, today) for name, values in _said(part)]
    told = [*(str(_MARKS[mark]) for mark in sorted(part.marks) if not _goes_without(mark, part)), *told]
    return ", ".join(told) or (gettext("all that are counted") if part.kinds else gettext("all requests"))


def filters(asked: Asked, people: Mapping[int, str]) -> list[str]:
    """What a report is narrowed by, besides its days and its clock."""
    told = []
    if asked.person is not None:
        told.append(_value("person", str(asked.person), people, date.max))
    if asked.source is not None:
        told.append(_source(asked.source or NO_SOURCE))
    if asked.language:
        told.append(languages.language(asked.language))
    if asked.for_whom:
        told.append(gettext("for whom: %(whom)s", whom=names.for_whom(ForWhom(asked.for_whom))))
    return told


def by_clock(clock: Clock) -> str:
    """How minutes are counted."""
    return gettext("by opening hours") if clock is Clock.OPEN else gettext("by all hours")


def on_record(of: str) -> str:
    """Likewise for an entry of the record, where nobody is named, also of a figure that there is no more."""
    if of == CALLS:
        return gettext("calls made")
    conditions = of.split(",")
    gone = gettext(" or ").join(str(_NO_LONGER_TOLD[one]) for one in conditions if one in _NO_LONGER_TOLD)
    rest = ",".join(one for one in conditions if one not in _NO_LONGER_TOLD)
    try:
        said = "" if gone and not rest else phrase(read(rest), {}, date.max)
    except ValueError:
        said = gettext("one that the reports do not tell any more")
    return ", ".join(filter(None, (gone, said)))


def _said(part: Part) -> list[tuple[str, tuple[str, ...]]]:
    """ "Counted" is said only where nothing else is."""
    return [one for one in part.values.items() if one != ("kind", (Kind.COUNTED.value,))]


def _goes_without(mark: Mark, part: Part) -> bool:
    return mark is Mark.PROMISED and "kept" in part.values


def _alternatives(name: str, values: tuple[str, ...], people: Mapping[int, str], today: date) -> str:
    if name == "beside":
        codes = ", ".join(gettext("no code") if one == NO_SOURCE else one for one in values)
        return gettext("other pages than %(codes)s", codes=codes)
    said = gettext(" or ").join(_value(name, one, people, today) for one in values)
    return gettext("marked as %(why)s", why=said) if name == "marked" else said


def _value(name: str, value: str, people: Mapping[int, str], today: date) -> str:
    say: dict[str, Callable[[], str]] = {
        "kind": lambda: figures.kind(Kind(value)),
        "state": lambda: figures.state(State(value)),
        "kept": lambda: figures.kept(Kept(value)),
        "wish": lambda: gettext("requested time %(how)s", how=figures.wish(Kept(value))),
        "agreed": lambda: _agreed(Kept(value)),
        "end": lambda: _end(End(value)),
        "reach": lambda: _reach(Reach(value)),
        "tries": lambda: figures.tries(Tries(value)),
        "band": lambda: gettext("called within %(band)s", band=_band(value)),
        "age": lambda: gettext("not called yet, has waited %(time)s", time=_band(value)),
        "arrival": lambda: gettext("arrived while open") if value == "open" else gettext("arrived while closed"),
        "hour": lambda: gettext("arrived %(hour)s", hour=figures.hour_of_week(*divmod(int(value), 24))),
        "week": lambda: gettext("week from %(day)s", day=figures.day(date.fromisoformat(value), today)),
        "source": lambda: (
            gettext("without a page code") if value == NO_SOURCE else gettext("page %(code)s", code=value)
        ),
        "person": lambda: _first_by(value, people),
        "marked": lambda: figures.kind(Kind(value)),
    }
    return say[name]()


def _source(code: str) -> str:
    return gettext("without a page code") if code == NO_SOURCE else gettext("page %(code)s", code=code)


def _agreed(kept: Kept) -> str:
    """They are not one figure with the requested times, and a list must not read as if they were."""
    if kept is Kept.NONE:
        return gettext("no time agreed later")
    return gettext("time agreed later %(how)s", how=figures.wish(kept))


def _end(end: End) -> str:
    return {
        End.CALLED: gettext("called"),
        End.CLOSED: gettext("called while we were closed"),
        End.LEFT: gettext("cancelled or called us before our first call"),
        End.NEVER: gettext("ended without a call"),
        End.WAITING: gettext("not called yet"),
    }[end]


def _reach(reach: Reach) -> str:
    if reach in (Reach.FIRST, Reach.SECOND, Reach.THIRD, Reach.LATER):
        return gettext("reached at try: %(which)s", which=figures.reach(reach))
    return figures.reach(reach)


def _band(key: str) -> str:
    return figures.band(next(band for band in BANDS if band.key == key))


def _first_by(value: str, people: Mapping[int, str]) -> str:
    if value == NO_PERSON:
        return gettext("called first by nobody")
    return gettext("first call by %(person)s", person=people.get(int(value)) or gettext("one person"))
