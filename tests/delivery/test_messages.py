"""What the mails say, and above all what they never say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from intake.delivery import messages
from intake.delivery.messages import Letter, Occasion
from intake.models.reports import Way
from intake.models.site import Site
from intake.queries.facts import Asked
from intake.queries.kept_report import Given
from intake.queries.mail import MailedCallback
from intake.queries.report import Figures
from intake.rules.counting import Kind
from intake.rules.periods import Period
from intake.rules.promise import AHEAD_OF_ALL
from intake.rules.windows import Window
from intake.rules.workflow import Status, Voicemail
from tests.points import point

NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
CALLBACK = MailedCallback(
    reference="K7M-4QX",
    status=Status.NEW,
    language="en",
    link="https://callback.example.com/callback/secret-token",
    email="ana@example.org",
    due_at=NOW + timedelta(minutes=15),
    promised_by_at=NOW + timedelta(minutes=30),
    is_promised=True,
    window=None,
    voicemail=Voicemail.NONE,
    is_once_only=False,
    is_called=False,
)
DETAILS: dict[str, dict[str, object]] = {
    "person.assigned_many": {"count": 3},
    "staff.alerts": {
        "items": [
            ["B4D-6VX", "again", NOW.isoformat()],
            ["K7M-4QX", "soon", (NOW + timedelta(minutes=4)).isoformat()],
            ["Q2W-9RT", "late", (NOW - timedelta(minutes=4)).isoformat()],
            ["H3N-8LP", "escalated", (NOW - timedelta(minutes=30)).isoformat()],
            ["X5C-2DG", "escalated", (NOW - timedelta(minutes=20) - AHEAD_OF_ALL).isoformat()],
        ],
        "more": 2,
    },
    "staff.alarm": {"kind": "silence", "since": (NOW - timedelta(hours=30)).isoformat()},
    "person.invite": {"invitation": "0" * 32, "is_first": True, "until": (NOW + timedelta(hours=72)).isoformat()},
}
DAYS = Period(date(2026, 11, 9), date(2026, 11, 15))
REPORT = Given(Way.WEEK, Asked(DAYS), NOW, 15, 90, Figures({Kind.COUNTED: 3}), Figures(), (), 0, None)
TREATMENT = re.compile(r"recover|addict|treatment|rehab|drug|alcohol|detox|substance|therap|patient|clinic", re.I)
EVERY_KIND = sorted(messages._KINDS)
FOR_VISITORS = [kind for kind in EVERY_KIND if kind.startswith("visitor.")]


def letter(sqlite_app: Flask, kind: str = "visitor.received", now: datetime = NOW, **changes: object) -> Letter:
    site: Site = sqlite_app.extensions["intake"]
    callback = replace(CALLBACK, **changes)  # type: ignore[arg-type]
    site = replace(site, public_url="https://callback.example.com")
    report = REPORT if kind == "person.report" else None
    return messages.write(kind, Occasion(site, now, callback, DETAILS.get(kind, {}), report=report))


@pytest.mark.parametrize("kind", EVERY_KIND)
@point(34)
def test_no_mail_names_the_provider_the_visitor_or_what_it_is_about(sqlite_app: Flask, kind: str) -> None:
    written = letter(sqlite_app, kind)
    for part in (written.subject, written.text, written.html):
        assert not TREATMENT.search(part)
        assert "Harbor" not in part and "ana@" not in part
    assert "\n" not in written.subject and written.subject == written.subject.strip()


@pytest.mark.parametrize("kind", EVERY_KIND)
@point(34)
def test_every_mail_links_only_to_our_own_host_and_loads_nothing(sqlite_app: Flask, kind: str) -> None:
    written = letter(sqlite_app, kind)
    for address in re.findall(r"\w+://[^\s\"<]+", written.text + written.html):
        assert address.startswith("https://callback.example.com/")
    assert not re.search(r"<(img|link|script|iframe|object)|url\(|src=", written.html)
    assert '<html lang="en">' in written.html


def test_the_team_learns_when_and_where_and_nothing_else(sqlite_app: Flask) -> None:
    written = letter(sqlite_app, "team.new")
    assert written.subject == "A callback request is waiting, due by 12:15 pm Eastern, reference K7M-4QX"
    assert "https://callback.example.com/admin/queue/K7M-4QX" in written.text
    assert "secret-token" not in written.text + written.html


@pytest.mark.parametrize("kind", FOR_VISITORS)
@point(34)
def test_a_visitor_gets_a_neutral_subject_and_the_private_link(sqlite_app: Flask, kind: str) -> None:
    written = letter(sqlite_app, kind)
    assert written.subject == "Your callback request"
    assert CALLBACK.link in written.text and CALLBACK.link in written.html


def test_a_visitor_reads_the_same_three_lines_as_on_the_page(sqlite_app: Flask) -> None:
    text = letter(sqlite_app).text
    assert "1. We will call you today before 12:30 pm Eastern." in text
    assert "2. The call comes from 212-736-5000." in text
    assert "3. If you miss it, we will not leave a message. We try up to 6 times over 5 days." in text


def test_a_requested_window_is_told_as_a_window(sqlite_app: Flask) -> None:
    window = Window(datetime(2026, 11, 19, 14, tzinfo=UTC), datetime(2026, 11, 19, 17, tzinfo=UTC))
    text = letter(sqlite_app, window=window, promised_by_at=window.until_at).text
    assert "We will call you tomorrow, Thursday, 9 am to noon Eastern." in text


def test_a_time_in_their_own_words_is_to_be_agreed_and_told_once_it_is_set(sqlite_app: Flask) -> None:
    text = letter(sqlite_app, awaits_a_time=True).text
    assert "1. To agree a time, we will call or write to you today before 12:30 pm Eastern." in text
    window = Window(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1))
    text = letter(sqlite_app, "visitor.time_set", window=window).text
    assert "We have set the time of our call." in text and "tomorrow, Thursday, noon to 1 pm Eastern" in text
    assert "have set the time" not in letter(sqlite_app, "visitor.time_set").text, "it was taken back meanwhile"


@pytest.mark.parametrize(
    ("voicemail", "words"),
    [(Voicemail.NUMBER_ONLY, "a first name and a number only"), (Voicemail.SAY_WHO, "a message that says who we are")],
)
def test_the_choice_about_messages_is_repeated(sqlite_app: Flask, voicemail: Voicemail, words: str) -> None:
    assert words in letter(sqlite_app, voicemail=voicemail).text


def test_who_wants_one_call_only_is_not_told_of_six(sqlite_app: Flask) -> None:
    text = letter(sqlite_app, is_once_only=True).text
    assert "We call you once only." in text and "6 times" not in text


def test_a_mail_that_goes_out_late_does_not_repeat_a_promise_that_has_passed(sqlite_app: Flask) -> None:
    text = letter(sqlite_app, now=NOW + timedelta(hours=9)).text
    assert "before 12:30" not in text and "always shows where your request stands" in text


@pytest.mark.parametrize(
    "changes", [{"is_promised": False}, {"is_called": True}, {"status": Status.CLOSED}, {"status": Status.WITHDRAWN}]
)
def test_no_time_is_told_where_no_first_call_is_to_come(sqlite_app: Flask, changes: dict[str, object]) -> None:
    assert "We will call you" not in letter(sqlite_app, **changes).text


def test_a_cancellation_taken_back_meanwhile_is_not_confirmed(sqlite_app: Flask) -> None:
    assert "cancelled" in letter(sqlite_app, "visitor.withdrawn", status=Status.WITHDRAWN).text
    assert "cancelled" not in letter(sqlite_app, "visitor.withdrawn", status=Status.NEW).text


def test_what_is_put_into_html_is_escaped(sqlite_app: Flask) -> None:
    html = letter(sqlite_app, "team.new", reference="<b>&").html
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html


def test_one_mail_tells_of_several_requests_how_each_of_them_stands(sqlite_app: Flask) -> None:
    written = letter(sqlite_app, "staff.alerts")
    assert written.subject == "7 callback requests need you"
    assert "- B4D-6VX: the same number or email has asked again\n" in written.text
    assert "- K7M-4QX is due by 12:04 pm Eastern\n- Q2W-9RT is late: it was due by 11:56 am Eastern\n" in written.text
    assert "- H3N-8LP still waits: it was due by 11:30 am Eastern\n" in written.text
    assert "- X5C-2DG is to be called before all others, since 11:40 am Eastern\n- 2 more" in written.text


def test_somebody_on_call_reads_by_when_to_claim_and_what_nobody_has(sqlite_app: Flask) -> None:
    items = [["K7M-4QX", "on_call", NOW.isoformat()], ["Q2W-9RT", "on_call_late", NOW.isoformat()]]
    told = messages.write("staff.alerts", Occasion(sqlite_app.extensions["intake"], NOW, None, {"items": items}))
    assert "- K7M-4QX came in out of hours: claim it by noon Eastern\n" in told.text
    assert "- Q2W-9RT waits out of hours and nobody has claimed it; it is due by noon Eastern\n" in told.text


def test_an_alarm_says_since_when_and_where_to_look(sqlite_app: Flask) -> None:
    details = {"kind": "outbox", "since": (NOW - timedelta(minutes=12)).isoformat()}
    told = messages.write("staff.alarm", Occasion(sqlite_app.extensions["intake"], NOW, None, details))
    assert "Messages have been waiting to go out since 11:48 am Eastern." in told.text
    assert "/admin/outbox/" in told.text
    assert "No callback request has come in since Tue 17 Nov 6 am Eastern." in letter(sqlite_app, "staff.alarm").text


def test_a_mail_nobody_wrote_is_an_error_of_its_own(sqlite_app: Flask) -> None:
    with pytest.raises(messages.UnknownKindError):
        letter(sqlite_app, "team.unknown")


def test_a_mail_about_a_request_that_is_gone_is_an_error_of_its_own(sqlite_app: Flask) -> None:
    site = sqlite_app.extensions["intake"]
    with pytest.raises(messages.NothingToSayError):
        messages.write("team.new", Occasion(site, NOW, None, {}))


def test_a_request_that_ended_before_its_mail_went_out_is_not_called_waiting(sqlite_app: Flask) -> None:
    told = letter(sqlite_app, "team.new", status=Status.WITHDRAWN)
    assert "ended" in told.subject
    assert "waiting" not in told.subject + told.text + told.html


def test_an_invitation_holds_the_link_and_until_when_it_works(sqlite_app: Flask) -> None:
    written = letter(sqlite_app, "person.invite")
    token = sqlite_app.extensions["intake"].keyring.invitation_token("0" * 32)
    assert f"https://callback.example.com/welcome/{token}\n" in written.text
    assert "works once, until Saturday noon Eastern" in written.text
    with pytest.raises(messages.NothingToSayError, match="send a new one"):
        letter(sqlite_app, "person.invite", now=NOW + timedelta(hours=72))
