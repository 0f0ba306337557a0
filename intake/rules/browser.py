"""Which browser somebody signs in with, as coarsely as a person tells their own devices apart."""

from __future__ import annotations

# The first that fits: what comes later is named by those before it too, since browsers pass themselves off as others.
_PROGRAMS = (
    ("Edge", ("Edg/", "EdgA/", "EdgiOS/")),
    ("Opera", ("OPR/", "OPT/", "OPiOS/")),
    ("Samsung Internet", ("SamsungBrowser/",)),
    ("Firefox", ("Firefox/", "FxiOS/")),
    ("Chrome", (" Chrome/", "CriOS/")),
    ("Safari", (" Version/",)),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("ChromeOS", "CrOS"),
    ("Windows", "Windows"),
    ("Mac", "Macintosh"),
    ("Linux", "Linux"),
)
_READ = 400


def browser_label(user_agent: str) -> str:
    """What is kept of it: "Chrome/Windows", "Firefox/" without a known system, "" for any other program.

    https://developer.mozilla.org/docs/Web/HTTP/Guides/Browser_detection_using_the_user_agent
    """
    said = user_agent[:_READ]
    if not said.startswith("Mozilla/5.0 ("):
        return ""
    program = next((name for name, marks in _PROGRAMS if any(mark in said for mark in marks)), "")
    if not program or (program == "Safari" and " Safari/" not in said):
        return ""
    system = next((name for name, mark in _SYSTEMS if mark in said), "")
    if system == "Mac" and ("iOS/" in said or program == "Safari"):
        system = "iPad" if "iOS/" in said else "Mac or iPad"  # an iPad calls itself a Mac
    return f"{program}/{system}"
