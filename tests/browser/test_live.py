"""Work places that stay open, in real browsers: current, still under the hand, loud in time, honest when cut off."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from intake.models import Presence, User
from intake.models.site import Site
from intake.rules.permissions import Actor
from intake.rules.preferences import Preferences
from intake.services import casework, claims, visitor
from tests.admin.desk import Desk, at
from tests.browser.barriers import barriers
from tests.making import ask, count, person, stored
from tests.points import point

POLL = 15
"""Within so long everything is to be seen."""


@pytest.fixture(autouse=True)
def working_day(now: datetime) -> Iterator[None]:
    with at(now, is_running=True):
        yield


@pytest.fixture
def site(sqlite_app: Flask) -> Site:
    return sqlite_app.extensions["intake"]  # type: ignore[no-any-return]


@pytest.fixture
def people(site: Site, now: datetime) -> dict[str, Actor]:
    return {name: person(site, name, now=now) for name in ("Maria", "Dev")}


@pytest.fixture
def desks(
    browser: Browser, live_server: str, sqlite_app: Flask, people: dict[str, Actor]
) -> Iterator[dict[str, BrowserContext]]:
    """A browser each, signed in."""
    made = {}
    for name, actor in people.items():
        made[name] = browser.new_context(base_url=live_server)
        cookie = Desk(sqlite_app, actor).client.get_cookie("session")
        assert cookie
        made[name].add_cookies([{"name": "session", "value": cookie.value, "url": live_server}])
    yield made
    for context in made.values():
        context.close()


def opened(context: BrowserContext, path: str) -> Page:
    """A page whose clock the test moves."""
    page = context.new_page()
    page.clock.install()
    page.goto(path)
    return page


def wait(*pages: Page, seconds: int = POLL) -> None:
    """So much time passes on these pages, second by second, and what they ask is answered."""
    for page in pages:
        asking: set[str] = set()

        def begun(request: Request, asking: set[str] = asking) -> None:
            asking.add(request.url)

        def done(request: Request, asking: set[str] = asking) -> None:
            asking.discard(request.url)

        page.on("request", begun)
        page.on("requestfinished", done)
        page.on("requestfailed", done)
        for _ in range(seconds):
            page.clock.run_for(1000)
            while asking:
                page.wait_for_timeout(10)


@point(46)
def test_new_requests_wait_and_move_nothing_under_the_hand(
    desks: dict[str, BrowserContext], site: Site, now: datetime
) -> None:
    made = [ask(site, now - timedelta(minutes=number)).reference for number in range(40)]
    page = opened(desks["Maria"], "/admin/queue/")
    held = page.locator(f"tr[data-ref='{made[20]}']")
    held.scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    page.wait_for_function("scrollY > 200")
    held.get_by_role("link").first.focus()
    before, order = (
        held.bounding_box(),
        page.locator("tr[data-ref]").evaluate_all("rows => rows.map(r => r.dataset.ref)"),
    )
    for _ in range(3):
        ask(site, now - timedelta(minutes=60))
    wait(page)
    show = page.get_by_role("link", name="3 new – show")
    expect(show).to_be_visible()
    assert page.locator("tr[data-ref]").evaluate_all("rows => rows.map(r => r.dataset.ref)") == order
    assert held.bounding_box() == before
    expect(held.get_by_role("link").first).to_be_focused()
    bar = show.bounding_box()
    assert bar
    page.mouse.click(bar["x"] + 9, bar["y"] + 9)  # not Playwright's own click, which scrolls first
    expect(page.locator("tr.is-new")).to_have_count(3)
    expect(held.get_by_role("link").first).to_be_focused()
    after = held.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    expect(show).to_be_hidden()


@point(46)
def test_a_row_changes_in_place_and_what_has_gone_stays_marked(
    desks: dict[str, BrowserContext], people: dict[str, Actor], site: Site, now: datetime
) -> None:
    one, other = (ask(site, now - timedelta(minutes=number)).reference for number in (2, 1))
    page = opened(desks["Maria"], "/admin/queue/?view=unclaimed")
    page.get_by_role("button", name=f"Claim {one}").focus()
    claims.claim(site, people["Dev"], one, now=now)
    wait(page)
    gone = page.locator(f"tr[data-ref='{one}']")
    expect(gone).to_contain_text("no longer in this view")
    expect(gone).to_contain_text("Dev")
    expect(gone.get_by_role("link", name=f"Open {one}")).to_be_focused()
    expect(gone.get_by_role("checkbox")).to_have_value(f"{one}.{stored(one).version}")
    expect(page.get_by_role("button", name=f"Claim {other}")).to_be_visible()
    expect(page.locator("[data-count=unclaimed]")).to_have_text("1")


@point(42)
def test_a_list_that_hears_nothing_says_so_and_its_due_times_run_on(
    desks: dict[str, BrowserContext], site: Site, now: datetime
) -> None:
    reference = ask(site, now - timedelta(minutes=10)).reference
    page = opened(desks["Maria"], "/admin/queue/")
    page.context.set_offline(True)
    wait(page, seconds=59)
    expect(page.get_by_text("Not updating")).to_be_hidden()
    wait(page, seconds=6)
    expect(page.get_by_text(re.compile(r"Not updating – last at \d+:\d\d\s[ap]m ET\."))).to_be_visible()
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    assert list(barriers(page, "queue cut off")) == []
    wait(page, seconds=6 * 60)
    expect(page.locator(f"tr[data-ref='{reference}']")).to_contain_text(re.compile("Overdue [23] min"))
    page.context.set_offline(False)
    wait(page, seconds=75)
    expect(page.get_by_text("Not updating")).to_be_hidden()


@point(45)
def test_a_colleague_is_seen_to_look_and_seen_no_more_once_they_have_left(
    desks: dict[str, BrowserContext], people: dict[str, Actor], site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    queue, mine = opened(desks["Maria"], "/admin/queue/"), opened(desks["Maria"], f"/admin/queue/{reference}")
    theirs = opened(desks["Dev"], f"/admin/queue/{reference}")
    expect(theirs.get_by_text("Maria is viewing")).to_be_visible()
    expect(theirs.get_by_text("Dev is viewing")).to_be_hidden()
    wait(queue, mine)
    expect(mine.get_by_text("Dev is viewing")).to_be_visible()
    expect(queue.locator(f"tr[data-ref='{reference}']")).to_contain_text("Viewing now: Dev")
    theirs.goto("/admin/queue/")
    p = Presence.__table__.c
    while count(Presence, p.user_id == people["Dev"].person_id, p.seen_at > now):
        theirs.wait_for_timeout(50)
    wait(queue, mine)
    expect(mine.get_by_text("Dev is viewing")).to_be_hidden()
    expect(queue.locator(f"tr[data-ref='{reference}']")).not_to_contain_text("Viewing now")


def test_a_visitors_cancelling_reaches_an_open_call_page_and_stops_the_call(
    desks: dict[str, BrowserContext], people: dict[str, Actor], site: Site, now: datetime
) -> None:
    made = ask(site, now)
    claims.claim(site, people["Maria"], made.reference, now=now)
    page = opened(desks["Maria"], f"/admin/queue/{made.reference}")
    page.get_by_label("Note", exact=False).first.fill("Asked for Ana.")
    visitor.withdraw(site, made.link_token, now=datetime.now(UTC))
    wait(page)
    expect(page.get_by_role("alert").get_by_text("The visitor cancelled this request. Do not call.")).to_be_visible()
    call = page.get_by_role("button", name="Call", exact=True)
    expect(call).to_have_attribute("aria-disabled", "true")
    call.click(force=True)
    show = page.get_by_role("link", name="Show")
    expect(show).to_be_focused()
    assert stored(made.reference).call_started_at is None
    show.click()
    expect(page.get_by_role("heading", name=re.compile("The visitor changed this"))).to_be_visible()
    expect(page.get_by_text("Asked for Ana.").first).to_be_visible()


def test_a_colleagues_change_is_told_quietly_and_leaves_what_is_typed_alone(
    desks: dict[str, BrowserContext], people: dict[str, Actor], site: Site, now: datetime
) -> None:
    reference = ask(site, now).reference
    claims.claim(site, people["Maria"], reference, now=now)
    page = opened(desks["Maria"], f"/admin/queue/{reference}")
    note = page.locator("#note")
    note.fill("Asked for Ana.")
    page.get_by_label("No answer").check()
    casework.add_note(site, people["Dev"], reference, "Speaks Polish.", now=datetime.now(UTC))
    before = note.bounding_box()
    wait(page)
    expect(page.get_by_text("Dev wrote a note.")).to_be_visible()
    expect(note).to_have_value("Asked for Ana.")
    assert note.bounding_box() == before
    expect(page.get_by_role("button", name="Call", exact=True)).not_to_have_attribute("aria-disabled", "true")
    page.get_by_role("link", name="Show").click()
    expect(page.get_by_text("Speaks Polish.").first).to_be_visible()
    expect(page.locator("#note")).to_have_value("Asked for Ana.")
    expect(page.get_by_label("No answer")).to_be_checked()


RINGS = """window.AudioContext = class {
  constructor() { this.state = 'running'; this.currentTime = 0; this.rung = window.rung = []; }
  createOscillator() { window.rung.push(Date.now()); return this.part(); }
  createGain() { return this.part(); }
  part() {
    const level = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
    const part = { frequency: {}, gain: level };
    return Object.assign(part, { connect: (to) => to, start() {}, stop() {} });
  }
};
window.told = [];
window.Notification = class { constructor(text, more) { window.told.push([text, ...Object.values(more)].join(' ')); } };
window.Notification.permission = 'granted';
Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true });"""
"""A loudspeaker and a desktop that only note what they are given; and a tab that can be told to be behind another."""


@point(47)
def test_the_tab_counts_and_nothing_rings_or_is_told_that_nobody_asked_for(
    desks: dict[str, BrowserContext], site: Site, now: datetime
) -> None:
    desks["Maria"].add_init_script(RINGS)
    page = opened(desks["Maria"], "/admin/queue/")
    page.keyboard.press("Tab")
    ask(site, now - timedelta(minutes=30))
    wait(page)
    expect(page).to_have_title(re.compile(r"^\(1\) Queue"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("panel-icon-due.svg$"))
    expect(page.locator("[data-badge=queue]")).to_contain_text("1")
    assert page.evaluate("window.rung || []") == [] and page.evaluate("window.told") == []


@point(47)
def test_once_asked_for_it_rings_every_half_minute_until_somebody_claims_and_tells_no_name(
    desks: dict[str, BrowserContext],
    people: dict[str, Actor],
    site: Site,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(User, "prefers", Preferences(sound=True, notify=True))
    reference = ask(site, now - timedelta(minutes=30), name="Zenobia").reference
    desks["Maria"].add_init_script(RINGS)
    page = opened(desks["Maria"], "/admin/queue/?view=unclaimed")
    wait(page)
    assert page.evaluate("window.rung || []") == [], "no browser lets a page ring before it was touched"
    page.keyboard.press("Tab")
    page.evaluate("window.isHidden = true")
    ask(site, now - timedelta(minutes=30), name="Zenobia")
    wait(page, seconds=95)
    rung = page.evaluate("window.rung")[::2]  # two tones each
    assert len(rung) >= 3 and max(later - before for before, later in itertools.pairwise(rung)) <= 30_000
    told = page.evaluate("window.told")
    assert [text.partition(" desk")[0] for text in told] == ["2 requests are due"]
    assert not any(word in text for text in told for word in ("Zenobia", "0182", reference))
    for one in page.locator("tr[data-ref]").evaluate_all("rows => rows.map(row => row.dataset.ref)"):
        claims.claim(site, people["Dev"], one, now=datetime.now(UTC))
    page.evaluate("window.isHidden = false")
    wait(page, seconds=30)
    count_then = len(page.evaluate("window.rung"))
    wait(page, seconds=60)
    assert len(page.evaluate("window.rung")) <= count_then + 6, "one that this list does not show is still nobody's"
