"""The queue when ten thousand wait: what a page costs. How long it takes is for ``python -m bench queue`` to say."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from bench import crowd
from intake.models import CallbackRequest
from intake.models.site import Site
from tests.admin.desk import desk
from tests.making import ask, count, person
from tests.points import point

MANY = 10_000


@point(53)
def test_a_page_of_ten_thousand_that_wait_stays_within_forty_kilobytes_and_six_queries(
    app: Flask, site: Site, now: datetime, count_queries: Callable[[], int]
) -> None:
    """For whoever sees most of it, on the first look, which goes on record: the next page and a filtered one too.

    What a search for two words finds costs one more the first time.
    """
    grace = desk(app, "Grace", "manager", now=now)
    for number in range(1, crowd.PEOPLE):
        person(site, f"Person{number}", now=now)
    crowd.fill(site, crowd.sample_of(ask(site, now).reference), MANY, MANY, now)
    assert count(CallbackRequest, CallbackRequest.closed_at.is_(None)) == MANY
    found = grace.post("/admin/queue/search", find=crowd.name_of(77)).location
    onward = re.search(r'href="([^"]*after=[^"]*)"', grace.text("/admin/queue/?view=unclaimed"))
    assert onward and len(grace.text(found)) > 0
    for path in ("/admin/queue/", onward[1].replace("&amp;", "&"), "/admin/queue/?owner=3&language=es", found):
        count_queries()
        html = grace.text(path)
        assert count_queries() <= 6, path
        assert html.count('data-ref="') == (5 if path == found else 50), path
        assert len(gzip.compress(html.encode())) <= 40_000, path
