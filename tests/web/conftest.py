"""A clock for the visitor's pages: what they say depends on the time of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Coordinates]:
    """Stands at ``now`` (a Wednesday, noon in New York) until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller
