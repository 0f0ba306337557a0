"""Which passwords are taken: long enough, on no list, and not soon guessed; whatever they are made of."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from intake.services import guessing, passwords
from tests.conftest import STOCK_HASHER

NAMES = ("maria.lopez@example.com", "maria.lopez", "Maria López", "Harbor Recovery Center", "Harbor")


def refusal(password: str) -> str | None:
    """The code it is refused with."""
    try:
        passwords.check(password, names=NAMES)
    except passwords.PasswordError as error:
        return error.code
    return None


def test_every_long_password_of_a_common_list_is_refused() -> None:
    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= passwords.SHORTEST]
    assert len(common) > 200
    assert [word for word in common if refusal(word) is None] == []


@pytest.mark.parametrize(
    "password", ["PolniyPizdec1102", "ghjatccbjyfk", "rikitikitavi", "TelecHargemenT", "przyjaciolki"]
)
def test_what_looks_made_up_but_is_tried_first_is_refused(password: str) -> None:
    assert refusal(password) == "listed"
    assert refusal(f"{password.upper()}!1") == "listed"


def test_the_list_holds_more_than_three_thousand_of_this_length() -> None:
    assert len(guessing._refused()) > 3000
    assert all(len(digest) == 16 for digest in guessing._refused())


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "short"),
        ("x1y2" * 32 + "z", "long"),
        # lists
        ("1qazxsw23edc", "listed"),
        ("finalfantasy", "listed"),
        ("Christopher1", "listed"),
        ("final fantasy", "listed"),
        ("correct horse battery staple", "listed"),
        ("ｆｉｎａｌｆａｎｔａｓｙ", "listed"),
        # keys in a row, on several keyboards, with and without shift
        ("!QAZ2wsx#EDC", "listed"),
        ("poiuytrewq98765", "easy"),
        ("qwertzuiopüa", "easy"),
        ("йцукенгшщзхъ", "easy"),
        ("mlkjhgfdsqpo", "easy"),
        # the same again
        ("summersummer", "easy"),
        ("abcabcabcabc", "easy"),
        ("парольпароль", "easy"),
        ("a" * 128, "easy"),
        ("qazwsx" * 20, "easy"),
        # a word, a year, signs
        ("Password2026!", "easy"),
        ("P4ssw0rd2026!!", "easy"),
        ("Welcome2031!!", "easy"),
        ("jennifer1987", "easy"),
        ("12/24/1987-1987", "easy"),
        # one's own
        ("maria.lopez26", "own"),
        ("MariaLopez1987", "own"),
        ("lopez+maria+2026", "own"),
        ("M4r14L0p3z!!", "own"),
        ("mariamariamaria", "own"),
        ("Harbor-26-11", "own"),
        ("HarborRecoveryCenter2026", "own"),
        ("callbackintake1", "own"),
        ("example.com-maria", "own"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused(password: str, code: str) -> None:
    assert refusal(password) == code


@pytest.mark.parametrize(
    "password",
    [
        "lamp tuesday orange",
        "we walk on sundays",
        "kitchen-lamp-7-fence",
        "zeQuaiphe3va",
        "x9#mLq2vT8w!",
        "пароль для входа",
        "東京の朝ごはんはおいしいですね",
        "🦊🌲🚲🍏🎈🧭🪁🥁🔭🧵🛶🐢",
        "   spaces   count",
        "Maria likes lamp tuesday orange",
        "lamp tuesday orange " + "harbor" * 18,
        "a" * 109 + "lamp tuesday orange",
        "<script>alert('sea')</script>",
    ],
)
def test_a_sound_password_of_any_kind_is_taken_whole(password: str) -> None:
    assert refusal(password) is None
    stored = passwords.hashed(password)
    assert passwords.is_right(password, stored)
    assert not passwords.is_right(password[:-1], stored)


def test_outside_the_tests_a_password_is_kept_as_dearly_as_the_cheat_sheet_asks() -> None:
    stored = STOCK_HASHER.hash("lamp tuesday orange")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=160))
@settings(max_examples=150)
def test_length_is_counted_in_characters_and_nothing_breaks(text: str) -> None:
    length = len(passwords._prepared(text).decode())
    code = refusal(text)
    assert (code == "short") == (length < 12)
    assert (code == "long") == (length > 128)


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüжшщ東京🦊🌲!#%&/-"), min_size=18, max_size=128))
@settings(max_examples=60)
def test_no_kind_of_character_is_demanded(text: str) -> None:
    assert len(set(text)) < 9 or refusal(text) in (None, "easy")


WORDS = [word for word in FREQUENCY_LISTS["english_wikipedia"][:3000] if len(word) > 3]


@given(st.lists(st.sampled_from(WORDS), min_size=4, max_size=4, unique=True), st.sampled_from([" ", "-", "."]))
@settings(max_examples=80)
def test_what_a_refusal_recommends_is_taken(words: list[str], between: str) -> None:
    assert refusal(between.join(words)) in (None, "own")


@pytest.mark.parametrize(
    "hostile",
    [
        "4@8({[<369!1|70$5+72%" * 6,
        "p4$5w0rd!{[<@+7|6%2z3" * 6,
        "m5@l68$j1v47" * 10 + "m5@l68$1",
        "ab" * 63 + "ac",
        "1.1.91" * 21,
        "31415926535897932384626433832795028841971693993751" * 2 + "0582097494459230781640628620",
        "maria4@8({[<369!1|70$5+72%" * 4,
    ],
)
def test_the_longest_and_worst_text_costs_a_bounded_time(hostile: str) -> None:
    refusal("lamp tuesday orange")
    before = time.process_time()
    refusal(hostile[:128])
    assert time.process_time() - before < 0.5, "zxcvbn alone needs seconds"


def test_two_people_choosing_at_once_are_each_measured_by_their_own_name() -> None:
    backwards, found = "trebilliuq#7", {}

    def choose(name: str) -> None:
        found[name] = {guessing.weakness(backwards, (name,)) for _ in range(60)}

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=choose, args=(name,)) for name in ("quillibert", "zephyrine")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert found == {"quillibert": {guessing.Weakness.EASY}, "zephyrine": {None}}


@pytest.mark.parametrize("code", ["short", "listed", "easy", "own"])
def test_each_refusal_says_what_to_do(code: str) -> None:
    assert "our unrelated words" in str(passwords.PasswordError(code))
