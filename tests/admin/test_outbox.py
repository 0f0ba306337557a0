"""The outbox page: what waits, went out or was given up and why, sent again, and whether mail goes out at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from intake.database import reading, writing
from intake.delivery import worker
from intake.delivery.mailer import Posting
from intake.ledger import audit, mail_channel, outbox
from intake.models import Audit, OutboxMessage
from intake.models.records import OutboxState
from intake.models.site import Site
from intake.queries import outbox as listing
from intake.rules.permissions import SYSTEM
from intake.services import mail
from tests.admin.desk import Desk, at, words
from tests.making import actions, ask, count

PAGE = "/admin/outbox/"
MINUTE = timedelta(minutes=1)
_M = OutboxMessage.__table__.c
_A = Audit.__table__.c


class Postman:
    """Takes every mail, and keeps it."""

    def __init__(self) -> None:
        self.taken: list[Posting] = []

    def send(self, posting: Posting, *, now: datetime) -> None:
        self.taken.append(posting)

    def close(self) -> None:
        """Nothing is open."""


def rows(html: str) -> list[str]:
    return [words(row).strip() for row in re.findall(r"<tr role=\"row\"[^>]*><td.*?</tr>", html, re.DOTALL)]


def card(html: str) -> str:
    return words(re.search(r'<section class="note.*?</section>', html, re.DOTALL)[0])  # type: ignore[index]


def write(now: datetime, kind: str = "team.check_digest", to: str = "team", **values: object) -> str:
    """A mail in whatever state."""
    with writing() as conn:
        name = outbox.enqueue(conn, kind, to, now=now)
        if values:
            conn.execute(update(OutboxMessage).where(_M.public_id == name).values(**values))
    return name


def dead(now: datetime, **more: object) -> str:
    return write(now, state=OutboxState.DEAD, dead_at=now, last_error="550 no such mailbox", attempt_count=3, **more)


def state(public_id: str) -> str:
    with reading() as conn:
        return str(conn.execute(select(_M.state).where(_M.public_id == public_id)).scalar_one())


def down(now: datetime) -> None:
    with writing() as conn:
        mail_channel.mark_down(conn, error="timed out", now=now)


def test_every_state_is_told_in_words_with_what_comes_next(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, email="ana@example.org").reference
    dead(now - MINUTE)
    write(now, attempt_count=2, available_at=now + 5 * MINUTE, last_error="451 try later")
    write(now, state=OutboxState.SENT, sent_at=now, to=f"user:{grace.actor.user_id}")  # type: ignore[union-attr]
    write(now, state=OutboxState.LEASED, available_at=now + MINUTE, leased_until=now + MINUTE)
    html = grace.text(PAGE)
    found = rows(html)
    assert "Sending" in found[0] and "Is being sent" in found[0]
    assert "Sent" in found[1] and "Grace" in found[1] and "Sent noon ET" in found[1]
    assert "Trying again" in found[2] and "451 try later; next try 12:05 pm ET" in found[2] and "Try now" in found[2]
    assert (
        "Gave up" in found[3] and "550 no such mailbox; given up 11:59 am ET" in found[3] and "Send again" in found[3]
    )
    assert any("Your callback request the visitor" in row and reference in row for row in found)
    assert any("New request the intake team" in row and "goes out next" in row for row in found)
    assert f'href="/admin/queue/{reference}"' in html
    assert "ana@example.org" not in html and "Ana" not in html and "0182" not in words(html)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", words(html)), "no code is shown"


def test_the_lists_hold_what_they_say_and_count_it(grace: Desk, now: datetime) -> None:
    for _ in range(2):
        dead(now)
    dead(now, kind="person.security", to="user:1")
    write(now)
    for query, many in (("", 4), ("state=gave-up", 3), ("state=gave-up&kind=person.security", 1), ("state=waiting", 1)):
        assert len(rows(grace.text(f"{PAGE}?{query}"))) == many, query
    assert "No mail here" in grace.text(f"{PAGE}?state=sent")
    assert "None of this kind" in grace.text(f"{PAGE}?kind=manager.crisis")
    text = words(grace.text(f"{PAGE}?state=nonsense&kind=nonsense&before=%00"))
    assert "Waiting 1 Gave up 3 Sent" in text


def test_pages_follow_each_other_without_gap_or_repeat_in_six_queries(
    grace: Desk, now: datetime, count_queries: Callable[[], int]
) -> None:
    with writing() as conn:
        for number in range(120):
            outbox.enqueue(conn, "team.new", "team", now=now - number * MINUTE)
        conn.execute(update(OutboxMessage).values(state=OutboxState.DEAD, dead_at=now, last_error="550 no"))
    for query in ("?state=gave-up", "?kind=team.new"):
        path, found = f"{PAGE}{query}", []
        while path:
            html = grace.text(path)
            found += re.findall(r"/admin/outbox/([0-9a-f]{32})/again", html)
            older = re.search(r'href="([^"]*before=[^"]*)">Older', html)
            path = older[1].replace("&amp;", "&") if older else ""
        assert len(found) == 120 == len(set(found))
        count_queries()
        grace.text(f"{PAGE}{query}")
        assert count_queries() <= 6


def test_a_page_looks_only_so_far_back_and_offers_to_go_on(
    grace: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 5)
    write(now, kind="manager.crisis", to="managers")
    for _ in range(7):
        write(now)
    html = grace.text(f"{PAGE}?kind=manager.crisis")
    assert rows(html) == [] and "None among these mails" in html
    further = re.search(r'href="([^"]*before=[^"]*)">Look further back', html)
    assert further and len(rows(grace.text(further[1].replace("&amp;", "&")))) == 1


def test_one_mail_is_sent_again_from_the_list_it_stood_in(grace: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    with writing() as conn:
        conn.execute(update(OutboxMessage).values(state=OutboxState.DEAD, dead_at=now, last_error="550 no"))
    lone = dead(now)
    html = grace.text(f"{PAGE}?state=gave-up")
    names = re.findall(r"/admin/outbox/([0-9a-f]{32})/again", html)
    assert len(names) == 2 and lone in names
    for name in names:
        answer = grace.post(f"{PAGE}{name}/again", state="gave-up")
        assert answer.status_code == 303 and answer.location == f"{PAGE}?state=gave-up"
        assert state(name) == OutboxState.PENDING
    assert actions(reference).count("callback.mail_resent") == 1
    assert count(Audit, _A.action == "mail.resent") == 1
    grace.post(f"{PAGE}{lone}/again")
    assert "on its way already" in grace.text(PAGE) and count(Audit, _A.action == "mail.resent") == 1
    assert grace.post(f"{PAGE}{'0' * 32}/again").status_code == 404
    assert grace.post(f"{PAGE}nonsense/again").status_code == 404


def test_a_mail_that_waits_for_its_next_try_is_tried_at_once(grace: Desk, now: datetime) -> None:
    name = write(now, attempt_count=4, available_at=now + timedelta(hours=2), last_error="451 later")
    grace.text(PAGE)
    assert grace.post(f"{PAGE}{name}/again").status_code == 303
    found = rows(grace.text(PAGE))[0]
    assert "451 later; goes out next" in found and "Try now" not in found and " 4 " in found
    assert count(Audit, _A.action == "mail.resent") == 1


def test_all_that_were_given_up_go_out_again_no_more_than_so_many_at_once(
    grace: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "MOST_AT_ONCE", 3)
    old = [dead(now) for _ in range(4)]
    other = dead(now, kind="person.security", to="user:1")
    grace.text(f"{PAGE}?state=gave-up&kind=team.check_digest")
    answer = grace.post(f"{PAGE}again", state="gave-up", kind="team.check_digest")
    assert answer.location == f"{PAGE}?state=gave-up&kind=team.check_digest"
    assert "3 mails go out again now." in grace.text(answer.location)
    assert [state(name) for name in old] == ["pending"] * 3 + ["dead"] and state(other) == "dead"
    assert count(Audit, _A.action == "mail.resent") == 3
    for _ in range(2):
        grace.post(f"{PAGE}again", state="gave-up")
    assert "There was no mail left to send again." in grace.text(PAGE)


def test_a_test_mail_goes_the_way_of_all_mails_and_the_page_says_when_it_went(
    app: Flask, grace: Desk, site: Site, now: datetime
) -> None:
    assert "Whether mail goes out is not known yet." in card(grace.text(PAGE))
    shown = grace.post(f"{PAGE}test").location
    assert "Your test mail: goes out next." in card(grace.text(shown))
    assert "Your last test mail is still waiting." in grace.text(grace.post(f"{PAGE}test").location)
    assert count(OutboxMessage, _M.kind == mail.TEST) == 1 == count(Audit, _A.action == "mail.test_asked")
    postman = Postman()
    worker.run_once(site, postman, lambda: now)  # type: ignore[arg-type]
    (posting,) = postman.taken
    assert posting.to == ("grace@example.com",) and "test mail you asked for" in posting.letter.text
    said = card(grace.text(shown))
    assert "Your test mail: Sent noon ET. Look into your mailbox." in said and "Mail goes out." in said


def test_somebody_elses_test_is_not_told_as_mine(grace: Desk, now: datetime) -> None:
    other = write(now, kind=mail.TEST, to="user:999")
    assert "Your test mail" not in grace.text(f"{PAGE}?test={other}")
    assert "Your test mail" not in grace.text(f"{PAGE}?test=nonsense")


def test_a_silent_mail_server_is_told_with_since_when_why_and_when_it_is_tried(grace: Desk, now: datetime) -> None:
    with writing() as conn:
        details = {"kind": "team.new", "recipient": "team"}
        audit.record(conn, grace_site(grace), SYSTEM, "mail.sent", details=details, now=now - 20 * MINUTE)
    write(now - 9 * MINUTE)
    down(now - 8 * MINUTE)
    with writing() as conn:
        mail_channel.take_probe(conn, now=now - timedelta(seconds=10))
    html = grace.text(PAGE)
    said = card(html)
    for part in (
        "The mail server has not answered since 11:52 am ET.", "Next try in 20 s.", "One mail waits, it is not lost.",
        "Reason: timed out", "The last one went out 11:40 am ET.",
    ):  # fmt: skip
        assert part in said, part
    assert "held until the mail server answers" in rows(html)[0]


def grace_site(one: Desk) -> Site:
    return one.client.application.extensions["intake"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("is_down", [False, True])
def test_a_worker_that_does_not_run_is_told(grace: Desk, now: datetime, is_down: bool) -> None:
    write(now)
    assert "does not seem to run" not in grace.text(PAGE)
    if is_down:
        down(now)
    with at(now + 50 * timedelta(seconds=1)):
        assert "does not seem to run" not in grace.text(PAGE)
    with at(now + 2 * MINUTE):
        said = card(grace.text(PAGE))
    assert "The delivery worker does not seem to run. Mail is due since noon ET" in said


def test_a_worker_that_still_works_through_a_backlog_is_not_called_away(grace: Desk, now: datetime) -> None:
    write(now - 30 * MINUTE)
    assert "does not seem to run" in grace.text(PAGE)
    with writing() as conn:
        audit.record(conn, grace_site(grace), SYSTEM, "mail.sent", now=now - MINUTE / 2)
    assert "Mail goes out." in card(grace.text(PAGE))


def test_looking_is_on_record_once_for_each_list(grace: Desk, now: datetime) -> None:
    for query in ("", "", "?state=waiting", "?state=waiting", ""):
        grace.text(f"{PAGE}{query}")
    assert count(Audit, _A.action == "outbox.viewed") == 2
    with at(now + 5 * MINUTE):
        grace.text(PAGE)
    assert count(Audit, _A.action == "outbox.viewed") == 2
    with at(now + 15 * MINUTE):
        grace.text(PAGE)
    assert count(Audit, _A.action == "outbox.viewed") == 3
