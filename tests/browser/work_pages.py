"""Every page of the work itself: the queue in all its views, requests of every kind, and what says no to a button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import update

from intake.database import writing
from intake.models import OutboxMessage
from intake.models.records import OutboxState
from intake.rules.workflow import ClosedReason, Disposition
from intake.services import calls, casework, claims, duplicates, saved_views, snoozing, visitor
from intake.services.calls import Outcome
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, at, send, sent
from tests.making import look, stored

QUEUE, REQUEST, ADD, TAKEN = (f"admin/{name}.html" for name in ("queue", "request", "add", "taken"))
VIEWS = ("", "all-open", "due-now", "mine", "unclaimed", "scheduled", "retry", "number", "snoozed", "check", "closed")
SERIOUS = ("No answer", "Asked us to call again", "In crisis", "Do not call again")


def narrowed(state: str) -> Way:
    """The queue with its filter open and in use."""

    def go(house: Premises) -> Page:
        page = at("Maria", "/admin/queue/")(house)
        page.get_by_role("link", name="Filter").click()
        page.locator(".narrow-by summary", has_text="State").click()
        page.get_by_label(state, exact=True).check()
        page.get_by_role("button", name="Show these").click()
        expect(page.get_by_role("link", name="Clear filters")).to_be_visible()
        page.locator(".narrow-by summary", has_text="State").click()
        return page

    return go


def saved(house: Premises) -> Page:
    """The page of saved views, with one of Maria's on it."""
    query, now = "view=mine&language=es", datetime.now(UTC)
    saved_views.save(house.site, house.people["Maria"], "Spanish, mine", query, is_shared=True, now=now)
    return at("Maria", "/admin/queue/views")(house)


def found(words: str) -> Way:
    def go(house: Premises) -> Page:
        page = at("Maria", "/admin/queue/")(house)
        page.get_by_label("Find").fill(words)
        page.get_by_label("Find").press("Enter")
        page.wait_for_url("**m=**")
        return page

    return go


def claimed(house: Premises, who: str, **more: Any) -> str:
    reference = house.ask(**more)
    claims.claim(house.site, house.people[who], reference, now=datetime.now(UTC))
    return reference


def pressed(verb: str, mine: Callable[[Premises], str], who: str = "Maria", **fields: str) -> Way:
    """A button of a request that was made for this visit."""

    def go(house: Premises) -> Page:
        reference = mine(house)
        page = house.tab(who)
        page.goto(f"/admin/queue/{reference}")
        return send(page, f"/admin/queue/{reference}/{verb}", **{"version": str(stored(reference).version), **fields})

    return go


def of_mine(house: Premises) -> str:
    return claimed(house, "Maria")


def of_devs(house: Premises) -> str:
    return claimed(house, "Dev")


def anybodys(house: Premises) -> str:
    return house.ask()


def numberless(house: Premises) -> str:
    """Whose number was wrong: they were asked by mail for another."""
    mine = claimed(house, "Maria", phone=f"212-736-{house.number()}", email="a.person@example.com")
    calls.log_attempt(house.site, house.people["Maria"], mine, Outcome(Disposition.WRONG_NUMBER), now=datetime.now(UTC))
    return mine


def far_away(house: Premises) -> str:
    """Where it is too early to call, and too long ago to call all the same."""
    return house.ask(minutes_ago=90, phone=f"808-555-01{house.number() % 100:02}")


def far_away_mine(house: Premises) -> str:
    return claimed(house, "Maria", minutes_ago=90, phone=f"808-555-01{house.number() % 100:02}")


def in_crisis(house: Premises) -> str:
    """Whose note says so; spoken to in Spanish."""
    return claimed(house, "Maria", message="I want to die", language="es")


def twice(house: Premises) -> str:
    """Asked by the same person twice, the second time with another email."""
    phone, email = f"212-736-{house.number()}", "a.person.with.a.long.name@mail.example.com"
    house.ask(minutes_ago=50, phone=phone, email=email)
    return house.ask(minutes_ago=10, phone=phone, email=email)


def joined(house: Premises) -> str:
    phone = f"212-736-{house.number()}"
    older, newer = house.ask(minutes_ago=50, phone=phone), house.ask(minutes_ago=10, phone=phone)
    duplicates.link(house.site, house.people["Maria"], older, newer, now=datetime.now(UTC))
    return newer


def closed(house: Premises) -> str:
    reference = of_mine(house)
    casework.close(house.site, house.people["Maria"], reference, ClosedReason.TEST, now=datetime.now(UTC))
    return reference


def withdrawn(house: Premises) -> str:
    made = house.asked()
    visitor.withdraw(house.site, made.link_token, now=datetime.now(UTC))
    return made.reference


def tried(house: Premises) -> str:
    """Called by Maria a moment ago, in vain."""
    reference, now = of_mine(house), datetime.now(UTC)
    claims.start_call(house.site, house.people["Maria"], reference, now=now)
    outcome = Outcome(Disposition.NO_ANSWER, note="Rang out.", next_at=now + timedelta(hours=1))
    calls.log_attempt(house.site, house.people["Maria"], reference, outcome, now=now)
    return reference


def put_off(house: Premises) -> str:
    """Nobody is to call Maria's request for a while."""
    reference, now = of_mine(house), datetime.now(UTC)
    hours = timedelta(hours=3)
    snoozing.snooze(house.site, house.people["Maria"], reference, now + hours, reason="Line is down", now=now)
    return reference


def just_claimed(house: Premises) -> Page:
    """With the bar that takes it back."""
    page = show("Maria", anybodys)(house)
    page.get_by_role("button", name="Claim", exact=True).click()
    page.wait_for_selector(".undo")
    return page


def show(who: str, kind: Callable[[Premises], str], *opened: str) -> Way:
    """A request of this kind, with these parts of the page unfolded."""

    def go(house: Premises) -> Page:
        page = house.tab(who)
        page.goto(f"/admin/queue/{kind(house)}")
        for words in opened:
            page.get_by_text(words).first.click()
        return page

    return go


def on_the_call(outcome: str = "") -> Way:
    def go(house: Premises) -> Page:
        page = show("Maria", anybodys)(house)
        page.get_by_role("button", name="Call", exact=True).click()
        page.wait_for_selector(".incall")
        if outcome:
            page.get_by_label(re.compile(outcome)).check()
        return page

    return go


def not_confirmed(house: Premises) -> Page:
    page = on_the_call(SERIOUS[-1])(house)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("text=Not saved yet.")
    return page


def both_wrote(house: Premises) -> Page:
    """Grace gives it to Dev while Maria hands it to Grace."""
    reference = of_mine(house)
    page = house.tab("Maria")
    page.goto(f"/admin/queue/{reference}")
    version, dev = str(stored(reference).version), house.people["Dev"].person_id
    casework.add_note(house.site, house.people["Grace"], reference, "Speaks Polish", now=datetime.now(UTC))
    claims.assign(house.site, house.people["Grace"], reference, dev, now=datetime.now(UTC))
    claims.assign(house.site, house.people["Grace"], reference, house.people["Maria"].person_id, now=datetime.now(UTC))
    fields = {"hand_off_to": str(dev), "hand_off_note": "W" * 60, "version": version}
    return send(page, f"/admin/queue/{reference}/hand-off", **fields)


def mail_given_up(house: Premises) -> str:
    reference = house.ask(email="ana@example.com")
    with writing() as conn:
        o = OutboxMessage.__table__.c
        dead = {"state": OutboxState.DEAD, "dead_at": datetime.now(UTC), "last_error": "550 " + "no mailbox " * 9}
        conn.execute(update(OutboxMessage).where(o.callback_id == stored(reference).id).values(**dead))
    return reference


def kept_open(who: str, path: str) -> Callable[[Premises], Page]:
    """A page whose clock can be moved on."""

    def go(house: Premises) -> Page:
        page = house.tab(who)
        page.clock.install()
        page.goto(path.format(**house.requests))
        return page

    return go


def waits_for(page: Page, words: str) -> Page:
    """Time passes until this is to be seen."""
    for _ in range(90):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)
        if page.get_by_text(words).first.is_visible():
            break
    page.wait_for_selector(f"text={words}")
    return page


def new_ones_wait(house: Premises) -> Page:
    page = kept_open("Maria", "/admin/queue/?view=all-open")(house)
    house.ask(minutes_ago=300)
    return waits_for(page, "1 new – show")


def one_has_gone(house: Premises) -> Page:
    """Claimed by a colleague, who looks at it too."""
    reference = house.ask(minutes_ago=60)
    page = kept_open("Maria", "/admin/queue/?view=unclaimed")(house)
    claims.claim(house.site, house.people["Dev"], reference, now=datetime.now(UTC))
    look(house.people["Dev"], reference, datetime.now(UTC))
    return waits_for(page, "no longer in this view")


LONG_NAME = "Bartholomew-Alexander Wolfeschlegelsteinhausen"


def crowded(house: Premises) -> Page:
    """Many look at one of Maria's own requests, about which there is a lot to say, and its tab stays open."""
    much = {"name": LONG_NAME, "message": "I want to die", "language": "es", "phone": f"671-555-{house.number()}"}
    reference = claimed(house, "Maria", minutes_ago=200, **much)
    for who in ("Dev", "Grace", "Alex", house.newcomer()):
        look(house.people[who], reference, datetime.now(UTC))
    page = at("Maria", "/admin/queue/?view=mine")(house)
    page.wait_for_selector(".eyes")
    return page


def chosen(who: str) -> Way:
    """Two rows chosen, and the bar over the list."""

    def go(house: Premises) -> Page:
        for _ in range(2):
            house.ask(minutes_ago=100)
        page = at(who, "/admin/queue/?view=unclaimed")(house)
        for box in page.locator("input.pick").all()[:2]:
            box.check()
        return page

    return go


def looked_at(house: Premises) -> Page:
    reference = house.ask()
    for who in ("Dev", "Grace"):
        look(house.people[who], reference, datetime.now(UTC))
    return at("Maria", f"/admin/queue/{reference}")(house)


def cancelled_meanwhile(house: Premises) -> Page:
    made = house.asked()
    claims.claim(house.site, house.people["Maria"], made.reference, now=datetime.now(UTC))
    page = kept_open("Maria", f"/admin/queue/{made.reference}")(house)
    visitor.withdraw(house.site, made.link_token, now=datetime.now(UTC))
    return waits_for(page, "The visitor cancelled this request")


def noted_meanwhile(house: Premises) -> Page:
    reference = of_mine(house)
    page = kept_open("Maria", f"/admin/queue/{reference}")(house)
    casework.add_note(house.site, house.people["Dev"], reference, "Speaks Polish.", now=datetime.now(UTC))
    return waits_for(page, "Dev wrote a note.")


def taken_down(house: Premises) -> Page:
    page = at("Maria", "/admin/queue/add")(house)
    page.get_by_label("Name", exact=True).fill("W" * 60)
    page.get_by_role("button", name="Add to the queue").click()
    page.wait_for_selector("text=Not saved yet.")
    return page


def refused(name: str, endpoint: str, way: Way, status: int = 422, template: str = REQUEST) -> Shown:
    return Shown(name, f"queue.{endpoint}", template, way, status)


def next_call(house: Premises) -> Page:
    """What the button says when it leads to somebody, with the ways past them open.

    A newcomer's: a call that another page's visit left under way would come first.
    """
    who = house.newcomer()
    house.ask(minutes_ago=30)
    page = at(who, "/admin/queue/")(house)
    page.get_by_role("button", name="Next call").click()
    page.wait_for_selector("text=the most urgent")
    page.get_by_text("Skip", exact=True).click()
    return page


PAGES = [
    *(Shown(f"queue {view}".strip(), "queue.index", QUEUE, at("Maria", f"/admin/queue/?view={view}"))
      for view in VIEWS),
    Shown("queue of a manager", "queue.index", QUEUE, at("Grace", "/admin/queue/")),
    Shown("queue narrowed", "queue.index", QUEUE, narrowed("New")),
    Shown("queue narrowed to nothing", "queue.index", QUEUE, at("Maria", "/admin/queue/?view=check&status=scheduled")),
    Shown("saved views, none", "queue.views", "admin/saved_views.html", at("Grace", "/admin/queue/views")),
    Shown("saved views", "queue.views", "admin/saved_views.html", saved),
    Shown("saved view without a name", "queue.save_view", "admin/saved_views.html",
          sent("Maria", "/admin/queue/?view=mine&filter=open", "/admin/queue/views", view="mine"), 422),
    Shown("found", "queue.index", QUEUE, found("priya")),
    Shown("found nothing", "queue.index", QUEUE, found("nobodybythatname")),
    *(Shown(f"request of {name}", "queue.show", REQUEST, at("Maria", f"/admin/queue/{{{name}}}"))
      for name in ("Ana", "Jo", "Sam", "asdf", "Bea", "Lee", "Long")),
    Shown("request of a colleague", "queue.show", REQUEST, show("Maria", of_devs, "Take it over")),
    Shown("request of one's own", "queue.show", REQUEST, show("Maria", of_mine, "Hand off to a colleague")),
    Shown("request as a manager sees it", "queue.show", REQUEST, show("Grace", of_devs, "Assign")),
    Shown("request tried", "queue.show", REQUEST, show("Maria", tried, "Correct the last outcome")),
    Shown("request to be put off", "queue.show", REQUEST, show("Maria", of_mine, "Snooze")),
    Shown("request put off", "queue.show", REQUEST, show("Maria", put_off)),
    Shown("claimed a moment ago", "queue.show", REQUEST, just_claimed),
    Shown("request closed", "queue.show", REQUEST, show("Maria", closed)),
    Shown("request withdrawn", "queue.show", REQUEST, show("Grace", withdrawn)),
    Shown("request asked twice", "queue.show", REQUEST, show("Maria", twice)),
    Shown("request joined to another", "queue.show", REQUEST, show("Maria", joined)),
    Shown("request too early there", "queue.show", REQUEST, show("Maria", far_away, "Call now all the same")),
    Shown("request whose mail was given up", "queue.show", REQUEST, show("Grace", mail_given_up)),
    Shown("on the call", "queue.show", REQUEST, on_the_call()),
    *(Shown(f"on the call: {outcome}", "queue.show", REQUEST, on_the_call(outcome)) for outcome in SERIOUS),
    Shown("request by next call", "queue.show", REQUEST, next_call),
    Shown("queue, new ones waiting", "queue.index", QUEUE, new_ones_wait),
    Shown("queue, crowded", "queue.index", QUEUE, crowded),
    Shown("queue, rows chosen", "queue.index", QUEUE, chosen("Maria")),
    Shown("queue, rows chosen by a manager", "queue.index", QUEUE, chosen("Grace")),
    Shown("queue, one has gone", "queue.index", QUEUE, one_has_gone),
    Shown("request that others look at", "queue.show", REQUEST, looked_at),
    Shown("request cancelled meanwhile", "queue.show", REQUEST, cancelled_meanwhile),
    Shown("request noted meanwhile", "queue.show", REQUEST, noted_meanwhile),
    Shown("request looked at again", "queue.again", REQUEST, pressed("again", of_mine, note="W" * 60)),
    Shown("request with a ready-made note", "queue.phrase", REQUEST,
          pressed("phrase", of_mine, phrase="note:Left with family", note="W" * 60)),
    Shown("request waiting for a number", "queue.show", REQUEST, show("Maria", numberless, "Waiting for a number")),
    Shown("request in a crisis", "queue.show", REQUEST, show("Maria", in_crisis, "Script in English")),
    Shown("add a request", "queue.add", ADD, at("Maria", "/admin/queue/add")),
    Shown("add a request, not read", "queue.take_down", ADD, taken_down, 422),
    refused("skipped for no reason", "skip", pressed("skip", of_mine, skip="other")),
    refused("call without its second tick", "attempt", not_confirmed),
    refused("call without an outcome", "attempt", pressed("attempt", of_mine)),
    refused("call at an hour that needs a reason", "call", pressed("call", far_away)),
    refused("logged at an hour that needs a reason", "attempt", pressed("attempt", far_away_mine, outcome="busy")),
    refused("closed for no reason", "close", pressed("close", of_mine)),
    refused("handed to nobody", "hand_off", pressed("hand-off", of_mine)),
    refused("taken over for no reason", "take_over", pressed("take-over", of_devs)),
    refused("corrected to nothing", "correct", pressed("correct", tried)),
    refused("put off for no reason", "snooze", pressed("snooze", of_mine, until="hour")),
    refused("put off until nobody knows when", "snooze", pressed("snooze", of_mine, until="other")),
    refused("woken though awake", "wake", pressed("wake", of_mine)),
    refused("an empty note", "note", pressed("note", of_mine)),
    refused("opened again for no reason", "reopen", pressed("reopen", withdrawn)),
    refused("a time that is none", "time", sent("Maria", "/admin/queue/{Bea}", "/admin/queue/{Bea}/time",
                                       agreed_day="2020-01-01", agreed_from="10:00", agreed_until="11:00")),
    refused("both wrote", "hand_off", both_wrote, 409),
    refused("ended meanwhile", "claim", pressed("claim", closed), 409),
    refused("somebody was faster", "claim", pressed("claim", of_devs), 409, TAKEN),
    refused("somebody was faster to rescue it", "rescue", pressed("rescue", of_devs), 409, TAKEN),
    refused("somebody was faster to call it spam", "spam", pressed("spam", of_devs), 409, TAKEN),
    refused("somebody was faster, with a note", "attempt",
            pressed("attempt", of_devs, outcome="busy", note="W" * 60), 409, TAKEN),
]  # fmt: skip
