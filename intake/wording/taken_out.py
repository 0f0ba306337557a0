"""What left the panel with a report, as the sentence after the actor's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intake.models.reports import Way
from intake.wording.translation import gettext


def action(details: Mapping[str, Any]) -> str:
    """An entry ``report.exported``."""
    if details.get("way") == Way.JSON:
        return gettext("let a program read the figures of the reports")
    if details.get("contact"):
        return gettext("took the requests of a report out of the panel, with names and numbers (CSV)")
    return gettext("took the requests of a report out of the panel, without names (CSV)")
