"""What the charts and tables of a report are made of, ready to be drawn: words, numbers, and the list behind each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from intake.rules.shares import Share

Link = Callable[[str], str]
"""The address of the list of those that meet a condition (``state.met``)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in a table, perhaps with the list of those it counts."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table."""

    head: str
    cells: tuple[Cell, ...]
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table beneath a chart, or by itself."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Line, ...]
    foot: Line | None = None

    def beside(self, head: str, cells: Sequence[Cell]) -> Table:
        """With one more column of numbers, and their sum."""
        rows = tuple(replace(row, cells=(*row.cells, cell)) for row, cell in zip(self.rows, cells, strict=True))
        total = Cell(str(sum(int(cell.text) for cell in cells)))
        foot = replace(self.foot, cells=(*self.foot.cells, total)) if self.foot else None
        return replace(self, heads=(*self.heads, head), rows=rows, foot=foot)


@dataclass(frozen=True, slots=True)
class Bar:
    """``kind``: "" called, "l" late, "h" not yet. ``told``: its value as it is shown, ``said``: in words; ``more``:
    beside it.
    """

    label: str
    n: int
    told: str
    share: int | None
    kind: str
    href: str | None
    said: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars that part a whole. ``finding`` is the title: what they say, in one sentence."""

    finding: str
    note: str
    bars: tuple[Bar, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Point:
    """A week: ``value`` in percent, None where there were too few to say. ``tick``: its day without the year."""

    label: str
    tick: str
    year: int
    value: int | None
    share: str
    n: int
    is_partial: bool
    href: str | None
    said: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Weekly:
    """A line over weeks. ``floor``: where the scale begins; ``shade_from``: the first week of the chosen period."""

    finding: str
    points: tuple[Point, ...]
    floor: int
    shade_from: int
    table: Table


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One hour of the week. ``shade``: 0 (none) to 5."""

    text: str
    shade: int
    href: str | None
    said: str


Edge = tuple[int, int, int, int]
"""A line between corners of cells: x1, y1, x2, y2."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A week by the hour, Monday first; ``edges`` go round the open hours, in both arrangements."""

    finding: str
    note: str
    days: tuple[str, ...]
    hours: tuple[str, ...]
    cells: tuple[tuple[HeatCell, ...], ...]
    edges: tuple[Edge, ...]
    edges_tall: tuple[Edge, ...]
    key: tuple[str, ...]
    table: Table


def bars_of(
    finding: str, note: str, heads: tuple[str, str, str], parts: Sequence[tuple[str, int, str, str]], all_words: str,
    link: Link, tell: Callable[[int], str] = str,
) -> Bars:  # fmt: skip
    """Bars and their table from parts (label, n, kind, condition) of a whole. ``tell``: how an n is shown."""
    whole = sum(n for _, n, _, _ in parts)
    made = tuple(_bar(label, n, tell(n), whole, kind, link(of)) for label, n, kind, of in parts)
    rows = tuple(
        Line(bar.label, (Cell(bar.told, bar.href if bar.n else None), Cell(_percent(bar.share)))) for bar in made
    )
    foot = Line(all_words, (Cell(tell(whole)), Cell(_percent(100 if whole else None))))
    return Bars(finding, note, made, Table(finding, heads, rows, foot))


def _bar(label: str, n: int, told: str, whole: int, kind: str, href: str | None) -> Bar:
    share = Share(n, whole).percent
    return Bar(label, n, told, share, kind, href, f"{label}: {told}" + ("" if share is None else f", {share} %"))


def _percent(share: int | None) -> str:
    return "–" if share is None else f"{share} %"


def edges(is_open: Sequence[Sequence[bool]]) -> tuple[Edge, ...]:
    """The outline of the open cells, ``is_open[row][column]``: a line wherever an open cell meets a closed one."""
    rows, columns = len(is_open), len(is_open[0])

    def at(row: int, column: int) -> bool:
        return 0 <= row < rows and 0 <= column < columns and is_open[row][column]

    found = []
    for row in range(rows):
        for column in range(columns):
            if not is_open[row][column]:
                continue
            sides = (
                (at(row - 1, column), (column, row, column + 1, row)),
                (at(row + 1, column), (column, row + 1, column + 1, row + 1)),
                (at(row, column - 1), (column, row, column, row + 1)),
                (at(row, column + 1), (column + 1, row, column + 1, row + 1)),
            )
            found += [edge for is_inside, edge in sides if not is_inside]
    return tuple(found)
