"""Every page on the way in and out: signing in, the second factor, invitations, the idle lock, one's own password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from intake.database import reading
from intake.models import OutboxMessage
from intake.services import inviting, one_time_codes, people, second_factor, sign_in
from intake.services.sign_in import TooManyTriesError
from tests.browser.premises import Premises
from tests.browser.shown import Shown, Way, at, send, sent
from tests.making import PASSWORD, newest_sign_in

LOGIN, CODE, LOCKED = "security/login_user.html", "security/code.html", "security/locked.html"
SIGNED_OUT, FACTOR = "security/signed_out.html", "security/second_factor.html"
PASSWORD_PAGE, WELCOME = "security/change_password.html", "security/welcome.html"
NOTE = "Her sister answers first. Ask for Ana.\nBack at two. " + "Donaudampfschifffahrtsgesellschaft" * 3


def _too_many(*_given: object, **_more: object) -> None:
    raise TooManyTriesError(datetime.now(UTC) + timedelta(minutes=9))


def throttled(module: object, name: str, way: Way) -> Way:
    """The same way once the tries are used up."""

    def go(house: Premises) -> Page:
        house.patch.setattr(module, name, _too_many)
        return way(house)

    return go


def _log_in(page: Page, who: str, password: str = PASSWORD) -> Page:
    page.goto("/login?next=/admin/queue/")
    page.get_by_label("Email").fill(f"{who.lower()}@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def wrong_password(house: Premises) -> Page:
    return _log_in(house.tab(), house.newcomer(), "wrong")


def form_too_old(house: Premises) -> Page:
    return send(at("", "/login")(house), "/login", csrf_token="another", email="a@example.com", password="x")


def no_database(house: Premises) -> Page:
    house.patch.setattr(sign_in, "check", _no_database)
    return _log_in(house.tab(), "Maria")


def _no_database(*_given: object, **_more: object) -> None:
    raise OperationalError("", {}, Exception("gone"))


def after_an_hour(house: Premises) -> Page:
    who = house.newcomer()
    page = house.tab(who)
    house.idle(who, 61)
    page.goto("/login")
    return page


# The second factor


def with_factor(house: Premises, who: str) -> str:
    """From now on this person signs in with an app's code too."""
    actor, now = house.people[who], datetime.now(UTC) - timedelta(minutes=5)
    second_factor.propose(house.site, actor, password=PASSWORD, now=now)
    with reading() as conn:
        secret = second_factor.proposal_of(house.site, conn, actor.person_id, now=now) or ""
    code = one_time_codes.code_at(secret, one_time_codes.step_of(now))
    second_factor.confirm(house.site, actor, code, kept_id=newest_sign_in(actor.person_id), now=now)
    return who


def half_way(house: Premises) -> Page:
    page = _log_in(house.tab(), with_factor(house, house.newcomer()))
    page.wait_for_url("**/login/code")
    return page


def wrong_code(house: Premises) -> Page:
    return send(half_way(house), "/login/code", code="000 00x")


def recovery(house: Premises) -> Page:
    page = half_way(house)
    page.goto("/login/recovery-code")
    return page


def wrong_recovery(house: Premises) -> Page:
    return send(recovery(house), "/login/recovery-code", code="aaaaa-bbbbb")


def factor_is_set(house: Premises) -> Page:
    page = secret(house)
    _confirm(page)
    page.goto("/admin/second-factor")
    return page


def _inside(house: Premises) -> Page:
    return house.tab(house.newcomer())


def factor_first(house: Premises) -> Page:
    page = _inside(house)
    page.goto("/admin/second-factor")
    return page


def factor_wrong(house: Premises) -> Page:
    return send(factor_first(house), "/admin/second-factor", do="set-up", password="wrong")


def secret(house: Premises) -> Page:
    return send(factor_first(house), "/admin/second-factor", do="set-up", password=PASSWORD)


def secret_wrong(house: Premises) -> Page:
    return send(secret(house), "/admin/second-factor/set-up", code="000000")


def codes(house: Premises) -> Page:
    return _confirm(secret(house))


def _confirm(page: Page) -> Page:
    key = page.locator(".key-text").inner_text().replace(" ", "")
    code = one_time_codes.code_at(key, one_time_codes.step_of(datetime.now(UTC)))
    return send(page, "/admin/second-factor/set-up", code=code)


# Invitations


def invited(house: Premises) -> Page:
    page = house.tab()
    page.goto(_invitation(house))
    return page


def _invitation(house: Premises) -> str:
    email, name = f"new{house.number()}@example.com", "Rose Fernández-Villanueva y Echeverría"
    inviting.invite(house.site, house.people["Alex"], email=email, name=name, roles=("staff",), now=datetime.now(UTC))
    return _newest_link(house)


def _newest_link(house: Premises) -> str:
    with reading() as conn:
        o = OutboxMessage.__table__.c
        found = conn.execute(select(o.details).where(o.kind == "person.invite").order_by(o.id.desc())).scalars().first()
    assert found
    return f"/welcome/{house.site.keyring.invitation_token(found['invitation'])}"


def password_forgotten(house: Premises) -> Page:
    actor = house.people[house.newcomer()]
    inviting.send_link(house.site, house.people["Alex"], actor.person_id, now=datetime.now(UTC))
    page = house.tab()
    page.goto(_newest_link(house))
    return page


def invited_too_short(house: Premises) -> Page:
    page = invited(house)
    return send(page, page.url.removeprefix(house.address), new="short")


def invitation_used(house: Premises) -> Page:
    page = invited(house)
    link = page.url
    send(page, link.removeprefix(house.address), new="kettle window seven")
    page.goto(link)
    return page


def invited_while_signed_in(house: Premises) -> Page:
    page = house.tab("Dev")
    page.goto(_invitation(house))
    return page


# The idle lock, without its script


def locked(house: Premises) -> Page:
    who = house.newcomer()
    page = house.tab(who)
    house.idle(who, 16)
    page.goto("/admin/queue/?view=mine")
    return page


def locked_wrong(house: Premises) -> Page:
    return send(locked(house), "/lock/open", password="wrong", next="/admin/queue/")


def _note_sent_after(house: Premises, minutes: int) -> tuple[Page, str]:
    who = house.newcomer()
    page = house.tab(who)
    note = f"/admin/queue/{house.requests['Ana']}"
    page.goto(note)
    house.idle(who, minutes)
    return send(page, f"{note}/note", remark=NOTE), who


def locked_with_a_note(house: Premises) -> Page:
    return _note_sent_after(house, 16)[0]


def kept_after_unlocking(house: Premises) -> Page:
    page, _who = _note_sent_after(house, 16)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Unlock").click()
    return page


def signed_out_with_a_note(house: Premises) -> Page:
    return _note_sent_after(house, 61)[0]


def not_signed_in_yet(house: Premises) -> Page:
    page, _who = _note_sent_after(house, 61)
    page.get_by_role("button", name="show what I had typed").click()
    return page


def kept_after_signing_in(house: Premises) -> Page:
    page, who = _note_sent_after(house, 61)
    other = page.context.new_page()
    _log_in(other, who)
    other.wait_for_url("**/admin/queue/")
    other.close()
    page.get_by_role("button", name="show what I had typed").click()
    return page


OWN_PASSWORD = sent("Dev", "/admin/password", "/admin/password", current="wrong", new="kettle window seven")

PAGES = [
    Shown("sign in", "security.login", LOGIN, at("", "/login")),
    Shown("sign in, wrong password", "security.login", LOGIN, wrong_password, 422),
    Shown("sign in, too many tries", "security.login", LOGIN, throttled(sign_in, "check", wrong_password), 429),
    Shown("sign in, form too old", "security.login", LOGIN, form_too_old, 400),
    Shown("sign in, no database", "security.login", LOGIN, no_database, 503),
    Shown("sign in after an hour", "security.login", LOGIN, after_an_hour),
    Shown("sign out", "account.ask_to_sign_out", "security/logout_user.html", at("Dev", "/logout")),
    Shown("signed out", "account.ask_to_sign_out", "security/logout_user.html", at("", "/logout")),
    Shown("code", "sign_in_step.ask", CODE, half_way),
    Shown("code wrong", "sign_in_step.give", CODE, wrong_code, 422),
    Shown("recovery code", "sign_in_step.ask_for_recovery_code", CODE, recovery),
    Shown("recovery code wrong", "sign_in_step.give_recovery_code", CODE, wrong_recovery, 422),
    Shown("own password", "account.ask_for_password", PASSWORD_PAGE, at("Dev", "/admin/password")),
    Shown("own password wrong", "account.change_password", PASSWORD_PAGE, OWN_PASSWORD, 422),
    Shown("own password, too many tries", "account.change_password", PASSWORD_PAGE,
          throttled(people, "change_password", OWN_PASSWORD), 429),
    Shown("second factor, none", "second_factor.show", FACTOR, factor_first),
    Shown("second factor, set", "second_factor.show", FACTOR, factor_is_set),
    Shown("second factor, wrong password", "second_factor.change", FACTOR, factor_wrong, 422),
    Shown("second factor, the secret", "second_factor.show_secret", "security/second_factor_set_up.html", secret),
    Shown("second factor, wrong code", "second_factor.confirm", "security/second_factor_set_up.html",
          secret_wrong, 422),
    Shown("recovery codes, shown once", "second_factor.confirm", "security/recovery_codes.html", codes),
    Shown("invitation", "welcome.ask", WELCOME, invited),
    Shown("a new password instead of a forgotten one", "welcome.ask", WELCOME, password_forgotten),
    Shown("invitation, password too short", "welcome.choose", WELCOME, invited_too_short, 422),
    Shown("invitation used", "welcome.ask", "security/welcome_gone.html", invitation_used, 404),
    Shown("invitation, somebody is signed in", "welcome.ask", "security/welcome_signed_in.html",
          invited_while_signed_in, 409),
    Shown("locked", "queue.index", LOCKED, locked, 423),
    Shown("locked, wrong password", "idle_lock.unlock", LOCKED, locked_wrong, 422),
    Shown("locked, a note on the way", "queue.note", LOCKED, locked_with_a_note, 423),
    Shown("unlocked, the note is kept", "idle_lock.unlock", "security/kept.html", kept_after_unlocking),
    Shown("signed out, the note is kept", "queue.note", SIGNED_OUT, signed_out_with_a_note, 401),
    Shown("signed out, not signed in yet", "idle_lock.kept", SIGNED_OUT, not_signed_in_yet, 401),
    Shown("signed in again, the note is kept", "idle_lock.kept", "security/kept.html", kept_after_signing_in),
]  # fmt: skip
