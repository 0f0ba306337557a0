"""Every page of the panel besides the requests: one's account, the record, mails, people, settings, and its errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page
from sqlalchemy.exc import OperationalError

from intake.database import reading
from intake.queries import rule_versions
from intake.queries.rule_versions import RuleKind
from intake.rules.alerting import AlertRules
from intake.rules.call_script import CallScript
from intake.rules.routing import Routing, Rule, Team
from intake.services import claims, handing, inviting
from intake.services import rule_versions as versions
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, at, send, sent

ACCOUNT, AUDIT, OUTBOX, PEOPLE, PERSON = (
    f"admin/{name}.html" for name in ("account", "audit", "outbox", "people", "person")
)
ERROR = "errors/desk.html"
SETTINGS = "/admin/settings"


def signed_in_twice(house: Premises) -> Page:
    who = house.newcomer()
    page = house.tab(who)
    house.sign_in(who)
    page.goto("/admin/account/")
    return page


def seen_in_lists(house: Premises) -> Page:
    at("Maria", "/admin/queue/")(house)
    at("Grace", "/admin/queue/{Ana}")(house)
    return at("Rae", "/admin/audit/seen/{Ana}")(house)


def checked(house: Premises) -> Page:
    page = at("Rae", "/admin/audit/")(house)
    page.get_by_role("button", name="Check now").click()
    page.get_by_text("Take a copy").click()
    return page


def reason_opened(house: Premises) -> Page:
    reference, now = house.ask(), datetime.now(UTC)
    claims.claim(house.site, house.people["Dev"], reference, now=now)
    holder, why = house.people["Dev"].person_id, "She has gone home, and they have been waiting for an hour by now." * 3
    handing.take_over(house.site, house.people["Maria"], reference, holder_id=holder, reason=why, now=now)
    page = at("Rae", f"/admin/audit/?ref={reference}")(house)
    page.get_by_role("button", name="Show the reason").click()
    return page


def mail_tested(house: Premises) -> Page:
    page = at("Grace", "/admin/outbox/")(house)
    page.get_by_role("button", name="Send a test to").click()
    return page


def one_mail(state: str) -> Way:
    """The oldest mail of a list."""

    def go(house: Premises) -> Page:
        page = at("Grace", f"/admin/outbox/?state={state}")(house)
        page.locator("main td a[href^='/admin/outbox/']").last.click()
        page.get_by_text("What it said").wait_for()
        return page

    return go


def one_person(who: str, path: str = "", **fields: str) -> Way:
    """The page of somebody, or what it says to a button of theirs."""

    def go(house: Premises) -> Page:
        page = house.tab("Alex")
        user_id = house.people[who].user_id
        page.goto(f"/admin/people/{user_id}")
        return send(page, f"/admin/people/{user_id}/{path}", **fields) if path else page

    return go


def somebody_invited(house: Premises) -> Page:
    name, email = (
        "Wolfeschlegelsteinhausenbergerdorff" * 2,
        f"new{house.number()}@lakeside-house-of-recovery.example.org",
    )
    user_id = inviting.invite(
        house.site, house.people["Alex"], email=email, name=name, roles=("staff", "manager"), now=datetime.now(UTC)
    )
    page = house.tab("Alex")
    page.goto(f"/admin/people/{user_id}")
    for summary in page.locator("main summary").all():
        summary.click()
    return page


def all_changed(house: Premises) -> Page:
    """Alerts, routing, words and hours, long ones among them, and more than a page."""
    site, alex, now = house.site, house.people["Alex"], datetime.now(UTC)

    def keep(kind: RuleKind, document: dict[str, Any]) -> None:
        with reading() as conn:
            seen = rule_versions.current(conn, kind).id
        versions.change(site, alex, kind, document, seen=seen, words="x", now=now)

    for number in range(20):
        keep(RuleKind.ALERTS, AlertRules(escalate_minutes=20 + number).to_document())
    team = Team(1, "W" * 40, tuple(one.person_id for one in house.people.values()))
    keep(RuleKind.ROUTING, Routing((Rule(1, "team:1", language="es"),), (team,)).to_document())
    keep(RuleKind.SCRIPT, CallScript(("W" * 80,), {"en": "W" * 200}).to_document())
    page = at("Alex", f"{SETTINGS}/history")(house)
    for kind in RuleKind:
        keep(kind, {})
    return page


def targets_both_saved(house: Premises) -> Page:
    page = at("Alex", f"{SETTINGS}/targets")(house)
    page.get_by_label("First call within").fill("20")
    page.evaluate("document.querySelector('[name=version]').value = '999'")
    page.get_by_role("button", name="Save targets").click()
    return page


def script_looked_at(house: Premises) -> Page:
    page = at("Grace", f"{SETTINGS}/script")(house)
    page.get_by_role("textbox", name="Script in Spanish").fill("Hola, {caller}.\n" + "W" * 60)
    page.get_by_role("button", name="Preview").click()
    page.wait_for_selector("text=not saved yet")
    page.evaluate("history.replaceState(null, '', location.pathname)")  # it leads to the preview
    return page


def holiday_both_saved(house: Premises) -> Page:
    page = at("Alex", f"{SETTINGS}/holidays")(house)
    page.get_by_label("Day", exact=True).fill("2027-12-31")
    page.get_by_label("Name of the day").fill("Everybody is away")
    page.evaluate("document.querySelector('form.card [name=version]').value = '999'")
    page.get_by_role("button", name="Save day").click()
    return page


def mistyped_hours(house: Premises) -> Page:
    page = at("Alex", f"{SETTINGS}/hours")(house)
    page.get_by_label("Friday from", exact=True).fill("")
    page.get_by_role("button", name="Save hours").click()
    return page


def hours_worked_out(house: Premises) -> Page:
    page = at("Alex", f"{SETTINGS}/hours")(house)
    page.get_by_label("Sunday Closed").check()
    page.get_by_text("Breaks on Friday").click()
    page.get_by_role("button", name="Work it out").click()
    return page


def a_rule(house: Premises) -> Page:
    page = at("Alex", f"{SETTINGS}/routing")(house)
    page.locator("#f-name").fill("Español")
    page.get_by_role("checkbox", name="Dev").check()
    page.get_by_role("button", name="Save team").click()
    page.get_by_text("Saved. Team 1").wait_for()
    page.locator("#r-language").select_option("es")
    page.locator("#f-to").select_option("team:1")
    page.get_by_role("button", name="Save rule").click()
    page.get_by_text("Saved. Rule 1").wait_for()
    return page


def form_too_old(house: Premises) -> Page:
    return send(at("Maria", "/admin/queue/{Ana}")(house), "/admin/queue/add", csrf_token="another")


def broken(error: Exception) -> Way:
    def go(house: Premises) -> Page:
        house.fail("me.index", error)
        return at("Maria", "/admin/account/")(house)

    return go


def settings(who: str, tab: str, query: str = "") -> Shown:
    name = f"settings, {tab}, {who}{query}"
    return Shown(name, f"settings.{tab}", f"admin/settings_{tab}.html", at(who, f"{SETTINGS}/{tab}{query}"))


PAGES = [
    Shown("nothing for you", "admin.index", "admin/nothing.html", at("Nobody", "/admin/"), 403),
    Shown("account", "me.index", ACCOUNT, at("Maria", "/admin/account/")),
    Shown("preferences", "me.preferences", "admin/preferences.html", at("Maria", "/admin/account/preferences")),
    Shown("account, signed in twice", "me.index", ACCOUNT, signed_in_twice),
    Shown("audit", "audit.index", AUDIT, at("Rae", "/admin/audit/")),
    Shown("audit checked", "audit.index", AUDIT, checked),
    Shown("audit, none fits", "audit.index", AUDIT, at("Rae", "/admin/audit/?from=2020-01-01&to=2020-01-02")),
    Shown("audit, filter not read", "audit.index", AUDIT, at("Rae", "/admin/audit/?ref=nothing")),
    Shown("audit, copy for nobody", "audit.export", AUDIT, sent("Rae", "/admin/audit/", "/admin/audit/export"), 422),
    Shown("who has seen it", "audit.seen", "admin/audit_seen.html", seen_in_lists),
    Shown("a reason", "audit.reason", "admin/audit_reason.html", reason_opened),
    Shown("outbox", "outbox.index", OUTBOX, at("Grace", "/admin/outbox/")),
    Shown("outbox, a test on its way", "outbox.index", OUTBOX, mail_tested),
    Shown("outbox, gave up", "outbox.index", OUTBOX, at("Alex", "/admin/outbox/?state=gave-up")),
    Shown("outbox, nothing fits", "outbox.index", OUTBOX,
          at("Grace", "/admin/outbox/?state=gave-up&kind=person.invite")),
    *(Shown(f"a mail, {state}", "outbox.show", "admin/outbox_mail.html", one_mail(state))
      for state in ("gave-up", "sent", "waiting")),
    Shown("people", "people.index", PEOPLE, at("Alex", "/admin/people/")),
    Shown("people, invited nobody", "people.invite", PEOPLE,
          sent("Alex", "/admin/people/", "/admin/people/invite"), 422),
    Shown("person", "people.show", PERSON, one_person("Dev")),
    Shown("oneself", "people.show", PERSON, one_person("Alex")),
    Shown("person, invited", "people.show", PERSON, somebody_invited),
    Shown("person, no name", "people.change", PERSON, one_person("Dev", "change"), 422),
    Shown("person, both saved", "people.change", PERSON,
          one_person("Dev", "change", name="Dev Patel", roles="staff", mark="old"), 409),
    Shown("person, oneself disabled", "people.disable", PERSON, one_person("Alex", "disable"), 422),
    Shown("person, no second factor", "people.second_factor", PERSON, one_person("Dev", "second-factor"), 422),
    Shown("settings, both saved", "settings.save_targets", "admin/settings_targets.html", targets_both_saved, 409),
    Shown("holiday, both saved", "settings.save_day", "admin/settings_holidays.html", holiday_both_saved, 409),
    *(settings(who, tab) for who in ("Alex", "Grace")
      for tab in ("hours", "holidays", "targets", "calling", "law", "routing", "alerts", "script")),
    settings("Alex", "history"),
    Shown("settings, history of everything", "settings.history", "admin/settings_history.html", all_changed),
    settings("Alex", "law", "?state=TX"),
    settings("Alex", "holidays", "?state=NY"),
    Shown("settings, hours mistyped", "settings.save_hours", "admin/settings_hours.html", mistyped_hours, 422),
    Shown("settings, hours worked out", "settings.save_hours", "admin/settings_hours.html", hours_worked_out),
    *(Shown(f"settings, {tab} empty", f"settings.{verb}", f"admin/settings_{tab}.html",
            sent("Alex", f"{SETTINGS}/{tab}", f"{SETTINGS}/{tab}"), 422)
      for tab, verb in (("targets", "save_targets"), ("calling", "save_calling"), ("alerts", "save_alerts"),
                        ("holidays", "save_day"))),
    Shown("settings, law mistyped", "settings.save_law", "admin/settings_law.html",
          sent("Alex", f"{SETTINGS}/law", f"{SETTINGS}/law", state="RI"), 422),
    Shown("settings, a rule", "settings.routing", "admin/settings_routing.html", a_rule),
    Shown("settings, rule mistyped", "settings.save_routing", "admin/settings_routing.html",
          sent("Alex", f"{SETTINGS}/routing", f"{SETTINGS}/routing", do="rule"), 422),
    Shown("settings, script mistyped", "settings.save_script", "admin/settings_script.html",
          sent("Grace", f"{SETTINGS}/script", f"{SETTINGS}/script", do="texts", script_en="{you} " + "W" * 200), 422),
    Shown("settings, script looked at", "settings.save_script", "admin/settings_script.html", script_looked_at),
    Shown("not open to you", "people.index", ERROR, at("Maria", "/admin/people/"), 403),
    Shown("no such page of the panel", "", ERROR, at("Maria", "/admin/nowhere"), 404),
    Shown("no such request of the panel", "queue.show", ERROR, at("Maria", "/admin/queue/000-000"), 404),
    Shown("a button's address typed", "", ERROR, at("Maria", "/admin/queue/{Ana}/claim"), 405),
    Shown("form of another session", "queue.take_down", ERROR, form_too_old, 400),
    Shown("too much text", "queue.note", ERROR,
          sent("Maria", "/admin/queue/{Ana}", "/admin/queue/{Ana}/note", remark="x" * 70_000), 413),
    Shown("the panel's fault", "me.index", ERROR, broken(RuntimeError("a fault")), 500),
    Shown("the panel without its database", "me.index", ERROR,
          broken(OperationalError("", {}, Exception("gone"))), 503),
]  # fmt: skip
