"""What is packed by column is found again, narrowed or whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from intake.rules.columns import Columns, packed

LINES = st.lists(
    st.tuples(
        st.sampled_from(["en", "es"]),
        st.none() | st.integers(1, 3),
        st.booleans(),
        st.sampled_from([0, 7, 300, 70_000]),
    )
)


def kept(lines):
    language, person, is_open, minutes = zip(*lines, strict=True) if lines else [()] * 4
    return packed({"language": language, "person": person, "is_open": is_open}, {"minutes": minutes})


@given(LINES, st.dictionaries(st.sampled_from(["language", "person"]), st.sampled_from(["es", None, 1, 2])))
def test_the_lines_that_have_these_words_are_found_and_no_others(lines, wanted):
    names = ("language", "person", "is_open")
    same = [line for line in lines if all(line[names.index(name)] == word for name, word in wanted.items())]
    columns = Columns(kept(lines))
    found = columns.narrow(wanted) and list(
        zip(*map(columns.words, names), columns.numbers("minutes"), strict=True)
    )  # fmt: skip
    assert sorted(found or [], key=repr) == sorted(same, key=repr)


def test_there_may_be_more_words_than_a_byte_holds():
    columns = Columns(packed({"source": [f"k{number}" for number in range(300)]}, {"n": range(300)}))
    assert columns.narrow({"source": "k299"})
    assert list(columns.numbers("n")) == [299]


@given(LINES, st.randoms())
def test_the_order_in_which_lines_were_written_is_not_kept(lines, chance):
    mixed = list(lines)
    chance.shuffle(mixed)
    assert kept(mixed) == kept(lines)
