"""What a person sees of leases: until when it is theirs, and that it went back while they did nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import update

from intake.database import writing
from intake.models import CallbackRequest, User
from intake.models.site import Site
from tests.admin.desk import Desk, at, words
from tests.admin.live import open_request
from tests.making import ask, stored

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def claimed(maria: Desk, site: Site, now: datetime, *, is_over: bool = True) -> str:
    """A request of Maria's, whose lease is over; she herself has been at her desk, or her page would be locked."""
    reference = ask(site, now).reference
    maria.press(reference, "claim")
    if is_over:
        with writing() as conn:
            c = CallbackRequest.__table__.c
            conn.execute(update(CallbackRequest).where(c.reference == reference).values(lease_until=now))
    return reference


def test_the_page_says_until_when_it_is_yours_and_looking_makes_it_longer(
    maria: Desk, site: Site, now: datetime
) -> None:
    reference = claimed(maria, site, now, is_over=False)
    assert "Owner: you , until 12:30 pm ET" in words(maria.text(f"/admin/queue/{reference}"))
    with at(now + 10 * MINUTE):
        assert "until 12:40 pm ET" in words(maria.text(f"/admin/queue/{reference}"))


def test_whoever_opens_the_queue_finds_it_there_and_its_holder_is_told_without_names(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = claimed(maria, site, now)
    assert f"Claim {reference}" in words(dev.text("/admin/queue/?view=unclaimed"))
    told = words(maria.text("/admin/queue/?view=mine"))
    assert f"{reference} went back to the queue: nothing happened for a while." in told
    assert "went back to the queue" not in words(maria.text("/admin/queue/?view=mine"))
    happened = words(maria.text(f"/admin/queue/{reference}"))
    assert "The service returned it to the queue: nothing happened for 30 minutes" in happened


def test_who_lost_several_reads_one_sentence_that_leads_to_each(maria: Desk, site: Site, now: datetime) -> None:
    lost = [claimed(maria, site, now) for _ in range(3)]
    html = maria.text("/admin/queue/?view=mine")
    assert "3 of your requests went back to the queue, as nothing happened for a while:" in words(html)
    assert html.count("went back to the queue") == 1
    assert all(f'<a href="/admin/queue/{reference}">{reference}</a>' in html for reference in lost)


def test_opening_the_request_itself_gives_it_back_too(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    reference = claimed(maria, site, now)
    assert "Nobody has claimed this" in words(dev.text(f"/admin/queue/{reference}"))


def test_a_save_after_it_went_back_loses_no_word_and_can_be_saved_again(maria: Desk, site: Site, now: datetime) -> None:
    reference = claimed(maria, site, now)
    version = str(stored(reference).version)
    maria.get("/admin/queue/")
    typed = {"outcome": "no_answer", "note": "Rang out, try the mother", "version": version}
    answer = maria.press(reference, "attempt", **typed)
    assert answer.status_code == 409 and "Rang out, try the mother" in answer.get_data(as_text=True)
    again = maria.press(reference, "attempt", **typed | {"version": str(stored(reference).version), "why": "x"})
    assert again.status_code == 303 and stored(reference).attempt_count == 1


def test_whoever_loses_a_request_to_a_manager_reads_to_whom_on_the_next_page_whatever_it_is(
    maria: Desk, dev: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    given, released, taken, undone = (claimed(maria, site, now, is_over=False) for _ in range(4))
    page = open_request(maria, given)
    grace.press(given, "assign", person=str(dev.actor.user_id))  # type: ignore[union-attr]
    grace.press(released, "release")
    grace.press(taken, "assign", person=str(grace.actor.user_id))  # type: ignore[union-attr]
    with at(now + SECOND):
        grace.press(undone, "release")
        step = re.search(r'name="step" value="([0-9a-f]{32})"', grace.text("/admin/queue/"))
        assert step
        grace.post("/admin/queue/undo", step=step[1])
    assert page.told()["news"]["words"] == "Grace gave this to Dev."
    told = words(maria.text("/admin/account/"))
    assert f"Grace gave {given} to Dev." in told and f"Grace put {released} back in the queue." in told
    assert f"Grace took over {taken} ." in told and undone not in told.partition("Claimed")[0]
    assert "Grace" not in words(maria.text("/admin/account/")), "said once"


def test_who_gives_away_several_reads_how_many_a_colleague_had(
    maria: Desk, dev: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    for _ in range(2):
        claimed(maria, site, now, is_over=False)
    ask(site, now)
    picks = re.findall(r'name="pick" value="([^"]+)"', grace.text("/admin/queue/"))
    grace.post("/admin/queue/bulk", pick=picks, do="assign", person=str(dev.actor.user_id))  # type: ignore[arg-type,union-attr]
    assert "Given to Dev: 3 requests. 2 were a colleague’s before." in words(grace.text("/admin/queue/"))
    assert "Grace gave " in words(maria.text("/admin/queue/"))


def test_a_colleagues_name_may_hold_whatever_it_likes_where_a_lost_request_is_told(
    maria: Desk, grace: Desk, site: Site, now: datetime
) -> None:
    reference = claimed(maria, site, now, is_over=False)
    with writing() as conn:
        conn.execute(update(User).where(User.id == grace.actor.user_id).values(name="<b>Jo</b> {} %s 100%"))  # type: ignore[union-attr]
    grace.press(reference, "release")
    html = maria.text("/admin/queue/")
    assert f'&lt;b&gt;Jo&lt;/b&gt; {{}} %s 100% put <a href="/admin/queue/{reference}">{reference}</a> back' in html
