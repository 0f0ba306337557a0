"""Every act that the service puts on record has words, so that no auditor reads a code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from config import ROOT
from intake.models import Base
from intake.queries import sightings
from intake.wording import mails, names
from intake.wording.record import Group, actions_in, group_of

_ACT = re.compile(r"[a-z]+\.[a-z_]+")
_MAIL_KINDS = set(mails._KIND)
_FILES = {"delivery.lock"}
_TABLES = set(Base.metadata.tables) - {"audit"}


def acts_in(text: str) -> set[str]:
    """What looks like an act: dotted words that are no mail, no column and no file."""
    constants = {
        node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant) and type(node.value) is str
    }
    found = {one for one in constants if _ACT.fullmatch(one) and one.partition(".")[0] not in _TABLES}
    return found - _MAIL_KINDS - _FILES


def writers() -> list[Path]:
    rooms = ("services", "delivery", "ledger")
    return [path for room in rooms for path in sorted((ROOT / "intake" / room).glob("*.py"))]


def recorded() -> set[str]:
    """The acts named in files that write entries."""
    texts = [path.read_text() for path in writers()]
    return set().union(*(acts_in(text) for text in texts if "audit.record(" in text))


def test_every_act_that_is_put_on_record_has_words() -> None:
    found = recorded()
    assert {"callback.claimed", "person.signed_in", "audit.exported"} <= found
    assert found - set(names.known_actions()) == set(), "give it words in wording/names.py"


def test_every_act_stands_in_one_group_of_the_filter() -> None:
    known = names.known_actions()
    assert sorted(action for group in Group for action in actions_in(group)) == sorted(known)
    assert group_of("moon.exported") is Group.EXPORTED, "a new act finds its place by what was done"


SHOWS_NOTHING = {
    "callback.received", "callback.released", "callback.lapsed", "callback.undone", "callback.set_aside",
    "callback.redacted", "callback.mail_resent", "callback.target_missed", "callback.left_out",
    "callback.routed", "callback.asked_again", "queue.searched", "report.exported",
    "report.note_added", "report.note_removed",
}  # fmt: skip
"""Acts about a request, or about the queue, that are done without seeing it."""


def test_of_every_act_about_a_request_it_is_known_whether_its_doer_has_seen_it() -> None:
    """Who has seen a request is told to the person it is about: nobody may be named who has not."""
    about = {act for act in names.known_actions() if act.startswith(("callback.", "queue.", "report."))}
    judged = sightings.SHOWING | set(sightings.LISTING) | SHOWS_NOTHING
    assert about - judged == set(), "put it into queries.sightings, or here"
    assert set() == sightings.SHOWING & SHOWS_NOTHING and about >= SHOWS_NOTHING | sightings.SHOWING


def test_an_act_without_words_is_seen() -> None:
    assert acts_in('audit.record(conn, "moon.landed", x="note.text", y="team.new")') == {"moon.landed"}
