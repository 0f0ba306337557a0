"""Writing down a request that did not come by the form: a voicemail, a referral, the answering service."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from intake.admin import crisis_words
from intake.admin.base import PanelView, acting, needs, request_time, see_other
from intake.admin.outcome_form import Typed, read_agreed
from intake.admin.undoing import done
from intake.database import reading
from intake.extensions import current_site
from intake.queries import calendar as calendars
from intake.rules import windows
from intake.rules.calling import key_of
from intake.rules.permissions import Permission
from intake.rules.phone import PhoneError, PhoneNumber, parse
from intake.rules.windows import Window
from intake.rules.workflow import Channel, ForWhom, Voicemail
from intake.services import by_hand
from intake.services.by_hand import Heard
from intake.services.callbacks import Answers
from intake.services.clock import agreed_end
from intake.services.errors import RefusedError
from intake.wording import answers as asked
from intake.wording import names, times
from intake.wording.cleaning import as_typed
from intake.wording.translation import gettext

_NONCE = re.compile("[0-9a-f]{32}")
_Choice = TypeVar("_Choice", bound=StrEnum)
ORDER = ("channel", "rang", "name", "phone", "voicemail", "agreed", "email", "message")
"""The fields from top to bottom, so that what is wrong is told in that order."""


class AddingPages(PanelView):
    """The form and what comes of it."""

    permission = Permission.QUEUE

    @expose("/add")
    @needs(Permission.WORK)
    def add(self) -> ResponseReturnValue:
        """An empty form; they rang just now unless said otherwise."""
        local = request_time().astimezone(ZoneInfo(current_site().time_zone))
        typed = {"rang_day": f"{local:%Y-%m-%d}", "rang_time": f"{local:%H:%M}", "nonce": uuid.uuid4().hex}
        return self._form(typed | {"voicemail": Voicemail.NONE.value, "for_whom": ForWhom.ME.value, "when": "asap"})

    @expose("/add", methods=("POST",))
    @needs(Permission.WORK)
    def take_down(self) -> ResponseReturnValue:
        """Store it, once however often the button is pressed, and show it."""
        typed = Typed(request.form.to_dict(), current_site().time_zone, request_time())
        answers, heard = _answers(typed), _heard(typed)
        if typed.errors or answers is None or heard is None:
            return self._form(typed.values, typed.errors, code=422)
        try:
            stored = by_hand.take_down(current_site(), acting(), answers, heard, now=request_time())
        except RefusedError as refused:
            return self._form(typed.values, {"rang": _refusal(refused.code)}, code=422)
        if by_hand.is_possible_crisis(answers, heard):
            done(crisis_words.kept(stored.reference, is_feared=True))
        else:
            done(gettext("The request is in the queue. Its reference is %(ref)s.", ref=stored.reference))
        return see_other("queue.show", reference=stored.reference)

    def _form(
        self, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, *, code: int = 200
    ) -> ResponseReturnValue:
        found = errors or {}
        return self.page(
            "admin/add.html",
            code=code,
            typed=typed,
            errors={name: found[name] for name in ORDER if name in found},
            channels=_named((one for one in Channel if one is not Channel.WEB), names.channel),
            for_whom=_named(ForWhom, names.for_whom_of_visitor),
            voicemail=_named(Voicemail, names.voicemail_rule),
            zone_words=times.zone_words(current_site().time_zone, request_time()),
        )


def _named(choices: Iterable[_Choice], words: Any) -> list[tuple[str, str]]:
    return [(choice.value, words(choice)) for choice in choices]


def _chosen(kind: type[_Choice], text: str) -> _Choice | None:
    return kind(text) if text in {one.value for one in kind} else None


def _heard(typed: Typed) -> Heard | None:
    channel = _chosen(Channel, typed.text("channel"))
    if channel in (None, Channel.WEB):
        typed.errors["channel"] = gettext("Choose how it reached us")
    rang_at = _rang_at(typed)
    nonce = typed.text("nonce")
    if channel is None or rang_at is None:
        return None
    kept = nonce if _NONCE.fullmatch(nonce) else uuid.uuid4().hex
    return Heard(channel, rang_at, kept, is_feared=typed.text("feared") == "yes")


def _rang_at(typed: Typed) -> datetime | None:
    """When they rang, on the office's clock; the minute that is running is now."""
    try:
        wall = datetime.fromisoformat(f"{typed.text('rang_day')}T{typed.text('rang_time')}")
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None or not 1971 < wall.year < 9999:  # no clock elsewhere reads the last day
        typed.errors["rang"] = gettext("Enter a date and a time")
        return None
    at = _newest_reading(wall, typed)
    if at > typed.now:
        typed.errors["rang"] = gettext("That time has not come yet. Enter when they rang")
    elif typed.now - at > by_hand.OLDEST:
        typed.errors["rang"] = _refusal("too_old")
    return at


def _newest_reading(wall: datetime, typed: Typed) -> datetime:
    """In the night the clocks go back an hour comes twice: the later of the two, unless it is yet to come."""
    first, second = (wall.replace(tzinfo=ZoneInfo(typed.zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first < second <= typed.now else first


def _refusal(code: str) -> str:
    return {
        "too_old": gettext("That is more than 7 days ago. Enter a later time, and say in the note when they rang"),
        "time_ahead": gettext("That time has not come yet. Enter when they rang"),
    }.get(code, gettext("That is not possible now."))


def _answers(typed: Typed) -> Answers | None:
    name, email, message = typed.text("name"), typed.text("email"), typed.prose("message")
    problems = {"name": asked.name_problem(name), "email": asked.email_problem(email)}
    problems["message"] = asked.message_problem(message)
    typed.errors.update({field: words for field, words in problems.items() if words})
    phone = _phone(typed)
    window = _window(typed, phone)
    voicemail = _chosen(Voicemail, typed.text("voicemail")) or Voicemail.NONE
    if typed.errors or phone is None:
        return None
    return Answers(
        name=name,
        phone=phone,
        voicemail=voicemail,
        for_whom=_chosen(ForWhom, typed.text("for_whom")),
        window=window,
        email=email or None,
        message=message,
    )


def _phone(typed: Typed) -> PhoneNumber | None:
    try:
        return parse(as_typed(typed.values.get("phone")))
    except PhoneError as error:
        typed.errors["phone"] = asked.phone_problem(error.problem)
        return None


def _window(typed: Typed, phone: PhoneNumber | None) -> Window | None:
    """A time they named: any, as long as they may be called then where their number is."""
    if typed.text("when") != "named":
        return None
    start, end = read_agreed(typed)
    if start is None or phone is None or "agreed" in typed.errors:
        return None
    window = Window(start, end or agreed_end(start))
    with reading() as conn:
        calendar = calendars.current(conn, current_site())
    key = key_of(phone, typed.zone)
    if not windows.is_callable(window, calendar.callable_hours(key)):
        typed.errors["agreed"] = gettext("Choose another time, we may not call this number then")
    return window
