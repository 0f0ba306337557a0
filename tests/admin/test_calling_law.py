"""The page of the calling law: a row at a time, with an example that is true and every mistake at its field."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from intake.models import CalendarVersion
from tests.admin.desk import Desk, at, desk, words
from tests.admin.test_settings import fields
from tests.making import count

pytestmark = pytest.mark.words

LAW = "/admin/settings/law"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    return sqlite_app


def form(ada: Desk, state: str) -> dict[str, str]:
    return fields(ada.text(f"{LAW}?state={state}")) | {"state": state, "checked_on": "2026-11-18"}


def test_the_table_gives_each_state_its_hours_source_and_day(ada: Desk) -> None:
    text = words(ada.text(LAW))
    assert "Texas Mon to Sat 9 am to 9 pm, Sun noon to 9 pm Tex. Bus. &amp; Com. Code § 301.051" in text
    assert "Thu 26 Nov 2026" in text and "not checked yet" in text and "no legal advice" in text
    assert "Not checked yet: Connecticut, Florida" in text and "180 days" not in text


def test_the_example_says_when_a_number_may_be_called(ada: Desk) -> None:
    text = words(ada.text(f"{LAW}?state=RI"))
    assert "A number in Rhode Island, like one beginning 401, may be called" in text
    assert "9 am to 6 pm ET" in text and "no calls" in text


def test_a_row_is_saved_with_its_difference_and_used_by_the_example(ada: Desk) -> None:
    given = form(ada, "TX") | {f"day_{n}_until": "20:00" for n in range(7)}
    tried = words(ada.post(LAW, **given, do="check").get_data(as_text=True))
    assert "Not saved yet" in tried and "9 am to 8 pm CT" in tried and count(CalendarVersion) == 0
    assert ada.post(LAW, **given, do="save").status_code == 303
    text = words(ada.text(LAW))
    assert "Texas Mon to Sat 9 am to 8 pm, Sun noon to 8 pm" in text and "changed here" in text
    assert "Mon to Sat 9 am to 9 pm" in words(ada.text("/admin/settings/history"))
    again = words(ada.post(LAW, **form(ada, "TX"), do="default").get_data(as_text=True))
    assert "Not saved yet" in again and count(CalendarVersion) == 1


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"day_0_until": "21:30"}, "day_0", "federal law allows no wider"),
        ({"day_6_from": "07:00"}, "day_6", "federal law allows no wider"),
        ({"day_1_from": "13:00"}, "day_1", "leave noon to 4 pm"),
        ({"day_5_from": "20:00", "day_5_until": "10:00"}, "day_5", "Must end after it starts"),
        ({"day_2_from": "x"}, "day_2", "Enter times like 08:30"),
        ({"source": ""}, "source", "Enter where it is written"),
        ({"checked_on": ""}, "checked_on", "Enter the day"),
        ({"checked_on": "2099-01-01"}, "checked_on", "not ahead"),
    ],
)
def test_a_mistake_is_named_at_its_field(ada: Desk, given: dict[str, str], field: str, said: str) -> None:
    answer = ada.post(LAW, **form(ada, "TX") | given, do="save")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422 and f'href="#f-{field}"' in html and f'id="f-{field}"' in html
    assert said in words(html) and count(CalendarVersion) == 0


def test_another_state_gets_a_row_of_its_own(ada: Desk) -> None:
    given = form(ada, "NE") | {"day_6_none": "1", "source": "Neb. Rev. Stat. § 1", "checked_on": "2026-11-20"}
    assert ada.post(LAW, **given, do="save").status_code == 303
    assert "Nebraska Mon to Sat 8 am to 9 pm, Sun no calls Neb. Rev. Stat. § 1" in words(ada.text(LAW))


def test_the_second_of_two_sees_what_the_first_has_saved(app: Flask, ada: Desk, now: datetime) -> None:
    kim = desk(app, "Kim", "admin", now=now)
    mine, theirs = form(ada, "TX"), form(kim, "TX")
    assert kim.post(LAW, **theirs | {"source": "Theirs"}, do="save").status_code == 303
    answer = ada.post(LAW, **mine | {"source": "Mine"}, do="save")
    text = words(answer.get_data(as_text=True))
    assert answer.status_code == 409 and "Saved in the meantime Kim, noon ET" in text and "Theirs" in text
    assert count(CalendarVersion) == 1


def test_rows_that_nobody_has_checked_for_half_a_year_are_named(app: Flask, now: datetime) -> None:
    with at(now + timedelta(days=400)):
        later = desk(app, "Ada", "admin", now=now + timedelta(days=400))
        assert "Checked more than 180 days ago, check again: Alabama" in words(later.text(LAW))


def test_a_state_there_is_not_is_not_found(ada: Desk) -> None:
    ada.get(LAW)
    assert ada.post(LAW, state="ZZ", do="save").status_code == 404
