"""How one person likes to work: keys, sound, notifications, and what their telephone is. Nothing here is a right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Dial(StrEnum):
    """What becomes of a number when a call is to be made. Nothing is ever dialled by itself."""

    TEL = "tel"
    SIP = "sip"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The standard, until the person says otherwise.

    ``is_keys_on``: single keys do something (WCAG 2.1.4: off on request). ``sound`` and ``notify`` are off until
    asked for. ``hides_number``: the line does not show where the call comes from.
    """

    is_keys_on: bool = True
    sound: bool = False
    notify: bool = False
    dial: Dial = Dial.TEL
    hides_number: bool = False


def from_document(document: Mapping[str, Any] | None) -> Preferences:
    """What is stored. What nobody knows (any more) is passed over: an old row must not lock anybody out."""
    stored, standard = document or {}, Preferences()
    flags = {name: stored[name] for name in _FLAGS if isinstance(stored.get(name), bool)}
    dial = stored.get("dial")
    return Preferences(**flags, dial=Dial(dial) if dial in list(Dial) else standard.dial)


def to_document(preferences: Preferences) -> dict[str, Any]:
    """As it is stored."""
    return {name: value.value if isinstance(value, Dial) else value for name, value in asdict(preferences).items()}


_FLAGS = ("is_keys_on", "sound", "notify", "hides_number")
