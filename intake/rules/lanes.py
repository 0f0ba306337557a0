"""Counts side by side in one number, each in a lane of its own: to add up thousands of them is to add two numbers."""

from __future__ import annotations

import struct
from collections.abc import Mapping

BITS = 32
"""Four thousand million of one are never counted, so that no lane runs over into the next."""
_SIZE = BITS // 8


def laid(counts: Mapping[int, int]) -> int:
    """So many in each lane."""
    row = [0] * (max(counts, default=-1) + 1)
    for lane, n in counts.items():
        row[lane] = n
    return int.from_bytes(struct.pack(f"<{len(row)}I", *row), "little")


def lanes(number: int) -> tuple[int, ...]:
    """Back to the counts, from lane 0 to the last that holds any."""
    size = -(-number.bit_length() // BITS)
    return struct.unpack(f"<{size}I", number.to_bytes(size * _SIZE, "little"))


def packed(number: int) -> bytes:
    """To be kept: the first lane that holds any, and the counts from there on."""
    first = ((number & -number).bit_length() - 1) // BITS if number else 0
    told = number >> BITS * first
    return first.to_bytes(_SIZE, "little") + told.to_bytes(-(-told.bit_length() // 8), "little")


def unpacked(kept: bytes) -> int:
    """Likewise back."""
    return int.from_bytes(kept[_SIZE:], "little") << BITS * int.from_bytes(kept[:_SIZE], "little")
