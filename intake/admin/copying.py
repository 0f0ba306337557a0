"""Before a copy leaves the panel: who gets it, what for, one's password once more. Then the copy, or what it wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask import Response, request, stream_with_context

from intake.admin.base import request_time, typed_line
from intake.extensions import current_site
from intake.queries.report_lists import Fact
from intake.services.copies import Wanted
from intake.services.errors import RefusedError
from intake.services.sign_in import NotMatchedError, TooManyTriesError
from intake.wording import report_sheet, sheets
from intake.wording.times import wait_words
from intake.wording.translation import gettext

LONGEST_PURPOSE = 500
REFUSALS = (RefusedError, NotMatchedError, TooManyTriesError)
"""What ``services.copies`` says instead of yes."""


def typed() -> dict[str, str]:
    """What stands in the fields, to be shown again; never the password."""
    return {name: typed_line(name, LONGEST_PURPOSE) for name in ("recipient", "purpose")}


def wanted() -> Wanted:
    """The fields of the form."""
    return Wanted(**typed(), password=request.form.get("password", ""))


def sheet(name: str, facts: Iterable[Fact], *, with_contact: bool) -> Response:
    """The copy itself, sent line by line while it is read."""
    answer = Response(stream_with_context(_lines(facts, with_contact=with_contact)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(facts: Iterable[Fact], *, with_contact: bool) -> Iterator[str]:
    yield from sheets.beginning(report_sheet.heads(with_contact=with_contact))
    cells = report_sheet.writer(current_site().time_zone, with_contact=with_contact)
    for one in facts:
        yield sheets.line(cells(one))


def still_wanted(refused: Exception) -> tuple[int, dict[str, str]]:
    """The status of the answer, and what is still wanted, by field."""
    if isinstance(refused, TooManyTriesError):
        return 429, {"password": wait_words(refused.until, request_time())}
    if isinstance(refused, NotMatchedError):
        return 422, {"password": gettext("This is not your password")}
    if isinstance(refused, RefusedError) and refused.code == "recipient_needed":
        return 422, {"recipient": gettext("Say who gets the copy")}
    return 422, {"purpose": gettext("Say what it is for")}
