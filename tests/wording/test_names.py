"""Every state, outcome and reason has words, and none of them is a code."""

from collections.abc import Callable
from enum import StrEnum

import pytest

from intake.models.records import OutboxState
from intake.rules import spam
from intake.rules.workflow import ClosedReason, Disposition, ForWhom, Status, Voicemail
from intake.wording import mails, names

NAMED: list[tuple[Callable[..., str], type[StrEnum]]] = [
    (names.status, Status),
    (names.disposition, Disposition),
    (names.voicemail_choice, Voicemail),
    (names.voicemail_rule, Voicemail),
    (names.for_whom, ForWhom),
    (names.closed_reason, ClosedReason),
    (mails.state, OutboxState),
]


@pytest.mark.parametrize(("say", "kind"), NAMED)
def test_every_member_of_an_enum_has_words(say: Callable[..., str], kind: type[StrEnum]) -> None:
    for member in kind:
        assert say(member)[0].isupper(), f"{member} has no words"


@pytest.mark.parametrize(("say", "kind"), NAMED)
def test_a_value_from_a_row_is_named_like_its_member(say: Callable[..., str], kind: type[StrEnum]) -> None:
    for member in kind:
        assert say(member.value) == say(member)


def test_every_sign_of_spam_has_words() -> None:
    everything = spam.Signals(
        honeypot=True, seconds_to_fill=0.5, links=1, has_link_in_name=True, address_count=99, number_count=99
    )  # fmt: skip
    for reason in (*spam.assess(everything).reasons, "suppressed"):
        assert names.spam_reason(reason)[0].isupper()


def test_an_entry_of_the_record_reads_as_a_sentence_after_a_name() -> None:
    assert names.action("callback.claimed", {}) == "claimed the request"
    assert names.action("callback.attempted", {"disposition": "no_answer"}) == "logged a call: No answer"
    assert names.action("callback.closed", {"reason": "spam"}) == "closed the request: Spam"
    sent = names.action("mail.sent", {"kind": "team.new", "recipient": "team"})
    assert sent == "sent the mail “New request” to the intake team"


def test_a_call_made_all_the_same_says_against_what() -> None:
    said = names.action("callback.call_started", {"exception": "outside_office_hours"})
    assert said == "pressed Call, although: We are closed now"


def test_a_call_they_asked_for_says_because() -> None:
    said = names.action("callback.call_started", {"exception": "invited"})
    assert said.startswith("pressed Call, because: They asked for a call as soon as possible")


def test_giving_a_request_away_names_who_got_it() -> None:
    assert names.action("callback.assigned", {"to_name": "Lee"}) == "gave the request to Lee"
    assert names.action("callback.assigned", {"to_name": ""}) == "took the request"
    assert names.action("callback.assigned", {"to": 7}) == "gave the request to a colleague"


def test_a_code_nobody_named_yet_is_at_least_readable() -> None:
    assert names.action("callback.sent_to_moon", {}) == "callback sent to moon"
    assert names.action("callback.attempted", {"disposition": "old_outcome"}) == "logged a call: old outcome"
    assert names.call_reason("something_new") == "something new"


def test_a_mail_to_one_person_does_not_tell_their_number() -> None:
    assert mails.recipient("user:17") == "one person"


@pytest.mark.parametrize(
    "code", ["wrong_number", "reason_needed", "on_call", "manager_decides", "invited", "asked_for_later"]
)
def test_every_reason_against_a_call_has_words(code: str) -> None:
    assert names.call_reason(code)[0].isupper()


@pytest.mark.parametrize(
    "action",
    [
        "callback.set_aside",
        "callback.redacted",
        "callback.mail_resent",
        "person.password_changed",
        "person.disabled",
        "queue.viewed",
        "access.refused",
    ],
)
def test_no_entry_of_the_record_is_told_by_its_code(action: str) -> None:
    assert names.action(action, {}) != action.replace(".", " ").replace("_", " ")
