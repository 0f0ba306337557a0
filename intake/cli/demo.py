"""``flask intake demo``: invented requests for a development database, made through the services with a moved clock."""

from __future__ import annotations

import heapq
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from flask import current_app
from flask_migrate import upgrade

from intake.cli.demo_crowd import DAYS, crowd
from intake.cli.demo_stories import DEV, MANAGER, MARIA, STORIES, Step, Story
from intake.database import reading
from intake.delivery import worker
from intake.delivery.mailer import Mailer, mailer_for
from intake.extensions import current_site
from intake.models.site import Site
from intake.queries import calendar as calendars
from intake.queries import casefile, search, worklist
from intake.queries import people as people_queries
from intake.queries.worklist import View
from intake.rules import phone, windows
from intake.rules.calling import callable_hours, key_of
from intake.rules.hours import OpeningHours
from intake.rules.permissions import SYSTEM, Actor, ActorKind, Role, permissions_of
from intake.rules.workflow import Channel, Disposition
from intake.services import by_hand, callbacks, calls, casework, claims, corrections, handing, inviting, people, visitor
from intake.services.errors import ServiceError
from intake.services.passwords import PasswordError

LOOK_BACK = timedelta(days=14)
WRITTEN_DOWN_AFTER = timedelta(minutes=12)
MAIL_TAKES = timedelta(seconds=5)
PEOPLE = (
    ("admin@example.com", "Alex Admin", (Role.ADMIN, Role.STAFF)),
    (MANAGER, "Ingrid Holm", (Role.MANAGER,)),
    (MARIA, "Maria Alvarez", (Role.STAFF,)),
    (DEV, "Dev Patel", (Role.STAFF,)),
    ("auditor@example.com", "Noor Rahman", (Role.AUDITOR,)),
)
COMES, GOES = "lena@example.com", "sam@example.com"


@click.command("demo")
def demo() -> None:
    """Fill a development database with fictional requests."""
    if current_app.config["IS_PRODUCTION"]:
        raise click.ClickException("This would put invented people among real ones: it works in development only.")
    upgrade()
    site, now = current_site(), datetime.now(UTC)
    if is_there(site, now=now):
        click.echo("The demo is here already; nothing was added.")
        return
    password = os.environ.get("INTAKE_DEMO_PASSWORD") or secrets.token_urlsafe(12)
    try:
        added = add_people(site, password, now=now)
    except PasswordError as error:
        raise click.ClickException(f"INTAKE_DEMO_PASSWORD: {error}") from error
    mailer = None if current_app.config["MAIL_SERVER"] else mailer_for(current_app, site.public_url)
    told = tell(site, now=now, stories=crowd(now, site.time_zone) + STORIES, mailer=mailer)
    add_those_who_come_and_go(site, password, now=now)
    click.echo(f"\n  {told} invented requests of the last {DAYS} days are here. Sign in at {site.public_url}/admin/ as")
    for email, name, roles in PEOPLE:
        kept = "" if email in added else "; here before, password unchanged"
        click.echo(f"    {email:<22} {name}, {' and '.join(roles)}{kept}")
    click.echo(f"  with the password  {password}\n")


def is_there(site: Site, *, now: datetime) -> bool:
    """Whether the first story's number has been stored; nobody has that number."""
    first = max(STORIES, key=lambda story: story.ago)
    asked: dict[str, Any] = {"user_id": 0, "now": now, "due_soon": timedelta(0), "with_contact": False, "limit": 1}
    with reading() as conn:
        found = worklist.page(conn, site, View.ALL_OPEN, match=search.key_for(site, first.phone), **asked)
    return bool(found.rows)


def add_people(site: Site, password: str, *, now: datetime) -> frozenset[str]:
    """Make the accounts that are missing; returns whose they are."""
    begin = now - timedelta(days=DAYS + 1)
    with reading() as conn:
        missing = [person for person in PEOPLE if people_queries.by_email(conn, person[0]) is None]
    for email, name, roles in missing:
        names = [role.value for role in roles]
        people.create_user(site, email=email, name=name, roles=names, password=password, now=begin)
    return frozenset(email for email, _, _ in missing)


def add_those_who_come_and_go(site: Site, password: str, *, now: datetime) -> None:
    """Somebody whose invitation is on its way, and somebody who has left."""
    begin = now - timedelta(days=DAYS + 1)
    with reading() as conn:
        missing = {email for email in (COMES, GOES) if people_queries.by_email(conn, email) is None}
    if GOES in missing:
        gone = people.create_user(
            site, email=GOES, name="Sam Whitfield", roles=[Role.STAFF], password=password, now=begin
        )
        people.disable(site, SYSTEM, gone, now=now - LOOK_BACK)
    if COMES in missing:
        inviting.invite(site, SYSTEM, email=COMES, name="Lena Ortiz", roles=[Role.STAFF], now=now)


@dataclass(slots=True)
class Tale:
    """A story while it is being told. ``waits_for`` is when it may be called next, as far as anybody agreed."""

    story: Story
    received_at: datetime
    hours: OpeningHours
    reference: str = ""
    link: str = ""
    waits_for: datetime | None = None
    told: int = 0
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.received_at

    def next_step(self) -> tuple[Step, datetime] | None:
        """What comes next and when: opening minutes in which this number may be called, after what it waits for."""
        if self.told >= len(self.story.steps):
            return None
        step = self.story.steps[self.told]
        number = phone.parse(self.story.phone)
        schedule = callable_hours(self.hours, key_of(number, self.hours.zone))
        since = max(self.now, self.waits_for) if step.verb == "ring" and self.waits_for else self.now
        at = schedule.add(since, step.after * 60)
        return (step, at) if at else None


def _post(site: Site, mailer: Mailer, at: datetime) -> None:
    """Send what waits as it would have been sent at that moment, so that the mails tell the same story."""
    while worker.run_once(site, mailer, lambda: at):
        pass


def tell(site: Site, *, now: datetime, stories: tuple[Story, ...] = STORIES, mailer: Mailer | None = None) -> int:
    """Let everything happen in the order of time, up to ``now``. Returns how many requests there are.

    With a ``mailer`` every mail goes out at its own time too; without one all of them wait.
    """
    with reading() as conn:
        hours = calendars.current(conn, site).hours
        actors = _actors(people_queries.working(conn))
    tales = [Tale(story, _received(story, hours, now), hours) for story in stories]
    coming = [(tale.received_at, number, tale) for number, tale in enumerate(tales)]
    heapq.heapify(coming)
    while coming:
        at, number, tale = heapq.heappop(coming)
        again_at = _go_on(site, tale, actors, at)
        if mailer:
            _post(site, mailer, min(at + MAIL_TAKES, now))
        if again_at and again_at <= now:
            heapq.heappush(coming, (again_at, number, tale))
    return sum(1 for tale in tales if tale.reference)


def _actors(working: tuple[people_queries.Person, ...]) -> dict[str, Actor]:
    return {
        person.email: Actor(ActorKind.PERSON, person.id, person.name, permissions_of(person.roles))
        for person in working
    }


def _received(story: Story, hours: OpeningHours, now: datetime) -> datetime:
    """``ago`` opening minutes before now, on an odd second; by night two hours after that day's closing."""
    if story.since is not None:
        return now - story.since
    begin = now - LOOK_BACK
    seconds = hours.elapsed(begin, now) - story.ago * 60 + len(story.name + story.message) * 7 % 50
    at = hours.add(begin, max(0, seconds)) or now - timedelta(minutes=story.ago)
    closing = hours.closing(at)
    if story.is_by_night and closing and closing + timedelta(hours=2) < now:
        return closing + timedelta(minutes=117)
    return min(at, now)


def _go_on(site: Site, tale: Tale, actors: Mapping[str, Actor], at: datetime) -> datetime | None:
    """Let the next thing happen at ``at``; returns when the one after it does."""
    if not tale.reference:
        _ask(site, tale, actors, at)
    else:
        coming = tale.next_step()
        if coming is None:
            return None
        step, tale.now = coming[0], at
        try:
            VERBS[step.verb](site, tale, step, actors.get(step.who), at)
        except ServiceError:  # opening hours of one's own may leave no room for a call: the story ends here
            return None
        tale.told += 1
    following = tale.next_step()
    return following[1] if following else None


def _ask(site: Site, tale: Tale, actors: Mapping[str, Actor], at: datetime) -> None:
    story = tale.story
    window = _window(tale.hours, at, story.window) if story.window is not None else None
    answers = callbacks.Answers(
        name=story.name, phone=phone.parse(story.phone), voicemail=story.voicemail, for_whom=story.for_whom,
        window=window, is_free_time=bool(story.time_in_words), preferred_note=story.time_in_words, email=story.email,
        message=story.message, source=story.source,
    )  # fmt: skip
    nonce = secrets.token_hex(16)
    if story.channel is Channel.WEB:
        done = callbacks.submit(site, answers, callbacks.Arrival(nonce=nonce, signals=story.signals), now=at)
    else:
        heard = by_hand.Heard(story.channel, at - WRITTEN_DOWN_AFTER, nonce)
        done = by_hand.take_down(site, _who(actors.get(MARIA)), answers, heard, now=at)
    tale.reference, tale.link = done.reference, done.link_token
    tale.waits_for = window.from_at if window else None


def _window(hours: OpeningHours, at: datetime, which: int) -> windows.Window | None:
    offered = windows.offered(hours, hours.zone, at)
    return offered[which] if offered else None


Verb = Callable[[Site, Tale, Step, Actor | None, datetime], None]


def _who(actor: Actor | None) -> Actor:
    if actor is None:
        raise ServiceError("this person cannot work the queue")
    return actor


def _claim(site: Site, tale: Tale, _step: Step, actor: Actor | None, now: datetime) -> None:
    claims.claim(site, _who(actor), tale.reference, now=now)


def _ring(site: Site, tale: Tale, _step: Step, actor: Actor | None, now: datetime) -> None:
    claims.start_call(site, _who(actor), tale.reference, now=now)


def _outcome(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    agreed = _window(tale.hours, now, -1) if step.what is Disposition.SPOKE_CALL_AGAIN else None
    outcome = calls.Outcome(
        step.what, step.note, agreed_from=agreed.from_at if agreed else None,
        agreed_until=agreed.until_at if agreed else None, is_confirmed=True,
    )  # fmt: skip
    tale.waits_for = calls.log_attempt(site, _who(actor), tale.reference, outcome, now=now).next_at
    if tale.waits_for:
        _hand_back(site, tale, actor, now)


def _hand_back(site: Site, tale: Tale, actor: Actor | None, now: datetime) -> None:
    """What has to be tried again goes back to everybody, since the next step may be a colleague's."""
    following = tale.story.steps[tale.told + 1 : tale.told + 2]
    if following and actor and tale.story.steps[tale.told].who != following[0].who:
        claims.release(site, actor, tale.reference, now=now)


def _note(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    casework.add_note(site, _who(actor), tale.reference, step.note, now=now)


def _close(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    casework.close(site, _who(actor), tale.reference, step.what, note=step.note, now=now)


def _reopen(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    casework.reopen(site, _who(actor), tale.reference, now=now)
    casework.add_note(site, _who(actor), tale.reference, step.note, now=now)


def _assign(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    claims.assign(site, _who(actor), tale.reference, _id_of(step.what), now=now)


def _hand_off(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    handing.hand_off(site, _who(actor), tale.reference, _id_of(step.what), note=step.note, now=now)


def _take_over(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    holder = _id_of(step.what)
    handing.take_over(site, _who(actor), tale.reference, holder_id=holder, reason=step.note, now=now)


def _id_of(email: str) -> int:
    with reading() as conn:
        person = people_queries.by_email(conn, email)
    return person.id if person else 0


def _correct(site: Site, tale: Tale, step: Step, actor: Actor | None, now: datetime) -> None:
    with reading() as conn:
        case = casefile.find(conn, site, tale.reference, with_contact=False)
    wrong = (case and case.last_logged_id) or 0
    corrections.correct(site, _who(actor), tale.reference, wrong, step.what, reason=step.note, now=now)


def _read_time(site: Site, tale: Tale, _step: Step, actor: Actor | None, now: datetime) -> None:
    casework.acknowledge_time(site, _who(actor), tale.reference, now=now)


VERBS: Mapping[str, Verb] = {
    "claim": _claim,
    "ring": _ring,
    "outcome": _outcome,
    "note": _note,
    "close": _close,
    "reopen": _reopen,
    "assign": _assign,
    "hand_off": _hand_off,
    "take_over": _take_over,
    "correct": _correct,
    "read_time": _read_time,
    "rescue": lambda site, tale, step, actor, now: casework.rescue(site, _who(actor), tale.reference, now=now),
    "spam": lambda site, tale, step, actor, now: casework.mark_spam(site, _who(actor), tale.reference, now=now),
    "withdraw": lambda site, tale, step, actor, now: visitor.withdraw(site, tale.link, now=now),
    "once": lambda site, tale, step, actor, now: visitor.call_once_only(site, tale.link, now=now),
}
