"""The form: asking to be called. HTTP only; what it means is decided in ``services.callbacks``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, current_app, redirect, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from intake.extensions import LANGUAGES, choose_language, csrf, current_site
from intake.queries.calendar import Calendar
from intake.rules.spam import Signals, count_links
from intake.services import callbacks
from intake.services.callbacks import Answers, Arrival, Submitted
from intake.web import look, private_page
from intake.web.addresses import ArrivalCounter, client_network
from intake.web.form_page import FormPages, Known, form_context, hidden_fields, offer_for
from intake.web.forms import CallbackForm, path_only, source_code
from intake.web.request_number import to_tell
from intake.web.tokens import FormToken, FormTokens

log = logging.getLogger(__name__)
ELSEWHERE = "https://www.google.com/"
"""Where "Leave this page" leads: a page on every screen, which says nothing about anybody."""
A_YEAR = 365 * 24 * 3600
ICONS = {"svg": "image/svg+xml", "ico": "image/x-icon"}
ROBOTS = "User-agent: *\nDisallow: /callback/\nDisallow: /leave\nDisallow: /login\nDisallow: /admin/\n"

blueprint = Blueprint("public", __name__)


@dataclass(frozen=True)
class Desk:
    """What the form keeps between requests, in this process."""

    pages: FormPages
    tokens: FormTokens
    counter: ArrivalCounter
    trusted_proxies: int


def init_app(app: Flask) -> None:
    """The visitor's pages."""
    look.init_app(app)
    config = app.config
    app.extensions["intake_public"] = Desk(
        FormPages(),
        FormTokens(config["SECRET_KEY"], config.get("SECRET_KEY_FALLBACKS") or ()),
        ArrivalCounter(config.get("INTAKE_REDIS_URL") or "", app.extensions["intake"].keyring),
        int(config.get("INTAKE_TRUSTED_PROXIES") or 0),
    )
    app.jinja_env.globals["is_open_now"] = _is_open_now
    for surface in (blueprint, private_page.blueprint):
        csrf.exempt(surface)
        app.register_blueprint(surface)


def _desk() -> Desk:
    return cast(Desk, current_app.extensions["intake_public"])


def _is_open_now(status: int) -> bool | None:
    """For an error page with this ``status``: whether somebody answers our line; None if the hours were never read."""
    now, pages = datetime.now(UTC), _desk().pages
    known = pages.last_known if status == 503 else pages.known(current_site(), choose_language(), now)
    return known.calendar.hours.is_open(now) if known else None


@blueprint.get("/")
def front() -> Response:
    """Whoever types our bare name wants the form."""
    return cast(Response, redirect(url_for("public.form"), 303))


@blueprint.get("/callback")
def form() -> Response:
    """The empty form. A GET writes nothing and sets nothing."""
    now, desk = datetime.now(UTC), _desk()
    language, source, path = LANGUAGES[0], "", ""
    if request.query_string:
        language = choose_language()
        source, path = source_code(request.args.get("source")), path_only(request.args.get("page"))
    page = desk.pages.page(current_site(), language, now)
    return look.answer(page.fill(hidden_fields(desk.tokens.give(now), source, path)))


@blueprint.post("/callback")
def send() -> Response:
    """Store the request and lead to its page, or say what is missing with every answer kept."""
    now, desk, site, language = datetime.now(UTC), _desk(), current_site(), choose_language()
    known = desk.pages.known(site, language, now)
    token = desk.tokens.read(request.form.get("token"))
    filled = _read(known, token, now)
    if known is None:
        return _not_sent(filled, known, now, token)
    answers = filled.answers(language)
    try:
        if token and answers and (token.is_old(now) or filled.problems):
            replay = callbacks.submitted_before(site, answers, token.nonce)
            if replay:
                return _to_page(replay)
        if filled.problems or not answers:
            return _again(filled, known, now, token)
        if token is None or token.is_old(now):
            return _again(filled, known, now, None, is_stale=True)
        return _to_page(callbacks.submit(site, answers, _arrival(filled, answers, token, known.calendar, now), now=now))
    except SQLAlchemyError as error:
        # The name only: the message of such an error can hold what the visitor typed.
        log.error("a request could not be stored: %s", type(error).__name__)
        return _not_sent(filled, known, now, token)


def _read(known: Known | None, token: FormToken | None, now: datetime) -> CallbackForm:
    zone = current_site().time_zone
    calendar = known.calendar if known else None
    filled = CallbackForm(
        request.form,
        calendar=calendar,
        zone=zone,
        now=now,
        opened_at=token.given_at if token else now,
    )
    filled.validate()
    return filled


def _arrival(filled: CallbackForm, answers: Answers, token: FormToken, calendar: Calendar, now: datetime) -> Arrival:
    desk = _desk()
    address = client_network(request, desk.trusted_proxies)
    signals = Signals(
        honeypot=bool(filled.website),
        seconds_to_fill=(now - token.given_at).total_seconds(),
        links=count_links(answers.message),
        has_link_in_name=count_links(answers.name) > 0,
        address_count=desk.counter.seen_before("address", address),
        number_count=desk.counter.seen_before("number", answers.phone.e164),
    )
    return Arrival(token.nonce, signals, address, calendar)


def _to_page(submitted: Submitted) -> Response:
    """303, so that reloading the next page asks for nothing again. A path, so that no Host header can bend it."""
    return look.answer(b"", 303, ("Location", url_for("private.show", token=submitted.link_token)))


def _hidden(filled: CallbackForm, token: FormToken | None, now: datetime) -> str:
    """The token it came with, as long as it is good: trying again must not become a second request."""
    text = request.form["token"] if token else _desk().tokens.give(now)
    return hidden_fields(text, filled.source, filled.page)


def _again(
    filled: CallbackForm, known: Known | None, now: datetime, token: FormToken | None, *, is_stale: bool = False
) -> Response:
    usable = token if token and not token.is_old(now) else None
    chosen = None if "preferred_time" in filled.problems else filled.window
    offer = offer_for(known, current_site().time_zone, now, chosen)
    # Whoever typed 911 needs help, not a list of mistakes.
    problems = {} if filled.is_crisis else filled.problems
    context = form_context(offer, known, filled.typed, problems, _hidden(filled, usable, now))
    return look.page("public/form.html", 422, is_crisis=filled.is_crisis, is_stale=is_stale, **context)


def _not_sent(filled: CallbackForm, known: Known | None, now: datetime, token: FormToken | None) -> Response:
    offer = offer_for(known, current_site().time_zone, now, filled.window)
    context = form_context(offer, known, filled.typed, {}, _hidden(filled, token, now))
    return look.page("public/not_sent.html", 503, **to_tell(), **context)


@blueprint.get("/leave")
def leave() -> Response:
    """Away from here, for browsers without JavaScript too."""
    return cast(Response, redirect(ELSEWHERE, 303))


@blueprint.get("/privacy")
def privacy() -> Response:
    """What becomes of what you tell us."""
    return look.page("public/privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> Response:
    """What these pages promise and how that is checked."""
    return look.page("public/accessibility.html")


@blueprint.get("/staying-private")
def staying_private() -> Response:
    """What leaves traces, and what does not help against them."""
    return look.page("public/staying_private.html")


@blueprint.get("/favicon.<any(svg, ico):kind>")
def favicon(kind: str) -> Response:
    """A plain dot: it says nothing to somebody who looks at the row of open tabs."""
    icon = Path(str(current_app.static_folder), f"favicon.{kind}").read_bytes()
    kept = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}
    return Response(icon, mimetype=ICONS[kind], headers=kept)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Search engines may find the form, nothing else."""
    return Response(ROBOTS, mimetype="text/plain", headers={"Cache-Control": f"public, max-age={24 * 3600}"})
