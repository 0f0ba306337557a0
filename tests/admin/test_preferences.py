"""How I work: kept per person, on record, in force at once, and never somebody else's."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, User
from intake.models.site import Site
from intake.rules.preferences import Column, Dial, Preferences, from_document
from tests.admin.desk import Desk, words
from tests.admin.live import open_list
from tests.making import ask, look
from tests.web.signing_in import actions

PAGE = "/admin/account/preferences"


def stored(desk: Desk) -> Preferences:
    with reading() as conn:
        asked = select(User.__table__.c.preferences).where(User.__table__.c.id == desk.actor.user_id)  # type: ignore[union-attr]
        return from_document(conn.execute(asked).scalar_one())


def save(desk: Desk, **fields: str) -> None:
    desk.get(PAGE)
    assert desk.post(PAGE, **fields).status_code == 303


def test_what_is_saved_holds_at_once_and_for_this_person_alone(maria: Desk, dev: Desk) -> None:
    save(maria, dial="copy", hides_number="yes", sound="yes")
    assert stored(maria) == Preferences(is_keys_on=False, sound=True, dial=Dial.COPY, hides_number=True)
    page = maria.text(PAGE)
    assert "Saved." in page and 'value="copy" checked' in page
    assert "Single keys off" in words(maria.text("/admin/account/"))
    assert stored(dev) == Preferences()


def test_the_record_says_what_was_different_and_a_second_save_says_nothing(maria: Desk) -> None:
    save(maria, dial="sip", keys="yes")
    save(maria, dial="sip", keys="yes")
    assert actions().count("person.preferences_changed") == 1
    with reading() as conn:
        asked = select(Audit.__table__.c.details).where(Audit.__table__.c.action == "person.preferences_changed")
        assert conn.execute(asked).scalar_one() == {"user_id": maria.actor.user_id, "dial": "sip"}  # type: ignore[union-attr]
    assert "Nothing was different" in maria.text(PAGE)


def test_an_odd_form_is_the_standard(maria: Desk) -> None:
    save(maria, dial="javascript:alert(1)", keys="yes")
    assert stored(maria) == Preferences()


def test_the_list_shows_the_columns_that_its_reader_wants_also_while_it_stays_open(
    maria: Desk, dev: Desk, site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    save(maria, dial="tel", keys="yes", columns="asked", column=["number", "state"])  # type: ignore[arg-type]
    assert stored(maria).hides == (Column.THEIR_TIME, Column.TRIES, Column.OWNER)
    assert "Columns left out Their time, Tries, Owner" in words(maria.text("/admin/account/"))
    page, whole = open_list(maria), dev.text("/admin/queue/")
    heads = [
        re.findall(r'<th [^>]*scope="col"[^>]*>(?:<span class="vh">)?([^<]+)', html) for html in (page.html, whole)
    ]
    assert heads[0] == ["Choose", "Due", "Ref", "Name", "Number", "State", "Action"]
    assert heads[1] == [*heads[0][:5], "Their time", "State", "Tries", "Owner", "Action"]
    assert page.html.count('<td role="cell"') == len(heads[0]) and whole.count('<td role="cell"') == len(heads[1])
    look(dev.actor, reference, now)  # type: ignore[arg-type]
    cells = page.news()["rows"][reference]["cells"]
    assert {*cells} == {"q-due", "q-cri", "q-st", "q-eye", "q-act"} and "Viewing now: Dev" in cells["q-eye"]
    assert f'<span class="q-eye">{cells["q-eye"]}</span>' in maria.text("/admin/queue/"), "beside the name"
    save(maria, dial="tel", keys="yes")
    assert stored(maria).hides, "a form that asks about no columns changes none"
