"""The list of what lies under "Check": decided by one press, in its own time, and what became of it in figures."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import update

from intake.database import reading, writing
from intake.models import CallbackRequest
from intake.models.site import Site
from intake.queries import checked
from intake.rules.spam import Signals
from intake.rules.workflow import Disposition
from intake.services import calls, casework
from intake.services.calls import Outcome
from tests.admin.desk import Desk, words
from tests.admin.test_queue import minutes, references
from tests.admin.test_settings import TARGETS, fields
from tests.making import ask, stored


def test_one_press_takes_a_real_person_out_of_check_and_the_share_is_told(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    real, spam, late = (
        ask(site, now - minutes(number), signals=Signals(honeypot=True, seconds_to_fill=0.3)).reference
        for number in (0, 1, 70)
    )
    html = maria.text("/admin/queue/?view=check")
    assert "Nothing was decided here" in words(html) and "1 past their time" in words(html)
    assert f'formaction="/admin/queue/{real}/rescue"' in html
    back = maria.press(real, "rescue", **{"from": "queue", "view": "check"})
    assert back.location.endswith("/admin/queue/?view=check")
    casework.mark_spam(site, dev.actor, spam, now=now)  # type: ignore[arg-type]
    html = maria.text("/admin/queue/?view=check")
    assert "1 of 2 decided in the last 28 days were real people" in words(html)
    assert late in html and real not in references(html)
    assert real in references(maria.text("/admin/queue/?view=unclaimed"))


def test_the_check_list_tells_how_many_were_looked_at_within_their_time(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    told = "looked at within their time, which is now 60 opening minutes."
    soon, tardy, _waits = (
        ask(site, now - minutes(number), signals=Signals(honeypot=True, seconds_to_fill=0.3)).reference
        for number in (10, 80, 70)
    )
    assert f"0 of 2 {told} 2 past their time" in words(maria.text("/admin/queue/?view=check"))
    maria.press(soon, "rescue", **{"from": "queue", "view": "check"})
    casework.mark_spam(site, dev.actor, tardy, now=now)  # type: ignore[arg-type]
    assert f"1 of 3 {told} 1 past their time" in words(maria.text("/admin/queue/?view=check"))
    assert "looked at within" not in words(maria.text("/admin/queue/"))


def test_after_four_weeks_a_decision_counts_no_more(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, signals=Signals(honeypot=True, seconds_to_fill=0.3)).reference
    casework.rescue(site, maria.actor, reference, now=now)  # type: ignore[arg-type]
    with reading() as conn:
        assert checked.rescued(conn, now=now + timedelta(days=27)) == checked.Rescued(1, 1, 1, 1)
        assert checked.rescued(conn, now=now + timedelta(days=28)) == checked.Rescued(0, 0)


def test_a_request_from_a_number_not_to_be_called_is_not_rescued_from_the_list(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    calls.log_attempt(site, maria.actor, reference, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)  # type: ignore[arg-type]
    ask(site, now)
    html = maria.text("/admin/queue/?view=check")
    assert "Decide" in html and "/rescue" not in html


def test_a_barred_number_is_seen_whole_by_nobody_but_a_manager_even_if_somebody_holds_it(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    first = ask(site, now).reference
    calls.log_attempt(site, maria.actor, first, Outcome(Disposition.DO_NOT_CALL, is_confirmed=True), now=now)  # type: ignore[arg-type]
    reference = ask(site, now).reference
    page = f"/admin/queue/{reference}"
    assert maria.press(reference, "claim").location == page
    assert stored(reference).assignee_id is None and "First decide whether" in maria.text(page)
    for desk, is_seen in ((maria, False), (grace, True)):
        with writing() as conn:  # as it was once possible
            holder = {"assignee_id": desk.actor.user_id, "claimed_at": now}  # type: ignore[union-attr]
            conn.execute(update(CallbackRequest).values(holder))
        assert ("555-0182" in desk.text(page)) is is_seen


def test_the_time_to_look_at_what_is_suspected_is_set_shown_by_example_and_told_in_the_history(ada: Desk) -> None:
    form = fields(ada.text(TARGETS))
    assert form["check_minutes"] == "60"
    for wrong in ("0", "2881", "an hour"):
        answer = ada.post(TARGETS, **form | {"check_minutes": wrong}, do="save")
        assert answer.status_code == 422 and 'id="check_minutes-e"' in answer.get_data(as_text=True)
    tried = form | {"check_minutes": "90", "on": "2026-11-18", "at": "15:00"}
    answer = ada.post(TARGETS, **tried, do="check")
    text = words(answer.get_data(as_text=True))
    assert re.search(r"If it looks like spam, somebody looks at it by [^.]{0,20}4:30 pm ET", text), text
    ada.post(TARGETS, **tried, do="save")
    change = "What lies under “Check” looked at within, opening minutes: 60 → 90"
    assert change in words(ada.text(TARGETS)) and "opening minutes: before: 60 → now: 90" in words(
        ada.text("/admin/settings/history")
    )
