"""Views of the queue under a name: saved from the address, shared, renamed, removed; nothing of a search in them."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from intake.database import reading
from intake.models import Audit, SavedView
from intake.models.site import Site
from intake.queries import live
from intake.services import saved_views
from intake.services.errors import NotFoundError, RefusedError
from tests.admin.desk import Desk, words
from tests.making import ask, count
from tests.points import point

FILTERED = {"view": "unclaimed", "owner": "none", "language": "es"}


def offered(desk: Desk) -> list[tuple[str, str]]:
    """The menu of saved views: address and name."""
    html = desk.text("/admin/queue/")
    menu = re.search(r'<details class="menu saved">.*?</details>', html, re.S)
    return re.findall(r'href="/admin/queue/\?([^"]*)">([^<]+)<', menu[0]) if menu else []


def saved(desk: Desk, name: str, **more: str) -> str:
    """A view saved by the form; its key."""
    desk.get("/admin/queue/?view=unclaimed&owner=none&filter=open")
    assert desk.post("/admin/queue/views", name=name, **{**FILTERED, **more}).status_code == 303
    with reading() as conn:
        return str(conn.execute(SavedView.__table__.select().order_by(SavedView.id.desc())).first().public_id)  # type: ignore[union-attr]


@point(50)
def test_a_view_is_saved_renamed_shared_and_removed(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    key = saved(maria, "  Spanish,   free ")
    address = "view=unclaimed&amp;owner=none&amp;language=es"
    assert offered(maria) == [(address, "Spanish, free")] and offered(dev) == []
    maria.post(f"/admin/queue/views/{key}", do="share")
    assert offered(dev) == [(address, "Spanish, free")]
    assert "Rename" not in dev.text("/admin/queue/views")
    maria.post(f"/admin/queue/views/{key}", do="rename", name="<b>Free</b>")
    assert offered(dev) == [(address, "&lt;b&gt;Free&lt;/b&gt;")]
    maria.post(f"/admin/queue/views/{key}", do="unshare")
    assert offered(dev) == []
    maria.post(f"/admin/queue/views/{key}", do="remove")
    assert offered(maria) == [] and "No saved views" in words(maria.text("/admin/queue/views"))
    assert count(Audit, Audit.action.like("view.%")) == 5


def test_a_saved_view_opens_the_requests_it_was_made_for(maria: Desk, site: Site, now: datetime) -> None:
    wanted, other = (ask(site, now, language=language).reference for language in ("es", "en"))
    saved(maria, "Spanish")
    [(address, _)] = offered(maria)
    html = maria.text(f"/admin/queue/?{address.replace('&amp;', '&')}")
    assert wanted in html and other not in html


def test_a_saved_view_holds_no_search_and_no_place_in_the_list(maria: Desk, site: Site) -> None:
    saved(maria, "Mine", m="00ff00ff00ff00ff", after="MTIz")
    [(address, _)] = offered(maria)
    assert "m=" not in address and "after=" not in address
    for query in ("m=00ff00ff00ff00ff", "owner=<script>", "page=" + "x" * 400, "find=ana"):
        with pytest.raises(RefusedError):
            saved_views.save(site, maria.actor, "x", query, is_shared=False, now=datetime.now().astimezone())  # type: ignore[arg-type]


def test_nobody_changes_a_colleagues_view(maria: Desk, dev: Desk, site: Site, now: datetime) -> None:
    key = saved(maria, "Mine", shared="1")
    for deed in ("rename", "share", "unshare", "remove"):
        assert dev.post(f"/admin/queue/views/{key}", do=deed, name="Theirs").status_code == 404
    with pytest.raises(NotFoundError):
        saved_views.remove(site, dev.actor, key, now=now)  # type: ignore[arg-type]
    assert offered(dev)[0][1] == "Mine"


def test_a_view_without_a_name_and_a_twenty_first_are_refused_in_words(maria: Desk, site: Site, now: datetime) -> None:
    maria.get("/admin/queue/?filter=open")
    assert "Give the view a name" in words(maria.post("/admin/queue/views", name=" ", **FILTERED).text)
    for number in range(saved_views.MOST):
        saved_views.save(site, maria.actor, f"V{number}", "view=mine", is_shared=False, now=now)  # type: ignore[arg-type]
    answer = maria.post("/admin/queue/views", name="One more", **FILTERED)
    assert answer.status_code == 422 and "Remove one first" in answer.text and count(SavedView) == saved_views.MOST


def test_a_name_one_has_already_and_a_very_long_one_come_back_with_what_was_typed(maria: Desk, dev: Desk) -> None:
    saved(maria, "Spanish, free")
    key, long = saved(maria, "Mine"), "x" * 61
    for name, said in (("spanish,  FREE", "of this name already"), (long, "at most 60 characters")):
        for address, more in (("/admin/queue/views", FILTERED), (f"/admin/queue/views/{key}", {"do": "rename"})):
            answer = maria.post(address, name=name, **more)
            assert answer.status_code == 422 and f'value="{name}"' in answer.text and said in words(answer.text)
    assert maria.post(f"/admin/queue/views/{key}", do="rename", name="MINE").status_code == 303, "its own name"
    assert len(offered(maria)) == 2
    saved(dev, "Spanish, free")
    assert len(offered(dev)) == 1, "another person's names are theirs"


def test_the_views_and_people_of_the_page_cost_no_query_of_their_own(maria: Desk, site: Site, now: datetime) -> None:
    saved(maria, "Spanish")
    who = maria.actor.person_id  # type: ignore[union-attr]
    with reading() as conn:
        found = live.glance(conn, user_id=who, now=now, due_soon=now - now, has_lists=True)
    assert [(one.name, one.is_own, one.is_shared) for one in found.saved] == [("Spanish", True, False)]
    assert [name for _, name in found.workers] == ["Maria"]
