"""What visitors type, checked field by field: clean values for the services, or the words that say what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from intake.queries.calendar import Calendar
from intake.rules import windows
from intake.rules.calling import calling_key, key_of
from intake.rules.phone import PhoneError, PhoneNumber, PhoneProblem, parse
from intake.rules.windows import Window
from intake.rules.workflow import ForWhom, Voicemail
from intake.services.callbacks import Answers
from intake.wording import answers
from intake.wording.cleaning import as_typed, lines, one_line

LONGEST_PATH = 200
ORDER = ("name", "phone", "preferred_time", "preferred_time_note", "email", "message")
ASAP, OTHER = "asap", "other"

_SOURCE = re.compile(r"[A-Za-z0-9_-]{1,12}")
Choice = TypeVar("Choice", bound=StrEnum)


def _refuse(words: str) -> None:
    """ValidationError with these words, if there are any."""
    if words:
        raise ValidationError(words)


def _choice(kind: type[Choice], text: str | None, default: Choice | None) -> Choice | None:
    """An unknown choice was not made on our page; the safe default stands."""
    try:
        return kind(text or "")
    except ValueError:
        return default


def source_code(text: str | None) -> str:
    """An opaque code such as ``k3``; anything else is none. Twelve characters hold no name and number together."""
    return text if text and _SOURCE.fullmatch(text) else ""


def path_only(text: str | None) -> str:
    """The pathname of a page: no host, query, fragment, and no part that could be somebody's mail address."""
    if not text:
        return ""
    try:
        path = urlsplit(one_line(text)).path
    except ValueError:
        return ""
    if not path.startswith("/"):
        return ""
    parts = [part for part in path.split("/") if "@" not in part and "%40" not in part]
    return "/".join(parts)[:LONGEST_PATH]


class Plain:
    """Something posted that cannot be wrong: cleaned when it is asked for, and no field is made for it.

    A field costs as much as storing a row, and half of what the form sends is a choice, a code or the bait.
    """

    def __init__(self, clean: Callable[[str | None], str], default: str = "") -> None:
        self._clean, self._default = clean, default

    def __set_name__(self, owner: type[VisitorForm], name: str) -> None:
        self._name = name
        owner.plain = (*owner.plain, name)

    def __get__(self, form: VisitorForm | None, _owner: type[VisitorForm]) -> str:
        """What was posted; asked of the class (WTForms looks through all of its attributes), what is never posted."""
        return self._clean(form.posted.get(self._name, self._default)) if form else self._default


class VisitorForm(FlaskForm):
    """Fields from the posted form only. Files and JSON are never read, and the token is not bound to a session."""

    plain: tuple[str, ...] = ()

    class Meta:
        """Our own stateless token stands where Flask-WTF's needs a cookie."""

        csrf = False

        def get_translations(self, form: object) -> None:
            """None: each message is translated by itself, and Flask-WTF would read a catalogue for every form."""

    def __init__(self, posted: Mapping[str, str], **context: Any) -> None:
        self.posted, self.context = posted, context
        super().__init__(formdata=posted)

    @cached_property
    def problems(self) -> dict[str, str]:
        """Field → the first thing that is wrong with it, in the order of the page. Ask after validating."""
        found = self.errors
        return {name: str(found[name][0]) for name in ORDER if name in found}

    def is_callable(self, window: Window, key: str) -> bool:
        """Whether a call is possible in that window where a number may be."""
        return windows.is_callable(window, self.context["calendar"].callable_hours(key))

    @property
    def typed(self) -> dict[str, str]:
        """What to put back into the fields."""
        return {field.name: field.data or "" for field in self} | {name: getattr(self, name) for name in self.plain}


class PhoneForm(VisitorForm):
    """A number to be called at. After validating, ``number`` holds it, or ``is_crisis`` that 911 or 988 was typed."""

    phone = StringField(filters=[as_typed])
    number: PhoneNumber | None = None
    is_crisis = False

    def validate_phone(self, field: StringField) -> None:
        """Read the number, or say which of its ways it is wrong."""
        try:
            self.number = parse(field.data)
        except PhoneError as error:
            self.is_crisis = error.problem is PhoneProblem.CRISIS
            raise ValidationError(answers.phone_problem(error.problem)) from None
        chosen, zones = self.context.get("chosen"), self.number.zones
        if chosen and zones and not self.is_callable(chosen, calling_key(zones, self.number.states)):
            raise ValidationError(_l("We may not call that number at the time you chose. Change the time first"))


class VoicemailForm(VisitorForm):
    """What may be done when the call is missed."""

    voicemail = Plain(one_line, default=Voicemail.NONE)

    @property
    def voicemail_choice(self) -> Voicemail:
        """The choice; without one, no message."""
        return _choice(Voicemail, self.voicemail, Voicemail.NONE) or Voicemail.NONE


class TimeForm(VisitorForm):
    """When to call. Built with ``calendar``, ``zone``, ``now`` and ``opened_at``, the moment the form was given out.

    Without a calendar (the database is down) a window is neither read nor refused.
    """

    preferred_time = StringField(filters=[one_line], default=ASAP)
    preferred_time_note = StringField(filters=[one_line])
    window: Window | None = None

    @property
    def is_free_time(self) -> bool:
        """ "Another time", in the visitor's words."""
        return bool(self.preferred_time.data == OTHER)

    @property
    def note(self) -> str:
        """Those words; none unless they were asked for."""
        return (self.preferred_time_note.data or "") if self.is_free_time else ""

    def validate_preferred_time(self, field: StringField) -> None:
        """A window must still be offered; one that has passed is kept, to find the request it may already have made."""
        if field.data in ("", ASAP, OTHER):
            return
        calendar: Calendar | None = self.context["calendar"]
        if calendar is None:
            return
        schedule = calendar.callable_hours()
        zone, now = self.context["zone"], self.context["now"]
        self.window = windows.find(field.data, schedule, zone, now)
        if self.window is None:
            self.window = windows.find(field.data, schedule, zone, self.context["opened_at"])
            is_past = windows.is_past(field.data, now)
            raise ValidationError(
                _l("Choose another time, that one has passed") if is_past else _l("Choose one of the times below")
            )

        self.check_callable(field)

    @property
    def calling_key(self) -> str | None:
        """Where the number may be; None while there is no number."""
        return cast("str | None", self.context.get("calling_key"))

    def check_callable(self, field: StringField) -> None:
        """ValidationError when nobody may be called in the chosen window where this number is."""
        key = self.calling_key
        if key is None or self.window is None:
            return
        if not self.is_callable(self.window, key):
            raise ValidationError(answers.uncallable_time())

    def validate_preferred_time_note(self, field: StringField) -> None:
        """Another time needs words; not too many."""
        if self.is_free_time and not field.data:
            raise ValidationError(_l("Enter when is a good time to call"))
        if len(field.data) > answers.LONGEST_TIME:
            raise ValidationError(_l("Time must be 200 characters or fewer"))


class CallbackForm(PhoneForm, VoicemailForm, TimeForm):
    """The whole form. ``website`` is the field people do not see.

    The number is read before the time: a window is refused when it lies outside the hours of where the number is.
    """

    name = StringField(filters=[one_line])
    email = StringField(filters=[one_line])
    message = StringField(filters=[lines])
    for_whom = Plain(one_line)
    website = Plain(one_line)
    source = Plain(source_code)
    page = Plain(path_only)

    @property
    def calling_key(self) -> str | None:
        """From the number just read; one that names no place is taken to be where we are, as when it is stored."""
        return key_of(self.number, self.context["zone"]) if self.number else None

    def validate_name(self, field: StringField) -> None:
        """Any name at all, of one letter or more."""
        _refuse(answers.name_problem(field.data))

    def validate_email(self, field: StringField) -> None:
        """Optional; the shape of an address if given."""
        _refuse(answers.email_problem(field.data))

    def validate_message(self, field: StringField) -> None:
        """Optional; a line break counts as one character."""
        _refuse(answers.message_problem(field.data))

    def answers(self, language: str) -> Answers | None:
        """The clean answers, also when only the time has passed meanwhile; None when anything else is wrong."""
        wrong = set(self.problems)
        if self.number is None or wrong - {"preferred_time"} or (wrong and self.window is None):
            return None
        return Answers(
            name=self.name.data,
            phone=self.number,
            voicemail=self.voicemail_choice,
            for_whom=_choice(ForWhom, self.for_whom, None),
            window=self.window,
            is_free_time=self.is_free_time,
            preferred_note=self.note,
            email=self.email.data or None,
            message=self.message.data,
            source=self.source,
            source_path=self.page,
            language=language,
        )
