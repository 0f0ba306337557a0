"""What is said of figures that are not what they were when they were given out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from intake.models.reports import Way
from intake.queries.facts import Asked
from intake.queries.kept_report import Changed, Difference, Given, Told, Word
from intake.queries.report import Figures
from intake.rules.bands import BANDS
from intake.rules.counting import End, Kept, Kind, Reach, State
from intake.rules.periods import Period
from intake.rules.survival import Waits
from intake.wording.given_out import sentences

NOW = datetime(2026, 11, 18, 19, 0, tzinfo=UTC)
SIX = {Kind.COUNTED: 6}


def said(old: Figures, new: Figures, *changed: Changed, way: Way = Way.WEEK) -> str:
    asked = Asked(Period(date(2026, 11, 9), date(2026, 11, 15)))
    given = Given(way, asked, NOW, 15, 90, old, Figures(), (), 0, None)
    return sentences(Difference(given, new, changed), "America/New_York", NOW).replace("\xa0", " ")


def test_each_figure_that_changed_has_a_sentence() -> None:
    old = Figures(
        kinds=SIX, states={State.MET: 6}, kept={Kept.KEPT: 6}, wishes={Kept.KEPT: 1}, waits=Waits({5: 20}),
    )  # fmt: skip
    new = Figures(
        kinds=SIX, states={State.MET: 5, State.LATE: 1}, kept={Kept.KEPT: 3, Kept.BROKEN: 3}, wishes={Kept.BROKEN: 1},
        waits=Waits({25: 20}), reached={Reach.TRYING: 3},
    )  # fmt: skip
    assert said(
        old,
        new,
        Changed(Told.PROMISES, ((Kept.KEPT, -3), (Kept.BROKEN, 3))),
        Changed(Told.IN_TARGET, ((State.MET, -1), (State.LATE, 1))),
        Changed(Told.HALF, ()),
        Changed(Told.NINE_TENTHS, ()),
        Changed(Told.REACHED, ((Reach.FIRST, -3), (Reach.TRYING, 3))),
        Changed(Told.WISHES, ((Kept.KEPT, -1), (Kept.BROKEN, 1))),
    ) == (
        "Mailed 2 pm ET. "
        "Promises kept: 100 % (6 of 6), now 50 % (3 of 6): 3 fewer promise kept, 3 more promise missed. "
        "Called in target: 100 % (6 of 6), now 83 % (5 of 6): 1 fewer called in target, 1 more called late. "
        "Half were called within: 5 min, now 25 min. "
        "9 of 10 were called within: 5 min, now 25 min. "
        "Reached: 100 % (6 of 6), now 50 % (3 of 6): 3 fewer 1st try, 3 more trying still. "
        "Requested times kept: 100 % (1 of 1), now 0 % (0 of 1): 1 fewer kept, 1 more missed."
    )


@pytest.mark.parametrize(
    ("told", "changes", "words"),
    [
        (Told.FIRST_CALLS, ((BANDS[0], 1), (End.NEVER, -1)), "First call: 1 more 0–5 min, 1 fewer never called."),
        (Told.KINDS, ((Kind.COUNTED, -2), (Kind.SPAM, 2)), "What is counted: 2 fewer counted, 2 more spam."),
        (Told.WISHES, ((Kept.PENDING, -1),), "Requested times kept: 1 fewer still to come."),
        (Told.AGREED, ((Kept.BROKEN, 1),), "Times agreed later kept: 1 more missed."),
    ],
)
def test_where_no_single_figure_changed_the_numbers_say_it(
    told: Told, changes: tuple[tuple[Word, int], ...], words: str
) -> None:
    assert said(Figures(), Figures(), Changed(told, changes), way=Way.CSV) == f"Given out 2 pm ET. {words}"


def test_of_days_that_were_not_over_it_is_said_that_more_has_come_since() -> None:
    asked = Asked(Period(date(2026, 11, 12), date(2026, 11, 18)))
    given = Given(Way.JSON, asked, NOW, 15, 90, Figures(kinds=SIX), Figures(), (), 0, None)
    one = Difference(given, Figures(), (Changed(Told.KINDS, ((Kind.COUNTED, 2),)),), is_over=False)
    assert sentences(one, "America/New_York", NOW).replace("\xa0", " ") == (
        "Given out 2 pm ET, before these days were over: what came since is in the figures now. "
        "What is counted: 2 more counted."
    )
