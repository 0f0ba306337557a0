"""Reading leaves a trace, and so does a refusal: one entry for each page, and not two."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from intake.database import reading
from intake.models import Audit
from intake.models.site import Site
from intake.rules.workflow import ClosedReason
from intake.services import casework, claims, viewing
from tests.admin.desk import Desk, at, desk
from tests.making import actions, ask, count, person, stored

_A = Audit.__table__.c


def entries(action: str) -> list[dict[str, object]]:
    """The details of every entry of this kind, oldest first."""
    with reading() as conn:
        return list(conn.execute(select(_A.details).where(_A.action == action).order_by(_A.id)).scalars())


def views(reference: str) -> int:
    return actions(reference).count("callback.viewed")


def test_a_page_that_is_shown_again_with_an_error_is_on_record_too(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Ana").reference
    answer = maria.press(reference, "note", remark=" ")
    assert answer.status_code == 422 and "Ana" in answer.get_data(as_text=True)
    assert views(reference) == 1


def test_a_button_that_leads_to_the_page_makes_one_entry(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    maria.text(maria.press(reference, "note", remark="x").location)
    assert views(reference) == 1


def test_a_request_that_ended_or_was_taken_meanwhile_is_on_record(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    claims.claim(site, maria.actor, reference, now=now)
    assert dev.press(reference, "claim").status_code == 409
    assert views(reference) == 1
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    assert dev.press(reference, "claim").status_code == 409
    assert views(reference) == 2


def test_a_list_is_on_record_once_with_what_it_showed(maria: Desk, site: Site, now: datetime) -> None:
    first = stored(ask(site, now).reference).id
    maria.text("/admin/queue/")
    before = entries("queue.viewed")
    maria.text("/admin/queue/")
    assert entries("queue.viewed") == before and before[-1] == {"view": "all_open", "ids": [first]}
    second = stored(ask(site, now).reference).id
    maria.text("/admin/queue/")
    assert entries("queue.viewed") == [*before, {"view": "all_open", "ids": [second]}]


def test_after_a_quarter_of_an_hour_the_whole_list_is_on_record_again(maria: Desk, site: Site, now: datetime) -> None:
    first = stored(ask(site, now).reference).id
    maria.text("/admin/queue/?view=unclaimed")
    with at(now + timedelta(minutes=14)):
        maria.text("/admin/queue/?view=unclaimed")
    with at(now + timedelta(minutes=15)):
        maria.text("/admin/queue/?view=unclaimed")
    told = {"view": "unclaimed", "ids": [first]}
    assert [entry for entry in entries("queue.viewed") if entry["view"] == "unclaimed"] == [told, told]


def test_each_person_and_each_view_has_an_entry_of_its_own(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    ask(site, now)
    before = len(entries("queue.viewed"))
    for one in (maria, dev):
        for view in ("unclaimed", "mine"):
            one.text(f"/admin/queue/?view={view}")
    assert len(entries("queue.viewed")) == before + 4


def test_what_a_search_found_and_what_has_ended_are_lists_too(maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now, name="Ana").reference
    casework.close(site, maria.actor, reference, ClosedReason.TEST, now=now)
    maria.text(maria.post("/admin/queue/search", find="ana").location)
    maria.text("/admin/queue/?view=closed")
    ids = [stored(reference).id]
    assert entries("queue.viewed")[-2:] == [{"view": "search", "ids": ids}, {"view": "closed", "ids": ids}]


def test_a_memory_that_is_full_forgets_and_so_records_more_not_less(
    site: Site, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    maria = person(site, "Maria", now=now)
    monkeypatch.setattr(viewing, "MOST_LISTS", 1)
    monkeypatch.setattr(viewing, "MOST_IDS", 3)
    shown = [("mine", [1, 2]), ("mine", [3, 4]), ("mine", [1, 2]), ("check", [1]), ("mine", [1, 2])]
    for view, ids in shown:
        viewing.listed(site, maria, view=view, ids=ids, now=now)
    assert entries("queue.viewed") == [{"view": view, "ids": ids} for view, ids in shown]


def test_who_is_refused_a_page_is_on_record_with_the_place(app: Flask, maria: Desk, site: Site, now: datetime) -> None:
    reference = ask(site, now).reference
    assert maria.press(reference, "assign", person="1").status_code == 403
    assert entries("access.refused") == [{"endpoint": "queue.assign"}]
    auditor = desk(app, "Lee", "auditor", now=now)
    before = count(Audit, _A.action == "access.refused", _A.actor_id == auditor.actor.user_id)
    assert auditor.get(f"/admin/queue/{reference}").status_code == 403
    assert count(Audit, _A.action == "access.refused", _A.actor_id == auditor.actor.user_id) == before + 1
    assert entries("access.refused")[-1] == {"endpoint": "queue.show"} and views(reference) == 0


def test_a_stranger_is_asked_to_sign_in_and_leaves_no_entry(app: Flask) -> None:
    assert Desk(app, None).get("/admin/queue/").status_code == 302
    assert entries("access.refused") == []


@pytest.mark.parametrize("reference", ["abc-def", "000000", "000-00", "0%00-000", "000-000%0A", "٠٠٠-000", "x" * 3000])
def test_what_cannot_be_a_reference_is_not_found_on_any_database(maria: Desk, reference: str) -> None:
    assert maria.get(f"/admin/queue/{reference}").status_code == 404
    assert maria.press(reference, "note", remark="x").status_code == 404


@pytest.mark.parametrize("place", ["0.-99999999999999999999", "0.99999999999999999999", "99999999999999999999.1", "x"])
def test_a_forged_place_in_the_list_is_the_first_page_or_an_empty_one(maria: Desk, place: str) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()
    for address in (f"?after={cursor}", f"?view=closed&after={cursor}", f"?m={'0' * 16}&after={cursor}"):
        maria.text(f"/admin/queue/{address}")
