"""Lines of small values packed by column: each is read without the others, and none tells when its line was written."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

_SIZE = 4
_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32), ("Q", 1 << 64))
"""Types of numbers in an array, and the first number that does not fit."""
_ONLY = [bytes(code) + b"\1" + bytes(255 - code) for code in range(256)]


def packed(words: Mapping[str, Sequence[Any]], numbers: Mapping[str, Sequence[int]]) -> bytes:
    """Columns of equal length: words (anything JSON holds) are told by their place in a list, numbers as they are."""
    known = {name: sorted(set(column), key=repr) for name, column in words.items()}
    places = {name: {word: place for place, word in enumerate(told)} for name, told in known.items()}
    coded = [list(map(places[name].__getitem__, column)) for name, column in words.items()]
    lines = sorted(zip(*coded, *numbers.values(), strict=True))
    columns = [_narrow(column) for column in zip(*lines, strict=True)] or [array("B")] * (len(words) + len(numbers))
    bodies = [zlib.compress(column.tobytes(), 1) for column in columns]
    names = (*words, *numbers)
    shapes = {
        name: [column.typecode, len(body), *([known[name]] if name in known else [])]
        for name, column, body in zip(names, columns, bodies, strict=True)
    }
    head = json.dumps(shapes, separators=(",", ":")).encode()
    return b"".join((len(head).to_bytes(_SIZE), head, *bodies))


def _narrow(column: Sequence[int]) -> array[int]:
    highest = max(column)
    return array(next(code for code, end in _WIDTHS if highest < end), column)


class Columns:
    """What was packed, or some of its lines. Only what is asked for is unpacked."""

    def __init__(self, kept: bytes) -> None:
        after = _SIZE + int.from_bytes(kept[:_SIZE])
        self._kept, self._shapes = kept, json.loads(str(kept[_SIZE:after], "ascii"))
        self._starts: dict[str, int] = {}
        for name, shape in self._shapes.items():
            self._starts[name], after = after, after + shape[1]
        self._run, self._chosen = slice(None), b""

    def narrow(self, wanted: Mapping[str, Any]) -> bool:
        """Keep the lines that have these words; whether there are any. A column that lacks the word is not unpacked."""
        if any(word not in self._shapes[name][2] for name, word in wanted.items()):
            return False
        told = {name: self._shapes[name][2] for name in wanted}
        masks = [_those(self._unpacked(name), told[name].index(word)) for name, word in wanted.items()]
        both = masks[0] if masks else b""
        for mask in masks[1:]:
            both = (int.from_bytes(both) & int.from_bytes(mask)).to_bytes(len(mask))
        first, last = both.find(1), both.rfind(1)
        self._run = slice(first, last + 1) if masks else slice(None)
        self._chosen = b"" if both.count(1) == last - first + 1 else both[self._run]
        return not masks or first >= 0

    def numbers(self, name: str) -> Sequence[int]:
        """A column of numbers. Lines are in order, so that those that are wanted are often one run of them."""
        column = self._unpacked(name)[self._run]
        return list(compress(column, self._chosen)) if self._chosen else column

    def words(self, name: str) -> list[Any]:
        """A column of words."""
        return list(map(self._shapes[name][2].__getitem__, self.numbers(name)))

    def _unpacked(self, name: str) -> array[int]:
        code, size = self._shapes[name][:2]
        start = self._starts[name]
        column = array(code)
        column.frombytes(zlib.decompress(self._kept[start : start + size]))
        return column


def _those(column: array[int], wanted: int) -> bytes:
    """1 where the column has the number, 0 where it has not."""
    if column.typecode == "B":
        return column.tobytes().translate(_ONLY[wanted])
    return bytes(map(wanted.__eq__, column))
