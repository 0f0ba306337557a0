"""What left the panel as a sheet or for a program, as the sentence after the actor's name."""

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


def chosen(details: Mapping[str, Any]) -> str:
    """An entry ``callback.exported`` of requests that were ticked in the queue."""
    if details.get("contact"):
        return gettext("took chosen requests out of the panel, with names and numbers (CSV)")
    return gettext("took chosen requests out of the panel, without names (CSV)")
