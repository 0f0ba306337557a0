"""How a page that stays open is answered: as little as can be, nothing when nothing has changed, and never counted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from intake.admin.base import request_time
from intake.admin.queue import clock
from intake.queries.calendar import Calendar
from intake.wording.times import NBSP

UPDATED = "X-Updated"
"""The header in which every answer, also an empty one, tells the time of day in the office's words."""


def told(values: Mapping[str, Any], etag: str = "") -> Response:
    """The values as JSON, under the mark by which whoever has them already asks again."""
    answer = jsonify(values)
    return _marked(answer, etag) if etag else _timed(answer)


def unchanged(etag: str) -> Response | None:
    """304 to whoever has this already, else None: only then is there anything to work out."""
    known = request.if_none_match.contains_weak(etag)
    return _marked(Response(status=304), etag) if known else None


def fingerprint(*parts: object) -> str:
    """A mark that is another one as soon as any of this is; also once a minute, since rows tell the time of day."""
    now = request_time().replace(second=0, microsecond=0)
    return hashlib.blake2s(repr((now, parts)).encode(), digest_size=12).hexdigest()


def _marked(answer: Response, etag: str) -> Response:
    answer.set_etag(etag, weak=True)
    return _timed(answer)


def _timed(answer: Response) -> Response:
    answer.headers[UPDATED] = clock().updated().words.replace(NBSP, " ")
    return answer


def alarm(due: int, unclaimed: int, calendar: Calendar) -> dict[str, int]:
    """What the tab counts and what it rings for. Where nobody is at work nothing rings: no window rings all night."""
    return {"due": due, "ring": unclaimed if calendar.hours.is_open(request_time()) else 0}
