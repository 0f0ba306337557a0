"""One report told four ways: the page, its data, its sheet and its mail hold the same figures, each of them."""

from __future__ import annotations

import csv
import io
from collections import Counter

from flask import Flask

from intake.database import reading
from intake.delivery import messages
from intake.delivery.messages import Occasion
from intake.models.reports import Every
from intake.models.site import Site
from intake.queries import kept_report
from intake.rules.bands import BANDS
from intake.rules.counting import Kept, Kind, State, Tries
from intake.services import report_mailing
from intake.wording import figures
from tests.admin.desk import Desk, words
from tests.admin.desk import at as at_this_time
from tests.admin.test_report_copies import COPY
from tests.points import point
from tests.queries.story import at, tell

WEEK = "from=2026-11-16&to=2026-11-22"
CHOSEN, MADE = at("15:00"), at("6:00", 23)
TITLES = {
    "promises": "Promises kept", "in_target": "Called within 15 opening minutes (target 90 %)",
    "were_reached": "Reached", "requested_times": "Requested times kept",
    "times_agreed": "Times agreed later kept",
}  # fmt: skip


def mailed(site: Site) -> str:
    """What the weekly mail says, of what was kept for it."""
    with reading() as conn:
        given = kept_report.by_id(conn, 1)
    return messages.write("person.report", Occasion(site, MADE, None, {"kept": 1}, report=given)).text


@point(69)
def test_page_data_sheet_and_mail_tell_each_figure_alike(app: Flask, site: Site) -> None:
    story = tell(site)
    report_mailing.choose(site, story.lee, {Every.WEEK}, now=CHOSEN)
    assert report_mailing.send_due(site, now=MADE) == 1
    with at_this_time(MADE):
        lee = Desk(app, story.lee)
        whole = lee.get(f"/admin/reports/data?{WEEK}").get_json()["whole"]
        page, mail = words(lee.text(f"/admin/reports/?{WEEK}")), mailed(site)
        lee.get(f"/admin/reports/csv?{WEEK}")
        answer = lee.post("/admin/reports/csv", **{**COPY, "from": "2026-11-16", "to": "2026-11-22"})
    _, *rest = csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    rows = [dict(zip(rest[0], row, strict=True)) for row in rest[1:]]
    for name, title in TITLES.items():
        share = whole[name]
        told = f"{share['percent']} % ({share['part']} of {share['whole']}), likely {share['low']} to {share['high']} %"
        assert f"- {title}: {told}" in mail
        assert f"{share['part']} of {share['whole']}" in page and f"{share['percent']} %" in page
    by_kind = Counter(row["Counted as"] for row in rows if row["Counted as"])
    assert by_kind == {figures.kind(Kind(kind)): n for kind, n in whole["kinds"].items() if n}
    by_state = Counter(row["In target"] for row in rows if row["In target"])
    assert by_state == {figures.state(State(state)): n for state, n in whole["states"].items() if n}
    for kind, n in by_kind.items():
        assert f"{n} {kind}" in mail and f"{n} {kind}" in page
    agreed = Counter(row["Agreed later"] for row in rows if row["Agreed later"])
    assert agreed == {figures.wish(Kept(word)): n for word, n in whole["agreed"].items() if n} and len(agreed) > 1
    share = whole["times_agreed"]
    assert f"Times agreed later: kept for {share['part']} of {share['whole']} requests" in page
    assert all(f" {n} {word} " in page for word, n in agreed.items())
    calls = Counter(row["Tries"] for row in rows if row["In target"])
    parts = [whole[name] for name in ("tries_reached", "tries_open", "tries_never")]
    assert calls == {made: n for made in parts[0] if (n := sum(part[made] for part in parts))} and len(calls) > 2
    calls_made = page.split("Calls made to each request")[-1]
    for made in Tries:
        counts = [part[made.value] for part in parts]
        head = "6 or more" if made is Tries.MANY else made.value
        assert not sum(counts) or f"- {figures.tries(made)}: {sum(counts)} (" in mail
        assert f" {head} {sum(counts)} {' '.join(map(str, counts))} " in calls_made
    half = whole["half"]
    for told, where in (("- Half were called within: ", mail), ("Half called within ", page)):
        assert f"{told}{half['within']} min" in where and f"n = {half['n']}" in where
    for band in BANDS:
        told = f"{figures.band(band)}: {whole['bands'][band.key]}"
        assert f"- {told} (" in mail and f"{told}, " in page
