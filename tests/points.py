"""The mark that says which of the points in docs/acceptance.md a test proves."""

import pytest

point = pytest.mark.point
