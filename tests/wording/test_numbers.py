"""Phone numbers as people read them."""

from intake.wording import numbers


def test_a_number_at_home_is_shown_the_national_way() -> None:
    assert numbers.national("+12127360182") == "(212) 736-0182"


def test_a_number_elsewhere_keeps_its_country() -> None:
    assert numbers.national("+525512345678") == "+52 55 1234 5678"


def test_an_extension_is_shown() -> None:
    assert numbers.national("+12127360182;ext=5") == "(212) 736-0182 ext. 5"


def test_what_is_no_number_is_shown_as_it_is() -> None:
    assert numbers.national("") == ""


def test_a_leading_zero_that_belongs_to_the_number_stays() -> None:
    assert numbers.national("+39066981234") == "+39 06 698 1234"


def test_a_number_that_may_not_be_read_keeps_its_last_digits() -> None:
    assert numbers.ending("+12127360182;ext=5") == "a number ending in 0182"
