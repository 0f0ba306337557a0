"""How one person works, as it is stored and read."""

from __future__ import annotations

import pytest

from intake.rules.preferences import Column, Dial, Preferences, from_document, to_document


def test_what_is_stored_is_read_again() -> None:
    chosen = Preferences(
        is_keys_on=False, sound=True, notify=True, dial=Dial.SIP, hides_number=True, hides=(Column.STATE,)
    )
    assert from_document(to_document(chosen)) == chosen


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"theme": "dark"},
        {"dial": "fax"},
        {"dial": ["tel"]},
        {"hides": "owner"},
        {"hides": ["name", 3]},
        {"sound": "loud"},
        {"is_keys_on": None},
    ],
)
def test_what_nobody_knows_is_passed_over(odd: dict[str, object] | None) -> None:
    assert from_document(odd) == Preferences()
