"""The settings pages: an example that is true, mistakes named at their field, and nothing lost when two people save."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from intake.models import CalendarVersion
from tests.admin.desk import Desk, at, desk, words
from tests.making import ask, count, stored
from tests.points import point

HOURS, DAYS, TARGETS = "/admin/settings/hours", "/admin/settings/holidays", "/admin/settings/targets"
CALLING = "/admin/settings/calling"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


def fields(html: str) -> dict[str, str]:
    """What the form of a settings page would send as it stands."""
    inputs = re.findall(r"<input\b[^>]*>", html.partition("<main")[2])
    found = {}
    for tag in inputs:
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if "name" in given and (given.get("type") != "checkbox" or " checked" in tag):
            found[given["name"]] = given.get("value", "")
    return found


def day_form(answer: TestResponse) -> dict[str, str]:
    """What the form for one holiday would send as it stands."""
    html = answer.get_data(as_text=True)
    return fields("<main" + html.partition(f'<form class="card" method="post" action="{DAYS}">')[2].split("</form>")[0])


def week(**more: str) -> dict[str, str]:
    """Monday to Friday 8 to 8, closed at the weekend."""
    open_days = {f"d{n}_0_{edge}": time for n in range(5) for edge, time in (("from", "08:00"), ("until", "20:00"))}
    return {"zone": "America/New_York", **open_days, "d5_closed": "1", "d6_closed": "1", **more}


def test_hours_are_saved_and_the_next_page_says_what_is_different(ada: Desk) -> None:
    form = fields(ada.text(HOURS))
    form |= {"d5_closed": "1", "d0_1_from": "21:00", "d0_1_until": "02:00", "do": "save"}
    assert ada.post(HOURS, **form).status_code == 303
    text = words(ada.text(HOURS))
    assert "Monday: 8 am to 8 pm → 8 am to 8 pm, 9 pm to 2 am the next day" in text
    assert "Saturday: 9 am to 5 pm → closed" in text
    assert fields(ada.text(HOURS)).items() >= {"d0_1_until": "02:00", "d5_closed": "1"}.items()


@point(76)
@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"zone": "Mars/Olympus"}, "zone", "Choose a time zone from the list"),
        ({"d4_1_from": "19:30", "d4_1_until": "21:00"}, "d4_1", "Must start after the hours before it end"),
        ({"d4_0_until": ""}, "d4_0", "Enter both times"),
        ({"d4_0_from": "25:00"}, "d4_0", "Enter times like 08:30"),
        ({"d6_closed": ""}, "d6_0", "Enter the opening hours, or choose Closed"),
        ({"d3_0_until": "09:00", "d4_0_from": "06:00"}, "d4_0", "Must start after the hours before it end"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_saved(
    ada: Desk, changed: dict[str, str], field: str, said: str
) -> None:
    ada.get(HOURS)
    given = week() | changed if "d3_0_until" not in changed else week(d3_0_from="20:00") | changed
    answer = ada.post(HOURS, **given, do="save")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and count(CalendarVersion) == 0
    assert f'href="#f-{field}"' in html and said in words(html)
    tag = re.findall(rf'<input[^>]*id="f-{field}"[^>]*>', html)[0]
    assert 'aria-invalid="true"' in tag and f'{field}-e"' in tag
    assert fields(html).get("d0_0_from") == "08:00"


@point(76)
@pytest.mark.parametrize(
    ("on", "clock"),
    [
        ("2026-11-21", "23:50"),
        ("2026-11-20", "19:55"),
        ("2026-11-26", "09:00"),
        ("2027-03-14", "02:30"),
        ("2026-11-20", "12:00"),
    ],
)
def test_the_example_is_what_a_real_request_gets(app: Flask, ada: Desk, on: str, clock: str) -> None:
    site = app.extensions["intake"]
    ada.get(DAYS)
    ada.post(DAYS, date="2026-11-26", day_closed="1", reason="Thanksgiving Day")
    form = fields(ada.text(HOURS)) | week(d0_0_until="12:00", d0_1_from="13:00", d0_1_until="20:00")
    assert ada.post(HOURS, **form, do="save").status_code == 303
    html = ada.text(f"{HOURS}?on={on}&at={clock}").partition("<dialog")[0]
    asked, due = (datetime.fromisoformat(text) for text in re.findall(r'<time datetime="([^"]+)"', html)[-2:])
    with at(asked.astimezone(UTC)):
        reference = ask(site, asked.astimezone(UTC), phone="212-555-0182")
        assert stored(reference.reference).target_at == due
        promised = re.findall("“([^”]+)”", html)[-1]
        told = app.test_client().get(f"/callback/{reference.link_token}").get_data(as_text=True)
        assert words(promised).casefold() in words(told).casefold()


def test_a_request_late_on_saturday_is_due_on_monday_morning(ada: Desk) -> None:
    ada.get(HOURS)
    answer = ada.post(HOURS, **week(), on="2026-11-21", at="23:50", do="check")
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 200 and count(CalendarVersion) == 0
    assert "A request on Saturday 11:50 pm ET is due Monday 8:15 am ET , and the visitor reads" in text
    assert "Not saved yet: Saturday: before: 9 am to 5 pm → now: closed" in text


def test_a_moment_that_is_none_is_said_at_its_field(ada: Desk) -> None:
    assert "Enter a date and a time" in ada.text(f"{HOURS}?on=never&at=25:00")
    ada.get(HOURS)
    assert ada.post(HOURS, **week(), on="x", at="y", do="check").status_code == 422


def test_the_default_is_filled_in_and_saved_only_when_one_says_so(ada: Desk) -> None:
    ada.get(HOURS)
    ada.post(HOURS, **week(), do="save")
    answer = ada.post(HOURS, **fields(ada.text(HOURS)), do="default")
    form = fields(answer.get_data(as_text=True))
    assert form["d5_0_from"] == "09:00" and count(CalendarVersion) == 1
    assert ada.post(HOURS, **form, do="save").status_code == 303 and count(CalendarVersion) == 2


def test_when_two_people_save_the_later_one_sees_both(app: Flask, ada: Desk, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    mine, theirs = fields(ada.text(HOURS)), fields(kim.text(HOURS))
    kim.post(HOURS, **theirs | week(), do="save")
    typed = mine | week(d5_closed="", d5_0_from="10:00", d5_0_until="14:00")
    answer = ada.post(HOURS, **typed, do="save")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and count(CalendarVersion) == 1
    assert "Kim, " in words(html) and "Saturday: before: 9 am to 5 pm → now: closed" in words(html)
    again = fields(html)
    assert again["d5_0_from"] == "10:00"
    assert ada.post(HOURS, **again, do="save").status_code == 303


@point(76)
@pytest.mark.parametrize("verb", ["save", "check"])
def test_a_week_without_an_open_day_is_refused_since_everybody_would_be_promised_a_call(ada: Desk, verb: str) -> None:
    ada.get(HOURS)
    closed = {f"d{n}_closed": "1" for n in range(7)}
    answer = ada.post(HOURS, zone="America/New_York", **closed, do=verb)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and count(CalendarVersion) == 0
    assert 'href="#f-week"' in html and 'id="f-week"' in html and "Open on at least one day" in html


def test_hours_that_never_come_are_warned_of(ada: Desk) -> None:
    ada.get(HOURS)
    night = {f"d{n}_0_{edge}": time for n in range(7) for edge, time in (("from", "22:00"), ("until", "23:00"))}
    ada.post(HOURS, **fields(ada.text(HOURS)) | {"zone": "America/New_York"}, do="check")
    answer = ada.post(HOURS, zone="America/New_York", **night, do="check")
    assert "only when the law allows no call" in answer.get_data(as_text=True)


def test_a_target_longer_than_a_day_is_open_is_warned_of_and_numbers_have_bounds(ada: Desk) -> None:
    form = fields(ada.text(TARGETS))
    answer = ada.post(TARGETS, **form | {"minutes": "400"}, do="check")
    assert "longer than you are open on Sunday (360 minutes)" in words(answer.get_data(as_text=True))
    for wrong in ({"minutes": "0"}, {"minutes": "²"}, {"due_soon_minutes": "15"}, {"callers_on_duty": ""}):
        answer = ada.post(TARGETS, **form | wrong, do="save")
        assert answer.status_code == 422 and f'id="{next(iter(wrong))}-e"' in answer.get_data(as_text=True)
    assert ada.post(TARGETS, **form | {"minutes": "30"}, do="save").status_code == 303
    assert "First call within, opening minutes: 15 → 30" in words(ada.text(TARGETS))


def test_the_goal_is_told_in_words_and_every_change_of_it_stands_in_the_history(ada: Desk, grace: Desk) -> None:
    goal = "The goal: a first call within {} for {} % of all requests."
    assert goal.format("15 opening minutes", 90) in words(grace.text(TARGETS))
    form = fields(ada.text(TARGETS))
    for wrong in ("0", "101", "90 %", ""):
        answer = ada.post(TARGETS, **form | {"percent": wrong}, do="save")
        assert answer.status_code == 422 and 'id="percent-e"' in answer.get_data(as_text=True)
        assert goal.format("15 opening minutes", 90) in words(answer.get_data(as_text=True)), "what holds, not a slip"
    ada.post(TARGETS, **form | {"percent": "80"}, do="save")
    text = words(ada.text(TARGETS))
    assert "Saved. For so many requests, percent: 90 % → 80 %" in text
    assert goal.format("15 opening minutes", 80) in text
    assert "For so many requests, percent: before: 90 % → now: 80 %" in words(grace.text("/admin/settings/history"))
    ada.post(TARGETS, **fields(ada.text(TARGETS)) | {"minutes": "1", "due_soon_minutes": "0"}, do="save")
    assert goal.format("one opening minute", 80) in words(ada.text(TARGETS))


def test_holidays_are_suggested_added_edited_and_removed(ada: Desk) -> None:
    assert "American Indian Heritage Day" not in ada.text(DAYS)
    assert "American Indian Heritage Day" in ada.text(f"{DAYS}?state=MD")
    assert ada.post(f"{DAYS}/suggested", state="MD", pick="2026-11-27").status_code == 303
    assert "Fri 27 Nov 2026: usual hours → closed (American Indian Heritage Day)" in words(ada.text(DAYS))
    form = fields(ada.text(f"{DAYS}?day=2026-11-27"))
    assert form["date"] == "2026-11-27" and form["day_closed"] == "1"
    version = form["version"]
    ada.post(DAYS, version=version, date="2026-11-27", day_0_from="10:00", day_0_until="14:00", reason="Short day")
    assert "10 am to 2 pm Short day" in words(ada.text(DAYS))
    ada.post(f"{DAYS}/remove", version=fields(ada.text(DAYS))["version"], day="2026-11-27")
    assert "No such day is ahead" in ada.text(DAYS)


def test_of_many_saves_in_between_each_is_told_by_what_it_replaced(app: Flask, ada: Desk, now: datetime) -> None:
    """Twelve of them, more than are shown: the oldest shown replaced the one before it, not the built-in default."""
    kim, page = desk(app, "Kim", "admin", now=now), fields(ada.text(TARGETS))
    for minutes in range(30, 42):
        assert kim.post(TARGETS, **fields(kim.text(TARGETS)) | {"minutes": str(minutes)}, do="save").status_code == 303
    answer = ada.post(TARGETS, **page | {"minutes": "20"}, do="save")
    text = words(answer.get_data(as_text=True))
    told = re.findall(r"First call within, opening minutes: before: (\d+) → now: (\d+)", text)
    assert answer.status_code == 409
    assert [(int(before), int(after)) for before, after in told[:10]] == [(n - 1, n) for n in range(41, 31, -1)]


SHORT = {"date": "2026-11-26", "day_0_from": "10:00", "day_0_until": "14:00", "reason": "Half a day"}


def test_when_two_people_set_the_same_holiday_the_later_one_sees_both(app: Flask, ada: Desk, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    page = {"version": fields(ada.text(DAYS))["version"]}
    kim.get(DAYS)
    kim.post(DAYS, **page, date="2026-11-26", day_closed="1", reason="Thanksgiving")
    answer = ada.post(DAYS, **page, **SHORT)
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and count(CalendarVersion) == 1
    assert "Kim, noon ET Thu 26 Nov 2026: before: usual hours → now: closed (Thanksgiving)" in text
    assert "Thu 26 Nov 2026: before: closed (Thanksgiving) → now: 10 am to 2 pm (Half a day)" in text
    again = day_form(answer)
    assert again.items() >= SHORT.items() and "day_closed" not in again
    assert ada.post(DAYS, **again).status_code == 303
    assert "10 am to 2 pm Half a day" in words(ada.text(DAYS))


def test_a_holiday_that_somebody_changed_meanwhile_is_not_removed_unseen(app: Flask, ada: Desk, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    ada.get(DAYS)
    ada.post(DAYS, date="2026-11-26", day_closed="1")
    page = {"version": fields(ada.text(DAYS))["version"], "day": "2026-11-26"}
    kim.post(DAYS, **day_form(kim.get(f"{DAYS}?day=2026-11-26")) | {"day_closed": ""} | SHORT)
    answer = ada.post(f"{DAYS}/remove", **page)
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and "before: closed → now: 10 am to 2 pm (Half a day)" in text
    assert "before: 10 am to 2 pm (Half a day) → now: usual hours" in text
    assert ada.post(f"{DAYS}/remove", **page | {"version": fields(ada.text(DAYS))["version"]}).status_code == 303
    assert "No such day is ahead" in ada.text(DAYS)


def test_ticked_days_of_which_one_was_set_meanwhile_wait_with_their_ticks(app: Flask, ada: Desk, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    page = {"version": fields(ada.text(f"{DAYS}?state=MD"))["version"], "state": "MD"}
    kim.get(DAYS)
    kim.post(DAYS, **SHORT)
    picked = ["2026-11-26", "2026-11-27"]
    answer = ada.post(f"{DAYS}/suggested", **page, pick=picked)  # type: ignore[arg-type]
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409 and count(CalendarVersion) == 1
    assert "Thu 26 Nov 2026: before: 10 am to 2 pm (Half a day) → now: closed (Thanksgiving Day)" in words(html)
    assert re.findall(r'name="pick" value="([^"]+)" checked', html) == ["2026-11-27"]
    assert '<option value="MD" selected>' in html


@pytest.mark.parametrize(
    ("path", "theirs", "wrong", "mine"),
    [
        (HOURS, {"d5_closed": "1"}, {"zone": "Mars/Olympus"}, {"zone": "America/New_York", "d4_0_from": "07:00"}),
        (TARGETS, {"minutes": "30"}, {"minutes": "0"}, {"minutes": "20"}),
        (CALLING, {"attempts": "4"}, {"attempts": "9"}, {"attempts": "3"}),
        (DAYS, {"date": "2026-11-26", "day_closed": "1"}, {**SHORT, "day_0_until": "x", "day_closed": ""}, SHORT),
    ],
)
def test_a_mistake_in_between_does_not_make_a_save_go_over_another(
    app: Flask, ada: Desk, now: datetime, path: str, theirs: dict[str, str], wrong: dict[str, str], mine: dict[str, str]
) -> None:
    kim = desk(app, "Kim", "admin", now=now)

    def form(answer: TestResponse) -> dict[str, str]:
        return day_form(answer) if path == DAYS else fields(answer.get_data(as_text=True))

    page = form(ada.get(path))
    assert kim.post(path, **form(kim.get(path)) | theirs, do="save").status_code == 303
    answer = ada.post(path, **page | wrong, do="save")
    assert answer.status_code == 422
    answer = ada.post(path, **form(answer) | mine, do="save")
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and count(CalendarVersion) == 1
    assert "Saved in the meantime Kim, noon ET" in text and "Yours, not saved yet" in text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"date": "", "day_closed": "1"}, "date"),
        ({"date": "2026-11-01", "day_closed": "1"}, "date"),
        ({"date": "2026-12-24"}, "day_0"),
        ({"date": "2026-12-24", "day_0_from": "10:00", "day_0_until": "x"}, "day_0"),
    ],
)
def test_a_day_with_a_mistake_is_not_saved(ada: Desk, given: dict[str, str], field: str) -> None:
    ada.get(DAYS)
    answer = ada.post(DAYS, **given)
    assert answer.status_code == 422 and f'href="#f-{field}"' in answer.get_data(as_text=True)
    assert count(CalendarVersion) == 0


def test_a_day_that_is_no_suggestion_is_not_added_as_one(ada: Desk) -> None:
    ada.get(DAYS)
    ada.post(f"{DAYS}/suggested", state="nowhere", pick="2026-12-24")
    assert count(CalendarVersion) == 0


def test_a_manager_reads_the_settings_and_works_out_examples_but_changes_nothing(grace: Desk) -> None:
    html = grace.text(f"{HOURS}?on=2026-11-21&at=23:50")
    assert "An administrator can change it" in html and "Save hours" not in html and "fieldset disabled" in html
    assert "Sunday 10:15 am ET" in words(html)
    assert grace.post(HOURS, **week(), do="save").status_code == 403


@pytest.mark.parametrize("path", [HOURS, DAYS, TARGETS, CALLING])
def test_a_page_of_the_settings_asks_few_questions(ada: Desk, count_queries: Callable[[], int], path: str) -> None:
    count_queries()
    ada.text(path)
    assert count_queries() <= 6


def test_calling_rules_may_be_stricter_and_never_wider(ada: Desk) -> None:
    form = fields(ada.text(CALLING))
    for wrong in ({"attempts": "7"}, {"gap_minutes": "60"}, {"earliest": "07:30"}, {"latest": "21:30"}):
        name = next(iter(wrong))
        answer = ada.post(CALLING, **form | wrong, do="save")
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422 and f'href="#f-{name}"' in html and f'id="{name}-e"' in html
    narrow = ada.post(CALLING, **form | {"earliest": "12:00", "latest": "12:30"}, do="save")
    assert narrow.status_code == 422 and "at least four hours" in narrow.get_data(as_text=True)
    assert count(CalendarVersion) == 0
    saved = form | {"attempts": "4", "latest": "18:00", "do": "save"}
    assert ada.post(CALLING, **saved).status_code == 303
    text = words(ada.text(CALLING))
    assert "Tries in all: 6 → 4; No call after, on their clock: 9 pm → 6 pm" in text
    assert "47 CFR 64.1200" in text and "0 numbers asked never to be called again" in text


def test_the_visitor_and_the_desk_are_told_the_rules_that_hold(app: Flask, ada: Desk, maria: Desk) -> None:
    form = fields(ada.text(CALLING))
    ada.post(CALLING, **form | {"attempts": "2", "days": "2", "latest": "16:00"}, do="save")
    sent = ask(app.extensions["intake"], datetime.now(UTC))
    told = words(app.test_client().get(f"/callback/{sent.link_token}").get_data(as_text=True))
    assert "We try up to 2 times over 2 days" in told
    maria.press(sent.reference, "claim")
    maria.press(sent.reference, "call")
    assert "This is try 1 of 2" in words(maria.text(f"/admin/queue/{sent.reference}"))


def test_an_evening_the_house_does_not_call_in_moves_the_promise(app: Flask, ada: Desk) -> None:
    form = fields(ada.text(CALLING)) | {"latest": "16:00", "on": "2026-11-18", "at": "15:50"}
    html = ada.post(CALLING, **form, do="check").get_data(as_text=True)
    assert "is due tomorrow, Thursday, 8:05 am ET" in words(html)
    ada.post(CALLING, **form, do="save")
    moment = datetime(2026, 11, 18, 20, 50, tzinfo=UTC)
    with at(moment):
        sent = ask(app.extensions["intake"], moment)
        assert stored(sent.reference).target_at == datetime(2026, 11, 19, 13, 5, tzinfo=UTC)
