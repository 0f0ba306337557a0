"""Every package is pinned to its content, and nothing in the lists says where to fetch it from."""

from __future__ import annotations

import re

import pytest

from tests.house.source import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")
LISTS = (*LOCKS, "requirements.in", "requirements-dev.in")


def entries(text: str) -> list[str]:
    """One string per requirement, its continued lines joined, comments left out."""
    joined = re.sub(r"\\\n", " ", text)
    lines = (line.strip() for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def loose(text: str) -> list[str]:
    """Entries that are not pinned to one version and to the digests of its files."""
    pinned = re.compile(r"[\w.\-]+(\[[\w,\-]+\])?==[\w.!+\-]+(\s*;[^\\]*?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    return [line.split()[0] for line in entries(text) if not pinned.fullmatch(line)]


def addresses(text: str) -> list[str]:
    """Lines that name a place packages come from."""
    named = re.compile(
        r"://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host|--pre|-e)\b|\s@\s", re.MULTILINE
    )
    return named.findall(text)


def versions(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\-]+)(?:\[[\w,\-]+\])?==([\w.]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_version_and_digest(name: str) -> None:
    text = (ROOT / name).read_text()
    assert len(entries(text)) > 20
    assert loose(text) == []


@pytest.mark.parametrize("name", LISTS)
def test_no_list_names_a_place_to_fetch_from(name: str) -> None:
    assert addresses((ROOT / name).read_text()) == []


def test_tests_run_on_the_very_versions_that_serve() -> None:
    served, tested = (versions((ROOT / name).read_text()) for name in LOCKS)
    assert {name: tested.get(name) for name in served} == served


def test_only_one_phonenumbers_is_installed() -> None:
    assert "phonenumberslite" not in versions((ROOT / "requirements-dev.txt").read_text())


DIGEST = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "complaints",
    [
        loose("flask==3.1.0"),
        loose(f"flask>=3.1 {DIGEST}"),
        loose("flask==3.1.0 --hash=md5:00"),
        addresses("--index-url something"),
        addresses("-i something"),
        addresses("flask @ file"),
        addresses("    # from ftp://somewhere"),
    ],
)
def test_a_loose_list_is_seen(complaints: list[str]) -> None:
    assert complaints


def test_a_pinned_list_passes() -> None:
    assert loose(f"flask==3.1.0 \\\n    {DIGEST} \\\n    {DIGEST}\n    # via x\n") == []
