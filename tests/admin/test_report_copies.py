"""A report's sheet and its data: the same numbers as on the page, safe to open, and nothing leaves unseen."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pytest
from flask import Flask

from intake.models import Audit, KeptReport
from intake.models.site import Site
from intake.rules.counting import Kind, State
from intake.services.sign_in import TRIES
from intake.wording import figures
from tests.admin.desk import Desk, at, desk, words
from tests.making import PASSWORD, ask, count, stored
from tests.points import point
from tests.queries.story import Story
from tests.queries.story import at as on_day

DAYS = {"from": "2026-11-17", "to": "2026-11-18"}
COPY = {"recipient": "Board", "purpose": "Yearly review", "password": PASSWORD, **DAYS}
PAGE, CSV, DATA = (f"/admin/reports/{name}?from=2026-11-17&to=2026-11-18" for name in ("", "csv", "data"))
_A = Audit.__table__.c
pytestmark = pytest.mark.usefixtures("afternoon")


def take(who: Desk, **fields: str) -> list[dict[str, str]]:
    who.get(CSV)
    answer = who.post("/admin/reports/csv", **{**COPY, **fields})
    assert answer.status_code == 200 and answer.mimetype == "text/csv", answer.status
    notice, *rest = csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    assert notice == ["42 CFR part 2 prohibits unauthorized use or disclosure of these records."]
    return [dict(zip(rest[0], row, strict=True)) for row in rest[1:]]


def counts(rows: list[dict[str, str]], column: str) -> Counter[str]:
    return Counter(row[column] for row in rows if row[column])


@point(69, 74)
@pytest.mark.parametrize("clock", ["open", "all"])
def test_sheet_data_and_page_tell_the_same_numbers(lee: Desk, clock: str) -> None:
    rows, data = take(lee, clock=clock), lee.get(f"{DATA}&clock={clock}").get_json()
    page, whole = words(lee.text(f"{PAGE}&clock={clock}")), data["whole"]
    assert counts(rows, "Counted as") == {figures.kind(Kind(kind)): n for kind, n in whole["kinds"].items() if n}
    assert counts(rows, "In target") == {figures.state(State(state)): n for state, n in whole["states"].items() if n}
    kept = counts(rows, "Promise")
    assert (kept["promise kept"], kept["promise kept"] + kept["promise missed"]) == (
        whole["promises"]["part"], whole["promises"]["whole"],
    )  # fmt: skip
    counted = [row for row in rows if row["In target"]]
    minutes = "Opening minutes" if clock == "open" else "All minutes"
    until = f"{minutes} until"
    assert counts(counted, until)["called"] == whole["ends"]["called"] == sum(whole["bands"].values())
    short = sum(int(row[minutes]) <= 5 for row in counted if row[until] == "called")
    assert short == whole["bands"]["5"]
    assert data["n"] == len(counted) and f"{data['n']} requests counted" in page
    for share in ("in_target", "promises", "were_reached"):
        assert f"{whole[share]['percent']} %" in page and f"{whole[share]['part']} of {whole[share]['whole']}" in page
    assert f"0–5 min: {short}" in lee.text(f"{PAGE}&clock={clock}")


def test_times_are_the_offices_with_their_offset(lee: Desk, story: Story) -> None:
    row = next(one for one in take(lee) if one["Reference"] == story.references[2])
    assert (row["Received"], row["First call"], row["First call by"]) == (
        "2026-11-18T10:10:00-05:00", "2026-11-18T10:24:00-05:00", "Dev",
    )  # fmt: skip
    assert (row["Spoken to"], row["Tries"], row["Outcome"]) == ("2026-11-18T12:30:00-05:00", "2", "Information given")
    assert (row["Episode"], row["Page"], row["Language"], row["Came by"]) == (
        "current", "k3", "English", "The form on the website",
    )  # fmt: skip
    both = [one["Episode"] for one in take(lee) if one["Reference"] == story.references[19]]
    assert sorted(both) == ["1", "current"]


@point(74)
def test_names_leave_when_ticked_by_whoever_may_see_them_and_are_no_formula(
    lee: Desk, rae: Desk, site: Site, story: Story
) -> None:
    ask(site, on_day("13:50"), name='=HYPERLINK("http://x")', phone="212-555-1099")
    rows = take(lee)
    assert "Name" not in rows[0] and count(Audit, _A.action == "callback.exported") == 0
    rows = take(lee, contact="1")
    assert '\'=HYPERLINK("http://x")' in {row["Name"] for row in rows}
    assert all(row["Phone"].startswith("'+1") for row in rows)
    assert count(Audit, _A.action == "callback.exported") == 2  # one for each day
    assert "With names" in lee.text(CSV) and "With names" not in rae.text(CSV)
    assert rae.post("/admin/reports/csv", **COPY, contact="1").status_code == 403
    assert "Name" not in take(rae)[0]


@point(74)
def test_the_auditor_reads_who_took_what_for_whom(lee: Desk, rae: Desk) -> None:
    rows = take(lee, contact="1", source="k3")
    lee.get(DATA)
    text = words(rae.text("/admin/audit/?kind=exported"))
    assert "Lee took the requests of a report out of the panel, with names and numbers (CSV)" in text
    assert "Lee let a program read the figures of the reports" in text
    assert "Lee took names and numbers out of the panel" in text
    for said in ("from 2026-11-17 on", "before 2026-11-19", "by opening hours", "page: k3", f"rows: {len(rows)}"):
        assert said in text, (said, text)
    assert "Board: Yearly review" in text


def test_chosen_rows_of_the_queue_leave_as_the_same_lines_on_the_same_terms(
    lee: Desk, rae: Desk, story: Story, site: Site
) -> None:
    reference = story.references[19]
    lee.get("/admin/queue/")
    pick = [f"{reference}.{stored(reference).version}"]
    asked = lee.post("/admin/queue/export", pick=pick)  # type: ignore[arg-type]
    assert "1 chosen request" in asked.text and f'name="pick" value="{pick[0]}"' in asked.text
    refused = lee.post("/admin/queue/export/csv", pick=pick, purpose="Review")  # type: ignore[arg-type]
    assert refused.status_code == 422 and "Say who gets the copy" in refused.text and pick[0] in refused.text
    fields = {name: COPY[name] for name in ("recipient", "purpose", "password")} | {"contact": "1"}
    answer = lee.post("/admin/queue/export/csv", pick=pick, **fields)  # type: ignore[arg-type]
    assert answer.mimetype == "text/csv"
    notice, *rest = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    rows = [dict(zip(rest[0], row, strict=True)) for row in rest[1:]]
    assert notice == ["42 CFR part 2 prohibits unauthorized use or disclosure of these records."]
    assert rows == [row for row in take(lee, contact="1") if row["Reference"] == reference] and len(rows) == 2
    text = words(rae.text("/admin/audit/?kind=exported"))
    assert "Lee took chosen requests out of the panel, with names and numbers (CSV)" in text
    for path, some in (("export", []), ("export/csv", [f"AAA-{number:03}.1" for number in range(101)])):
        answer = lee.post(f"/admin/queue/{path}", pick=some, **fields)  # type: ignore[arg-type]
        assert answer.location == "/admin/queue/"
    assert "Tick at least one request first, and at most 100." in lee.text("/admin/queue/")


def test_the_list_offers_a_copy_to_whoever_may_take_one(lee: Desk, app: Flask, site: Site) -> None:
    ask(site, on_day("12:00"))
    assert 'formaction="/admin/queue/export"' in lee.text("/admin/queue/")
    staff = desk(app, "Ines", now=on_day("12:00"))
    assert 'formaction="/admin/queue/export"' not in staff.text("/admin/queue/")
    assert staff.post("/admin/queue/export", pick="AAA-AAA.1").status_code == 403


def test_a_copy_wants_to_know_for_whom_what_for_and_by_whom(lee: Desk) -> None:
    lee.get(CSV)
    refused = lee.post("/admin/reports/csv", purpose="Review", contact="1", **DAYS)
    assert refused.status_code == 422 and "Say who gets the copy" in refused.text
    assert 'value="Review"' in refused.text and 'value="1" checked' in refused.text
    assert "Say what it is for" in lee.post("/admin/reports/csv", recipient="Board", **DAYS).text
    for _ in range(TRIES):
        assert "This is not your password" in lee.post("/admin/reports/csv", **{**COPY, "password": "no"}).text
    assert lee.post("/admin/reports/csv", **COPY).status_code == 429
    assert count(KeptReport) == 0


def test_days_that_cannot_be_are_no_other_days(lee: Desk) -> None:
    lee.get(CSV)
    assert lee.post("/admin/reports/csv", **{**COPY, "to": "2026-11-01"}).status_code == 422
    answer = lee.get("/admin/reports/data?from=2026-11-18&to=2026-11-01")
    assert answer.status_code == 422 and answer.get_json() == {"errors": {"to": "This day is before the first one"}}


def test_the_page_explains_what_is_not_as_it_was_given_out(lee: Desk, story: Story) -> None:
    take(lee)
    assert "Given out" not in lee.text(PAGE)
    with at(on_day("14:01")):
        lee.post("/admin/reports/agree", pick=story.references[11], of="", **DAYS)
        text = words(lee.text(PAGE))
    assert re.search(
        r"Given out 2 pm ET, before .* now\. Promises kept: .* Called in target: 46 % \(6 of 13\), now 50 % "
        r"\(6 of 12\): "
        r"1 fewer ended without a call\. .*: 1 fewer counted, 1 more spam\.", text
    )  # fmt: skip
