"""Browsers by the names their owners use, from what they really say of themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.rules.browser import browser_label

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS, MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
IPHONE, IPAD = "iPhone; CPU iPhone OS 18_6 like Mac OS X", "iPad; CPU OS 18_6 like Mac OS X"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("system", "rest", "label"),
    [
        (WINDOWS, f"{KIT} Chrome/142.0.0.0 Safari/537.36", "Chrome/Windows"),
        (WINDOWS, f"{KIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge/Windows"),
        (WINDOWS, f"{KIT} Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera/Windows"),
        ("Windows NT 10.0; Win64; x64; rv:145.0", "Gecko/20100101 Firefox/145.0", "Firefox/Windows"),
        ("X11; Ubuntu; Linux x86_64; rv:145.0", "Gecko/20100101 Firefox/145.0", "Firefox/Linux"),
        ("X11; CrOS x86_64 14541.0.0", f"{KIT} Chrome/142.0.0.0 Safari/537.36", "Chrome/ChromeOS"),
        ("Linux; Android 10; K", f"{KIT} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome/Android"),
        ("Linux; Android 10; K", f"{KIT} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0", "Edge/Android"),
        (
            "Linux; Android 10; K",
            f"{KIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet/Android",
        ),
        ("Android 15; Mobile; rv:145.0", "Gecko/145.0 Firefox/145.0", "Firefox/Android"),
        (MAC, f"{KIT} Chrome/142.0.0.0 Safari/537.36", "Chrome/Mac"),
        (MAC, f"{APPLE} Version/26.0 Safari/605.1.15", "Safari/Mac or iPad"),
        (MAC, f"{APPLE} CriOS/142.0.7444.77 Safari/604.1", "Chrome/iPad"),
        (IPHONE, f"{APPLE} Version/26.0 Mobile/15E148 Safari/604.1", "Safari/iPhone"),
        (IPHONE, f"{APPLE} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1", "Chrome/iPhone"),
        (IPHONE, f"{APPLE} FxiOS/145.0 Mobile/15E148 Safari/605.1.15", "Firefox/iPhone"),
        (IPHONE, f"{APPLE} Version/18.0 EdgiOS/142.0 Mobile/15E148 Safari/604.1", "Edge/iPhone"),
        (IPAD, f"{APPLE} Version/26.0 Mobile/15E148 Safari/604.1", "Safari/iPad"),
        ("FreeBSD amd64; rv:145.0", "Gecko/20100101 Firefox/145.0", "Firefox/"),
        (WINDOWS, f"{KIT} HeadlessChrome/142.0.0.0 Safari/537.36", ""),
        ("compatible; Somebot/1.0; +https://example.com/bot", "", ""),
    ],
)
def test_a_browser_is_named_with_its_system(system: str, rest: str, label: str) -> None:
    assert browser_label(f"Mozilla/5.0 ({system}) {rest}") == label


@pytest.mark.parametrize("said", ["", "curl/8.5.0", "python-requests/2.32", "Chrome/142.0 on Windows", "\x00" * 9])
def test_whatever_else_asks_is_another_program(said: str) -> None:
    assert browser_label(said) == ""


@given(st.text(max_size=600))
def test_any_text_gives_a_label_of_its_own_words_that_fits_its_column(text: str) -> None:
    for said in (text, f"Mozilla/5.0 ({text}) Chrome/1 {text}"):
        label = browser_label(said)
        assert len(label) <= 32
        assert label in {""} | {f"{a}/{b}" for a in PROGRAMS for b in SYSTEMS}


PROGRAMS = ("Edge", "Opera", "Samsung Internet", "Firefox", "Chrome", "Safari")
SYSTEMS = ("", "iPhone", "iPad", "Android", "ChromeOS", "Windows", "Mac", "Mac or iPad", "Linux")
