"""Telephone numbers as people type them: one clean number with its hints, or a plain word about what is missing."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType, ValidationResult, timezone

from intake.rules.area_codes import states_of

MAX_LENGTH = 60
"""Characters, once invisible ones and runs of spaces are gone; the field itself holds 40, dictation adds words."""

CRISIS_NUMBERS = frozenset({"911", "988", "112", "999", "000"})
"""Emergency and crisis lines. Whoever types one into the form needs help now, not a correction."""

MAINLAND = ("America/Chicago", "America/Denver", "America/Los_Angeles", "America/New_York")
"""Where a toll-free number may ring. The numbering plan also reaches Guam; with it hardly an hour would be left."""

_UNKNOWN_ZONE = "Etc/Unknown"
_NANP = 1
_PLAIN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([2-9][0-9]{2})[ .-]?([0-9]{4})")
_NANP_SHAPE = re.compile(r"(?:\+?1[\s.-]*)?\(?([2-9][0-9]{2})\)?[\s./-]*([2-9][0-9]{2})[\s.-]*([0-9]{4})(?![0-9])")
_FICTIONAL = re.compile(r"[2-9][0-9]{2}55501[0-9]{2}")
_LETTERS = re.compile(
    r"\+?1?[\s().-]*(8(?:00|33|44|55|66|77|88))[\s().-]*([0-9]{0,3}[\s.-]*[A-Z][A-Z\s.-]*)", re.IGNORECASE
)
_OLD_MEXICO = re.compile(r"(\+\s*|011[\s.-]*)52[\s.-]*1[\s.-]*(?=(?:[0-9][\s.-]*){10}$)")
_SPACES = re.compile(r"\s+")
_SCHEME = re.compile(r"^(?:tel|callto|sip)\s*:\s*/*", re.IGNORECASE)


class PhoneProblem(StrEnum):
    """Why a text is not one telephone number."""

    EMPTY = "empty"
    NO_AREA_CODE = "no_area_code"
    WRONG = "wrong"
    SEVERAL = "several"
    CRISIS = "crisis"
    TOO_LONG = "too_long"


class PhoneError(ValueError):
    """A text that is not one telephone number. The message never repeats what was typed."""

    def __init__(self, problem: PhoneProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """``e164`` without the extension; ``typed`` unchanged.

    ``zones``: IANA zones the number may be in, a hint only, () if it gives none. ``is_fictional``: 555-0100 to 0199,
    which no telephone has.
    """

    e164: str
    extension: str
    typed: str
    zones: tuple[str, ...]
    is_fictional: bool

    @property
    def dialled(self) -> str:
        """As it is kept: the number, and its extension behind it."""
        return self.e164 + (f";ext={self.extension}" if self.extension else "")

    @property
    def states(self) -> tuple[str, ...]:
        """The states of the United States it may be in: a hint like the zones, () if it gives none."""
        return states_of(self.e164)


def parse(typed: str, region: str = "US") -> PhoneNumber:
    """Read one telephone number in any usual spelling. Raises PhoneError.

    Refuses premium-rate numbers as WRONG: a form that makes somebody call them costs money (SIM and toll fraud).
    """
    text = _clean(typed)
    _refuse_the_obvious(text)
    number, kind = _plain_number(text)
    if number is None or kind == PhoneNumberType.UNKNOWN:
        number = _only_number(text, region) or _spelled_number(text) or _whole_number(text, region)
        kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.PREMIUM_RATE:
        raise PhoneError(PhoneProblem.WRONG)
    return PhoneNumber(
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        extension=number.extension or "",
        typed=typed,
        zones=_zones(number, kind),
        is_fictional=number.country_code == _NANP and bool(_FICTIONAL.fullmatch(str(number.national_number))),
    )


def last4(e164: str) -> str:
    """The four digits that may be shown; all of a shorter number."""
    return e164.lstrip("+")[-4:]


def _clean(typed: str) -> str:
    """Full-width to plain, every dash and underscore to "-", no invisible characters, no scheme, single spaces."""
    text = typed[: MAX_LENGTH * 10]
    if text.isascii() and text.isprintable():
        return _SCHEME.sub("", _SPACES.sub(" ", text.replace("_", "-")).strip())
    text = unicodedata.normalize("NFKC", text)
    kept = ("-" if unicodedata.category(char) == "Pd" or char in "\u2212_" else char for char in text)
    visible = "".join(char for char in kept if unicodedata.category(char) not in {"Cf", "Cn", "Co", "Cs"})
    spaced = "".join(" " if unicodedata.category(char) == "Cc" else char for char in visible)
    return _SCHEME.sub("", _SPACES.sub(" ", spaced).strip())


def _refuse_the_obvious(text: str) -> None:
    digits = _digits(text)
    if not text:
        raise PhoneError(PhoneProblem.EMPTY)
    if digits in CRISIS_NUMBERS:
        raise PhoneError(PhoneProblem.CRISIS)
    if len(text) > MAX_LENGTH:
        raise PhoneError(PhoneProblem.TOO_LONG)
    if len({"".join(parts) for parts in _NANP_SHAPE.findall(text)}) > 1:
        raise PhoneError(PhoneProblem.SEVERAL)


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) for char in text if char.isdecimal())


def _plain_number(text: str) -> tuple[phonenumbers.PhoneNumber | None, int]:
    """Ten digits of North America, grouped as usual: nearly every number, and no need to look for it in a text.

    With its kind, UNKNOWN for one that cannot be.
    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None, PhoneNumberType.UNKNOWN
    number = phonenumbers.PhoneNumber(country_code=_NANP, national_number=int("".join(match.groups())))
    return number, phonenumbers.number_type(number)


def _only_number(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    """The one complete number inside a text ("please call 212 736 0182 thanks"); None if there is none."""
    matches = list(PhoneNumberMatcher(text, region, leniency=Leniency.POSSIBLE))
    valid = [match for match in matches if phonenumbers.is_valid_number(match.number)]
    if not valid:
        return None
    rest = text
    for match in valid:
        rest = rest.replace(match.raw_string, " ")
    numbers = {phonenumbers.format_number(match.number, PhoneNumberFormat.E164) for match in valid}
    if len(numbers) > 1 or re.search(r"[0-9]{4}", rest):  # "…0182/0183" is two numbers in short
        raise PhoneError(PhoneProblem.SEVERAL)
    return valid[0].number


def _spelled_number(text: str) -> phonenumbers.PhoneNumber | None:
    """A toll-free number in letters, 1-800-GET-HELP; as on a telephone, keys beyond the seventh are not heard.

    Only toll-free ones: elsewhere letters are more often a word ("home", "cell") than keys.
    """
    match = _LETTERS.fullmatch(text)
    if match is None:
        return None
    keys = phonenumbers.convert_alpha_characters_in_number(re.sub(r"[\s.-]", "", match[2]))
    number = phonenumbers.PhoneNumber(country_code=_NANP, national_number=int(match[1] + keys[:7]))
    return number if len(keys) >= 7 and phonenumbers.is_valid_number(number) else None


def _whole_number(text: str, region: str) -> phonenumbers.PhoneNumber:
    """The text as one number, or the reason it is none."""
    if text.startswith("00"):  # the way out of most countries but this one
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(_OLD_MEXICO.sub("+52", text), region)
    except phonenumbers.NumberParseException as error:
        raise PhoneError(PhoneProblem.WRONG) from error
    has_letters = any(char.isalpha() for char in text)
    if phonenumbers.is_valid_number(number) and not has_letters:
        return number
    is_local = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    raise PhoneError(PhoneProblem.NO_AREA_CODE if is_local or len(_digits(text)) == 7 else PhoneProblem.WRONG)


def _zones(number: phonenumbers.PhoneNumber, kind: int) -> tuple[str, ...]:
    """``kind``: what the library says it is, which takes it longer to find out than all else here together."""
    if number.country_code == _NANP and kind == PhoneNumberType.TOLL_FREE:
        return MAINLAND
    is_of_a_place = phonenumbers.is_number_type_geographical(kind, number.country_code or 0)
    ask = timezone.time_zones_for_geographical_number if is_of_a_place else timezone.time_zones_for_number
    zones = ask(number)
    return tuple(sorted(zone for zone in zones if zone != _UNKNOWN_ZONE))
