"""Morning, hand-over and board: what gathered overnight, what crosses closing time, and figures without a name."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, SignIn
from intake.models.site import Site
from intake.rules.spam import Signals
from intake.rules.windows import Window
from intake.rules.workflow import Disposition
from intake.services import calls, casework, claims
from intake.services.calls import Outcome
from tests.admin.desk import Desk, at, words
from tests.making import ask, stored

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHT = 10 * HOUR
"""Before noon: two in the morning."""
GUAM = "671-555-0100"


def listed(view: str) -> list[int]:
    """Whom the record says that this list has shown."""
    with reading() as conn:
        entries = conn.execute(select(Audit.details).where(Audit.action == "queue.viewed")).scalars()
        return [one for details in entries if details["view"] == view for one in details["ids"]]


def test_the_morning_lists_the_night_in_calling_order_with_what_is_done_and_left(
    maria: Desk, site: Site, now: datetime
) -> None:
    asleep = ask(site, now - NIGHT - HOUR, phone=GUAM).reference
    second, done = ask(site, now - NIGHT).reference, ask(site, now - NIGHT).reference
    ask(site, now - NIGHT, signals=Signals(honeypot=True, seconds_to_fill=0.1))
    today, yesterday = ask(site, now - HOUR).reference, ask(site, now - 18 * HOUR).reference
    calls.log_attempt(site, maria.actor, done, Outcome(Disposition.NO_ANSWER), now=now - HOUR)
    html = maria.text("/admin/queue/morning")
    text = words(html)
    assert "1 done · 2 left" in text and "1 more is to be checked first" in text
    assert html.index(second) < html.index(asleep)
    assert re.search(r"now Overdue.*Call from 5 pm ET", text)
    assert not any(reference in html for reference in (done, today, yesterday))
    assert sorted(listed("morning")) == sorted(stored(reference).id for reference in (second, asleep))
    assert maria.post("/admin/queue/next").status_code == 303


def test_a_morning_after_a_quiet_night_says_so(maria: Desk) -> None:
    assert "Nobody who is to be called wrote while we were closed." in words(maria.text("/admin/queue/morning"))


def test_the_hand_over_sheet_groups_what_outlasts_the_day_by_owner_without_numbers(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    held, booked, tonight, tomorrow = (ask(site, now, phone="312-555-0199").reference for _ in range(4))
    claims.claim(site, maria.actor, held, now=now)
    casework.add_note(site, maria.actor, held, "Ask for the night shift", now=now)
    claims.claim(site, dev.actor, booked, now=now)
    later = Outcome(Disposition.NO_ANSWER, next_at=now + 22 * HOUR)
    calls.log_attempt(site, dev.actor, tomorrow, later, now=now)
    claims.release(site, dev.actor, tomorrow, now=now)
    window = ask(site, now, window=Window(now + 22 * HOUR, now + 24 * HOUR)).reference
    html = maria.text("/admin/queue/handover")
    text = words(html)
    assert tonight not in html and "0199" not in text and "night shift" not in text
    order = [html.index(f">{name} <") for name in ("Dev", "Maria", "Nobody yet")]
    assert order == sorted(order)
    assert html.index("Dev <") < html.index(booked) < html.index("Maria <") < html.index(held)
    assert html.index("Nobody yet <") < min(html.index(tomorrow), html.index(window))
    assert "next try Thu 19 Nov 10 am ET" in text and "promised Thu 19 Nov, 10 am to noon ET" in text
    assert set(listed("handover")) == {stored(one).id for one in (held, booked, tomorrow, window)}


def test_whoever_is_overdue_stands_first_on_the_hand_over_sheet_with_who_holds_them(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    free, held, fresh = (ask(site, now - minutes * MINUTE).reference for minutes in (60, 45, 1))
    for reference in (held, fresh):
        claims.claim(site, dev.actor, reference, now=now)
    html = maria.text("/admin/queue/handover")
    text = words(html)
    first = text.index("Overdue: to be called first 2")
    assert first < text.index(free) < text.index(held) < text.index(" Dev 1 ") < text.index(fresh)
    assert re.search(rf"{free} Ana Nobody yet Overdue since Wed 18 Nov 11:15 am ET", text)
    assert re.search(rf"{held} Ana Dev Overdue since Wed 18 Nov 11:30 am ET", text)
    assert "made Wed 18 Nov 2026 noon ET" in text and "day that ends Wed 18 Nov 2026 8 pm ET" in text
    assert "data-due=" not in html and "omorrow" not in text


def test_the_hand_over_sheet_says_who_may_be_in_danger(maria: Desk, site: Site, now: datetime) -> None:
    ask(site, now, phone="(212) 555-0101")
    danger = ask(site, now, message="I want to die", phone="(212) 555-0102").reference
    text = words(maria.text("/admin/queue/handover"))
    assert text.count("Possible crisis") == 1 and re.search(rf"{danger} Ana Possible crisis", text)


def test_the_hand_over_sheet_of_one_who_leaves_leaves_out_what_others_hold(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    mine, theirs = ask(site, now).reference, ask(site, now).reference
    claims.claim(site, maria.actor, mine, now=now)
    claims.claim(site, dev.actor, theirs, now=now)
    html = maria.text(f"/admin/queue/handover?person={maria.actor.user_id}")
    assert mine in html and theirs not in html and "Hand-over: Maria" in words(html)
    assert theirs in maria.text("/admin/queue/handover?person=nobody")


def test_the_board_shows_figures_and_nobodys_name(maria: Desk, site: Site, now: datetime) -> None:
    overdue, kept = (ask(site, now - timedelta(minutes=75), name="Zebulon").reference for _ in range(2))
    ask(site, now)
    calls.log_attempt(site, maria.actor, kept, Outcome(Disposition.SPOKE_INFORMATION), now=now - HOUR)
    answer = maria.get("/admin/queue/board")
    html = answer.get_data(as_text=True)
    text = words(html)
    assert answer.headers["Refresh"] == "30"
    assert "Due now 1" in text and "Overdue 1" in text and "Waiting for somebody 2" in text
    assert "Longest wait 1 h 15 min" in text and "Promises kept 1 of 2" in text
    assert not any(word in html for word in ("Zebulon", "Maria", overdue, kept))
    assert "Refresh" not in maria.get("/admin/queue/board?still=1").headers


def test_the_board_runs_on_behind_the_lock_but_keeps_no_session_alive(maria: Desk, now: datetime) -> None:
    def seen() -> datetime:
        with reading() as conn:
            return conn.execute(select(SignIn.last_seen_at).order_by(SignIn.id.desc()).limit(1)).scalar_one()

    before = seen()
    for minutes in (5, 14, 20, 59):
        with at(now + minutes * MINUTE):
            assert maria.get("/admin/queue/board").status_code == 200
            assert seen() == before
    with at(now + 20 * MINUTE):
        assert maria.get("/admin/queue/").status_code == 423
    with at(now + 61 * MINUTE):
        assert maria.get("/admin/queue/board").status_code == 302


def test_an_empty_board_says_that_nobody_waits(maria: Desk) -> None:
    text = words(maria.text("/admin/queue/board"))
    assert "Overdue 0" in text and "Longest wait – " in text and "Promises kept – " in text
