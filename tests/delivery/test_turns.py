"""The worker's duties besides mail: each in its turn, and none that another's trouble keeps waiting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from intake.delivery.turns import Turn, all_turns
from intake.models.site import Site

SECOND = timedelta(seconds=1)


def test_every_duty_is_done_where_there_is_nothing_to_do(
    site: Site, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    for turn in all_turns():
        turn.take(site, now)
        assert turn.last == now
    assert "failed" not in caplog.text


def test_a_duty_comes_again_when_it_is_time_and_when_the_clock_was_set_back(site: Site, now: datetime) -> None:
    done: list[datetime] = []
    turn = Turn("looking", 5 * SECOND, lambda _site, at: done.append(at))
    for seconds in (0, 4, 5, 9, 3, 10):
        turn.take(site, now + seconds * SECOND)
    assert [(at - now).seconds for at in done] == [0, 5, 3, 10]


def test_a_duty_that_fails_is_logged_by_its_name_and_tried_again(
    site: Site, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_site: Site, _now: datetime) -> None:
        raise RuntimeError("no")

    turn = Turn("looking", 5 * SECOND, fail)
    turn.take(site, now)
    turn.take(site, now + 5 * SECOND)
    assert caplog.text.count("looking failed; tried again in 5 s") == 2
