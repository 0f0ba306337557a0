"""How I work: kept per person, on record, in force at once, and never somebody else's."""

from __future__ import annotations

from sqlalchemy import select

from intake.database import reading
from intake.models import Audit, User
from intake.rules.preferences import Dial, Preferences, from_document
from tests.admin.desk import Desk, words
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
